"""The command line on models that are no plain classifiers, public ones among them."""

from __future__ import annotations

import gzip
import json
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from odt_core import load_model, save_checkpoint_file
from odt_core.cli.progress import progress_line
from odt_core.cli.train import _Ticker
from odt_core.training.history import Record
from tests.cli.command_line import ROOT, odt, result

PUBLIC = ROOT / "tests" / "models"
OWN = ROOT / "tests" / "runtime" / "models"


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """x [16, 1] and y = 2 x + 1."""
    x = np.linspace(0, 1, 16, dtype=np.float32)[:, None]
    np.savez(tmp_path / "line.npz", x=x, y=2 * x + 1)
    return tmp_path / "line.npz"


class TestValues:
    @pytest.mark.parametrize("name", ["training_model", "training_model_flex"])
    def test_regression_trains_and_is_judged_by_its_errors(self, line, tmp_path, name):
        model, own = PUBLIC / f"flutter_litert__{name}.tflite", tmp_path / "own.safetensors"
        trained = result(
            "train", model, "--samples", line, "--test", line, "--epochs", 20, "--checkpoint", own
        )
        base, personalised = trained["test"]["base"], trained["test"]["personalised"]
        assert "accuracy" not in base
        assert base["mean_squared_error"] == pytest.approx(np.mean((1 + np.arange(16) / 7.5) ** 2))
        assert personalised["mean_squared_error"] < 0.1
        assert trained["loss_name"] == "loss reported by the model"
        judged = result("evaluate", model, "--samples", line, "--checkpoint", own)
        assert judged["personalised"]["mean_squared_error"] == pytest.approx(
            personalised["mean_squared_error"]
        )
        assert judged["comparison"]["verdict"] == "better"
        assert judged["comparison"]["gain_sentence"] in judged["sentences"]
        low, high = judged["comparison"]["interval"]
        assert 0 < low < judged["comparison"]["gain"] < high
        said = result("infer", model, line, "--checkpoint", own)
        assert len(said["predictions"]) == 16
        assert said["predictions"][15]["values"][0] == pytest.approx(3, abs=0.5)

    def test_table_of_numbers_trains_too(self, tmp_path):
        rows = np.random.default_rng(0).random((12, 3))
        lines = ["a,b,c,p,q", *(f"{a},{b},{c},{a + b},{c}" for a, b, c in rows)]
        (tmp_path / "rows.csv").write_text("\n".join(lines))
        trained = result(
            "train", OWN / "dialect_regression.tflite", "--samples", tmp_path / "rows.csv",
            "--test", tmp_path / "rows.csv", "--epochs", 30,
        )  # fmt: skip
        after = trained["test"]["personalised"]["mean_squared_error"]
        assert after < trained["test"]["base"]["mean_squared_error"] / 2

    def test_learning_rate_that_the_file_fixes_is_refused(self, line):
        model = PUBLIC / "flutter_litert__training_model.tflite"
        done = odt("train", model, "--samples", line, "--epochs", 2, "--learning-rate", 0.5)
        assert done.returncode != 0
        assert "--learning-rate would change nothing" in done.stderr

    def test_replay_of_a_model_with_nothing_to_replay_is_refused(self, line):
        model = OWN / "dialect_regression.tflite"
        done = odt("train", model, "--samples", line, "--epochs", 2, "--replay", 0.5)
        assert done.returncode != 0
        assert "--replay would change nothing" in done.stderr

    def test_packed_table_is_asked_about_as_a_plain_one(self, tmp_path):
        said = []
        for name, pack in (("rows.csv", bytes), ("rows.csv.gz", gzip.compress)):
            (tmp_path / name).write_bytes(pack(b"1,2,3\n4,5,6\n"))
            got = result("infer", OWN / "dialect_regression.tflite", tmp_path / name)
            said.append([row["values"] for row in got["predictions"]])
        assert said[0] == said[1]
        assert len(said[0]) == 2

    def test_text_says_why_test_samples_are_not_judged(self, tmp_path):
        x = np.random.default_rng(0).normal(size=(12, 30)).astype(np.float32)
        np.savez(tmp_path / "own.npz", x=x, y=(x[:, 0] > 0).astype(np.int64))
        model = PUBLIC / "flower__android-kotlin-new__logistic_regression.tflite"
        own = tmp_path / "own.npz"
        done = odt("train", model, "--samples", own, "--test", own, "--epochs", 1)
        assert "not judged: this model has no signature that predicts" in done.stdout

    def test_text_names_the_error(self, line):
        model = PUBLIC / "flutter_litert__training_model.tflite"
        done = odt("train", model, "--samples", line, "--test", line, "--epochs", 2)
        assert "base mean squared error 4.37778" in done.stdout

    def test_samples_alone_train_an_autoencoder(self, tmp_path):
        np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).random((20, 12), np.float32))
        trained = result(
            "train", OWN / "dialect_autoencoder.tflite", "--samples", tmp_path / "x.npz",
            "--test", tmp_path / "x.npz",
        )  # fmt: skip
        after = trained["test"]["personalised"]["mean_squared_error"]
        assert after < trained["test"]["base"]["mean_squared_error"]


