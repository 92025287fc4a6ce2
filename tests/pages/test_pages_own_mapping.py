"""What is taken of a model by itself, corrected by hand: roles, input, and names of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odt_core.dialects.contract import Choice, OutputKind, Task
from odt_core.workspace import Part
from pages.ui.desks import all_desks
from pages.ui.input_card import _picture_shapes
from tests.pages.own_models import OURS, RNG, drop, give
from tests.pages.page_text import noticed, said
from tests.sample_files import npz


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
        assert "0 is 'cat', 1 is 'dog', 2 is 'owl'" in noticed(app)

    @pytest.mark.parametrize("y", [["cat", "dog"], [0, 1]])
    def test_samples_of_a_test_part_without_labels_do_not_get_the_chosen_one(self, app, desk_of, y):
        drop(app, OURS / "tiny_adam.tflite")
        desk = desk_of(app)
        desk.name_labels(["cat", "dog", "owl"])
        x = RNG.integers(0, 255, (5, 8, 8), np.uint8)
        give(app, "mine.npz", npz(x_train=x[:2], y_train=y, x_test=x[2:]))
        names = {label.id: label.name for label in desk.workspace.manifest.labels}
        assert [names[s.label] for s in desk.workspace.manifest.samples] == ["cat", "dog"]
        assert "Left out 1 array" in noticed(app)

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
        assert "Left out 3 test samples of" in noticed(app)

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


@pytest.mark.parametrize(
    ("shape", "pictures"),
    [((3, 16, 16), []), ((16, 16, 3), [(16, 16, 3)]), ((768,), [(16, 16, 3)])],
)
def test_pictures_are_not_mixed_up_for_an_input_with_channels_first(shape, pictures):
    assert _picture_shapes(shape) == pictures
