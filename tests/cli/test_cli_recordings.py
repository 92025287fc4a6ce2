"""Recordings in folders and zips, from the command line to evidence that repeats the training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.command_line import odt, result
from tests.recordings import (
    EACH,
    GESTURES,
    LABELS,
    SOUNDS,
    csv,
    gestures,
    sounds,
    wav,
    waves,
    windows,
)
from tests.sample_files import zipped

KINDS = pytest.mark.parametrize(
    ("model", "files", "x"),
    [(GESTURES, gestures(), windows()), (SOUNDS, sounds(), waves())],
    ids=["gestures", "sounds"],
)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@KINDS
class TestTraining:
    def test_folder_zip_and_arrays_train_to_the_same(self, tmp_path, model, files, x):
        (tmp_path / "mine.zip").write_bytes(zipped(files))
        y = np.repeat(LABELS, EACH)
        np.savez(tmp_path / "mine.npz", x=x.reshape(-1, *x.shape[2:]), y=y)
        trained = [
            result("train", model, "--samples", path, "--test", path, "--epochs", 3)
            for path in (
                write(tmp_path / "mine", files),
                tmp_path / "mine.zip",
                tmp_path / "mine.npz",
            )
        ]
        assert trained[0]["labels"] == list(LABELS)
        for one in trained[1:]:
            assert (one["loss"], one["test"]) == (trained[0]["loss"], trained[0]["test"])

    def test_evidence_repeats_the_training_bit_for_bit(self, tmp_path, model, files, x):
        folder = write(tmp_path / "mine", files)
        got = result(
            "report", model, "--samples", folder, "--test", folder, "--epochs", 2,
            "--out", tmp_path / "bundle.zip", "--check",
        )  # fmt: skip
        assert got["check"]["identical"] is True
        assert got["test"]["n"] == len(x) * EACH


class TestAsking:
    def test_file_of_many_windows_is_answered_for_each(self, tmp_path):
        path = tmp_path / "wave.csv"
        path.write_bytes(csv(np.concatenate(windows()[2])))
        assert len(result("infer", GESTURES, path)["predictions"]) == EACH

    def test_sound_is_answered_as_its_values_are(self, tmp_path):
        (tmp_path / "a.wav").write_bytes(wav(waves()[0, 0]))
        np.savez(tmp_path / "a.npz", x=waves()[:1, 0])
        said = [result("infer", SOUNDS, tmp_path / f"a.{kind}") for kind in ("wav", "npz")]
        tops = [one["predictions"][0]["top"] for one in said]
        assert tops[0] == tops[1]

    @pytest.mark.parametrize(
        ("model", "name", "data", "said"),
        [
            (
                GESTURES,
                "punch/x.csv",
                csv(windows()[0, 0][:7]),
                "'punch/x.csv' has 7 rows of numbers; this model takes 8",
            ),
            (
                SOUNDS,
                "punch/x.wav",
                wav(np.zeros(65)),
                "'punch/x.wav' has 65 values (0.01 s); this model takes 64",
            ),
            (GESTURES, "punch/x.wav", wav(np.zeros(8)), "is no waveform"),
        ],
    )
    def test_file_that_does_not_fit_is_told(self, tmp_path, model, name, data, said):
        done = odt("train", model, "--samples", write(tmp_path / "mine", {name: data}))
        assert done.returncode == 2
        assert said in done.stderr
