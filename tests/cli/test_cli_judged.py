"""What the command line says of samples that cannot show a gain: no more than they show."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from odt_core import load_model, save_checkpoint_file
from odt_core.cli.sources import find_model
from odt_core.samples import Labels
from tests.bright_pixels import some
from tests.cli.command_line import odt, result
from tests.cli.tiny_samples import MODEL

SHORT = ("--epochs", 5, "--batch-size", 8, "--learning-rate", 0.1, "--seed", 2)
SEEN = "All 20 test samples were trained on: they say nothing of new ones."


def write(path: Path, count: int, seed: int, names: str = "0123") -> Path:
    """Pictures 8×8 of as many labels, in turn."""
    given = some(count, seed, Labels(tuple(names)))
    np.savez(path, x=given.x, y=np.array(list(names))[given.y])
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("judged")
    paths = {name: write(folder / f"{name}.npz", 20, at) for at, name in enumerate(("own", "new"))}
    paths["checkpoint"] = folder / "own.safetensors"
    arguments = ("--samples", paths["own"], "--checkpoint", paths["checkpoint"])
    done = odt("train", MODEL, *arguments, *SHORT)
    assert done.returncode == 0, done.stderr
    return paths


class TestTrainedOn:
    def test_evaluate_calls_no_model_better_on_what_the_checkpoint_was_trained_on(self, files):
        given = ("evaluate", MODEL, "--checkpoint", files["checkpoint"], "--samples")
        assert "Your model is better." in result(*given, files["new"])["sentences"][0]
        got = result(*given, files["own"])
        assert got["seen_in_training"] == list(range(20))
        assert got["sentences"][1:] == [SEEN]
        assert "better" not in got["sentences"][0]
        of_the_base = result(*given, files["new"], "--base-test", files["own"])["base_test"]
        assert of_the_base["sentences"][1:] == [SEEN]

    def test_report_knows_tests_that_its_checkpoint_was_trained_on(self, files, tmp_path):
        out = tmp_path / "bundle.zip"
        got = result(
            "report", MODEL, "--samples", files["new"], "--test", files["own"],
            "--checkpoint", files["checkpoint"], "--out", out, "--quick",
        )  # fmt: skip
        assert got["test"]["sentences"][1:] == [SEEN]
        assert "better" not in got["test"]["sentences"][0]
        card = zipfile.ZipFile(out).read("personalisation-card.md").decode()
        assert "Trained on samples whose number is not known (20 are for training now)" in card


class TestBaseTest:
    def test_samples_that_are_trained_on_are_told_among_the_base_model_s_too(self, files, tmp_path):
        given = (MODEL, "--samples", files["own"], "--base-test", files["own"], *SHORT)
        trained = result("train", *given)["base_test"]
        reported = result("report", *given, "--quick", "--out", tmp_path / "bundle.zip")
        alike = (
            "All 20 test samples look the same as a training sample: they say nothing of new ones."
        )
        for found, said in ((trained, alike), (reported["base_test"], SEEN)):
            assert found["seen_in_training"] == list(range(20))
            assert "better" not in found["sentences"][0]
            assert found["sentences"][1] == said

    def test_card_s_own_set_named_by_hand_is_judged_alike_labels_that_are_turned_off_too(
        self, tmp_path
    ):
        off, weights = tmp_path / "off.safetensors", tmp_path / "own.safetensors"
        model = load_model(find_model("digits"))
        names = [None if name in ("3", "5") else name for name in model.labels.names]
        names[10] = "heart"
        save_checkpoint_file(model.session().checkpoint(step=1, labels=tuple(names)), off)
        own, base = tmp_path / "own.npz", np.load(model.card.base_test)
        x = base["x"][base["y"].astype(str) == "8"][:6]
        np.savez(own, x=x, y=np.array(["0", "heart", "heart"] * 2))
        given, named = ("digits", "--samples", own), ("--base-test", model.card.base_test)
        learn = ("train", *given, "--from", off, "--epochs", 20, "--replay", 0)
        card = result(*learn, "--checkpoint", weights)
        file = result(*learn, *named)
        judged = result("evaluate", *given, *named, "--checkpoint", weights)
        assert card["base_task"] == card["base_test"]
        assert card["base_test"]["n"] == 1_000
        for one in (file, judged):
            assert one["left_out"] == []
            for which in ("base", "personalised"):
                found = one["base_test"][which]
                assert found["confusion"] == card["base_test"][which]["confusion"]
        assert np.array(card["base_test"]["personalised"]["confusion"])[:, 10].any()


class TestLabelsNeverLearnt:
    def test_tests_of_them_are_left_out_and_told_in_whichever_order_they_come(self, tmp_path):
        own, test = (write(tmp_path / f"{n}.npz", 24, n, "abcd"[:n]) for n in (2, 4))
        weights = tmp_path / "own.safetensors"
        told = f"12 of the 24 samples in {test} are of labels that the model never learnt"
        given = ("--samples", own, "--test", test)
        trained = result("train", MODEL, *given, "--checkpoint", weights, *SHORT)
        assert (trained["test"]["n"], trained["left_out"]) == (
            12,
            [f"{told} ('c', 'd'): left out."],
        )
        rest = ("--checkpoint", weights, "--quick", "--out", tmp_path / "bundle.zip")
        reported = result("report", MODEL, *given, *rest)
        assert (reported["test"]["n"], reported["left_out"]) == (12, trained["left_out"])
        done = odt("evaluate", MODEL, "--samples", test, "--checkpoint", weights)
        assert done.stdout.startswith(told)
        arrays = np.load(test)
        np.savez(test, x=arrays["x"][::-1], y=arrays["y"][::-1])
        again = odt("evaluate", MODEL, "--samples", test, "--checkpoint", weights)
        assert again.stdout == done.stdout

    def test_one_of_them_alone_is_told_as_one(self, tmp_path):
        own = write(tmp_path / "own.npz", 6, 0, "abc")
        test = write(tmp_path / "test.npz", 4, 1, "abcd")
        said = odt("train", MODEL, "--samples", own, "--test", test, *SHORT).stdout
        assert (
            f"1 of the 4 samples in {test} is of a label that the model never learnt ('d'): left "
            "out."
        ) in said

    def test_none_of_a_label_that_was_learnt_is_refused(self, tmp_path):
        own = write(tmp_path / "own.npz", 6, 0, "ab")
        test = write(tmp_path / "test.npz", 6, 1, "cd")
        done = odt("train", MODEL, "--samples", own, "--test", test)
        assert done.returncode == 2
        assert (
            f"None of the 6 samples in {test} is of a label that the model has learnt: theirs are "
            "'c', 'd', the model's 'a', 'b'. Judge it by samples of these."
        ) in done.stderr


class TestOneLabel:
    def test_evaluate_gives_no_figures_where_every_answer_would_be_right(self, tmp_path):
        own, weights = write(tmp_path / "own.npz", 6, 0, "a"), tmp_path / "own.safetensors"
        trained = result("train", MODEL, "--samples", own, "--test", own, "--checkpoint", weights)
        given = ("evaluate", MODEL, "--samples", own, "--base-test", own, "--checkpoint", weights)
        got = result(*given)
        assert got["base"] is got["personalised"] is got["base_test"] is got["n"] is None
        assert got["unjudged"] == trained["unjudged"]
        assert odt(*given).stdout == (
            "your test samples  not judged: there is one label, and so every answer would be "
            "right\n"
        )


def test_evaluate_tells_how_many_samples_of_values_are_different(tmp_path):
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32).repeat(5, axis=0)
    np.savez(tmp_path / "again.npz", x=x, y=2 * x[:, :2])
    model = MODEL.with_name("dialect_regression.tflite")
    said = odt("evaluate", model, "--samples", tmp_path / "again.npz").stdout
    assert "(8 samples; 32 more are others over again)" in said
