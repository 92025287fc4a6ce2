"""Answers and figures are of the model they are said of; how sure it is, and when it is not."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    Tempering,
    load_checkpoint,
    save_checkpoint,
)
from odt_core.evaluation import fit_temperature
from odt_core.workspace import CheckpointInfo, Kind, Part
from pages.ui.base_sets import base_test_of
from pages.ui.desk import BASE_TEST, scores
from pages.ui.desk.worker import ELSEWHERE
from pages.ui.evaluate import evidence, temperature
from pages.ui.evaluate.judged import judged
from tests.pages.evaluate.parts import visit
from tests.pages.page_text import said, shown
from tests.pages.pictures import scribble


class TestScores:
    def test_tests_when_one_is_moved_meanwhile_are_those_that_the_name_is_of(
        self, person, monkeypatch
    ):
        _, desk = person
        prepared, before = desk.prepared, desk.test_name()

        def slowly(part):
            found = prepared(part)
            if desk.test_name() == before:
                desk.workspace.move_sample(found.entries[0].id, Part.TRAIN)
            return found

        monkeypatch.setattr(desk, "prepared", slowly)
        name, tests = desk.tests()
        assert name == desk.test_name() != before
        assert len(tests.samples) == len(name)

    def test_scores_when_another_model_is_restored_meanwhile_are_not_kept_as_its_own(
        self, trained, monkeypatch
    ):
        _, desk = trained
        name, tests = desk.tests()
        right = desk.scores(tests.samples, name).own.correct
        desk._forget()
        worker = desk.worker()
        ask, moves = worker.scores, [None, desk.workspace.manifest.head]

        def slowly(x, which="own"):
            if which == "own" and moves:
                desk.restore(moves.pop(0))
                desk.worker()
            return ask(x, which)

        monkeypatch.setattr(worker, "scores", slowly)
        assert desk.scores(tests.samples, name).own.correct == right
        assert desk.own_scores().own.correct == right
        assert not moves
        desk.restore(None)
        assert desk.own_scores() is None

    @pytest.mark.parametrize("asked", ["both_scores", "scores"])
    def test_answers_when_another_checkpoint_is_tried_meanwhile_are_of_your_model(
        self, trained, monkeypatch, asked
    ):
        _, desk = trained
        item = desk.workspace.sample_array(desk.entries(Part.TEST)[0].id)
        x = desk.input_of(item)

        def found() -> np.ndarray:
            if asked == "scores":
                return desk.raw_scores(x, own=True)[0]
            return desk.answers(item).own

        right = found()
        desk._forget()
        worker = desk.worker()
        ask, tried = getattr(worker, asked), [worker.state("base")]

        def slowly(*given):
            if tried:
                desk._worker_head = ELSEWHERE
                worker.load_state(tried.pop())
            return ask(*given)

        monkeypatch.setattr(worker, asked, slowly)
        assert np.array_equal(found(), right)

    def test_label_of_ones_own_when_answered_to_the_base_test_set_is_wrong(self, person):
        app, desk = person
        desk.workspace.add_label("cross")
        worker = desk.worker()
        state = worker.state()
        state["outputs/bias"][10] = 100.0  # the first free output: all is a cross now
        checkpoint = Checkpoint(state, CheckpointMeta(worker.sha256))
        desk.keep(save_checkpoint(checkpoint), CheckpointInfo(Kind.MANUAL, 8, 8), ())
        found = judged(desk, own=False)
        assert (found.own.correct, found.base.correct) == (0, 991)
        assert found.called(int(found.own.predictions[0])) == "cross"
        head = desk.workspace.manifest.head
        assert [one.correct for one in desk.evaluations(head, desk.test_sets())] == [0, 0]
        made = evidence._judged(desk, desk.worker(), base_test_of(desk.card), BASE_TEST)
        assert (made.own_labels, made.own.correct) == (desk.labels, 0)
        for part in ("Result", "Mistakes", "Confidence"):
            visit(app, part)
            assert not app.error, (part, said(app))

    def test_base_test_samples_that_are_equal_are_known_to_be(self, person, monkeypatch):
        _, desk = person
        samples = base_test_of(desk.card).take(np.array([0, 1, 0]))
        monkeypatch.setattr(scores, "base_scores_of", lambda _, ask: ask(samples.x))
        found = desk.scores_by_file(desk.worker(), samples, BASE_TEST)
        assert [one.same.tolist() for one in (found.base, found.own)] == [[0, 1, 0]] * 2

    def test_base_when_forgotten_meanwhile_is_still_told(self, person, monkeypatch):
        _, desk = person
        name, tests = desk.tests()
        monkeypatch.setattr(scores, "newest", lambda *_: {})
        assert desk.scores(tests.samples, name).base.n == 60


class TestTemperature:
    def test_temperature_when_used_changes_confidences_and_no_answer_and_undo_takes_it_back(
        self, trained
    ):
        app, desk = trained
        samples = desk.samples(Part.TEST)
        item = desk.workspace.sample_array(desk.entries(Part.TEST)[0].id)
        before = desk.answers(item)
        scored = desk.scores(samples, desk.test_name()).own
        visit(app, "Confidence")
        desk.use_temperature(Tempering(2.0, 20, "test"))
        after = desk.answers(item)
        assert after.temperature == 2.0
        np.testing.assert_array_equal(after.base, before.base)
        raised = np.sqrt(before.own.astype(np.float64))
        np.testing.assert_allclose(after.own, raised / raised.sum(), atol=1e-5)
        tempered = desk.scores(samples, desk.test_name()).own
        np.testing.assert_array_equal(tempered.predictions, scored.predictions)
        app.run()
        assert "2.00 in use." in shown(app)
        checkpoint = load_checkpoint(desk.checkpoint_file(desk.workspace.manifest.head))
        assert checkpoint.meta.temperature == Tempering(2.0, 20, "test")
        desk.workspace.undo()
        assert desk.temperature is None
        np.testing.assert_array_equal(desk.answers(item).own, before.own)

    def test_temperature_is_fitted_and_used_by_two_clicks(self, trained):
        app, desk = trained
        visit(app, "Confidence")
        app.segmented_control(key="confidence_on").set_value("Base test set").run()
        app.button(key="fit_temperature").click().run()
        assert not app.error, said(app)
        app.button(key="use_temperature").click().run()
        assert desk.temperature is not None
        assert desk.temperature.n == 1000
        app.button(key="stop_temperature").click().run()
        assert desk.temperature is None

    def test_temperature_that_the_samples_do_not_fix_is_not_praised(self, monkeypatch):
        tables, notes = [], []
        monkeypatch.setattr(temperature.pieces, "table", lambda _, rows: tables.extend(rows))
        monkeypatch.setattr(temperature.pieces, "note", notes.append)
        right = np.arange(12) % 3
        temperature._result({"Your model": fit_temperature(np.eye(3)[right] * 5, right)})
        assert tables == [("Your model", "–", "1.3 %", "–", "0.013", "–", "12")]
        assert notes == ["ECE: expected calibration error. −ln p: mean cross-entropy."]


class TestUnknown:
    def test_scribbles_when_tried_are_mostly_answered_with_not_sure(self, trained):
        _, desk = trained
        rng = np.random.default_rng(0)
        known = [desk.workspace.sample_array(e.id) for e in desk.entries(Part.TEST)]
        assert sum(desk.answers(scribble(rng)).unknown for _ in range(20)) >= 12
        assert sum(desk.answers(item).unknown for item in known) <= 24  # two epochs are few

    def test_label_that_is_turned_off_does_not_make_everything_known(self, trained):
        _, desk = trained
        before = desk.unknown()
        desk.workspace.enable_label(desk.workspace.manifest.labels[3].id, False)
        after = desk.unknown()
        assert 0 < after.n < before.n
        assert after.threshold == pytest.approx(before.threshold, abs=0.1)