class TestSeveralInputs:
    MODEL = OWN / "dialect_ratings.tflite"

    def test_tables_and_arrays_of_them_train_to_the_same(self, tmp_path):
        draw = np.random.default_rng(0)
        film, person = draw.integers(0, 30, 60), draw.integers(0, 20, 60)
        mood, rated = draw.integers(0, 9, (60, 2)), film % 5
        np.savez(tmp_path / "own.npz", film=film, person=person, mood=mood, y=rated)
        lines = ["person,rated,mood_1,mood_2,film"]
        rows = zip(person, rated, *mood.T, film, strict=True)
        lines += [",".join(map(str, row)) for row in rows]
        (tmp_path / "own.csv").write_text("\n".join(lines))
        losses = [
            result("train", self.MODEL, "--samples", tmp_path / name, "--epochs", 2)["loss"]
            for name in ("own.npz", "own.csv")
        ]
        assert losses[0] == losses[1]
        said = result("infer", self.MODEL, tmp_path / "own.csv")
        assert len(said["predictions"]) == 60


class TestTokens:
    def test_text_as_token_numbers_trains(self, tmp_path):
        tokens = np.random.default_rng(0).integers(0, 20, (30, 5)).astype(np.int32)
        labels = np.digitize(tokens[:, 0], [7, 14])
        np.savez(tmp_path / "text.npz", x=tokens, y=labels)
        trained = result(
            "train", OWN / "dialect_tokens.tflite", "--samples", tmp_path / "text.npz",
            "--test", tmp_path / "text.npz", "--epochs", 60,
        )  # fmt: skip
        assert trained["test"]["personalised"]["accuracy"] > trained["test"]["base"]["accuracy"]


class TestPublicModels:
    @pytest.mark.parametrize("name", ["logistic_regression", "model"])
    def test_model_that_only_trains_says_what_its_loss_is(self, tmp_path, name):
        rng, y = np.random.default_rng(5), np.arange(32) % 2
        x = (rng.normal(size=(32, 30)) * 0.1 + y[:, None]).astype(np.float32)
        np.savez(tmp_path / "own.npz", x=x, y=y)
        model = PUBLIC / f"flower__android-kotlin-new__{name}.tflite"
        trained = result("train", model, "--samples", tmp_path / "own.npz", "--epochs", 30)
        assert trained["outcome"] == "finished"
        assert trained["test"] is None
        assert "mean over all steps" in trained["loss_name"]
        assert trained["loss"][-1] < trained["loss"][0]
        done = odt("evaluate", model, "--samples", tmp_path / "own.npz")
        assert done.returncode == 2
        assert "no signature that predicts" in done.stderr

    def test_train_that_its_author_broke_says_why(self, tmp_path):
        np.savez(tmp_path / "own.npz", x=np.zeros((4, 14), np.float32), y=np.arange(4))
        model = PUBLIC / "flower__android-automotive__enginefaultdb.tflite"
        done = odt("train", model, "--samples", tmp_path / "own.npz")
        assert done.returncode == 2
        assert "sparse loss with one-hot labels" in done.stderr
        assert "Traceback" not in done.stderr

    def test_inspect_tells_the_task(self):
        facts = result("inspect", PUBLIC / "flutter_litert__training_model.tflite")
        assert facts["contract"]["task"] == "values"
        assert json.dumps(facts["contract"])


