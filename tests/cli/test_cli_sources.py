"""Samples as the command line opens them: the same as the package's own."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import odt_core as odt
from odt_core.cli.sources import find_model, open_tests
from odt_core.errors import ModelError, SampleError
from odt_core.samples import Labels
from tests.cli.command_line import ROOT
from tests.sample_files import png

OWN = ROOT / "tests" / "runtime" / "models"


class TestModels:
    def test_bundled_model_is_found_beside_a_folder_of_its_name(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "photos").mkdir()
        assert find_model("photos").name == "photos.tflite"
        with pytest.raises(ModelError, match="is a folder"):
            find_model("./photos")

    def test_file_of_a_bundled_model_s_name_is_that_file(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "photos").touch()
        assert find_model("photos") == Path("photos")

    def test_samples_for_a_model_that_takes_none_are_told_why_before_they_are_read(self):
        model = odt.load_model(OWN / "tiny_momentum.tflite")
        contract = replace(model.contract, train=(), infer=None, notes=("It wants its weights.",))
        with pytest.raises(ModelError, match=r"cannot be used\. It wants its weights\."):
            open_tests(["none.zip"], model.with_contract(contract), model.labels)


class TestIds:
    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("dialect_tokens", "1,2,{},0,0,2"),
            ("dialect_ratings", "1,0.5,0.5,{},4"),
        ],
    )
    @pytest.mark.parametrize("number", [-1, 1.5])
    def test_numbers_that_are_none_are_refused_with_their_line(
        self, tmp_path: Path, name: str, row: str, number: float
    ):
        path = tmp_path / "own.csv"
        lines = [row.format(one) for one in (1, number, number)]
        path.write_text("\n".join(lines))
        model = odt.load_model(OWN / f"{name}.tflite")
        with pytest.raises(SampleError) as error:
            open_tests([str(path)], model, model.labels)
        assert f"own.csv, line 2 (and 1 more) has {number:g} for an id." in str(error.value)
        raw = odt.read_samples(
            path, input_shape=model.contract.input_shape, target_shape=model.contract.asked_targets
        )
        with pytest.raises(SampleError, match="for an id"):
            model.prepare(raw)

    def test_other_numbers_may_be_negative_beside_them(self, tmp_path: Path):
        path = tmp_path / "own.csv"
        path.write_text("1,-0.5,0.5,2,4\n")
        model = odt.load_model(OWN / "dialect_ratings.tflite")
        assert open_tests([str(path)], model, model.labels)[0].x[0].tolist() == [1, -0.5, 0.5, 2]

    @pytest.mark.parametrize("name", ["tiny_adam", "dialect_regression", "dialect_pixels"])
    def test_models_of_numbers_and_pictures_take_none(self, name: str):
        assert not odt.load_model(OWN / f"{name}.tflite").contract.ids.any()


def test_numbers_that_may_count_from_1_are_told_by_the_package_as_well(tmp_path, caplog):
    path, model = tmp_path / "own.csv", odt.load_model(OWN / "dialect_tokens.tflite")
    path.write_text("1,2,3,4,5,1\n5,4,3,2,1,2\n")
    raw = odt.read_samples(path, input_shape=model.contract.input_shape)
    assert model.prepare(raw).y.tolist() == [1, 2]
    assert "(1, 2) are taken for numbers of outputs, counted from 0" in caplog.text


def test_samples_of_a_label_that_reads_the_same_are_judged_and_it_is_told(tmp_path, caplog):
    model = odt.load_model(OWN / "tiny_adam.tflite")
    for at, name in enumerate(("Heart", "star")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(png(np.full((8, 8), 80 * at, np.uint8)))
    samples, left_out = open_tests([str(tmp_path)], model, Labels(("star", "heart", None, None)))
    assert (samples.y.tolist(), left_out) == ([1, 0], "")
    assert "Labels that read the same are taken for one: 'Heart' for 'heart'." in caplog.text


class TestMasks:
    def test_pixels_of_no_class_stay_of_none(self, tmp_path: Path):
        path = tmp_path / "set.zip"
        mask = np.full((8, 8), 2, np.uint8)
        mask[0] = 255
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images/0.png", png(np.zeros((8, 8, 3), np.uint8)))
            archive.writestr("masks/0.png", png(mask))
        model = odt.load_model(OWN / "dialect_pixels.tflite")
        samples = open_tests([str(path)], model, model.labels)[0]
        assert np.array_equal(samples.y[0, ..., 0], mask)


class TestLabelTable:
    def test_pictures_have_the_labels_of_the_table_beside_them(self, tmp_path: Path):
        names = ["heart", "star", "heart"]
        for at in range(len(names)):
            (tmp_path / f"{at}.png").write_bytes(png(np.full((8, 8), 80 * at, np.uint8)))
        rows = [f"{at}.png,{name}" for at, name in enumerate(names)]
        (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows]))
        model = odt.load_model(OWN / "tiny_adam.tflite")
        samples, left_out = open_tests(
            [str(tmp_path)], model, Labels(("heart", "star", None, None))
        )
        assert [samples.labels.names[one] for one in samples.y] == names
        assert not left_out
