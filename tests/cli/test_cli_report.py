"""`report` as a person uses it: a zip that stands on its own."""

from __future__ import annotations

import json
import subprocess
import sys
import weakref
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from odt_core.checkpoint import load_checkpoint, save_checkpoint_file
from odt_core.cli.report import _code, _train, _why_not
from odt_core.samples import Labels, Samples, read_samples
from odt_core.training import Settings
from odt_core.training.events import Ended, Saved
from odt_core.worker import Worker
from tests.cli.command_line import ROOT, odt, odt_process, result
from tests.cli.tiny_samples import MODEL, samples
from tests.zoo_models import zoo_file, zoo_model

MODELS = ROOT / "tests" / "runtime" / "models"
SHORT = ("--epochs", 5, "--batch-size", 8, "--learning-rate", 0.1, "--seed", 2)


def report(*arguments: object) -> dict:
    return result("report", *arguments)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    paths = {name: folder / f"{name}.npz" for name in ("own", "test")}
    for seed, (name, count) in enumerate((("own", 20), ("test", 40))):
        np.savez(paths[name], **samples(count, seed))
    paths["out"] = folder / "bundle.zip"
    paths["checkpoint"] = folder / "own.safetensors"
    done = odt(
        "train", MODEL, "--samples", paths["own"], "--checkpoint", paths["checkpoint"], *SHORT
    )
    assert done.returncode == 0, done.stderr
    return paths


def test_training_is_scored_on_the_samples_that_the_bundle_is_judged_on(files, tmp_path):
    """Five of the test samples are others over again, up to rounding."""
    with np.load(files["test"]) as given:
        x, y = given["x"], given["y"]
    test, out = tmp_path / "test.npz", tmp_path / "bundle.zip"
    np.savez(test, x=np.r_[x, x[:5] * np.float32(1 + 2e-6)], y=np.r_[y, y[:5]])
    report(MODEL, "--samples", files["own"], "--test", test, "--out", out, "--quick", *SHORT)
    card = json.loads(zipfile.ZipFile(out).read("personalisation-card.json"))
    scored = {one["test"]["n"] for one in card["training"]["curves"]["evaluations"]}
    assert scored == {card["results"]["test"]["own"]["different"]} == {40}


def test_batch_size_that_the_model_does_not_take_is_said_and_published_as_it_was(tmp_path):
    """The model has steps for 16, 5 or 2 samples."""
    given, out = tmp_path / "own.npz", tmp_path / "bundle.zip"
    np.savez(given, x=np.eye(6, dtype=np.float32), y=np.arange(6) % 3)
    words = (
        MODELS / "dialect_fixed_batches.tflite", "--samples", given, "--out", out, "--quick",
        "--epochs", 1, "--batch-size", 5,
    )  # fmt: skip
    said = "This model is trained on multiples of 2 samples, so a batch size of 5 counts as 6."
    assert said in odt("report", *words).stdout.splitlines()
    assert report(*words, "--check")["batches"] == said
    card = json.loads(zipfile.ZipFile(out).read("personalisation-card.json"))
    assert card["training"]["settings"]["batch_size"] == 6


def test_training_and_report_when_checked_are_identical(files):
    got = result(
        "report", MODEL, "--samples", files["own"], "--test", files["test"],
        "--out", files["out"], "--check", *SHORT, run=odt_process,
    )  # fmt: skip
    assert got["check"]["identical"] is True
    assert got["check"]["exit_code"] == 0
    assert got["origin"] == "base"
    assert got["test"]["n"] == 40
    assert {"p_value", "comparison", "seen_in_training", "sentences"} < set(got["test"])
    assert {"correct", "confusion", "cross_entropy"} < set(got["test"]["personalised"])
    assert got["base_test"] is got["base_task"] is None
    assert got["cost"]["step_ms"] > 0
    assert got["cost"]["checkpoint_bytes"] > 0
    assert "n = 40 test samples" in got["studies"]["samples_needed"]["sentence"]
    assert [one["n"] for one in got["studies"]["controls"]["gains"]["shuffled_labels"]] == [40] * 3
    names = zipfile.ZipFile(files["out"]).namelist()
    for chart in ("controls", "samples-needed", "layers", "map"):
        assert f"charts/{chart}.png" in names
    assert zipfile.ZipFile(files["out"]).testzip() is None
    assert got["bytes"] == files["out"].stat().st_size


