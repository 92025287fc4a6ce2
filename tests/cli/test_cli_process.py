"""Commands as processes of their own: they say and write the same, and nothing besides."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.command_line import ROOT, odt, odt_process, result
from tests.cli.tiny_samples import MODEL, samples

COMMANDS = ("inspect", "train", "infer", "evaluate", "bake", "lower", "build", "bench", "report")


class TestProcess:
    """`train` as a process makes the files of all these tests; `report` is in test_cli_report.py,
    `build` below.
    """

    @pytest.mark.parametrize(
        "arguments",
        [
            ("inspect", MODEL),
            ("inspect", MODEL, "--json"),
            ("infer", MODEL, "TEST", "--checkpoint", "CHECKPOINT", "--json"),
            ("evaluate", MODEL, "--samples", "TEST", "--checkpoint", "CHECKPOINT"),
            ("bake", MODEL, "CHECKPOINT", "OUT"),
            ("lower", MODEL, "OUT", "--json"),
            ("train", "--help"),
            ("train", MODEL),
            ("bench", MODEL, "--batch-sizes", "x"),
        ],
        ids=lambda arguments: arguments[0],
    )
    def test_command_says_and_writes_what_it_does_without_a_process(
        self, files, tmp_path, arguments
    ):
        names = {"TEST": files["test"], "CHECKPOINT": files["checkpoint"]}
        seen = []
        for run in (odt_process, odt):
            out = tmp_path / "out.tflite"
            done = run(*({**names, "OUT": out}.get(one, one) for one in arguments))
            said = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
            written = out.read_bytes() if "OUT" in arguments else b""
            seen.append((done.returncode, done.stdout, said, written))  # LiteRT's notes apart
            out.unlink(missing_ok=True)
        assert seen[0] == seen[1]
        assert done.stdout or done.returncode == 2


def quiet_result(*arguments: object) -> dict:
    """As `result`, of a command that says nothing besides."""
    done = odt_process(*arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


class TestNoise:
    def test_commands_that_work_say_nothing_on_stderr(self, files, tmp_path):
        quiet_result("train", MODEL, "--samples", files["own"], "--epochs", 1)
        quiet_result("infer", MODEL, files["test"], "--checkpoint", files["checkpoint"])
        quiet_result("evaluate", MODEL, "--samples", files["test"])
        quiet_result("bake", MODEL, files["checkpoint"], tmp_path / "own.tflite")

    def test_training_that_diverges_says_so_alone(self, files, tmp_path):
        given = samples(20, 0)
        np.savez(tmp_path / "huge.npz", x=given["x"] * 1e30, y=given["y"])
        huge, test = tmp_path / "huge.npz", files["test"]
        done = odt_process("train", MODEL, "--samples", huge, "--test", test)
        assert done.returncode == 1
        assert "diverged" in done.stdout
        assert done.stderr == ""

    @pytest.mark.parametrize(
        ("ending", "seen"), [("pass", False), ("sys.exit(2)", False), ("raise OSError", True)]
    )
    def test_what_libraries_print_is_seen_where_the_program_fails(self, ending, seen):
        code = (
            "import os, sys; from odt_core.cli.quiet import quiet_libraries\n"
            "with quiet_libraries():\n"
            "    os.write(2, b'of a library\\n'); print('of odt', file=sys.stderr); " + ending
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
        )
        assert "of odt" in done.stderr
        assert ("of a library" in done.stderr) is seen
        assert ("Traceback" in done.stderr) is seen


class TestPrinting:
    def test_name_that_the_terminal_has_no_letters_for_is_printed_as_numbers(self, tmp_path):
        path = os.fsencode(tmp_path) + b"/\xe9.png"
        Image.new("L", (20, 20), 255).save(tmp_path / "a.png")
        os.rename(tmp_path / "a.png", path)
        done = subprocess.run(
            [sys.executable, "-m", "odt_core", "infer", str(MODEL), path],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        )
        assert done.returncode == 0, done.stderr
        assert "\\udce9.png  " in done.stdout

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_result_that_cannot_be_printed_is_told(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "odt_core", "inspect", str(MODEL)],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
        assert done.returncode == 2
        assert done.stderr == "odt: The result cannot be printed: No space left on device.\n"


class TestHelpAndErrors:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_help_shows_an_example_and_json(self, command):
        done = odt(command, "--help")
        assert done.returncode == 0
        assert f"python -m odt_core {command}" in done.stdout
        assert "--json" in done.stdout
        assert "example:" in done.stdout

    def test_heavy_modules_are_not_imported(self):
        code = (
            "import sys, odt_core.cli.main as m; m.main(['inspect', sys.argv[1]]); "
            "print([n for n in ('tensorflow', 'streamlit', 'keras') if n in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(MODEL)], capture_output=True, text=True, cwd=ROOT
        )
        assert done.stdout.splitlines()[-1] == "[]"


class TestBuild:
    def test_keras_file_becomes_a_model_that_trains(self, files, tmp_path):
        keras = pytest.importorskip("keras")
        model = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4, "gelu")]
        )
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(np.zeros((4, 8, 8, 1)), np.zeros(4), verbose=0)  # its optimiser is saved too
        model.save(tmp_path / "m.keras")
        got = quiet_result("build", tmp_path / "m.keras", tmp_path / "m.tflite")
        assert {"train", "infer"} <= set(got["signatures"])
        assert got["bytes"] == (tmp_path / "m.tflite").stat().st_size
        assert got["needs"] == "needs TFLite 2.9 / LiteRT 1.0 or newer"  # for GELU
        trained = result("train", tmp_path / "m.tflite", "--samples", files["own"], "--epochs", 2)
        assert trained["outcome"] == "finished"

    def test_file_that_cannot_be_trained_here_is_written_and_told(self, tmp_path):
        keras = pytest.importorskip("keras")
        layers = [keras.layers.StringLookup(vocabulary=["a", "b"]), keras.layers.Embedding(3, 4)]
        layers += [keras.layers.Flatten(), keras.layers.Dense(3)]
        model = keras.Sequential([keras.Input((1,), dtype="string"), *layers])
        model.save(tmp_path / "m.keras")
        got = result("build", tmp_path / "m.keras", tmp_path / "m.tflite")
        assert (tmp_path / "m.tflite").exists()
        assert not got["trainable"]
        assert got["notes"][0].startswith("The signature 'train' takes text ('x')")


# Training hangs where no handler of Python's runs before it is done, as in a model's loop without
# an end.
HANGS = """
import ctypes, runpy, signal, sys, threading
from odt_core.training import loop
signal.signal(signal.SIGINT, signal.default_int_handler)
libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
def hang(*_):
    threading.Timer(1, print, ["hangs"], {"flush": True}).start()  # by then it does
    while True:
        libc.pthread_mutex_lock(mutex)