class TestNames:
    """Outputs that nobody has named."""

    MODEL = OWN / "dialect_tokens.tflite"

    @pytest.mark.parametrize(
        ("given", "names"),
        [(("oak", "ash", "elm"), ["ash", "elm", "oak"]), (("10", "9", "x"), ["9", "10", "x"])],
    )
    def test_they_take_those_of_the_samples_in_their_order(self, tmp_path, given, names):
        tokens = np.random.default_rng(0).integers(0, 20, (30, 5))
        kinds = np.digitize(tokens[:, 0], [7, 14])
        rows = [",".join([*map(str, t), given[k]]) for t, k in zip(tokens, kinds, strict=True)]
        table, own = tmp_path / "rows.csv", tmp_path / "own.safetensors"
        table.write_text("\n".join(rows))
        trained = result(
            "train", self.MODEL, "--samples", table, "--epochs", 60, "--checkpoint", own
        )
        assert trained["labels"] == names
        judged = result("evaluate", self.MODEL, "--samples", table, "--checkpoint", own)
        assert judged["labels"] == names
        assert judged["personalised"]["accuracy"] > judged["base"]["accuracy"]
        said = result("infer", self.MODEL, "--checkpoint", own, self._one(tmp_path, tokens[0]))
        assert {top["label"] for top in said["predictions"][0]["top"]} == set(names)

    @staticmethod
    def _one(folder: Path, tokens: np.ndarray) -> Path:
        np.savez(folder / "one.npz", x=tokens[None])
        return folder / "one.npz"

    def _samples(self, tmp_path, labels):
        tokens = np.random.default_rng(0).integers(0, 20, (30, 5))
        file = tmp_path / f"{'_'.join(labels)}.npz"
        np.savez(file, x=tokens, y=np.array([labels[k % len(labels)] for k in range(30)]))
        return file

    def test_too_few_labels_to_tell_them_by_are_refused_where_nothing_is_trained(self, tmp_path):
        """Which output stands for which would go by the labels that happen to be there."""
        two, own = self._samples(tmp_path, ("ash", "oak")), tmp_path / "own.safetensors"
        done = odt("evaluate", self.MODEL, "--samples", two)
        assert done.returncode == 2
        assert "has 2 labels ('ash', 'oak'), and the model 3 outputs that nobody" in done.stderr
        three = self._samples(tmp_path, ("ash", "elm", "oak"))
        assert result("evaluate", self.MODEL, "--samples", three)["labels"] == ["ash", "elm", "oak"]
        given = ("--samples", three, "--test", two, "--epochs", 1, "--checkpoint", own)
        trained = result("train", self.MODEL, *given)
        assert trained["labels"] == ["ash", "elm", "oak"]
        assert trained["guessed"] is None
        judged = result("evaluate", self.MODEL, "--samples", two, "--checkpoint", own)
        accuracy = trained["test"]["personalised"]["accuracy"]
        assert judged["personalised"]["accuracy"] == accuracy
        baked = tmp_path / "baked.tflite"
        result("bake", self.MODEL, own, baked)
        judged = result("evaluate", baked, "--samples", two)
        assert judged["labels"] == ["ash", "elm", "oak"]
        assert judged["base"]["accuracy"] == accuracy

    def test_training_on_fewer_says_what_the_base_model_is_taken_for(self, tmp_path):
        two = self._samples(tmp_path, ("ash", "oak"))
        trained = result("train", self.MODEL, "--samples", two, "--epochs", 1)
        assert trained["labels"] == ["ash", "oak", None]
        assert "the model's 3 outputs: these labels took some" in trained["guessed"]

    def test_one_label_alone_is_not_judged(self, tmp_path):
        one = self._samples(tmp_path, ("oak",))
        trained = result("train", self.MODEL, "--samples", one, "--test", one, "--epochs", 1)
        assert trained["test"] is None
        assert "one label, and so every answer would be right" in trained["unjudged"]
        given = ("--samples", one, "--test", one, "--quick", "--epochs", 1)
        reported = result("report", self.MODEL, *given, "--out", tmp_path / "bundle.zip")
        assert reported["test"] is None
        assert reported["unjudged"] == trained["unjudged"]

    def test_one_label_alone_is_trained_and_told(self, tmp_path):
        one, two = self._samples(tmp_path, ("oak",)), self._samples(tmp_path, ("ash", "oak"))
        out = ("--quick", "--out", tmp_path / "bundle.zip")
        for command, more in (("train", ()), ("report", out)):
            words = (command, self.MODEL, "--samples", one, "--epochs", 1, *more)
            said = result(*words)["notice"]
            assert said.startswith("All that is trained on is of one label, 'oak'")
            assert said in odt(*words).stdout.splitlines()
        assert result("train", self.MODEL, "--samples", two, "--epochs", 1)["notice"] is None

    @pytest.mark.parametrize("command", ["evaluate", "train"])
    @pytest.mark.parametrize(
        ("labels", "told"), [(("1", "2"), True), (("0", "2"), False), (("1", "2", "3"), False)]
    )
    def test_numbers_that_may_count_from_1_are_told(self, tmp_path, caplog, command, labels, told):
        samples = self._samples(tmp_path, labels)
        assert odt(command, self.MODEL, "--samples", samples).returncode == 0
        said = "labels (1, 2) are taken for numbers of outputs, counted from 0. If they count from"
        assert (said in caplog.text) is told

    @pytest.mark.parametrize("labels", [("1", "2", "3"), ("ash", "elm", "oak")])
    def test_outputs_are_named_by_test_samples_as_well_but_only_learnt_ones_are_judged(
        self, tmp_path, labels
    ):
        two, three = self._samples(tmp_path, labels[1:]), self._samples(tmp_path, labels)
        given = ("--samples", two, "--test", three, "--epochs", 1)
        trained = result("train", self.MODEL, *given)
        assert trained["labels"] == [None, *labels[1:]]
        assert f"the model never learnt ('{labels[0]}'): left out." in trained["left_out"][0]

    @pytest.mark.parametrize(
        ("learnt", "other"), [(("cat", "dog"), "bird"), (("cat", "dog"), "0"), (("-1", "1"), "0")]
    )
    def test_more_names_than_outputs_with_those_of_test_samples_are_no_more_to_learn(
        self, tmp_path, learnt, other
    ):
        x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
        own, test = tmp_path / "own.npz", tmp_path / "test.npz"
        np.savez(own, x=x, y=np.array(learnt * 3))
        np.savez(test, x=x, y=np.array((*learnt, other) * 2))
        given = ("--samples", own, "--test", test, "--epochs", 1)
        trained = result("train", OWN / "dialect_binary.tflite", *given)
        assert (trained["labels"], trained["test"]["n"]) == (list(learnt), 4)
        assert f"the model never learnt ('{other}'): left out." in trained["left_out"][0]

    def test_test_samples_that_read_the_same_take_no_output_of_their_own(self, tmp_path):
        own, test = self._samples(tmp_path, ("Ash", "oak")), self._samples(tmp_path, ("oak", "ash"))
        given = ("--samples", own, "--test", test, "--epochs", 1)
        trained = result("train", self.MODEL, *given)
        assert (trained["labels"], trained["test"]["n"]) == (["Ash", "oak", None], 30)

    def test_numbers_of_a_checkpoint_stay_those_of_outputs(self, tmp_path, caplog):
        two, own = self._samples(tmp_path, ("1", "2")), tmp_path / "own.safetensors"
        odt("train", self.MODEL, "--samples", two, "--epochs", 1, "--checkpoint", own)
        caplog.clear()
        assert odt("evaluate", self.MODEL, "--samples", two, "--checkpoint", own).returncode == 0
        assert not caplog.text
        three = self._samples(tmp_path, ("1", "2", "3"))
        got = result("evaluate", self.MODEL, "--samples", three, "--checkpoint", own)
        assert "that the model never learnt ('3'): left out." in got["left_out"][0]

    @pytest.mark.parametrize(("steps", "told"), [(1, True), (0, False)])
    def test_numbers_of_a_session_that_has_learnt_stay_those_of_outputs(
        self, tmp_path, steps, told
    ):
        """Its checkpoint says nothing of steps."""
        session, own = load_model(self.MODEL).session(), tmp_path / "own.safetensors"
        tokens = np.random.default_rng(0).integers(0, 20, (30, 5)).astype(np.float32)
        for _ in range(steps):
            session.train_step(tokens, np.arange(30) % 3)
        save_checkpoint_file(session.checkpoint(), own)
        others = self._samples(tmp_path, ("1", "2", "3"))
        got = result("evaluate", self.MODEL, "--samples", others, "--checkpoint", own)
        assert any("never learnt ('3')" in said for said in got["left_out"]) is told
        assert ("3" in got["labels"]) is not told

    def test_more_names_than_outputs_are_refused(self, tmp_path):
        np.savez(tmp_path / "t.npz", x=np.zeros((4, 5), np.int32), y=np.array(list("abcd")))
        done = odt("train", self.MODEL, "--samples", tmp_path / "t.npz")
        assert done.returncode == 2
        assert "none left for 'd'" in done.stderr


