"""A run that lost on the test samples is a question: to be kept, or taken back."""

from __future__ import annotations

from odt_core.workspace import Part, Workspace
from pages.ui.desk import Desk
from tests.pages.evaluate.parts import visit
from tests.pages.page_text import shown


class TestGain:
    def test_run_that_lost_is_kept_or_taken_back_as_the_person_says(self, trained, monkeypatch):
        app, desk = trained
        monkeypatch.setattr("pages.ui.desk.after_runs.worse", lambda before, after: True)
        head = desk.workspace.manifest.head
        visit(app, "Result")
        assert "This run lost on your test samples" in shown(app)
        app.button(key="accept_result").click().run()
        assert desk.workspace.manifest.head == head
        assert desk.lost_run() is None
        assert "This run lost" not in shown(app)

    def test_run_that_lost_is_taken_back_on_the_first_page_and_both_stay(
        self, trained, monkeypatch
    ):
        app, desk = trained
        monkeypatch.setattr("pages.ui.desk.after_runs.worse", lambda before, after: True)
        kept = len(desk.workspace.manifest.checkpoints)
        desk.scores(desk.samples(Part.TEST), desk.test_name())
        app.run()
        assert "This run lost on your test samples" in shown(app)
        assert "Right on your test samples" not in shown(app)  # said once
        primary = [one.key for one in app.button if one.proto.type == "primary"]
        assert primary == ["go_back_train"]
        app.button(key="go_back_train").click().run()
        assert desk.workspace.manifest.head is None
        assert len(desk.workspace.manifest.checkpoints) == kept
        assert "This run lost" not in shown(app)

    def test_run_that_lost_is_still_a_question_after_a_restart(self, trained, monkeypatch):
        _, desk = trained
        monkeypatch.setattr("pages.ui.desk.after_runs.worse", lambda before, after: True)
        asked = desk.lost_run()
        assert asked is not None
        assert Desk(desk.workspace).lost_run() == asked
        desk.accept_run(asked.id)
        assert Desk(desk.workspace).lost_run() is None

    def test_file_of_a_run_that_has_ended_is_read_once_until_it_is_accepted(
        self, trained, monkeypatch
    ):
        read, records = [], Workspace.run_records
        monkeypatch.setattr(
            Workspace, "run_records", lambda self, run: read.append(run) or records(self, run)
        )
        monkeypatch.setattr("pages.ui.desk.after_runs.worse", lambda before, after: True)
        desk = Desk(trained[1].workspace)
        asked = [desk.lost_run() for _ in range(3)]
        assert desk.interrupted() is None
        assert read == [asked[0].id]
        desk.accept_run(asked[0].id)
        assert desk.lost_run() is None

    def test_run_that_won_asks_nothing(self, trained):
        app, desk = trained
        scores = [e.test for e in desk.run.snapshot().evaluations if e.test]
        assert scores[-1].correct >= scores[0].correct
        assert desk.lost_run() is None
        assert "This run lost" not in shown(app)

    def test_run_of_another_model_is_not_shown_beside_the_chosen_one(self, trained):
        app, desk = trained
        assert desk.run is not None
        desk.choose_bundled("photos")
        assert desk.run is None
        assert "Finished all" not in shown(app.run())
