"""What the command line says of samples that cannot show a gain: no more than they show."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.cli.command_line import ROOT, odt, result

MODEL = ROOT / "tests" / "runtime" / "models" / "tiny_momentum.tflite"  # 4 outputs, without names
SHORT = ("--epochs", 5, "--batch-size", 8, "--learning-rate", 0.1, "--seed", 2)
SEEN = "All 20 test samples were trained on: they say nothing of new ones."


def write(path: Path, count: int, seed: int, names: str = "0123") -> Path:
    """Pictures 8×8 of as many labels, in turn."""
    rng, y = np.random.default_rng(seed), np.arange(count) % len(names)
    x = rng.random((count, 8, 8, 1), dtype=np.float32) * 0.3
    x[np.arange(count), y * 2, y * 2] = 1
    np.savez(path, x=x, y=np.array(list(names))[y])
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
        said = "All 20 test samples look the same as a training sample: they say nothing of new"
        trained = result("train", *given)["base_test"]
        reported = result("report", *given, "--quick", "--out", tmp_path / "bundle.zip")
        for found in (trained, reported["base_test"]):
            assert found["seen_in_training"] == list(range(20))
            assert "better" not in found["sentences"][0]
            assert found["sentences"][1].startswith(said)