loop.Run._record = hang
runpy.run_module("odt_core", run_name="__main__")
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_ends_a_training_whose_model_hangs(files, tmp_path, sent):
    checkpoint = tmp_path / "own.safetensors"
    checkpoint.write_bytes(files["checkpoint"].read_bytes())
    command = [sys.executable, "-c", HANGS, "train", MODEL, "--samples", str(files["own"])]
    with subprocess.Popen(
        [*command, "--checkpoint", str(checkpoint)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as running:
        try:
            assert running.stdout.readline() == "hangs\n"
            running.send_signal(sent)
            time.sleep(0.5)
            running.send_signal(sent)
            said = running.communicate(timeout=30)[1]
        finally:
            running.kill()
    assert running.returncode == 130
    assert "odt: stopped; the model was still computing." in said
    assert checkpoint.read_bytes() == files["checkpoint"].read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["own.safetensors"]


def test_second_signal_ends_a_training_that_hangs_where_nobody_reads_what_it_says(files):
    """As where Ctrl+C ends `tee` as well."""
    command = [sys.executable, "-c", HANGS, "train", MODEL, "--samples", str(files["own"])]
    read, write = os.pipe()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=write, text=True, cwd=ROOT
    ) as running:
        try:
            assert running.stdout.readline() == "hangs\n"
            os.close(read)
            os.close(write)
            running.send_signal(signal.SIGINT)
            time.sleep(0.5)
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=30) == 130
        finally:
            running.kill()
