"""Another model is chosen: one of the bundled or one's own, what comes along, and what is tried."""

from __future__ import annotations

import pytest

from odt_core.workspace import Part
from tests.pages.conftest import ROOT
from tests.pages.page_text import said


class TestOwnModel:
    def choose(self, app, name, data):
        app.selectbox(key="top_model").set_value("other").run()
        field = next(one for one in app.file_uploader if one.key.startswith("own_model_"))
        field.upload(name, data)
        return app.run()

    def test_model_when_uploaded_is_personalised_from_then_on(self, app, desk_of):
        data = (ROOT / "assets" / "models" / "digits.tflite").read_bytes()
        self.choose(app, "mine.tflite", data)
        assert not app.error, said(app)
        model = desk_of(app).model
        assert (model.name, model.bundled, len(model.outputs)) == ("mine.tflite", None, 16)

    def test_model_when_another_is_chosen_stays_in_the_list_as_it_was_described(self, app, desk_of):
        data = (ROOT / "assets" / "models" / "digits.tflite").read_bytes()
        self.choose(app, "mine.tflite", data)
        desk = desk_of(app)
        desk.name_labels(["left", "right"])
        mine = desk.model
        picker = app.run().selectbox(key="top_model")
        picker.set_value("photos").run()
        assert (desk.model.bundled, picker.options[2:-1]) == ("photos", ["mine.tflite"])
        picker.set_value(mine.key).run()
        assert not app.error, said(app)
        assert desk.model == mine
        assert desk.output_names[:2] == ("left", "right")
        assert not desk.workspace.manifest.models

    def test_models_of_one_name_are_told_apart(self, app, desk_of):
        models = ROOT / "assets" / "models"
        for stem in ("digits", "photos"):
            self.choose(app, "model.tflite", (models / f"{stem}.tflite").read_bytes())
        present, before = desk_of(app).model, desk_of(app).workspace.manifest.models[0]
        own = app.selectbox(key="top_model").options[2:-1]
        assert own == [f"model.tflite · {one.sha256[:4]}" for one in (present, before)]

    def test_model_when_far_too_large_says_so_and_keeps_the_old_one(self, app, desk_of):
        limit = desk_of(app).workspace.limits.model_bytes
        self.choose(app, "large.tflite", bytes(limit + 1))
        assert "Use a smaller model" in said(app)
        assert desk_of(app).model.bundled == "digits"

    @pytest.mark.parametrize("data", [b"", b"a text file called .tflite"])
    def test_model_when_bad_says_so_and_keeps_the_old_one(self, app, desk_of, data):
        self.choose(app, "bad.tflite", data)
        assert "tflite" in said(app)
        assert desk_of(app).model.bundled == "digits"


class TestSwitch:
    def test_model_when_switched_begins_with_its_first_label_and_tells_what_came_along(
        self, app, desk_of
    ):
        desk = desk_of(app)
        app.selectbox(key="top_model").set_value("photos").run()
        app.button(key="example").click().run()
        names = [label.name for label in desk.workspace.manifest.labels]
        assert names == ["dam", "solar panel", "windmill"]
        app.selectbox(key="top_model").set_value("digits").run()
        active = desk.workspace.manifest.label(app.session_state["samples_label"])
        assert active.name == "0"
        assert app.toast[0].value.replace("\\", "") == (
            "Your samples came along: it learns 'dam', 'solar panel', 'windmill'. Disable what it "
            "is not to learn."
        )

    def test_settings_of_a_model_when_another_was_chosen_in_between_are_as_they_were(self, app):
        app.number_input(key="set_epochs").set_value(7).run()
        app.text_input(key="set_seed").set_value("-").run()  # wrong, and still what was typed
        before = app.number_input(key="set_epochs").value
        app.selectbox(key="top_model").set_value("photos").run()
        assert app.number_input(key="set_epochs").value != before == 7
        app.number_input(key="set_epochs").set_value(9).run()
        app.selectbox(key="top_model").set_value("digits").run()
        assert app.number_input(key="set_epochs").value == 7
        assert app.text_input(key="set_seed").value == "-"
        app.selectbox(key="top_model").set_value("photos").run()
        assert app.number_input(key="set_epochs").value == 9


class TestTry:
    def test_photo_of_the_test_samples_is_tried_as_soon_as_there_is_one(self, app, desk_of):
        app.selectbox(key="top_model").set_value("photos").run()
        assert app.segmented_control(key="try_way").value == "Upload"
        app.button(key="example").click().run()
        assert app.segmented_control(key="try_way").value == "My samples"
        tests = [s.id for s in desk_of(app).workspace.manifest.samples if s.part is Part.TEST]
        assert app.selectbox(key="try_picked").value == tests[0]

    def test_way_that_was_chosen_stays_when_samples_come(self, app):
        app.selectbox(key="top_model").set_value("photos").run()
        app.segmented_control(key="try_way").set_value("Draw").run()
        app.button(key="example").click().run()
        assert app.segmented_control(key="try_way").value == "Draw"

    def test_sample_of_digits_can_be_tried_but_drawing_comes_first(self, person):
        app, _ = person
        assert app.segmented_control(key="try_way").value == "Draw"
        app.segmented_control(key="try_way").set_value("My samples").run()
        assert app.selectbox(key="try_picked").options[0].endswith("test sample")
