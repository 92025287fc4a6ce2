"""Models of others on the pages: what is said about them, corrected by hand, and trained."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PIL import Image

from odt_core.dialects.contract import Activation, Choice, OutputKind, Task
from odt_core.errors import SampleError, TrainingError
from odt_core.evaluation import compare
from odt_core.graph import describe
from odt_core.samples import Preprocessing, RawSamples
from odt_core.training.settings import Settings
from odt_core.workspace import Kind, Part, Source, Workspaces
from pages.ui import camera, canvas
from pages.ui.desk import Desk
from pages.ui.desks import all_desks
from pages.ui.uploaded_samples import as_the_model_wants

ROOT = Path(__file__).resolve().parents[2]
OTHERS, OURS = ROOT / "tests" / "models", ROOT / "tests" / "runtime" / "models"
BROKEN = OTHERS / "flower__android-automotive__enginefaultdb.tflite"
TRAINABLE = sorted(path for path in OTHERS.glob("*.tflite") if path != BROKEN)
RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def _same_numbers_whatever_ran_before():
    RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state


def said(app) -> str:
    return " ".join(error.value for error in app.error).replace("\\", "")


def shown(app) -> str:
    return " ".join(html.value for html in app.html)


def drop(app, path):
    """Drop a file on the Model page."""
    app.switch_page("pages/model.py").run()
    field = next(one for one in app.file_uploader if one.key.startswith("drop_"))
    field.upload(path.name, path.read_bytes())
    app.run()
    assert not app.exception
    return app


def give(app, name, data):
    """Upload samples on the first page."""
    app.switch_page("pages/personalise.py").run()
    app.segmented_control(key="samples_way").set_value("Upload").run()
    next(one for one in app.file_uploader if one.key.startswith("upload_")).upload(name, data)
    return app.run()


def table(*columns) -> bytes:
    """A .csv with these columns; each is [N] or [N, several]."""
    wide = [np.asarray(one).reshape(len(one), -1) for one in columns]
    return "\n".join(",".join(str(v) for v in row) for row in np.hstack(wide)).encode()


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def zip_of_a_name_in_no_utf8() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("é.index", b"")
    return stream.getvalue().replace("é".encode(), b"\xff\xff")


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def train(app, desk):
    app.number_input(key="set_epochs").set_value(3)
    app.button(key="train").click().run()
    assert desk.run is not None, said(app)
    assert desk.run.wait(60)
    app.run()
    assert not app.exception
    assert not app.error, said(app)


def every_part_of_evaluate(app):
    """Each is drawn without anything to complain of."""
    app.switch_page("pages/evaluate.py").run()
    for part in app.segmented_control(key="evaluate_part").options:
        app.segmented_control(key="evaluate_part").set_value(part).run()
        assert not app.exception, part
        assert not said(app), part


@pytest.fixture
def regression(app, desk_of):
    """A model of two numbers from three, with 30 samples."""
    drop(app, OURS / "dialect_regression.tflite")
    x = RNG.normal(size=(30, 3)).round(3)
    give(app, "mine.csv", table(x, x[:, :2] * 2))
    return app, desk_of(app)


class TestFileWhoseOpsHaveNoBuiltinForm:
    def test_it_is_not_said_to_hold_none(self, app, tmp_path):
        data = (OTHERS / "flower__android-kotlin-new__logistic_regression.tflite").read_bytes()
        file = tmp_path / "unknown_op.tflite"
        file.write_bytes(data.replace(b"BroadcastGradientArgs", b"BroadcastGradientXyzz"))
        text = unescape(shown(drop(app, file)))
        assert "needs the op BroadcastGradientXyzz" in text
        assert "Holds no TensorFlow" not in text


class TestOneFileALabel:
    def test_each_gets_an_output_and_the_order_is_told(self, app, desk_of):
        drop(app, OURS / "dialect_binary.tflite")
        desk = desk_of(app)
        for name in ("wave", "circle"):
            rows = RNG.normal(size=(3, *desk.card.input_shape)).round(3)
            give(app, f"{name}.csv", table(rows, [name] * 3))
        assert desk.labels.names == ("wave", "circle")
        assert "they were named wave, circle, in this order" in app.toast[0].value


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
        assert "Its learning rate is part of the file" in desk.run.snapshot().message
        assert "base · 0 steps" in shown(app.run())

    def test_model_that_is_none_keeps_the_old_one(self, app, desk_of, tmp_path):
        bad = tmp_path / "bad.tflite"
        bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        drop(app, bad)
        assert "bad.tflite" in said(app) or "tflite" in said(app)
        assert desk_of(app).model.bundled == "digits"


class TestNumbers:
    def test_targets_of_a_csv_are_kept_and_tried(self, regression):
        app, desk = regression
        assert desk.task is Task.VALUES
        samples = desk.workspace.manifest.samples
        assert [s.label for s in samples] == [""] * 30
        first = desk.workspace.sample_array("s1")
        assert np.allclose(desk.workspace.sample_target("s1"), first[:2] * 2)
        train(app, desk)
        app.switch_page("pages/evaluate.py").run()
        assert "mean squared error, n = 6" in shown(app)
        assert "closer to their targets" in shown(app)
        app.switch_page("pages/checkpoints.py").run()
        assert "error" in shown(app)

    def test_table_of_another_width_says_so_and_adds_nothing(self, regression):
        app, desk = regression
        before = desk.workspace.manifest
        give(app, "wide.csv", b"1,2,3,4,5,6,7\n")
        assert "has 7 columns" in said(app)
        assert "3 feature columns, then 2 with the target values" in said(app)
        give(app, "word.csv", b"1,2,3,4,5\n1,x,3,4,5\n")
        assert "line 2, column 2: 'x' is not a number" in said(app)
        assert desk.workspace.manifest == before

    def test_picture_for_a_model_of_numbers_says_what_it_takes(self, regression):
        app, desk = regression
        before = desk.workspace.manifest
        for name, what in (
            ("cat.png", "no table, and this model takes numbers"),
            ("hum.wav", "sound, and this model's input"),
            ("hum.mp3", "packed sound or video: save its sound as .wav"),
            ("book.xlsx", "a spreadsheet: save its sheet as .csv"),
        ):
            give(app, name, b"\x89PNG")
            assert f"'{name}' is {what}" in said(app)
        assert desk.workspace.manifest == before

    def test_typed_sample_is_added_with_its_target(self, regression):
        app, desk = regression
        app.segmented_control(key="samples_way").set_value("Type").run()
        app.text_area(key="samples_typed").set_value("1; −2 0.5")
        app.text_input(key="samples_target").set_value("4, 5")
        next(one for one in app.button if one.label == "Add").click().run()
        assert not app.error, said(app)
        newest = desk.workspace.manifest.samples[-1]
        assert desk.workspace.sample_array(newest.id).tolist() == [1, -2, 0.5]
        assert desk.workspace.sample_target(newest.id).tolist() == [4, 5]

    def test_all_samples_are_those_that_this_model_learns(self, regression):
        app, desk = regression
        desk.workspace.add_samples([np.ones(3, np.float32)], "", Source.UPLOAD)  # without a target
        app.session_state["samples_open"] = ("label", "")
        app.switch_page("pages/personalise.py").run()
        assert "**Samples** · 30 samples" in [one.value for one in app.markdown]

    def test_words_and_yes_or_no_models_take_labels(self, app, desk_of):
        drop(app, OURS / "dialect_tokens.tflite")
        give(app, "texts.npz", npz(x=RNG.integers(0, 5, (12, 5)), y=np.arange(12) % 3))
        desk = desk_of(app)
        train(app, desk)
        drop(app, OURS / "dialect_binary.tflite")
        assert desk.task is Task.BINARY
        give(app, "mine.csv", table(RNG.normal(size=(12, 4)), np.arange(12) % 2))
        assert "12 samples of another kind" in shown(app) or desk.unfit()
        train(app, desk)

    def test_autoencoder_needs_no_labels(self, app, desk_of):
        drop(app, OURS / "dialect_autoencoder.tflite")
        give(app, "mine.csv", table(RNG.normal(size=(10, 12))))
        desk = desk_of(app)
        train(app, desk)
        app.switch_page("pages/personalise.py").run()
        assert "squared error" in shown(app)

    def test_samples_of_another_model_rest_and_are_not_lost(self, regression):
        app, desk = regression
        drop_again = OTHERS / "flutter_litert__training_model.tflite"
        app.switch_page("pages/model.py").run()
        app.file_uploader(key="drop_1").upload(drop_again.name, drop_again.read_bytes())
        app.run()
        app.switch_page("pages/personalise.py").run()
        assert "30 samples of another kind" in shown(app)
        assert len(desk.workspace.manifest.samples_of("", Part.TRAIN)) == 24


class TestPicturesWithTargets:
    @pytest.mark.parametrize(("way", "element"), [("Draw", canvas), ("Camera", camera)])
    def test_nothing_is_drawn_or_taken_in_vain_while_the_target_is_none(
        self, app, desk_of, monkeypatch, way, element
    ):
        drop(app, OURS / "tiny_adam.tflite")
        desk_of(app).correct(Choice(task=Task.VALUES))
        mount, locked = element._mount, []

        def noted(*, data, **rest):
            if "locked" in data:  # not where it is tried out
                locked.append(data["locked"])
            return mount(data=data, **rest)

        monkeypatch.setattr(element, "_mount", noted)
        app.switch_page("pages/personalise.py").run()
        app.segmented_control(key="samples_way").set_value(way).run()
        app.text_input(key="samples_target").set_value("1, 0, 0, a").run()
        app.text_input(key="samples_target").set_value("1, 0, 0, 0").run()
        assert locked == [True, True, False]


class TestByHand:
    def test_correction_is_kept_undone_and_survives_a_restart(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        app.selectbox(key="map_output_kind").set_value(OutputKind.PROBABILITIES).run()
        assert not app.error, said(app)
        desk = desk_of(app)
        assert desk.contract.infer.kind is OutputKind.PROBABILITIES
        token = desk.workspace.token
        all_desks().close()
        again = all_desks().open(token)
        assert again.contract.infer.kind is OutputKind.PROBABILITIES
        again.workspace.undo()
        assert again.contract.infer.kind is OutputKind.LOGITS

    def test_correction_that_cannot_work_changes_nothing(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        before, pid = desk.workspace.manifest, desk.worker().pid
        app.selectbox(key="map_task").set_value(Task.BINARY).run()
        assert "outputs" in said(app)
        assert desk.workspace.manifest == before
        assert desk.worker().pid == pid
        assert app.selectbox(key="map_task").value is Task.CLASSES

    def test_inputs_when_swapped_by_hand_are_swapped_back(self, app, desk_of):
        drop(app, OURS / "dialect_regression.tflite")
        desk = desk_of(app)
        role = desk.contract.train[0]
        assert (role.samples, role.labels) == ("b", "a")
        desk.correct(Choice(loss="gradient_norm"))
        assert desk.contract.train[0].loss == "gradient_norm"
        app.run()
        app.button(key="map_reset").click().run()
        assert desk.model.choice == ""
        assert desk.contract.train[0].loss == "objective"

    def test_input_by_hand_is_what_the_model_gets(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        app.selectbox(key="input_range").set_value("−1 … 1").run()
        app.checkbox(key="input_invert").check().run()
        desk = desk_of(app)
        white = np.full((8, 8), 255, np.uint8)
        assert np.allclose(desk.card.preprocessing.apply(white), -1)
        app.selectbox(key="input_range").set_value("Other").run()
        app.text_input(key="input_scale").set_value("zwei")
        next(one for one in app.button if one.label == "Use these").click().run()
        assert "'zwei' is not a number" in said(app)
        assert np.allclose(desk.card.preprocessing.apply(white), -1)
        desk.workspace.undo()
        desk.workspace.undo()
        assert np.allclose(desk.card.preprocessing.apply(white), 1)

    def test_names_from_a_file_are_the_labels(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        app.file_uploader(key="names_file_0").upload(
            "labels.txt", b"0 cat\r\n1 dog\r\n2 b\xc3\xa4r\n"
        )
        app.run()
        desk = desk_of(app)
        assert desk.labels.names == ("cat", "dog", "bär", None)
        app.text_area(key="names_text").set_value("a\nb\nc\nd\ne").run()
        app.button(key="names_use").click().run()
        assert "the model has 4 outputs" in said(app)
        assert desk.labels.names == ("cat", "dog", "bär", None)

    def test_label_numbers_of_a_file_mean_the_named_outputs(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        desk.name_labels(["cat", "dog", "owl"])
        give(app, "mine.npz", npz(x=RNG.integers(0, 255, (6, 8, 8), np.uint8), y=[0, 1, 2] * 2))
        manifest = desk.workspace.manifest
        names = {label.id: label.name for label in manifest.labels}
        assert [names[s.label] for s in manifest.samples] == ["cat", "dog", "owl"] * 2
        assert "0 is 'cat', 1 is 'dog', 2 is 'owl'" in app.toast[0].value

    @pytest.mark.parametrize("y", [["cat", "dog"], [0, 1]])
    def test_samples_of_a_test_part_without_labels_do_not_get_the_chosen_one(self, app, desk_of, y):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        desk.name_labels(["cat", "dog", "owl"])
        x = RNG.integers(0, 255, (5, 8, 8), np.uint8)
        give(app, "mine.npz", npz(x_train=x[:2], y_train=y, x_test=x[2:]))
        names = {label.id: label.name for label in desk.workspace.manifest.labels}
        assert [names[s.label] for s in desk.workspace.manifest.samples] == ["cat", "dog"]
        assert "Left out 1 array" in app.toast[0].value

    def test_test_part_for_which_a_workspace_has_no_room_is_left_out_and_told(
        self, app, desk_of, monkeypatch
    ):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        monkeypatch.setattr(desk.workspace, "limits", replace(desk.workspace.limits, samples=5))
        x, y = RNG.integers(0, 255, (7, 8, 8), np.uint8), np.zeros(7, int)
        give(app, "mine.npz", npz(x_train=x[:4], y_train=y[:4], x_test=x[4:], y_test=y[4:]))
        samples = desk.workspace.manifest.samples
        assert [one.part for one in samples].count(Part.TEST) == 1  # as of any four
        assert len(samples) == 4
        assert "Left out 3 test samples of" in app.toast[0].value

    def test_names_that_samples_gave_are_there_again_after_a_look_at_another_model(
        self, app, desk_of
    ):
        drop(app, OURS / "dialect_fixed_batches.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(12, *desk.card.input_shape)).astype(np.float32)
        give(app, "words.npz", npz(x=x, y=np.array(["yes", "no", "stop"] * 4)))
        key = desk.model.key
        app.selectbox(key="top_model").set_value("digits").run()
        assert desk.labels.names[:3] == ("0", "1", "2")
        app.selectbox(key="top_model").set_value(key).run()
        assert desk.labels.names[:3] == ("no", "stop", "yes")
        assert len(desk.usable_samples(Part.TRAIN)) + len(desk.usable_samples(Part.TEST)) == 12
        assert not desk.missing

    def test_pixels_are_kept_alike_whatever_holds_them(self, app, desk_of):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        x = RNG.integers(0, 256, (3, 8, 8))
        for data in (x.astype(np.uint8), x, x.astype(np.float32)):
            give(app, "mine.npz", npz(x=data, y=[0, 1, 2]))
        assert [one.suffix for one in desk.workspace.manifest.samples] == ["png"] * 3


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


class TestMasks:
    """A model that labels every pixel, in real LiteRT: tests/oracle/models/segmentation_keras2."""

    @pytest.fixture
    def masks(self, app, desk_of, tmp_path):
        packed = ROOT / "tests" / "oracle" / "models" / "segmentation_keras2.tflite.gz"
        path = tmp_path / "segmentation.tflite"
        path.write_bytes(gzip.decompress(packed.read_bytes()))
        drop(app, path)
        assert not said(app)
        desk_of(app).correct(Choice(task=Task.VALUES))  # grey in and grey out: it may be both
        return app, desk_of(app)

    def test_pictures_and_masks_are_paired_trained_on_and_drawn(self, masks):
        app, desk = masks
        assert desk.answers_pictures
        assert desk.contract.activation is Activation.SIGMOID
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for k in range(12):
                photo = np.zeros((8, 8), np.uint8)
                photo[k % 4 : k % 4 + 4, 1 + k % 3 : 5 + k % 3] = 200
                archive.writestr(f"images/{k}.png", png(photo))
                archive.writestr(f"masks/{k}.png", png(np.where(photo, 255, 0).astype(np.uint8)))
        give(app, "set.zip", stream.getvalue())
        assert not said(app)
        samples = desk.samples(Part.TRAIN)
        assert np.array_equal(samples.x > samples.x.mean(), samples.y == 1)
        assert "of the pixels right" in shown(app)
        before = desk.scores(desk.samples(Part.TEST), "own").base.mean_squared_error
        desk.train(Settings(epochs=60, batch_size=8))
        assert desk.run.wait(60)
        after = desk.scores(desk.samples(Part.TEST), "own").own.mean_squared_error
        assert after < 0.5 * before
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Blind test").run()
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        assert "What Model A answers" in shown(app)  # a picture of it
        assert not app.button(key="vote_a").disabled
        app.button(key="vote_a").click().run()
        app.button(key="reveal").click().run()
        assert "of the pixels right" in shown(app)

    def test_loose_picture_without_mask_says_so_and_adds_nothing(self, masks):
        app, desk = masks
        give(app, "lone.png", png(np.zeros((8, 8), np.uint8)))
        assert "lone.png has no target" in said(app)
        assert not desk.workspace.manifest.samples


class TestColoursOfMasks:
    def test_colours_for_one_of_three_classes_are_refused_by_name(self):
        """Not so where pictures of three channels are learnt, of which these might be one."""
        contract = SimpleNamespace(
            rows_are_one_hot=True, target_shape=(8, 8, 3), scores_each=0, ids=np.array(False)
        )
        card = SimpleNamespace(preprocessing=Preprocessing("image", (8, 8, 1)))
        desk = SimpleNamespace(contract=contract, card=card, task=Task.VALUES, sees_pictures=True)
        mask = np.full((8, 8, 3), (128, 0, 0), np.uint8)
        raw = RawSamples((np.zeros((8, 8), np.uint8),), ("",), ("a.png",), (mask,))
        with pytest.raises(SampleError, match=r"mask of a.png is in colours\. Save it as an index"):
            as_the_model_wants(cast(Desk, desk), raw, "")


class TestClassesOfPlaces:
    """Models that give the scores of K classes for each pixel or word."""

    def test_pixels_of_no_class_count_neither_way(self, app, desk_of):
        drop(app, OURS / "dialect_pixels.tflite")
        desk = desk_of(app)
        assert (desk.contract.target_shape, desk.contract.scores_each) == ((8, 8, 1), 3)
        assert "Tells one of 3 classes for each of 64 pixels," in shown(app)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for k in range(10):
                mask = RNG.integers(0, 3, (8, 8)).astype(np.uint8)
                mask[0] = 255
                photo = (mask[..., None] == np.arange(3)).astype(np.uint8) * 200
                archive.writestr(f"segmentation/images/{k}.png", png(photo))
                archive.writestr(f"segmentation/masks/{k}.png", png(mask))
        give(app, "set.zip", stream.getvalue())
        assert not said(app)
        assert "of the pixels right" in shown(app)
        assert (desk.samples(Part.TRAIN).y[:, 0] == 255).all()
        desk.train(Settings(epochs=100, batch_size=4))
        assert desk.run.wait(60)
        own = desk.scores(desk.samples(Part.TEST), "own").own
        assert own.places.right > 0.9
        assert desk.shown_run().evaluations[-1].test.places_right == own.places.right
        app.switch_page("pages/evaluate.py").run()
        assert "of the pixels right, n = 2 · mean IoU" in shown(app)
        app.segmented_control(key="evaluate_part").set_value("Blind test").run()
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        assert not said(app)
        assert "What Model A answers" in shown(app)
        every_part_of_evaluate(app)
        app.switch_page("pages/checkpoints.py").run()
        assert f"{100 * own.places.right:.1f} % of 2" in shown(app).replace("\u202f", " ")

    def test_typed_class_that_the_model_has_not_is_refused(self, app, desk_of):
        drop(app, OURS / "dialect_tags.tflite")
        app.switch_page("pages/personalise.py").run()
        app.segmented_control(key="samples_way").set_value("Type").run()
        for target, added in (("0, 1, 2, 0, 7", 0), ("0, 1, 2, 0, 1", 1)):
            app.text_area(key="samples_typed").set_value("4, 8, 15, 16, 3")
            app.text_input(key="samples_target").set_value(target)
            app.button(key="type_add").click().run()
            assert ("class 7; this model tells 3 apart" in said(app)) == (not added)
            assert len(desk_of(app).workspace.manifest.samples) == added

    def test_typed_number_that_is_no_id_is_refused_wherever_it_is_given(self, app, desk_of):
        drop(app, OURS / "dialect_tags.tflite")
        app.switch_page("pages/personalise.py").run()
        app.segmented_control(key="samples_way").set_value("Type").run()
        app.text_area(key="samples_typed").set_value("4, 8, 2.5, 16, 3")
        app.text_input(key="samples_target").set_value("0, 1, 2, 0, 1")
        app.button(key="type_add").click().run()
        assert "The sample has 2.5 for an id." in said(app)
        assert not desk_of(app).workspace.manifest.samples
        app.segmented_control(key="try_way").set_value("Type").run()
        app.text_area(key="try_typed").set_value("4, 8, -1, 16, 3").run()
        assert "The input has -1 for an id." in said(app)
        app.segmented_control(key="try_way").set_value("Upload").run()
        app.file_uploader(key="try_file_numbers").upload("mine.csv", b"4,8,15,0.5,3\n")
        app.run()
        assert "has 0.5 for an id." in said(app)


class TestWhatLabelsMean:
    def test_rows_of_several_labels_are_refused_and_learnt_as_numbers(self, app, desk_of):
        drop(app, OURS / "dialect_several.tflite")
        desk = desk_of(app)
        assert any("'sample_weight'" in note for note in desk.contract.notes)
        x = RNG.normal(size=(12, 4)).astype(np.float32)
        y = (RNG.random((12, 5)) > 0.5).astype(np.float32)
        y[0, :2] = 1
        give(app, "tags.npz", npz(x=x, y=y))
        assert "choose 'Numbers' under Learns on the Model page" in said(app)
        assert not desk.workspace.manifest.samples
        desk.correct(Choice(task=Task.VALUES))
        give(app, "tags.npz", npz(x=x, y=y))
        assert not said(app)
        assert np.array_equal(
            np.sort(desk.samples(Part.TRAIN).y.sum(axis=1)),
            np.sort(
                [sum(desk.workspace.sample_target(one.id)) for one in desk.entries(Part.TRAIN)]
            ),
        )

    @pytest.mark.parametrize(("odd", "what"), [(0.5, "0.5 for a label"), (np.nan, "not finite")])
    def test_fractions_are_refused_and_not_taken_for_the_chosen_label(
        self, app, desk_of, odd, what
    ):
        drop(app, OURS / "dialect_fixed_batches.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(4, *desk.card.input_shape)).astype(np.float32)
        give(app, "odd.npz", npz(x=x, y=np.array([0, 1, odd, 1])))
        assert "sample 3" in said(app)
        assert what in said(app)
        assert not desk.workspace.manifest.samples

    def test_minus_one_and_one_are_two_labels(self, app, desk_of):
        drop(app, OURS / "dialect_binary.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(12, *desk.card.input_shape)).astype(np.float32)
        give(app, "signs.npz", npz(x=x, y=np.where(np.arange(12) % 2, 1, -1)))
        assert not said(app)
        assert desk.labels.names == ("-1", "1")

    def test_order_that_names_are_given_is_said(self, app, desk_of):
        drop(app, OURS / "dialect_fixed_batches.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(12, *desk.card.input_shape)).astype(np.float32)
        give(app, "words.npz", npz(x=x, y=np.array(["yes", "no", "stop"] * 4)))
        assert "they were named no, stop, yes, in this order" in app.toast[0].value
        assert "taken for no, stop, yes, in this order" in shown(app)  # as long as it is so

    def test_labels_of_drawings_leave_their_outputs_to_words_and_come_back(self, app, desk_of):
        app.button(key="example").click().run()
        desk = desk_of(app)
        drawn = desk.usable_samples()
        drop(app, OURS / "dialect_tokens.tflite")
        words = np.array(["yes", "no", "perhaps"] * 4)
        give(app, "texts.npz", npz(x=RNG.integers(0, 5, (12, 5)), y=words))
        assert not said(app)
        assert desk.labels.names == ("no", "perhaps", "yes")
        assert f"{len(drawn)} samples of another kind" in shown(app)
        train(app, desk)
        desk.choose_bundled("digits")
        assert desk.usable_samples() == drawn
        assert desk.unfit() == len(words)

    @pytest.mark.parametrize("model", ["dialect_autoencoder", "dialect_regression"])
    def test_samples_of_another_kind_are_not_counted_as_the_models(self, app, desk_of, model):
        app.button(key="example").click().run()
        desk = desk_of(app)
        drawn = len(desk.usable_samples())
        drop(app, OURS / f"{model}.tflite")
        size = int(np.prod(desk.card.input_shape))
        goal = np.zeros(int(np.prod(desk.contract.target_shape)), np.float32)
        other = np.zeros(len(goal) + 1, np.float32)
        numbers = [np.full(size, k, np.float32) for k in range(4)]
        desk.workspace.add_samples([numbers[0]], "", Source.UPLOAD, targets=[goal])
        desk.workspace.add_samples([np.zeros(size + 1, np.float32)], "", Source.UPLOAD)
        assert [one.suffix for one in desk.usable_samples()] == ["npy"]
        desk.workspace.add_samples(numbers[1:], "", Source.UPLOAD, targets=[goal, goal, other])
        assert desk.usable_samples() == desk.entries(None)
        assert desk.unfit() == drawn + 1 + (desk.task is Task.VALUES)


class TestSeveralInputs:
    """Two ids and two numbers a sample: tests/runtime/build_dialects.py, ratings."""

    def test_table_with_a_header_trains_and_every_page_knows_its_parts(self, app, desk_of):
        drop(app, OURS / "dialect_ratings.tflite")
        desk = desk_of(app)
        assert "'film' (1 number), 'mood' (2 numbers), 'person' (1 number)" in unescape(shown(app))
        assert not [one for one in app.selectbox if one.key == "map_samples"]
        film, person = np.arange(40) % 30, np.arange(40) % 20
        rows = table(person, film % 5, RNG.integers(0, 9, (40, 2)), film)
        give(app, "mine.csv", b"person,rated,mood,mood,film\n" + rows)
        assert not said(app)
        assert "in this order: 'film' (1 number)" in unescape(shown(app))
        kept = np.concatenate([desk.samples(part).x for part in (Part.TRAIN, Part.TEST)])
        assert sorted(kept[:, 0]) == sorted(film)
        assert sorted(kept[:, 3]) == sorted(person)
        train(app, desk)
        app.segmented_control(key="samples_way").set_value("Type").run()
        assert re.search(r"film \d+ · mood \d+, \d+ · person \d+", shown(app))
        app.segmented_control(key="try_way").set_value("Type").run()
        for key in ("samples_typed", "try_typed"):  # the names are the file's: no Markdown
            typing = next(one for one in app.text_area if one.key == key)
            assert typing.label == r"4 numbers, with commas between\: film, mood \(2\), person"
        assert app.text_area(key="samples_typed").placeholder == "1, 1.2, −3 …"  # film is an id
        for page in ("evaluate", "checkpoints", "model"):
            app.switch_page(f"pages/{page}.py").run()
            assert not app.exception
            assert not said(app), page

    def test_columns_of_other_names_are_not_guessed(self, app, desk_of):
        drop(app, OURS / "dialect_ratings.tflite")
        give(app, "mine.csv", b"user,rated,mood,mood,film\n1,2,3,4,5\n")
        assert "no column named 'person'" in said(app)
        assert not desk_of(app).workspace.manifest.samples


class TestSampleThatIsLearntAgainBesideItsCondition:
    """Windows of 8 × 2 and three numbers more: tests/runtime/build_dialects.py, conditional."""

    def test_it_trains_without_labels_and_every_page_compares_the_window_alone(self, app, desk_of):
        drop(app, OURS / "dialect_conditional.tflite")
        desk = desk_of(app)
        assert desk.contract.given_back == "signal"
        signal = RNG.normal(size=(20, 8, 2)).astype(np.float32)
        condition = RNG.normal(size=(20, 3)).astype(np.float32)
        give(app, "mine.npz", npz(signal=signal, condition=condition))
        assert not said(app)
        assert len(desk.usable_samples()) == 20
        train(app, desk)
        assert "squared error" in shown(app)
        every_part_of_evaluate(app)
        app.switch_page("pages/model.py").run()
        assert not said(app)


class TestAnswersThatCannotBeJudged:
    """An embedding that is trained with labels: tests/runtime/build_dialects.py, alike."""

    def test_every_page_says_why_and_none_fails(self, app, desk_of):
        drop(app, OURS / "dialect_alike.tflite")
        desk = desk_of(app)
        assert "Gives 8 numbers," in shown(app)
        x = RNG.normal(size=(20, 6)).astype(np.float32)
        give(app, "faces.npz", npz(x=x, y=(np.arange(20) % 4).astype(np.float32)))
        assert not said(app)
        assert "off the target" not in shown(app)
        train(app, desk)
        assert "answers and targets differ in shape" in shown(app)
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
