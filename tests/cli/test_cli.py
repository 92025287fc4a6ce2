"""The command line as a person uses it: processes, files, JSON and messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from odt_core.checkpoint import (
    Checkpoint,
    Tempering,
    load_checkpoint_file,
    save_checkpoint_file,
)
from odt_core.runtime import load_model
from tests.cli.command_line import ROOT, odt, odt_process, result

MODEL = ROOT / "tests" / "runtime" / "models" / "tiny_momentum.tflite"
LONG = "a" * 300
COMMANDS = ("inspect", "train", "infer", "evaluate", "bake", "lower", "build", "bench", "report")


def samples(count: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 4
    x = rng.random((count, 8, 8, 1), dtype=np.float32) * 0.3
    x[np.arange(count), y * 2, y * 2] = 1
    return {"x": x, "y": y}


def disturbed(statement: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`train` with these arguments, in which an expression of `run` is evaluated in each step."""
    code = (
        "import os, signal, sys; import numpy as np; from odt_core.training import loop; "
        f"real = loop.Run._record; loop.Run._record = lambda run, *a: ({statement}, "
        "real(run, *a))[1]; from odt_core.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "train", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cli")
    paths = {name: folder / f"{name}.npz" for name in ("own", "test")}
    np.savez(paths["own"], **samples(20, 0))
    np.savez(paths["test"], **samples(40, 1))
    paths["checkpoint"] = folder / "own.safetensors"
    paths["trained"] = folder / "trained.json"
    done = odt_process(
        "train", MODEL, "--samples", paths["own"], "--test", paths["test"], "--epochs", 40,
        "--batch-size", 8, "--learning-rate", 0.1, "--replay", 0, "--seed", 3,
        "--checkpoint", paths["checkpoint"], "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    paths["trained"].write_text(done.stdout.splitlines()[-1])
    return paths


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


class TestTrain:
    def test_last_line_has_what_is_promised(self, files):
        got = json.loads(files["trained"].read_text())
        assert got["steps"] == len(got["loss"]) == 120
        assert got["seconds"] > 0
        assert got["loss"][-1] < got["loss"][0]
        assert got["test"]["base"]["n"] == got["test"]["personalised"]["n"] == 40
        assert got["test"]["personalised"]["accuracy"] == 1.0
        assert got["test"]["base"]["accuracy"] < 0.6
        assert got["base_test"] is got["base_task"] is None
        assert got["outcome"] == "finished"

    def test_figures_have_the_names_that_evaluate_gives_them(self, files):
        pair = json.loads(files["trained"].read_text())["test"]
        got = result(
            "evaluate", MODEL, "--samples", files["test"], "--checkpoint", files["checkpoint"]
        )
        assert got == {"labels": list("0123"), **pair, "base_test": None}

    def test_checkpoint_keeps_the_figures_without_the_matrices(self, files):
        kept = load_checkpoint_file(files["checkpoint"]).meta.metrics["test"]
        assert set(kept) == {"base", "personalised"}
        figures = {"n", "different", "correct", "accuracy", "interval", "cross_entropy"}
        assert set(kept["base"]) == figures

    def test_base_and_personalised_have_intervals_and_the_paired_test(self, files):
        got = json.loads(files["trained"].read_text())["test"]
        low, high = got["personalised"]["interval"]
        assert 0.9 < low < high == 1.0
        assert got["sentences"][0].endswith("not chance, p < 0.001. Your model is better.")
        assert got["seen_in_training"] is None
        text = odt(
            "train", MODEL, "--samples", files["own"], "--test", files["test"], "--epochs", 1
        ).stdout
        assert "(95 % interval " in text
        assert "p = " in text

    def test_test_samples_that_are_trained_on_are_told_instead_of_a_gain(self, files):
        arguments = ("--samples", files["own"], "--test", files["own"], "--epochs", 20)
        got = result("train", MODEL, *arguments)["test"]
        assert got["seen_in_training"] == list(range(20))
        text = odt("train", MODEL, *arguments).stdout
        assert (
            "All 20 test samples look the same as a training sample: they say nothing of new ones."
            in text
        )
        assert "is better" not in text

    def test_without_test_samples_test_is_null_and_the_text_reads_well(self, files):
        got = result("train", MODEL, "--samples", files["own"], "--epochs", 1)
        assert got["test"] is None
        text = odt("train", MODEL, "--samples", files["own"], "--epochs", 1).stdout
        assert text.startswith("Finished 1 step. ")

    def test_going_on_from_a_checkpoint_begins_with_its_weights(self, files):
        first = json.loads(files["trained"].read_text())["loss"]
        got = result(
            "train", MODEL, "--samples", files["own"], "--from", files["checkpoint"], "--epochs", 1
        )
        assert got["loss"][0] < first[0] / 4

    @pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
    def test_signal_stops_training_and_keeps_what_was_learnt(self, files, tmp_path, signal):
        kill = f"run.step == 5 and os.kill(os.getpid(), signal.{signal})"
        path = tmp_path / "c.safetensors"
        done = disturbed(
            kill, MODEL, "--samples", files["own"], "--epochs", 50, "--checkpoint", path, "--json"
        )
        got = json.loads(done.stdout.splitlines()[-1])
        assert done.returncode == 0
        assert (got["outcome"], got["steps"]) == ("stopped", 5)
        assert load_checkpoint_file(path).meta.step == 5

    def test_training_that_diverged_at_once_leaves_the_old_checkpoint(self, files, tmp_path):
        path, huge = tmp_path / "c.safetensors", tmp_path / "huge.npz"
        before = files["checkpoint"].read_bytes()
        path.write_bytes(before)
        given = samples(20, 0)
        np.savez(huge, x=given["x"] * 1e30, y=given["y"])
        arguments = (
            "train", MODEL, "--samples", huge, "--test", files["test"], "--replay", 0,
            "--checkpoint", path,
        )  # fmt: skip
        done = odt(*arguments)
        assert done.returncode == 1
        assert "Your model is back at step 0." in done.stdout
        assert "your test samples  not judged: nothing was learnt" in done.stdout
        assert "checkpoint  not written: nothing was learnt" in done.stdout
        done = odt(*arguments, "--json")
        got = json.loads(done.stdout)
        assert done.returncode == 1
        assert (got["outcome"], got["steps"]) == ("diverged", 0)
        assert got["checkpoint"] is got["test"] is None
        assert path.read_bytes() == before

    def test_training_that_diverged_later_keeps_the_last_good_step(self, files, tmp_path):
        poison = (
            "run.step == 60 and run.session.put_back("
            "{n: v * np.float32('nan') for n, v in run.session.state().items()})"
        )
        path = tmp_path / "c.safetensors"
        done = disturbed(
            poison, MODEL, "--samples", files["own"], "--test", files["test"], "--epochs", 80,
            "--checkpoint", path, "--json",
        )  # fmt: skip
        got = json.loads(done.stdout.splitlines()[-1])
        assert done.returncode == 1
        assert (got["outcome"], got["steps"]) == ("diverged", 50)
        assert got["test"]["personalised"]["n"] == 40
        assert load_checkpoint_file(path).meta.step == 50

    def test_answers_that_are_no_numbers_do_not_lose_the_checkpoint(self, files, tmp_path):
        large = (  # finite, but what they say is not
            "run.step == 5 and run.session.put_back("
            "{n: np.full_like(v, 3e38) for n, v in run.session.state().items()})"
        )
        path = tmp_path / "c.safetensors"
        done = disturbed(
            large, MODEL, "--samples", files["own"], "--test", files["test"], "--epochs", 5,
            "--checkpoint", path, "--json",
        )  # fmt: skip
        got = json.loads(done.stdout.splitlines()[-1])
        assert done.returncode == 0, done.stderr
        assert "is not a finite number" in got["unjudged"]
        assert load_checkpoint_file(path).meta.step == 5

    def test_folder_of_label_folders_with_new_labels_is_refused_when_no_output_is_free(
        self, tmp_path
    ):
        for name in ("0", "heart"):
            (tmp_path / name).mkdir()
            Image.new("L", (8, 8)).save(tmp_path / name / "a.png")
        done = odt("train", MODEL, "--samples", tmp_path)
        assert done.returncode == 2
        assert "heart" in done.stderr


class TestOthers:
    def test_evaluate_compares_base_and_personalised(self, files):
        got = result(
            "evaluate", MODEL, "--samples", files["test"], "--checkpoint", files["checkpoint"]
        )
        assert got["personalised"]["correct"] == 40
        assert got["comparison"]["verdict"] == "better"
        assert len(got["comparison"]["fixed"]) == 40 - got["base"]["correct"]
        assert np.trace(got["personalised"]["confusion"]) == 40

    def test_one_sample_many_times_is_no_gain(self, files, tmp_path):
        whole, path = samples(40, 1), tmp_path / "again.npz"
        got = result(
            "evaluate", MODEL, "--samples", files["test"], "--checkpoint", files["checkpoint"]
        )
        at = got["comparison"]["fixed"][0]
        np.savez(path, x=whole["x"][[at] * 20], y=whole["y"][[at] * 20])
        done = odt("evaluate", MODEL, "--samples", path, "--checkpoint", files["checkpoint"])
        assert "accuracy 100.0% (20 of 20, 1 different; 95 % interval 20.7% to" in done.stdout
        assert "1 fixed, 0 broken: 1 different sample among 20 is too few to tell." in done.stdout

    def test_evaluate_without_checkpoint_is_about_the_base(self, files):
        got = result("evaluate", MODEL, "--samples", files["test"])
        assert got["personalised"] is None
        assert got["base"]["n"] == 40

    def test_gain_on_labels_that_the_base_never_learnt_is_told_apart(self, tmp_path):
        x = np.zeros((8, 28, 28, 1), np.float32)
        for k in range(8):
            x[k, 4 + k : 8 + k, 4:24] = 1.0
        path, weights = tmp_path / "bars.npz", tmp_path / "bars.safetensors"
        np.savez(path, x=x, y=np.array(["bar"] * 4 + ["1"] * 4))
        done = odt("train", "digits", "--samples", path, "--epochs", 1, "--checkpoint", weights)
        assert done.returncode == 0, done.stderr
        said = odt("evaluate", "digits", "--samples", path, "--checkpoint", weights).stdout
        assert "4 of the 8 samples are of “bar”, which the base model never learnt" in said

    def test_infer_tells_label_and_probability_of_each_sample(self, files):
        got = result("infer", MODEL, files["test"], "--checkpoint", files["checkpoint"])
        assert [row["label"] for row in got["predictions"]] == [str(n % 4) for n in range(40)]
        assert len(got["predictions"][0]["top"]) == 3

    def test_infer_is_as_sure_as_the_temperature_of_the_checkpoint_makes_it(self, files, tmp_path):
        checkpoint = load_checkpoint_file(files["checkpoint"])
        warm = replace(checkpoint, meta=replace(checkpoint.meta, temperature=Tempering(4.0)))
        path = tmp_path / "warm.safetensors"
        save_checkpoint_file(warm, path)
        x = np.load(files["test"])["x"]
        session = load_model(MODEL).session()
        session.restore(warm)
        got = result("infer", MODEL, files["test"], "--checkpoint", path)
        said = [row["probability"] for row in got["predictions"]]
        assert said == pytest.approx(session.predict_proba(x, temperature=4.0).max(axis=1))
        assert got["temperature"] == 4.0
        assert odt("infer", MODEL, files["test"], "--checkpoint", path).stdout.endswith(
            "\nat temperature 4.00, which the checkpoint asks for\n"
        )

    def test_evaluate_tells_of_weights_that_were_chosen_on_test_samples(self, files, tmp_path):
        checkpoint = load_checkpoint_file(files["checkpoint"])
        path = tmp_path / "best.safetensors"
        save_checkpoint_file(replace(checkpoint, meta=replace(checkpoint.meta, note="best")), path)
        got = result("evaluate", MODEL, "--samples", files["test"], "--checkpoint", path)
        assert any("did best on their run's test samples" in said for said in got["sentences"])
        assert "is better" not in got["sentences"][0]

    @pytest.mark.parametrize(
        ("number", "word"),
        [(np.nan, "holds numbers that are not finite"), (3e38, "is not a finite number")],
    )
    def test_infer_of_weights_that_went_wrong_is_refused(self, files, tmp_path, number, word):
        checkpoint = load_checkpoint_file(files["checkpoint"])
        state = {name: np.full_like(value, number) if value.dtype.kind == "f" else value
                 for name, value in checkpoint.state.items()}  # fmt: skip
        path = tmp_path / "wrong.safetensors"
        save_checkpoint_file(Checkpoint(state, checkpoint.meta), path)
        done = odt("infer", MODEL, files["test"], "--checkpoint", path)
        assert done.returncode == 2
        assert word in done.stderr

    def test_infer_that_is_to_list_no_label_is_refused(self, files):
        done = odt("infer", MODEL, files["test"], "--top", -3)
        assert (done.returncode, "--top -3 lists no label" in done.stderr) == (2, True)

    def test_infer_takes_images(self, tmp_path):
        Image.new("L", (20, 20), 255).save(tmp_path / "a.png")
        got = result("infer", MODEL, tmp_path / "a.png", "--top", 4)
        total = sum(row["probability"] for row in got["predictions"][0]["top"])
        assert total == pytest.approx(1, abs=1e-5)

    def test_inspect_lists_signatures_variables_and_contract(self):
        got = result("inspect", MODEL)
        assert got["trainable"]
        assert {"train", "infer", "odt_get_state"} <= {s["name"] for s in got["signatures"]}
        assert got["contract"]["train"][0]["labels"] == "y"
        assert {"name": "dense/bias", "dtype": "float32", "shape": [4], "bytes": 16} in (
            got["variables"]
        )

    def test_bench_with_profile_tells_what_each_op_costs(self):
        (profile,) = result("bench", MODEL, "--profile", "--batch-sizes", "4")["profiles"]
        assert profile["batch"] == 4
        assert {"BATCH_MATMUL", "MUL"} <= {cost["op"] for cost in profile["ops"]}

    def test_bench_measures_each_batch_size(self):
        got = result("bench", MODEL, "--batch-sizes", "1,4", "--seconds", 0.01)
        assert got["train_step_ms"].keys() == got["infer_ms"].keys() == {"1", "4"}
        assert got["load_ms"] > 0

    def test_bench_measures_steps_that_take_several_calls(self):
        model = MODEL.with_name("dialect_fixed_batches.tflite")  # of 16, 5 and 2 samples
        got = result("bench", model, "--batch-sizes", "1,5,7", "--seconds", 0.01)
        assert got["train_step_ms"].keys() == {"5", "7"}


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
    def test_nothing_that_was_read_is_written_over(self, files, tmp_path, command):
        samples, model = tmp_path / "mine.zip", tmp_path / "model.tflite"
        samples.write_bytes(files["own"].read_bytes())
        model.write_bytes(MODEL.read_bytes())
        option = "--checkpoint" if command == "train" else "--out"
        for read in (samples, model):
            before = read.read_bytes()
            done = odt(command, model, "--samples", samples, option, read)
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

    def test_arrays_to_infer_are_read_as_samples_are(self, files, tmp_path):
        bad = {"nan": np.full((1, 8, 8, 1), np.nan, np.float32), "text": np.array([["a", "b"]])}
        for name, x in bad.items():
            np.savez(tmp_path / f"{name}.npz", x=x)
            done = odt("infer", MODEL, tmp_path / f"{name}.npz")
            assert (done.returncode, "Traceback" in done.stderr) == (2, False), name
        (tmp_path / "cut.npz").write_bytes((tmp_path / "nan.npz").read_bytes()[:-40])
        assert odt("infer", MODEL, tmp_path / "cut.npz").returncode == 2

    def test_model_is_judged_by_the_test_part_of_a_file(self, tmp_path):
        own, test = samples(20, 0), samples(12, 1)
        both = {"x_train": own["x"], "y_train": own["y"], "x_test": test["x"], "y_test": test["y"]}
        path = tmp_path / "both.npz"
        np.savez(path, **both)
        assert result("evaluate", MODEL, "--samples", path)["base"]["n"] == 12
        trained = result(
            "train", MODEL, "--samples", path, "--test", path, "--epochs", 1, "--batch-size", 20,
            "--replay", 0,
        )  # fmt: skip
        assert trained["test"]["base"]["n"] == 12
        assert trained["steps"] == 1

    def test_pixels_are_inferred_alike_whatever_holds_them(self, tmp_path):
        x = np.random.default_rng(0).integers(0, 256, (2, 8, 8), np.uint8)
        for name, array in {"bytes": x, "whole": x.astype(np.int64)}.items():
            np.savez(tmp_path / f"{name}.npz", x=array)
        np.savetxt(tmp_path / "rows.csv", x.reshape(2, -1), "%d", ",")
        said = [
            [one["top"] for one in result("infer", MODEL, tmp_path / name)["predictions"]]
            for name in ("bytes.npz", "whole.npz", "rows.csv")
        ]
        assert said[0] == said[1] == said[2]

    def test_numbers_are_inferred_alike_in_every_arrangement_that_training_takes(self, tmp_path):
        x = np.random.default_rng(0).random((2, 8, 8, 1), np.float32)
        forms = {"as it is": x, "grey": x[..., 0], "rows": x.reshape(2, -1)}
        forms["channels first"] = x.transpose(0, 3, 1, 2)
        said = []
        for name, array in forms.items():
            np.savez(tmp_path / f"{name}.npz", x=array)
            predictions = result("infer", MODEL, tmp_path / f"{name}.npz")["predictions"]
            said.append([one["top"] for one in predictions])
        assert said[0] == said[1] == said[2] == said[3]

    def test_name_that_is_far_too_long_is_plain_bad_input(self, files):
        for arguments in (("inspect", "x" * 400), ("train", MODEL, "--samples", "y" * 400)):
            done = odt(*arguments)
            assert done.returncode == 2
            assert "cannot be read" in done.stderr

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
        trained = result("train", tmp_path / "m.tflite", "--samples", files["own"], "--epochs", 2)
        assert trained["outcome"] == "finished"