def test_test_samples_that_are_trained_on_are_told_instead_of_a_gain(files):
    arguments = (
        "report", MODEL, "--samples", files["own"], "--test", files["own"],
        "--out", files["out"], "--quick", *SHORT,
    )  # fmt: skip
    text = odt(*arguments).stdout
    assert "All 20 test samples were trained on: they say nothing of new ones." in text
    assert "is better" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_training_sends_nothing_over_the_network(files):
    got = report(MODEL, "--samples", files["own"], "--out", files["out"], *SHORT)
    assert got["cost"]["network"]["bytes_sent"] == 0
    assert got["cost"]["network"]["looks"] > 1
    assert got["cost"]["peak_memory"] > 10**7
    assert "there are no test samples" in " ".join(got["studies"]["reasons"])


def test_map_of_a_model_of_values_is_in_the_bundle_too(tmp_path):
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    np.savez(tmp_path / "own.npz", x=x, y=2 * x[:, :2])
    model, out = ROOT / "tests/runtime/models/dialect_regression.tflite", tmp_path / "out.zip"
    report(model, "--samples", tmp_path / "own.npz", "--out", out, "--quick", "--epochs", 2)
    with zipfile.ZipFile(out) as packed:
        assert "charts/map.png" in packed.namelist()
        seen = json.loads(packed.read("personalisation-card.json"))["inside"]["map"]
    assert (seen["n"], seen["samples"][0]["label"]) == (12, None)


def test_bundle_beside_the_samples_is_not_read_as_samples(tmp_path):
    for label in ("0", "1"):
        (tmp_path / label).mkdir()
        Image.new("L", (8, 8), 99 * int(label)).save(tmp_path / label / "a.png")
    report(MODEL, "--samples", tmp_path, "--out", tmp_path / "bundle.zip", "--quick", *SHORT)
    raw = read_samples(tmp_path)
    assert raw.labels == ("0", "1")
    assert raw.notice == "Left out 'bundle.zip': it is the evidence of a training, no samples."


def test_nothing_is_studied_when_it_is_to_be_quick(files):
    got = report(MODEL, "--samples", files["own"], "--out", files["out"], "--quick", *SHORT)
    assert got["cost"] is None
    assert got["studies"]["reasons"] == ["Nothing was studied: --quick was given."]


def test_another_persons_samples_when_given_are_a_control(files):
    got = report(
        MODEL, "--samples", files["own"], "--test", files["test"], "--others", files["test"],
        "--out", files["out"], *SHORT,
    )  # fmt: skip
    assert got["studies"]["controls"]["gains"]["another_person"]["n"] == 40
    assert got["studies"]["controls"]["another_persons_samples"] == 20


def test_a_checkpoint_of_train_is_identical(files):
    got = report(
        MODEL, "--samples", files["own"], "--checkpoint", files["checkpoint"],
        "--out", files["out"], "--check", "--quick",
    )  # fmt: skip
    assert got["check"]["identical"] is True
    assert got["origin"] == "assumed"
    assert "the base model's are assumed" in got["origin_sentence"]


def test_bundle_with_test_samples_of_one_label_that_are_not_judged_passes_its_own_check(tmp_path):
    rng = np.random.default_rng(3)
    for part in ("own", "test"):
        (tmp_path / part / "cup").mkdir(parents=True)
        for number in range(3):
            picture = Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8))
            picture.save(tmp_path / part / "cup" / f"{number}.png")
    got = report(
        MODEL, "--samples", tmp_path / "own", "--test", tmp_path / "test",
        "--out", tmp_path / "bundle.zip", "--quick", "--check", *SHORT,
    )  # fmt: skip
    assert got["unjudged"].startswith("not judged: there is one label")
    assert got["check"]["contradictions"] == []


def test_a_checkpoint_with_other_samples_is_told(files):
    got = report(
        MODEL, "--samples", files["test"], "--checkpoint", files["checkpoint"],
        "--out", files["out"], "--quick",
    )  # fmt: skip
    assert got["origin"] == "unknown"
    assert "samples were added, removed" in got["origin_sentence"]


