"""Checkpoints on their page: restored, compared, noted, deleted and saved."""

from __future__ import annotations

import numpy as np

from odt_core.checkpoint import load_checkpoint
from odt_core.errors import WorkspaceError
from odt_core.workspace import Kind
from pages.ui import timeline
from pages.ui.evaluate import over_time
from tests.pages.page_text import said


class TestCheckpoints:
    def test_restore_when_clicked_brings_the_very_weights_back(self, trained):
        app, desk = trained
        end = desk.workspace.manifest.checkpoints[-1]
        app.switch_page("pages/checkpoints.py").run()
        app.button(key="restore_base").click().run()
        assert desk.workspace.manifest.head is None
        base, own = desk.worker().state("base"), desk.worker().state("own")
        weights = [name for name in base if name.endswith("kernel")]
        assert all(np.array_equal(base[name], own[name]) for name in weights)
        app.button(key=f"restore_{end.id}").click().run()
        assert desk.workspace.manifest.head == end.id
        kept = load_checkpoint(desk.workspace.checkpoint_bytes(end.id)).state
        own = desk.worker().state("own")
        assert all(np.array_equal(kept[name], own[name]) for name in kept)
        assert any(not np.array_equal(kept[name], base[name]) for name in weights)

    def test_compare_when_two_are_chosen_shows_both_sets(self, trained):
        app, _ = trained
        app.switch_page("pages/checkpoints.py").run()
        app.button(key="compare").click().run()
        app.run()  # as when something else on the page asks for it
        assert not app.error, said(app)
        shown = " ".join(html.value for html in app.html)
        assert "Your test samples" in shown
        assert "McNemar" in shown

    def test_base_model_stands_there_once_and_nothing_that_goes_back_is_filled(self, trained):
        app, desk = trained
        start, *_, end = desk.workspace.manifest.checkpoints
        assert start.info.kind is Kind.START
        app.switch_page("pages/checkpoints.py").run()
        keys = {button.key for button in app.button}
        assert "restore_base" in keys
        assert f"restore_{end.id}" in keys
        assert f"restore_{start.id}" not in keys
        assert "Step 0" not in " ".join(app.selectbox(key="compare_first").options)
        back = [button for button in app.button if (button.key or "").startswith("restore_")]
        assert {button.label for button in back} == {"Restore"}
        assert "primary" not in {button.proto.type for button in back}

    def test_checkpoints_are_as_many_on_every_page(self, trained):
        app, desk = trained
        assert len(desk.workspace.manifest.checkpoints) > 1
        (only,) = desk.other_checkpoints()
        assert [(stop.id, stop.name) for stop in over_time._stops(desk)] == [
            (None, "Base model"),
            (only.id, f"Checkpoint 1: step {only.info.steps}"),
        ]
        app.button(key="erase").click().run()
        asked = " ".join(one.value for one in app.markdown)
        assert "1 checkpoint and" in asked

    def test_start_of_a_run_that_went_on_from_another_stays(self, trained):
        app, desk = trained
        app.button(key="train").click().run()
        assert desk.run.wait(60)
        kinds = [(entry.info.kind, entry.info.step) for entry in desk.other_checkpoints()]
        assert [kind for kind, _ in kinds].count(Kind.START) == 1

    def test_checkpoint_of_another_model_is_downloaded_under_that_ones_name(
        self, trained, monkeypatch
    ):
        app, desk = trained
        desk.choose_bundled("photos")
        names = []
        monkeypatch.setattr(timeline, "file_name", lambda *name: names.append(name) or "x")
        app.switch_page("pages/checkpoints.py").run()
        assert {model for model, _ in names} == {"Handwritten digits"}

    def test_note_when_undone_is_shown_no_more(self, trained):
        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        key = f"note_{desk.workspace.manifest.head}"
        app.text_input(key=key).input("keep this one").run()
        assert desk.workspace.manifest.head_entry.info.note == "keep this one"
        desk.workspace.undo()
        assert app.run().text_input(key=key).value == ""

    def test_note_when_it_cannot_be_saved_stays_as_typed(self, trained, monkeypatch):
        def fail(checkpoint_id, note):
            raise WorkspaceError("This could not be saved: the disk is full.")

        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        key = f"note_{desk.workspace.manifest.head}"
        monkeypatch.setattr(desk.workspace, "note_checkpoint", fail)
        app.text_input(key=key).input("keep this one").run()
        assert "the disk is full" in said(app)
        assert app.text_input(key=key).value == "keep this one"
        monkeypatch.undo()
        app.text_input(key=key).input(" keep it ").run()
        assert app.text_input(key=key).value == "keep it"
        app.switch_page("pages/model.py").run()
        app.switch_page("pages/checkpoints.py").run()
        assert app.text_input(key=key).value == "keep it"

    def test_note_when_nobody_wrote_one_is_empty(self, trained):
        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        note = app.text_input(key=f"note_{desk.workspace.manifest.head}")
        assert (note.value, note.placeholder) == ("", "Add a note")

    def test_delete_when_undone_is_back(self, trained):
        app, desk = trained
        desk.save_checkpoint("mine")
        saved = desk.workspace.manifest.checkpoints[-1]
        app.switch_page("pages/checkpoints.py").run()
        app.button(key=f"delete_{saved.id}").click().run()
        assert desk.workspace.manifest.checkpoint(saved.id) is None
        app.button(key="undo_here").click().run()
        assert desk.workspace.manifest.checkpoint(saved.id) is not None

    def test_save_when_clicked_keeps_your_model(self, trained):
        app, desk = trained
        app.switch_page("pages/checkpoints.py").run()
        app.text_input(key="save_note").set_value("<b>mine</b>")
        app.button(key="save").click().run()
        entry = desk.workspace.manifest.checkpoints[-1]
        assert (entry.info.kind, entry.info.note) == (Kind.MANUAL, "<b>mine</b>")
