"""Samples on the first page: an example person's, the shelf and its labels, and one looked at."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image

from odt_core.workspace import Part, Source
from pages.ui import people, samples_card
from pages.ui.shelf import Act
from tests.pages.conftest import APP
from tests.pages.page_text import said, shown
from tests.pages.pictures import picture, upload


class TestSamples:
    def test_example_person_when_clicked_fills_every_label(self, person):
        _, desk = person
        manifest = desk.workspace.manifest
        assert {s.source for s in manifest.samples} == {Source.EXAMPLE}
        assert all(manifest.samples_of(label.id) for label in manifest.labels)
        assert all(manifest.samples_of(label.id, Part.TEST) for label in manifest.labels)

    def test_example_person_when_double_clicked_is_one_person(self, person):
        app, desk = person
        app.session_state[people._LOADED] = time.monotonic()  # at once, however slow the machine is
        app.button(key="example").click().run()
        assert len(desk.workspace.steps_done()) == 1

    def test_example_person_when_clicked_again_later_is_another_one(self, person):
        app, desk = person
        app.session_state[people._LOADED] -= people._SAME_PRESS
        before = len(desk.workspace.manifest.samples)
        app.button(key="example").click().run()
        assert len(desk.workspace.manifest.samples) > before

    def test_label_when_chosen_is_still_chosen_after_a_reload(self, app, desk_of):
        from streamlit.testing.v1 import AppTest

        desk = desk_of(app)
        label = desk.workspace.manifest.labels[3]
        samples_card._acted(desk, Act("choose", label.id))
        again = AppTest.from_file(APP, default_timeout=60)
        again.query_params["w"] = app.session_state["odt_workspace"]
        again.run()
        upload(again, ("a.png", picture()))
        assert [s.label for s in desk.workspace.manifest.samples] == [label.id]
        assert desk.workspace.steps_done() == ["add 1 sample to '3'"]

    def test_label_when_chosen_and_deleted_elsewhere_leaves_none_chosen_and_says_so(
        self, app, desk_of
    ):
        workspace = desk_of(app).workspace
        first, *_ = workspace.manifest.labels
        workspace.delete_label(first.id)
        app.segmented_control(key="samples_way").set_value("Upload").run()
        assert "is not there any more. Choose one below. Pictures go to a label" in shown(app)
        array = io.BytesIO()
        np.savez(array, x=np.zeros((3, 28, 28), np.float32))
        for file in (("a.png", picture()), ("a.npz", array.getvalue())):
            upload(app, file)
            assert said(app) == "The label that you chose is not there any more. Choose one below."
        assert workspace.manifest.samples == ()

    def test_label_when_everything_was_deleted_here_is_the_first(self, app, desk_of):
        app.segmented_control(key="samples_way").set_value("Upload").run()
        app.button(key="erase").click().run()
        app.button(key="really_erase").click().run()
        assert app.session_state["samples_label"] == desk_of(app).workspace.manifest.labels[0].id
        assert "Pictures go to &#x27;0&#x27;." in shown(app)

    def test_camera_says_how_long_its_pictures_stay(self, app):
        app.segmented_control(key="samples_way").set_value("Camera").run()
        assert "stay in this workspace until Delete everything, under Reset." in shown(app)
        assert app.button(key="erase").label == "Delete everything …"

    def test_label_that_is_disabled_says_so_when_chosen_and_is_not_chosen_by_itself(
        self, app, desk_of
    ):
        desk = desk_of(app)
        first, second, *_ = desk.workspace.manifest.labels
        desk.workspace.enable_label(first.id, False)
        app.run()
        assert app.session_state["samples_label"] == first.id
        assert "is disabled: what you add to it is kept, but not used" in shown(app)
        del app.session_state["samples_label"]
        desk.chosen_label = ""
        app.run()
        assert app.session_state["samples_label"] == second.id
        assert "is disabled" not in shown(app)

    def test_shelf_gets_no_more_pictures_than_it_shows(self, person, monkeypatch):
        app, desk = person
        chosen, *others = desk.workspace.manifest.labels
        sheets = np.random.default_rng(1).integers(0, 255, (20, 8, 8), np.uint8)
        for label in (chosen, others[0]):
            desk.workspace.add_samples(list(sheets), label.id, Source.UPLOAD)
        drawn = []
        monkeypatch.setattr(samples_card, "shelf", lambda key, rows, **rest: drawn.append(rows))
        app.session_state["samples_label"] = chosen.id
        app.run()
        assert [len(row.thumbs) for row in drawn[-1][:2]] == [16, 6]

    def test_samples_without_a_label_are_told_and_can_be_seen(self, app, desk_of):
        workspace = desk_of(app).workspace
        workspace.add_samples([np.zeros((9, 9), np.uint8)], "", Source.UPLOAD, ["lost.png"])
        app.run()
        assert "1 sample without a label: not used here." in shown(app)
        app.button(key="unlabelled").click().run()
        assert "**Samples** · 1 sample" in [text.value for text in app.markdown]

    @pytest.mark.parametrize("size", [(12_000, 50), (50, 12_000), (28, 28)])
    def test_tried_picture_when_long_and_thin_is_shown_and_answered(self, app, size):
        out = io.BytesIO()
        Image.new("L", size, 255).save(out, "PNG")
        app.segmented_control(key="try_way").set_value("Upload").run()
        app.file_uploader[-1].upload("thin.png", out.getvalue())
        app.run()
        assert not app.error, said(app)

    def test_sample_when_kept_out_of_training_is_not_called_a_training_sample(self, person):
        app, desk = person
        entry = desk.entries(Part.TEST)[0]
        nearly = desk.workspace.sample_array(entry.id).copy()
        nearly.flat[0] ^= 1
        desk.workspace.add_samples([nearly], entry.label, Source.UPLOAD)
        desk.workspace.move_sample(desk.workspace.manifest.samples[-1].id, Part.TRAIN)
        (kept_out, _), *_ = desk.near_test().items()
        app.session_state["samples_open"] = ("sample", kept_out)
        app.run()
        shown = " ".join(html.value for html in app.html)
        assert "Nearly the same as one of your test samples, so kept out of training." in shown
        assert "A training sample." not in shown
        sample = next(one for one in desk.workspace.manifest.samples if one.id == kept_out)
        app.session_state["samples_open"] = ("label", sample.label)
        app.run()
        assert list(app.dataframe[0].value["For"]).count("nothing: kept out") == 1

    def test_sample_when_its_file_is_lost_can_be_moved_and_deleted(self, app, desk_of, tmp_path):
        upload(app, ("one.png", picture()))
        next(tmp_path.glob("workspaces/*/samples/*")).unlink()
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Test samples").run()
        assert "missing or damaged" in said(app)
        app.button(key="change_part").click().run()
        desk = desk_of(app)
        (sample,) = desk.workspace.manifest.samples
        assert sample.part is Part.TEST
        app.switch_page("pages/personalise.py").run()
        app.session_state["samples_open"] = ("sample", sample.id)
        app.run()
        assert "missing or damaged" in said(app)
        app.session_state["samples_open"] = ("sample", sample.id)  # open still
        app.button(key="delete_sample").click().run()
        assert desk.workspace.manifest.samples == ()

    def test_picture_of_a_burst_says_how_many_are_moved_with_it(self, app, desk_of):
        desk = desk_of(app)
        label = desk.workspace.manifest.labels[0].id
        sheets = np.random.default_rng(1).integers(0, 255, (3, 8, 8), np.uint8)
        desk.workspace.add_samples(list(sheets), label, Source.CAMERA, take="a")
        desk.workspace.add_samples([sheets[0].T], label, Source.CAMERA, take="b")
        told = "Moving takes 2 other pictures along"
        app.session_state["samples_open"] = ("sample", "s1")
        assert told in shown(app.run())
        app.session_state["samples_open"] = ("sample", "s4")
        assert "Moving takes" not in shown(app.run())
        app.switch_page("pages/evaluate.py").run()
        app.segmented_control(key="evaluate_part").set_value("Test samples").run()
        assert "Moving takes" not in shown(app)
        app.selectbox(key="part_of").set_value("s1").run()
        assert told in shown(app)

    def test_undo_when_clicked_takes_the_person_back(self, person):
        app, desk = person
        app.button(key="undo").click().run()
        assert desk.workspace.manifest.samples == ()
