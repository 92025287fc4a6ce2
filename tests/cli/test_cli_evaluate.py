"""What a model says and is: `evaluate`, `infer`, `inspect` and `bench` on files of any form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from odt_core.checkpoint import Checkpoint, Tempering, load_checkpoint_file, save_checkpoint_file
from odt_core.runtime import load_model
from tests.cli.command_line import ROOT, odt, result
from tests.cli.tiny_samples import MODEL, samples


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
        assert (
            "accuracy 100.0% (1 of 1; 19 more are others over again; 95 % interval 20.7% to"
            in done.stdout
        )
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
        np.savez(path, x=0.9 * x, y=np.array(["bar"] * 4 + ["1"] * 4))  # others
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

    def test_inspect_tells_the_files_size_beside_its_sum_and_what_it_is_as_it_runs(self, tmp_path):
        flex = ROOT / "tests" / "models" / "flower__android-kotlin-new__logistic_regression.tflite"
        got, size = result("inspect", flex), flex.stat().st_size
        runs = result("lower", flex, tmp_path / "plain.tflite")["bytes"]
        assert (got["bytes"], got["bytes_as_it_runs"]) == (size, runs)
        first = f"{flex.name}  {size:,} bytes (as it runs here: {runs:,} bytes)  sha256 "
        assert odt("inspect", flex).stdout.startswith(first)
        plain = odt("inspect", tmp_path / "plain.tflite").stdout
        assert plain.startswith(f"plain.tflite  {runs:,} bytes  sha256 ")

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


class TestHelpAndErrors:
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