class TestUse:
    def test_it_corrects_what_a_model_is_taken_for(self):
        model = OWN / "dialect_autoencoder.tflite"
        assert result("inspect", model)["contract"]["infer"]["prediction"] == "rebuilt"
        facts = result("inspect", model, "--use", "prediction=code", "--use", "task=values")
        assert facts["contract"]["infer"]["prediction"] == "code"
        assert facts["contract"]["task"] == "values"

    @pytest.mark.parametrize(
        ("use", "message"),
        [
            ("tusk=values", "WHAT being one of: train, samples"),
            ("task", "Write WHAT=NAME"),
            ("task=numbers", "There is no task 'numbers'. Choose one of: classes, binary"),
            ("prediction=nothing", "There is no output 'nothing'. Choose one of: code, rebuilt"),
        ],
    )
    def test_what_cannot_be_is_refused(self, use, message):
        done = odt("inspect", OWN / "dialect_autoencoder.tflite", "--use", use)
        assert done.returncode == 2
        assert message in done.stderr

    def test_samples_without_labels_say_what_to_do(self, tmp_path):
        x = np.zeros((4, 5), np.int32)
        np.savez(tmp_path / "t.npz", x=x, y=np.full((4, 3), 0.5, np.float32))
        done = odt("train", OWN / "dialect_tokens.tflite", "--samples", tmp_path / "t.npz")
        assert done.returncode == 2
        assert "taken for one that tells 3 labels apart" in done.stderr


