"""Models of others on the pages: what is said about them, trained, and taken along."""

from __future__ import annotations

import io
import zipfile
from html import unescape

import numpy as np
import pytest

from odt_core.errors import TrainingError
from odt_core.evaluation import compare
from odt_core.graph import describe
from odt_core.training.settings import Settings
from odt_core.workspace import Kind, Part, Workspaces
from pages.ui.desk import Desk
from pages.ui.run import Phase
from tests.dialects.small_nets import tagger
from tests.pages.own_models import (
    OTHERS,
    OURS,
    RNG,
    ROOT,
    drop,
    every_part_of_evaluate,
    give,
    table,
    train,
)
from tests.pages.page_text import said, shown
from tests.sample_files import npz
from tests.zoo_models import zoo_file

BROKEN = OTHERS / "flower__android-automotive__enginefaultdb.tflite"
TRAINABLE = sorted(path for path in OTHERS.glob("*.tflite") if path != BROKEN)


def zip_of_a_name_in_no_utf8() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("é.index", b"")
    return stream.getvalue().replace("é".encode(), b"\xff\xff")


class TestFileWhoseOpsHaveNoBuiltinForm:
    def test_it_is_not_said_to_hold_none(self, app, tmp_path):
        data = (OTHERS / "flower__android-kotlin-new__logistic_regression.tflite").read_bytes()
        file = tmp_path / "unknown_op.tflite"
        file.write_bytes(data.replace(b"BroadcastGradientArgs", b"BroadcastGradientXyzz"))
        text = unescape(shown(drop(app, file)))
        assert "needs the op BroadcastGradientXyzz" in text
        assert "Holds no TensorFlow" not in text


class TestRuntime:
    def test_the_first_that_runs_the_model_is_said(self, app, tmp_path):
        file = tmp_path / "dropout.tflite"
        file.write_bytes(zoo_file("dropout_unseeded_module"))
        text = shown(drop(app, file))
        assert "rewritten, so that it runs without TensorFlow." in text
        assert "As odt writes it, it needs TFLite 2.15 / LiteRT 1.0 or newer." in text


