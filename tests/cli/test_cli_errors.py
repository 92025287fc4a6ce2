"""What cannot be read or written is one plain line, and nothing is lost by it."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.cli.command_line import disturbed, odt
from tests.cli.tiny_samples import MODEL

LONG = "a" * 300


class TestHelpAndErrors:
    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (("inspect", "none.tflite"), "no file"),
            (("inspect", "pyproject.toml"), "not a .tflite"),
            (("inspect", "odt_core"), "is a folder"),
            (("train", MODEL, "--samples", "none.zip"), "does not exist"),
            (("train", MODEL, "--samples", "OWN", "--epochs", "0"), "epochs"),
            (("train", MODEL, "--samples", "OWN", "--checkpoint", "no/c"), "no folder"),
            (("train", MODEL, "--samples", "OWN", "--from", "pyproject.toml"), ".safetensors"),
            (("infer", MODEL, "none.png"), "cannot be read"),
            (("infer", MODEL, "tests/cli"), "is a folder. Give its files (tests/cli/*), or use"),
            (("infer", MODEL, "pyproject.toml"), "pyproject.toml"),
            (("evaluate", MODEL, "--samples", "pyproject.toml"), "neither"),
            (("build", "none.keras", "out.tflite"), "no file"),
            (("build", LONG + ".keras", "out.tflite"), "File name too long"),
            (("infer", MODEL, LONG + ".png"), "File name too long"),
            (("build", "pyproject.toml", "pyproject.toml"), "is the file to read"),
            (("bench", MODEL, "--batch-sizes", "x"), "--batch-sizes"),
        ],
    )
    def test_bad_input_is_one_plain_line_and_exit_code_2(self, files, arguments, word):
        arguments = tuple(files["own"] if a == "OWN" else a for a in arguments)
        done = odt(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1

    @pytest.mark.parametrize("command", ["train", "report"])
    def test_model_that_cannot_be_trained_is_told_before_its_samples_are_read(
        self, tmp_path, command
    ):
        model, out = MODEL.with_name("tiny_inference.tflite"), tmp_path / "bundle.zip"
        options = ("--out", out) if command == "report" else ()
        done = odt(command, model, "--samples", "not there", *options)
        assert done.returncode == 2
        assert "has no 'train' signature" in done.stderr
        assert "python -m odt_core build MODEL.keras OUT.tflite" in done.stderr

    @pytest.mark.parametrize("command", ["train", "report"])
    def test_nothing_that_was_read_is_written_over(self, files, tmp_path, command):
        samples, model = tmp_path / "mine.zip", tmp_path / "model.tflite"
        samples.write_bytes(files["own"].read_bytes())
        model.write_bytes(MODEL.read_bytes())
        option = "--checkpoint" if command == "train" else "--out"
        for read in (samples, model):
            before = read.read_bytes()
            paths = ("--samples", samples, "--samples", files["own"])
            done = odt(command, model, *paths, option, read)
            assert done.returncode == 2
            assert "is the file to read" in done.stderr
            assert read.read_bytes() == before

    @pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
    @pytest.mark.parametrize(
        ("place", "word"),
        [("/proc/mine.zip", "cannot be written"), ("{folder}/pipe", "is no ordinary file")],
    )
    @pytest.mark.parametrize("command", ["train", "report", "bake", "lower", "build"])
    def test_place_that_cannot_be_written_is_noticed_before_the_work(
        self, files, tmp_path, command, place, word
    ):
        (tmp_path / "m.keras").write_bytes(b"")
        os.mkfifo(tmp_path / "pipe")  # for devices, such as /dev/null, which would become files
        place = place.format(folder=tmp_path)
        arguments = {
            "train": (MODEL, "--samples", "none.zip", "--checkpoint", place),
            "report": (MODEL, "--samples", "none.zip", "--out", place),
            "bake": (MODEL, "none.safetensors", place),
            "lower": (MODEL, place),
            "build": (tmp_path / "m.keras", place),
        }
        done = odt(command, *arguments[command])
        assert done.returncode == 2
        assert word in done.stderr

    def test_figures_are_told_where_the_checkpoint_cannot_be_written(self, files, tmp_path):
        path = tmp_path / "c.safetensors"
        path.write_bytes(b"old")
        arguments = (
            MODEL, "--samples", files["own"], "--test", files["test"], "--epochs", 5,
            "--checkpoint", path,
        )  # fmt: skip
        full = (  # as on a disk that is full when the training ends
            "run.step == 5 and __import__('resource').setrlimit("
            "__import__('resource').RLIMIT_FSIZE, (100, 100))"
        )
        done = disturbed(full, *arguments)
        assert done.returncode == 2
        assert "Finished all 5 steps." in done.stdout
        assert "your test samples (40)  base" in done.stdout
        assert "The checkpoint cannot be written" in done.stderr.splitlines()[-1]
        done = disturbed(full, *arguments, "--json")
        got = json.loads(done.stdout)
        assert (done.returncode, got["steps"], got["checkpoint"]) == (2, 5, None)
        assert "The checkpoint cannot be written" in got["error"]
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]

    def test_name_that_is_far_too_long_is_plain_bad_input(self, files):
        for arguments in (("inspect", "x" * 400), ("train", MODEL, "--samples", "y" * 400)):
            done = odt(*arguments)
            assert done.returncode == 2
            assert "cannot be read" in done.stderr