def test_samples_of_the_base_task_are_scored_and_not_trained_on(line, tmp_path):
    model, own = OWN / "dialect_regression.tflite", tmp_path / "own.safetensors"
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    np.savez(tmp_path / "mine.npz", x=x, y=2 * x[:, :2])
    np.savez(tmp_path / "before.npz", x=x[:9] + 1, y=-x[:9, :2])
    given = model, "--samples", tmp_path / "mine.npz"
    alone = result("train", *given, "--epochs", 20)
    asked = "--base-test", tmp_path / "before.npz"
    trained = result("train", *given, *asked, "--epochs", 20, "--checkpoint", own)
    assert (alone["base_test"], trained["base_test"]["n"]) == (None, 9)
    assert trained["loss"] == alone["loss"]
    assert trained["base_test"]["comparison"]["verdict"] == "worse"
    judged = result("evaluate", *given, *asked, "--checkpoint", own)
    for which in ("base", "personalised"):
        error = trained["base_test"][which]["mean_squared_error"]
        assert judged["base_test"][which]["mean_squared_error"] == pytest.approx(error)
    said = odt("evaluate", *given, *asked, "--checkpoint", own).stdout
    assert "base test set (9)  base mean squared error" in said


def test_samples_of_the_base_task_of_a_label_that_nobody_learnt_are_left_out(tmp_path):
    own = tmp_path / "own.safetensors"
    for where, label in (("mine", "0"), ("mine", "1"), ("before", "0"), ("before", "B")):
        folder = tmp_path / where / label
        folder.mkdir(parents=True)
        for k in range(3):
            Image.new("L", (28, 28), 40 * k).save(folder / f"{k}.png")
    given = "--samples", tmp_path / "mine", "--base-test", tmp_path / "before"
    said = [odt("train", "digits", *given, "--epochs", 1, "--checkpoint", own).stdout]
    said.append(odt("evaluate", "digits", *given, "--checkpoint", own).stdout)
    for one in said:
        assert "are of a label that the base model never learnt ('B'): left out." in one, one
        assert "base test set (3)" in one, one


