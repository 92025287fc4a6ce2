"""`train` as a person uses it: its last line, its checkpoint, and how it ends."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from odt_core.checkpoint import load_checkpoint_file
from odt_core.cli import train
from odt_core.training import fit
from tests.cli.command_line import disturbed, odt, result
from tests.cli.tiny_samples import MODEL, samples


def _spoiled(files, path, step, weights, *, epochs):
    """A training in which each variable v becomes `weights` after a step, and its last line."""
    spoil = f"{{n: {weights} for n, v in run.session.state().items()}}"
    done = disturbed(
        f"run.step == {step} and run.session.put_back({spoil})", MODEL, "--samples", files["own"],
        "--test", files["test"], "--epochs", epochs, "--checkpoint", path, "--json",
    )  # fmt: skip
    return done, json.loads(done.stdout.splitlines()[-1])


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

    def test_samples_and_tests_of_every_path_are_taken(self, files):
        own, test = files["own"], files["test"]
        paths = ("--samples", own, "--samples", test, "--test", test, "--test", own)
        got = result("train", MODEL, *paths, "--epochs", 1, "--batch-size", 8, "--replay", 0)
        assert got["steps"] == 8  # 60 samples, 8 at a time
        assert got["test"]["personalised"]["n"] == 60

    def test_batch_size_that_the_model_does_not_take_is_said_and_kept_as_it_was(self, tmp_path):
        """The model has steps for 16, 5 or 2 samples."""
        given, kept = tmp_path / "own.npz", tmp_path / "own.safetensors"
        np.savez(given, x=np.eye(6, dtype=np.float32), y=np.arange(6) % 3)
        words = (
            MODEL.with_name("dialect_fixed_batches.tflite"), "--samples", given,
            "--epochs", 1, "--batch-size", 5, "--checkpoint", kept,
        )  # fmt: skip
        said = "This model is trained on multiples of 2 samples, so a batch size of 5 counts as 6."
        assert said in odt("train", *words).stdout.splitlines()
        assert result("train", *words)["batches"] == said
        assert load_checkpoint_file(kept).meta.settings["batch_size"] == 6

    def test_figures_have_the_names_that_evaluate_gives_them(self, files):
        pair = json.loads(files["trained"].read_text())["test"]
        got = result(
            "evaluate", MODEL, "--samples", files["test"], "--checkpoint", files["checkpoint"]
        )
        assert {"labels": list("0123"), **pair, "base_test": None}.items() <= got.items()

    def test_best_is_chosen_on_samples_that_are_judged(self, files, tmp_path, monkeypatch):
        """Five of the test samples are others over again, up to rounding."""
        scored = []

        def heard(*given, test, **more):
            scored.append(len(test))
            return fit(*given, test=test, **more)

        monkeypatch.setattr(train, "fit", heard)
        given, path = samples(40, 1), tmp_path / "again.npz"
        x, y = given["x"], given["y"]
        np.savez(path, x=np.r_[x, x[:5] * np.float32(1 + 2e-6)], y=np.r_[y, y[:5]])
        got = result("train", MODEL, "--samples", files["own"], "--test", path, "--epochs", 1)
        assert scored == [got["test"]["base"]["different"]] == [40]

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
        assert "Your model is as it was before this run." in done.stdout
        assert "your test samples  not judged: nothing was learnt" in done.stdout
        assert "checkpoint  not written: nothing was learnt" in done.stdout
        done = odt(*arguments, "--json")
        got = json.loads(done.stdout)
        assert done.returncode == 1
        assert (got["outcome"], got["steps"]) == ("diverged", 0)
        assert got["checkpoint"] is got["test"] is None
        assert path.read_bytes() == before

    def test_training_that_diverged_later_keeps_the_last_good_step(self, files, tmp_path):
        path = tmp_path / "c.safetensors"
        done, got = _spoiled(files, path, 60, "v * np.float32('nan')", epochs=80)
        assert done.returncode == 1
        assert (got["outcome"], got["steps"]) == ("diverged", 50)
        assert got["test"]["personalised"]["n"] == 40
        assert load_checkpoint_file(path).meta.step == 50

    def test_answers_that_are_no_numbers_do_not_lose_the_checkpoint(self, files, tmp_path):
        path, large = tmp_path / "c.safetensors", "np.full_like(v, 3e38)"
        done, got = _spoiled(files, path, 5, large, epochs=5)  # finite, but what they say is not
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