def test_check_that_fails_ends_with_exit_code_1_and_says_why(files):
    done = odt(
        "report", MODEL, "--samples", files["test"], "--checkpoint", files["checkpoint"],
        "--out", files["out"], "--quick", "--check",
    )  # fmt: skip
    assert done.returncode == 1
    *_, verdict, why = done.stdout.splitlines()
    assert verdict == "trained again from the bundle alone: not tried"
    assert "samples were added, removed" in why


class TestCheck:
    def test_whatever_is_not_as_published_is_named(self):
        check = {
            "exit_code": 1,
            "identical": False,
            "differences": ["w: largest difference 0.1"],
            "changed_files": ["models/base.tflite"],
            "contradictions": ["card: the weights' digest"],
            "message": "",
        }
        assert _why_not(check) == [
            "not as published: models/base.tflite",
            "w: largest difference 0.1",
            "card: the weights' digest",
        ]
        codes = [_code({"check": {"exit_code": code}, "outcome": None}) for code in (0, 1, 2, None)]
        assert codes == [0, 1, 1, 1]

    def test_report_of_a_training_that_diverged_ends_with_exit_code_1(self):
        ended = ("finished", "stopped", "diverged", None)
        assert [_code({"check": None, "outcome": one}) for one in ended] == [0, 0, 1, 0]


def test_a_model_of_values_is_reported(files):
    path = files["out"].with_name("values.npz")
    rng = np.random.default_rng(0)
    from odt_core.runtime import load_model

    contract = load_model(MODELS / "dialect_regression.tflite").contract
    x = rng.random((12, *contract.input_shape), dtype=np.float32)
    y = rng.random((12, *contract.target_shape), dtype=np.float32)
    np.savez(path, x=x, y=y)
    got = report(
        MODELS / "dialect_regression.tflite", "--samples", path, "--test", path,
        "--out", files["out"], "--check", "--epochs", 2,
    )  # fmt: skip
    assert got["check"]["identical"] is True
    assert got["test"]["personalised"]["mean_squared_error"] >= 0
    assert "charts/values-test.png" in zipfile.ZipFile(files["out"]).namelist()


def test_training_that_learnt_nothing_is_no_bundle(files, tmp_path):
    huge, out = tmp_path / "huge.npz", tmp_path / "bundle.zip"
    with np.load(files["own"]) as own:
        np.savez(huge, x=own["x"] * 1e30, y=own["y"])
    out.write_bytes(b"old")
    done = odt("report", MODEL, "--samples", huge, "--out", out, "--quick", *SHORT)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "There is nothing to report on. Training diverged at step" in done.stderr
    assert out.read_bytes() == b"old"


def test_figures_are_told_where_the_bundle_cannot_be_written(files, tmp_path):
    code = (  # as on a disk that is full when the bundle is made
        "import resource, sys; from odt_core.cli import report; real = report.write_model\n"
        "def full(*a): resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); real(*a)\n"
        "report.write_model = full\n"
        "from odt_core.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = (
        "report", MODEL, "--samples", files["own"], "--test", files["test"], "--quick", "--check",
        "--out", tmp_path / "bundle.zip", *SHORT,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2
    assert "your test samples (40)  base" in done.stdout
    assert "bundle.zip cannot be written: File too large" in done.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_report_that_is_terminated_while_it_trains_reports_what_was_learnt(files, tmp_path):
    out = tmp_path / "bundle.zip"
    code = (
        "import os, signal, sys, threading; from odt_core.worker import Worker; real = Worker.fit\n"
        "def fit(self, *a, on_event, **more):\n"
        "    def hear(event):\n"
        "        on_event(event)\n"
        "        if getattr(event, 'records', None) and not sent.is_set():\n"
        "            sent.set(); os.kill(os.getpid(), signal.SIGTERM)\n"
        "    real(self, *a, on_event=hear, **more)\n"
        "Worker.fit, sent = fit, threading.Event()\n"
        "from odt_core.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ("report", MODEL, "--samples", files["own"], "--out", out, "--quick", "--json")
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words), "--epochs", "10000", "--batch-size", "1"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert got["outcome"] == "stopped"
    assert 0 < got["steps"] < 200_000
    assert zipfile.ZipFile(out).testzip() is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--out", "{folder}"), "is a folder"),
            (("--out", "{folder}/none/b.zip"), "There is no folder"),
            (("--out", "{folder}/b.zip", "--checkpoint", "{checkpoint}", "--seed", 1), "--seed"),
        ],
    )
    def test_bad_arguments_say_what_to_do(self, files, arguments, message):
        words = [
            str(word).format(folder=files["own"].parent, checkpoint=files["checkpoint"])
            for word in arguments
        ]
        done = odt("report", MODEL, "--samples", files["own"], *words)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