class TestMasks:
    MODEL = OWN / "dialect_pixels.tflite"

    def test_infer_says_the_shares_of_the_classes_and_writes_the_mask(self, tmp_path):
        Image.new("RGB", (8, 8), (200, 30, 30)).save(tmp_path / "one.png")
        mask = tmp_path / "mask.png"
        (row,) = result("infer", self.MODEL, tmp_path / "one.png", "--out", mask)["predictions"]
        classes = np.array(row["values"]).reshape(64, 3).argmax(axis=1)
        numbers, counts = np.unique(classes, return_counts=True)
        assert row["shares"] == {str(k): n / 64 for k, n in zip(numbers, counts, strict=True)}
        assert np.array_equal(np.asarray(Image.open(mask)).reshape(-1), classes)
        said = odt("infer", self.MODEL, tmp_path / "one.png").stdout
        assert f"class {numbers[0]} {counts[0] / 64:.1%}" in said
        assert said.rstrip().endswith("of the pixels")

    @pytest.mark.parametrize("over", ["model.tflite", "me.safetensors", "one.png"])
    def test_mask_replaces_nothing_that_is_read_for_it(self, tmp_path, over):
        for name in ("model.tflite", "me.safetensors", "one.png"):
            (tmp_path / name).write_bytes(b"mine")
        model, mine, one = (tmp_path / n for n in ("model.tflite", "me.safetensors", "one.png"))
        done = odt("infer", model, one, "--checkpoint", mine, "--out", tmp_path / over)
        assert done.returncode == 2
        assert f"{over} is the file to read" in done.stderr

    def test_mask_of_a_model_that_gives_none_is_refused(self, line, tmp_path):
        model = OWN / "dialect_regression.tflite"
        done = odt("infer", model, line, "--out", tmp_path / "mask.png")
        assert done.returncode != 0
        assert not (tmp_path / "mask.png").exists()


def test_evaluate_prints_what_is_taken_for_what(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (12, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", x=x, y=np.arange(12) % 4)
    given = OWN / "tiny_adam.tflite", "--samples", tmp_path / "own.npz"
    counts = result("evaluate", *given)["base"]["confusion"]
    printed = odt("evaluate", *given).stdout.splitlines()
    at = printed.index("base: a line for each right label, a column for what it is taken for")
    rows = [line.split() for line in printed[at + 1 : at + 6]]
    assert rows[0] == ["0", "1", "2", "3"]
    assert rows[1:] == [[str(k), *map(str, counts[k])] for k in range(4)]


@pytest.mark.parametrize(
    ("loss", "told"), [(0.5, "step 1 of 1  loss 0.5000  2.0 s"), (np.nan, "step 1 of 1  2.0 s")]
)
def test_line_that_follows_a_run_tells_the_loss_where_there_is_one(loss, told):
    said = []
    step = Record(1, 0, loss, None, None, None, 2.0)
    _Ticker(said.append).on_step_end(SimpleNamespace(total=1), step)
    assert said == [told]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class TestProgressLine:
    def test_what_follows_stands_below_it_also_where_the_work_is_stopped(self):
        shown = Terminal()
        with redirect_stderr(shown), suppress(KeyboardInterrupt), progress_line() as say:
            say("10 %")
            say("20 %")
            raise KeyboardInterrupt
        assert shown.getvalue() == f"\r{'10 %':<78}\r{'20 %':<78}\n"

    def test_terminal_stays_empty_where_nothing_was_said(self):
        with redirect_stderr(Terminal()) as shown, progress_line():
            pass
        assert shown.getvalue() == ""