class TestOthers:
    @pytest.mark.parametrize("path", TRAINABLE, ids=lambda path: path.stem)
    def test_model_that_can_train_is_trained_here(self, app, desk_of, path):
        drop(app, path)
        desk = desk_of(app)
        assert "Can be trained" in shown(app)
        x = RNG.normal(size=(12, *desk.card.input_shape))
        y = np.arange(12) % 2 if desk.tells_labels else x[:, :1] * 3
        give(app, "mine.csv", table(x, y))
        train(app, desk)
        manifest = desk.workspace.manifest
        assert manifest.checkpoint(manifest.head).info.kind is Kind.END
        assert ("all that can be watched" in shown(app)) is (desk.contract.infer is None)

    def test_batch_size_that_the_model_does_not_take_is_said(self, app):
        drop(app, OURS / "dialect_fixed_batches.tflite")  # of 16, 5 or 2 samples
        app.switch_page("pages/personalise.py").run()
        app.number_input(key="set_batch_size").set_value(5).run()
        said = "multiples of 2 samples, so a batch size of 5 counts as 6."
        assert said in " ".join(html.value for html in app.html)
        app.number_input(key="set_batch_size").set_value(6).run()
        assert "counts as" not in " ".join(html.value for html in app.html)

    def test_batch_size_that_the_model_does_not_take_is_still_theirs_after_going_on(
        self, app, desk_of
    ):
        drop(app, OURS / "dialect_fixed_batches.tflite")  # of 16, 5 or 2 samples
        give(app, "mine.csv", table(np.eye(6), np.arange(6) % 3))
        app.number_input(key="set_batch_size").set_value(5).run()
        desk = desk_of(app)
        train(app, desk)
        app.number_input(key="set_epochs").set_value(7).run()  # another than the run's
        start = desk.workspace.manifest.checkpoints[0]
        desk.go_on(start.id)
        assert desk.run.wait(60)
        assert desk.run.phase is Phase.FINISHED
        settings = desk.workspace.manifest.settings
        assert (settings["epochs"], settings["batch_size"]) == (3, 5)

    def test_model_whose_train_is_broken_says_why_and_trains_not(self, app, desk_of):
        drop(app, BROKEN)
        assert "sparse loss with one-hot labels" in shown(app)
        give(app, "mine.csv", table(RNG.normal(size=(9, 14)), np.arange(9) % 3))
        assert "This model cannot be trained here." in shown(app)
        assert app.get("page_link")[0].proto.label == "Why, and what it can do"
        # nothing to set, press or watch
        assert not {"train", "pause", "stop"} & {button.key for button in app.button}
        assert not app.number_input
        assert not app.get("progress")
        with pytest.raises(TrainingError, match="sparse loss with one-hot labels"):
            desk_of(app).train(Settings())

    def test_model_without_initial_values_says_so_and_starts_no_run(self, app, desk_of):
        drop(app, ROOT / "tests" / "graph" / "models" / "keras3_direct.tflite")
        assert "no initial values" in shown(app)
        desk = desk_of(app)
        x = RNG.normal(size=(9, *desk.card.input_shape))
        give(app, "mine.csv", table(x, x[:, :2]))
        app.button(key="train").click().run()
        assert "no initial values" in said(app)
        assert desk.workspace.runs() == ()

    def test_run_that_diverges_at_once_leaves_your_model_as_it_was(self, app, desk_of):
        drop(app, OTHERS / "flutter_litert__training_model.tflite")
        desk = desk_of(app)
        x = np.linspace(1e30, 3e30, 9)[:, None]
        give(app, "huge.csv", table(x, x))
        app.button(key="train").click().run()
        assert desk.run.wait(60)
        assert desk.run.phase.value == "diverged"
        assert desk.workspace.manifest.head is None
        assert "look for samples with huge numbers" in desk.run.snapshot().message
        assert "base · 0 steps" in shown(app.run())

    def test_model_that_is_none_keeps_the_old_one(self, app, desk_of, tmp_path):
        bad = tmp_path / "bad.tflite"
        bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        drop(app, bad)
        assert "bad.tflite" in said(app) or "tflite" in said(app)
        assert desk_of(app).model.bundled == "digits"


class TestGain:
    def test_mean_error_of_values_has_its_interval(self, regression):
        app, desk = regression
        train(app, desk)
        app.switch_page("pages/evaluate.py").run()
        tests = desk.samples(Part.TEST)
        found = desk.scores(tests, desk.test_name())
        gained = compare(found.base, found.own).gain_sentence
        assert gained.endswith(f"(paired t, n = {len(tests)}).")
        assert gained in shown(app)