class Watched:
    """A worker, and whether the checkpoints that it sent are still held at the end of a run."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.held: list[bool] = []

    def fit(self, samples, settings, *, on_event, **more):
        sent = []

        def hear(event):
            on_event(event)
            if isinstance(event, Saved):
                sent.append(weakref.ref(event.checkpoint))
            if isinstance(event, Ended):
                self.held = [checkpoint() is not None for checkpoint in sent]

        self._worker.fit(samples, settings, on_event=hear, **more)


def test_training_for_a_report_when_it_saves_itself_then_the_last_checkpoint_alone_is_held():
    y = np.arange(8) % 4
    x = np.random.default_rng(0).random((8, 8, 8, 1), dtype=np.float32)
    samples = Samples(x, y, Labels.numbered(4))
    settings = Settings(epochs=3, batch_size=8)
    with Worker.start(MODEL.read_bytes()) as worker:
        watched = Watched(worker)
        checkpoint, curves = _train(watched, samples, settings, samples, None, None)
    assert len(watched.held) >= 3  # at the start, the best so far, at the end
    assert watched.held == [*[False] * (len(watched.held) - 1), True]
    assert load_checkpoint(checkpoint).meta.step == 3
    assert [record.step for record in curves.records] == [1, 2, 3]


def test_model_without_initial_weights_is_reported_on_without_a_base_to_compare_with(tmp_path):
    model, rng = zoo_model("uninitialised_keras3"), np.random.default_rng(5)
    (tmp_path / "model.tflite").write_bytes(zoo_file("uninitialised_keras3"))
    session = model.session()
    session.load_state(
        {
            variable.name: np.asarray(rng.normal(size=variable.shape), variable.dtype)
            for variable in model.description.variables
        }
    )
    save_checkpoint_file(session.checkpoint(), tmp_path / "own.safetensors")
    np.savez(tmp_path / "own.npz", x=rng.random((8, 12), np.float32), y=np.arange(8) % 4)
    np.savez(tmp_path / "test.npz", x=rng.random((8, 12), np.float32), y=np.arange(8) % 4)
    got = report(
        tmp_path / "model.tflite", "--samples", tmp_path / "own.npz", "--test",
        tmp_path / "test.npz", "--checkpoint", tmp_path / "own.safetensors",
        "--out", tmp_path / "bundle.zip", "--quick",
    )  # fmt: skip
    assert got["test"]["base"] is None
    assert got["test"]["personalised"]["n"] == 8
    names = zipfile.ZipFile(tmp_path / "bundle.zip").namelist()
    assert not {"charts/layers.png", "charts/map.png"} & set(names)


def test_cost_is_measured_where_no_test_of_features_is_left_to_judge_the_studies(tmp_path):
    rng = np.random.default_rng(7)
    for label in ("vase", "cup"):
        (tmp_path / "mine" / label).mkdir(parents=True)
        for number in range(3):
            picture = Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8))
            picture.resize((96, 96)).save(tmp_path / "mine" / label / f"{number}.png")
    got = report(
        "photos", "--samples", tmp_path / "mine", "--test", tmp_path / "mine", "--epochs", 2,
        "--out", tmp_path / "bundle.zip",
    )  # fmt: skip
    assert got["cost"]["steps"] > 0
    assert got["studies"]["reasons"] == [
        "Negative controls and samples needed: there are no test samples.",
        "All 6 test samples look the same as a training sample: they say nothing of new ones. "
        "Add test samples that are not trained on.",
    ]