class TestDownloads:
    def test_trained_model_leaves_as_a_tflite_that_holds_its_weights(self, regression):
        app, desk = regression
        train(app, desk)
        own, predicts = desk.bake(), desk.bake(inference_only=True)
        assert describe(own).signature("adapt") is not None
        assert [one.name for one in describe(predicts).signatures] == ["estimate"]
        assert describe(predicts).variables == ()
        assert desk.bake(which="base") != own

    def test_names_of_labels_leave_with_the_model_and_come_back_with_it(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        x = RNG.integers(0, 256, (3, 8, 8)).astype(np.uint8)
        give(app, "mine.npz", npz(x=x, y=["owl", "ant", "cat"]))
        names = ("ant", "cat", "owl", None)
        for inference_only in (False, True):
            desk.choose_uploaded(desk.bake(inference_only=inference_only), "mine.tflite")
            assert desk.card.labels.names == desk.labels.names == names


class TestTensorFlowCheckpoints:
    """The model's own save writes two files of version 2, its restore reads them."""

    def test_checkpoint_when_saved_and_uploaded_gives_the_same_weights(self, app, desk_of):
        drop(app, OTHERS / "flutter_litert__training_model_flex.tflite")
        desk = desk_of(app)
        give(app, "mine.csv", table(np.arange(10) / 10, np.arange(10) / 5))
        train(app, desk)
        weights = desk.worker().state()
        saved = desk.save_tf_checkpoint()
        app.button(key="reset").click().run()
        app.switch_page("pages/checkpoints.py").run()
        app.file_uploader[0].upload("mine.zip", saved)
        app.run()
        assert not app.error, said(app)
        entry = desk.workspace.manifest.checkpoints[-1]
        assert entry.info.kind is Kind.UPLOADED
        assert not all(np.array_equal(weights[n], v) for n, v in desk.worker().state().items())
        desk.restore(entry.id)
        assert all(np.array_equal(weights[n], v) for n, v in desk.worker().state().items())

    @pytest.mark.parametrize(
        "data",
        [b"", b"hello", b"PK\x03\x04 nonsense", npz(x=np.ones(3)), zip_of_a_name_in_no_utf8()],
    )
    def test_file_that_is_no_checkpoint_says_so_and_keeps_nothing(self, app, desk_of, data):
        drop(app, OTHERS / "flutter_litert__training_model_flex.tflite")
        desk = desk_of(app)
        before = desk.workspace.manifest
        app.switch_page("pages/checkpoints.py").run()
        app.file_uploader[0].upload("bad.zip", data)
        app.run()
        assert said(app)
        assert "unexpected" not in said(app)
        assert desk.workspace.manifest == before


class TestTagsOfTextsOfAnyLength:
    def test_they_have_the_length_that_is_chosen(self, app, desk_of, tmp_path):
        file = tmp_path / "tagger.tflite"
        file.write_bytes(tagger(tmp_path))
        drop(app, file)
        app.number_input(key="input_axis_0").set_value(7).run()
        assert "Tells one of 4 classes for each of 7 places" in shown(app)
        x = RNG.integers(0, 20, (24, 7)).astype(np.int32)
        give(app, "texts.npz", npz(x=x, y=x % 4))
        assert not said(app)
        train(app, desk_of(app))
        every_part_of_evaluate(app)


class TestAnswersThatCannotBeJudged:
    """An embedding that is trained with labels: tests/runtime/build_dialects.py, alike."""

    def test_every_page_says_why_and_none_fails(self, app, desk_of):
        drop(app, OURS / "dialect_alike.tflite")
        desk = desk_of(app)
        assert "Gives 8 numbers," in shown(app)
        assert "Can be tried out:" in shown(app)
        x = RNG.normal(size=(20, 6)).astype(np.float32)
        give(app, "faces.npz", npz(x=x, y=(np.arange(20) % 4).astype(np.float32)))
        assert not said(app)
        assert "off the target" not in shown(app)
        train(app, desk)
        assert "answers are not compared with its targets" in shown(app)
        every_part_of_evaluate(app)
        app.switch_page("pages/checkpoints.py").run()
        assert not said(app)


def test_what_is_found_out_ahead_while_another_model_is_chosen_counts_for_neither(
    tmp_path, monkeypatch
):
    desk, asked = Desk(Workspaces(tmp_path).create()), Desk._base_scores
    other = (OURS / "dialect_several.tflite").read_bytes()  # of five labels, not sixteen

    def switched(self, samples, name):
        scores = asked(self, samples, name)
        if self.model.bundled:
            self.choose_uploaded(other, "other.tflite")
        return scores

    monkeypatch.setattr(Desk, "_base_scores", switched)
    desk._warm()
    assert desk.model.name == "other.tflite"
    assert not desk._unknown


def test_model_that_another_tab_has_removed_says_so(app, desk_of):
    drop(app, OURS / "dialect_tags.tflite")
    app.switch_page("pages/personalise.py").run()
    app.selectbox(key="top_model").set_value("digits").run()
    desk = desk_of(app)
    (before,) = desk.workspace.manifest.models
    desk.workspace.erase()  # in another tab
    app.selectbox(key="top_model").set_value(before.key).run()
    assert "not kept any more. Upload it again." in said(app)
    assert desk.model.bundled == "digits"
