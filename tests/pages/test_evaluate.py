"""The Evaluate page: every part with no, one and many samples, and what can be done there."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from odt_core.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    Tempering,
    load_checkpoint,
    save_checkpoint,
)
from odt_core.dialects.contract import Task
from odt_core.evaluation import Evaluation, Verdict, compare, score
from odt_core.evaluation.evaluation import errors_each
from odt_core.studies import Controls
from odt_core.workspace import CheckpointInfo, Kind, Part, Source, Workspace
from odt_core.workspace.run_log import RunKept
from pages.ui.base_sets import base_test_of
from pages.ui.compare import right_of
from pages.ui.desk import BASE_TEST, Desk, Result, Scores, scores
from pages.ui.desk.after_runs import SeenTests
from pages.ui.desk.jobs import Job
from pages.ui.desk.worker import ELSEWHERE, bundled_path
from pages.ui.evaluate import blind, evidence, inside, over_time
from pages.ui.evaluate.blind import Game, Round, Vote
from pages.ui.evaluate.figure import shortened
from pages.ui.evaluate.judged import judged
from pages.ui.evaluate.parts import PARTS
from pages.ui.evaluate.study import trainer_of
from pages.ui.evaluate.values import off
from pages.ui.numbers import first_of
from pages.ui.result_line import result_in_words
from tests.pages.trainings import long_training

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "runtime" / "models"


def visit(app, part: str):
    """Open one part of the page."""
    if "evaluate_part" not in app.session_state:
        app.switch_page("pages/evaluate.py").run()
    app.segmented_control(key="evaluate_part").set_value(part).run()
    assert not app.exception
    return app


def shown(app) -> str:
    return " ".join(html.value for html in app.html)


def said(app) -> str:
    return " ".join(error.value for error in app.error).replace("\\", "")


def way_on(app) -> list[str]:
    """Links of the page itself (AppTest opens it without the frame around all pages)."""
    return [link.proto.label for link in app.get("page_link")]


def run_job(app, desk, key: str, name: str):
    """Press a study's button and wait for its result."""
    app.button(key=f"{key}_run").click().run()
    job = desk.job(name)
    assert job is not None, said(app)
    assert job.wait(60)
    assert job.look().error == ""
    return job.look().result


@pytest.fixture
def person(app, desk_of):
    app.button(key="example").click().run()
    return app, desk_of(app)


@pytest.fixture
def trained(person):
    app, desk = person
    app.number_input(key="set_epochs").set_value(2)
    app.button(key="train").click().run()
    assert desk.run is not None, said(app)
    assert desk.run.wait(60)
    return app.run(), desk


def all_fixed(desk) -> Scores:
    """As if the base model had got all test samples wrong, and your model right."""
    y = desk.samples(Part.TEST).y
    base, own = (score(np.eye(16, dtype=np.float32)[answer], y) for answer in ((y + 1) % 10, y))
    return Scores(base, own, desk.labels)


def not_better(found) -> bool:
    return found.comparison.verdict is Verdict.BETTER and "better" not in found.comparison.sentence


def over_time_data(desk):
    """What the browser is given for the scrubber."""
    stops, samples = over_time._stops(desk), desk.samples(Part.TEST)
    course = [desk.evaluation_at(stop.id, "test", samples) for stop in stops]
    return over_time._data(desk, stops, course, samples, desk.entries(Part.TEST))


class TestPage:
    def test_part_when_another_page_was_open_is_open_still(self, app):
        visit(app, "Studies")
        app.switch_page("pages/personalise.py").run()
        app.switch_page("pages/evaluate.py").run()
        assert app.segmented_control(key="evaluate_part").value == "Studies"

    @pytest.mark.parametrize("page", ["evaluate", "checkpoints"])
    def test_page_says_which_model_it_is_about_and_its_state(self, trained, page):
        app, desk = trained
        app.switch_page(f"pages/{page}.py").run()
        steps = desk.run.snapshot().step
        assert f"Handwritten digits · personalised · {steps} steps" in shown(app)


class TestUntested:
    def test_bursts_when_all_are_for_training_are_said_to_stay_together(self, app, desk_of):
        desk = desk_of(app)
        rng = np.random.default_rng(0)
        for label in desk.workspace.manifest.labels[:2]:
            desk.workspace.add_samples(
                list(rng.integers(0, 255, (10, 28, 28)).astype(np.uint8)),
                label.id,
                Source.CAMERA,
                take=f"burst of {label.name}",
            )
        assert desk.usable_samples(Part.TEST) == ()
        visit(app, "Result")
        assert "from the third burst of a label on one is set aside whole" in shown(app)
        assert "add three or more" not in shown(app)

    def test_samples_when_there_are_none_are_to_be_added(self, app):
        visit(app, "Test samples")
        assert "add three or more of a label on the Personalise page" in shown(app)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("label number 12", "label n…ber 12"),
            ("label number 13", "label n…ber 13"),
            ("fourteen chars", "fourteen chars"),
        ],
    )
    def test_name_when_too_long_is_cut_in_its_middle(self, name, said):
        assert shortened(name, 14) == said

    def test_map_when_names_are_long_shows_dots_that_say_them(self, trained, monkeypatch):
        _, desk = trained
        drawn = {}
        monkeypatch.setattr(
            inside, "figure", lambda key, traces, **_: drawn.update({key: traces[0]})
        )
        inside._map(desk)
        assert drawn["chart_map_own"]["mode"] == "text"
        desk.workspace.rename_label(desk.workspace.manifest.labels[3].id, "the third of them")
        inside._map(desk)
        assert drawn["chart_map_own"]["mode"] == "markers"
        assert "the third of them" in drawn["chart_map_own"]["text"]

    def test_map_when_there_are_many_samples_shows_dots(self, trained, monkeypatch):
        _, desk = trained
        drawn = {}
        monkeypatch.setattr(inside, "figure", lambda key, traces, **_: drawn.update({key: traces}))
        monkeypatch.setattr(inside, "_LETTERS", len(desk.samples(None)) - 1)
        inside._map(desk)
        dots, middles = drawn["chart_map_own"]
        assert dots["mode"] == "markers"
        assert middles["text"] == [str(k) for k in range(10)]


class TestUntrained:
    def test_every_part_leads_to_where_it_is_trained(self, app):
        for part in PARTS:
            visit(app, part)
            assert way_on(app) == ["Go to Personalise"], part
            assert "first page" not in shown(app), part

    def test_what_both_models_share_is_said_once(self, app):
        visit(app, "Result")
        assert shown(app).count("99.1 %") == 1
        assert "How sure is that?" not in shown(app)
        visit(app, "Confidence")
        assert shown(app).count("expected calibration error, n = 1,000") == 1
        visit(app, "Mistakes")
        assert app.selectbox(key="cell_model").options == ["Base model"]

    def test_trained_model_without_test_samples_is_led_to_some(self, trained):
        app, desk = trained
        desk.workspace.move_samples([s.id for s in desk.usable_samples(Part.TEST)], Part.TRAIN)
        visit(app, "Studies")
        assert way_on(app) == ["Go to Personalise"]

    def test_trained_model_needs_no_way_back(self, trained):
        app, _ = trained
        visit(app, "Result")
        assert way_on(app) == []


class TestEveryPart:
    def test_parts_when_there_are_no_samples_say_what_to_do(self, app):
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))
        assert "Not trained yet" in shown(app)

    def test_parts_when_there_is_one_sample_show_no_error(self, app, desk_of):
        desk = desk_of(app)
        label = desk.workspace.manifest.labels[3]
        desk.workspace.add_samples([np.full((28, 28), 9, np.uint8)], label.id, Source.DRAW)
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))

    def test_parts_when_trained_show_figures_with_n(self, trained):
        app, _ = trained
        seen = {}
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))
            seen[part] = shown(app)
        assert "of 60 right" in seen["Result"]
        assert "of 1,000 right" in seen["Result"]
        assert "p = " in seen["Result"]
        assert "n = 60" in seen["Mistakes"]
        assert "Locked for testing" in seen["Test samples"]
        assert "Model A" in seen["Blind test"]
        assert "is off by" in seen["Confidence"]
        assert "less is better · expected calibration error, n = 60" in seen["Confidence"]
        assert "“Not sure” when less sure than" in seen["Confidence"]
        assert "of 60: your test samples · the threshold was chosen on these" in seen["Confidence"]
        assert "weights in 5 layers" in seen["Inside"]

    @pytest.mark.parametrize("name", ["dialect_regression.tflite", "dialect_binary.tflite"])
    def test_parts_when_the_model_is_of_another_task_show_no_error(self, app, desk_of, name):
        desk = desk_of(app)
        desk.choose_uploaded((MODELS / name).read_bytes(), name)
        rng = np.random.default_rng(3)
        shape = desk.card.input_shape
        if desk.tells_labels:
            for label in desk.workspace.manifest.labels:
                items = list(rng.normal(size=(6, *shape)).astype(np.float32))
                desk.workspace.add_samples(items, label.id, Source.UPLOAD)
        else:
            items = list(rng.normal(size=(10, *shape)).astype(np.float32))
            targets = list(rng.normal(size=(10, *desk.contract.target_shape)).astype(np.float32))
            desk.workspace.add_samples(items, "", Source.UPLOAD, targets=targets)
        app.run()
        app.button(key="train").click().run()
        assert desk.run is not None, said(app)
        assert desk.run.wait(60)
        for part in PARTS:
            visit(app, part)
            assert not app.error, (part, said(app))
        visit(app, "Studies")
        found = run_job(app, desk, "needed", "the study of samples needed")
        app.run()
        assert not app.error, said(app)
        assert found.sentence[:30] in shown(app)
        visit(app, "Evidence")
        app.toggle(key="evidence_whole").set_value(False).run()
        assert run_job(app, desk, "evidence", "the evidence bundle").data
        app.run()
        assert not app.error, said(app)


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


class TestControls:
    GAIN, NONE = (
        compare(score(np.eye(2)[np.full(20, base)], [0] * 20), score(np.eye(2)[[0] * 20], [0] * 20))
        for base in (1, 0)
    )

    def shown(self, **changed) -> str:
        """What the card says of a gain that shuffled labels took away."""

        def card(found):
            from pages.ui.evaluate import controls

            controls._show(found)

        found = Controls(
            own=self.GAIN, shuffled=(self.NONE,) * 3, own_over_shuffled=(self.GAIN,) * 3,
            other_person=self.NONE, own_over_other=self.GAIN, kept=0.1, samples=12,
            other_samples=12, vanished=True, sentence="All of it.",
        )  # fmt: skip
        app = AppTest.from_function(card, args=(replace(found, **changed),)).run()
        assert not app.exception
        return shown(app)

    def test_lead_is_good_only_where_another_persons_samples_do_not_help_as_much(self):
        assert "As it should." in self.shown()
        assert "As it should." in self.shown(other_person=self.GAIN)
        assert "As it should." not in self.shown(other_person=self.GAIN, own_over_other=self.NONE)
        assert "Beware." in self.shown(vanished=False)

    def test_note_of_shuffles_is_there_where_there_were_some(self):
        assert "When the labels were shuffled, 10 % kept theirs." in self.shown()
        assert "were shuffled" not in self.shown(shuffled=(), own_over_shuffled=(), vanished=None)


class TestMistakes:
    def test_cell_when_chosen_shows_only_its_samples(self, trained):
        app, desk = trained
        visit(app, "Mistakes")
        app.selectbox(key="cell_is").set_value("7").run()
        count = sum(desk.labels.names[y] == "7" for y in desk.samples(Part.TEST).y)
        assert f"{count} samples of '7'" in shown(app).replace("&#x27;", "'")


class TestValues:
    """Models without a label for each sample: how near their answers are, sample by sample."""

    @pytest.fixture
    def learnt(self, app, desk_of):
        def learn(name: str):
            desk = desk_of(app)
            desk.choose_uploaded((MODELS / name).read_bytes(), name)
            rng = np.random.default_rng(3)
            items = list(rng.normal(size=(30, *desk.card.input_shape)).astype(np.float32))
            shape, targets = desk.contract.target_shape, []
            if desk.contract.tells_places:
                targets = [rng.integers(0, 2, shape).astype(np.float32) for _ in items]
            elif desk.task is Task.VALUES:
                targets = list(rng.normal(size=(30, *shape)).astype(np.float32))
            desk.workspace.add_samples(items, "", Source.UPLOAD, targets=targets)
            assert desk.train(desk.settings).wait(60)
            return desk

        return learn

    def test_mistakes_of_numbers_are_the_samples_that_came_nearer_and_the_others(self, app, learnt):
        desk = learnt("dialect_regression.tflite")
        one = judged(desk, own=True)
        changed = compare(one.base, one.own)
        visit(app, "Mistakes")
        groups = app.segmented_control(key="gallery_of_values")
        assert groups.options == [
            f"Nearer · {len(changed.fixed)}",
            f"Farther · {len(changed.broken)}",
            f"All, worst first · {one.own.n}",
        ]
        groups.set_value("All, worst first").run()
        worst = int(errors_each(one.own).argmax())
        truth = first_of(one.own.truth[worst], 4)
        assert re.search(r"<figcaption>is (.*?)</figcaption>", shown(app))[1] == truth
        assert not app.error

    @pytest.mark.parametrize("name", ["dialect_pixels.tflite", "dialect_autoencoder.tflite"])
    def test_mistakes_of_pictures_show_target_and_both_answers(self, app, learnt, name):
        desk = learnt(name)
        visit(app, "Mistakes")
        app.segmented_control(key="gallery_of_values").set_value("All, worst first").run()
        assert not app.error, said(app)
        rows = [html.value for html in app.html if "odt-pictures" in html.value]
        assert len(rows) == len(desk.samples(Part.TEST))
        assert re.findall("<figcaption>(.*?)</figcaption>", rows[0]) == [
            "Sample", "Target", "Base model", "Your model",
        ]  # fmt: skip

    def test_blind_test_takes_numbers_of_the_audience_and_asks_which_is_better(self, app, learnt):
        desk = learnt("dialect_regression.tflite")
        visit(app, "Blind test")
        way = app.segmented_control(key="blind_way")
        assert way.options == ["Test samples", "Type", "Upload"]
        way.set_value("Type").run()
        typed = next(area for area in app.text_area if area.key.startswith("blind_typed"))
        typed.set_value("1, x").run()
        assert "is not a number" in said(app)
        assert app.button(key="vote_a").disabled
        numbers = ", ".join(["0.5"] * int(np.prod(desk.card.input_shape)))
        typed.set_value(numbers).run()
        assert not app.error
        votes = [b.label for b in app.button if b.key.startswith("vote_")]
        assert votes == ["A is better", "B is better", "Equally good"]
        app.button(key="vote_equal").click().run()
        app.button(key="reveal").click().run()
        assert "rounds judged better" in shown(app)
        assert "nobody preferred" in shown(app)

    def test_blind_test_takes_a_row_of_a_file(self, app, learnt):
        desk = learnt("dialect_regression.tflite")
        visit(app, "Blind test")
        app.segmented_control(key="blind_way").set_value("Upload").run()
        size, wanted = int(np.prod(desk.card.input_shape)), desk.contract.target_shape[0]
        names = [f"x{k}" for k in range(size)] + [f"y{k}" for k in range(wanted)]
        row = ",".join(["0.25"] * size + ["2"] * wanted)
        table = ",".join(names) + "\n" + row + "\n"
        app.file_uploader[0].upload("one.csv", table.encode(), "text/csv").run()
        assert not app.error, said(app)
        assert f"It should be {', '.join(['2'] * wanted)}." in shown(app)
        assert not app.button(key="vote_equal").disabled

    def test_scrubber_shows_pictures_of_every_checkpoint(self, learnt):
        data = over_time_data(learnt("dialect_pixels.tflite"))
        stops = len(data["stops"])
        assert all(len(face["answers"]) == len(face["says"]) == stops for face in data["faces"])
        assert len(data["faces"]) == 6
        assert data["stops"][0]["remark"] == "pixels right, n = 6"

    def test_scrubber_says_the_numbers_of_every_checkpoint(self, learnt):
        data = over_time_data(learnt("dialect_regression.tflite"))
        assert data["stops"][0]["remark"] == "mean squared error, n = 6"
        number = r"−?[\d.e−+]+"
        says = data["faces"][0]["says"][-1]
        assert re.fullmatch(f"{number}, {number} · squared error {number}", says)

    def test_distance_of_one_number_is_in_its_unit(self):
        said, is_ = (np.array([[one]], np.float32) for one in (1.5, 2.0))
        one = Evaluation(1, None, None, None, said, None, is_, 0.25, 0.5)
        assert off(one, 0) == "off by 0.5"


class TestMoment:
    @pytest.mark.parametrize("part", ["Mistakes", "Confidence"])
    def test_part_when_a_training_is_active_says_that_its_figures_are_of_one_moment(
        self, trained, part
    ):
        app, desk = trained
        with long_training(desk):
            visit(app, part)
            assert "figures here are of one moment" in shown(app)
        app.run()
        assert "of one moment" not in shown(app)


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

    def test_base_when_forgotten_meanwhile_is_still_told(self, person, monkeypatch):
        _, desk = person
        name, tests = desk.tests()
        monkeypatch.setattr(scores, "newest", lambda *_: {})
        assert desk.scores(tests.samples, name).base.n == 60


class TestTestSamples:
    def test_undo_when_the_last_step_was_a_training_says_that_it_takes_it_back(self, trained):
        app, _ = trained
        visit(app, "Test samples")
        assert app.button(key="undo_part").label.startswith("Undo: train to step")

    def test_sample_when_moved_is_listed_and_undo_takes_it_back(self, person):
        app, desk = person
        before = desk.test_name()
        visit(app, "Test samples")
        app.button(key="change_part").click().run()
        assert len(desk.test_name()) == len(before) - 1
        assert "for training" in shown(app)
        app.button(key="undo_part").click().run()
        assert desk.test_name() == before

    def test_training_sample_when_like_a_test_sample_is_kept_out(self, person):
        app, desk = person
        entry = desk.entries(Part.TEST)[0]
        trained_on = len(desk.samples(Part.TRAIN))
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        if report.added[0].part is Part.TEST:
            desk.workspace.move_sample(report.added[0].id, Part.TRAIN)
        assert desk.near_test()[report.added[0].id] == entry.id
        assert len(desk.samples(Part.TRAIN)) == len(desk.entries(Part.TRAIN)) == trained_on
        visit(app, "Test samples")
        assert "shown before the one it repeats" in shown(app)

    def test_best_of_a_run_is_told_to_be_chosen_on_the_test_samples(self, person):
        app, desk = person
        worker = desk.worker()
        state = worker.state()
        state["outputs/bias"][0] += 1.0
        checkpoint = Checkpoint(state, CheckpointMeta(worker.sha256))
        info = CheckpointInfo(Kind.BEST, 8, 8)
        desk.workspace.add_checkpoint(save_checkpoint(checkpoint), info, as_head=True)
        visit(app, "Test samples")
        assert "Your model is the best of a run, chosen on these test samples" in shown(app)
        assert not_better(desk.claims(all_fixed(desk)))
        desk.save_checkpoint("mine")
        desk.restore(desk.workspace.manifest.checkpoints[-1].id)
        assert not_better(desk.claims(all_fixed(desk)))

    def test_test_sample_when_like_one_that_was_trained_on_says_so_until_that_is_unlearnt(
        self, trained
    ):
        app, desk = trained
        entry = desk.entries(Part.TRAIN)[0]
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        (new,) = report.added
        if new.part is not Part.TEST:
            desk.workspace.move_sample(new.id, Part.TEST)
        seen = desk.seen_tests()
        assert (seen.itself, seen.again) == ((), (new.id,))
        assert desk.stale().gone == 0  # what was learnt is there still, only kept out by now
        visit(app, "Test samples")
        assert (
            "Of these test samples 1 is nearly the same as a sample that your model was trained on"
        ) in shown(app)
        desk.reset_to_base()
        assert desk.train(desk.settings).wait(60)
        assert desk.seen_tests() == SeenTests((), ())

    def test_test_sample_when_it_was_trained_on_itself_says_so(self, trained):
        app, desk = trained
        entry = desk.entries(Part.TRAIN)[0]
        desk.workspace.move_sample(entry.id, Part.TEST)
        assert desk.seen_tests() == SeenTests((entry.id,), ())
        visit(app, "Result")
        assert "Of these test samples 1 was trained on earlier: the figures are too good" in shown(
            app
        )
        assert "on your test samples<" in shown(app)  # not "never trained on"
        assert "On the other 60 test samples: " in shown(app)
        found = desk.claims(all_fixed(desk))
        at = [one.id for one in desk.entries(Part.TEST)].index(entry.id)
        assert found.leak.seen.tolist() == [at]
        assert not_better(found)
        assert "Your model is better." in found.others.sentence
        result = Result(all_fixed(desk), found, None, None)
        assert "p < 0.001. 1 of the 61 test samples was trained on earlier" in (
            result_in_words(result)
        )

    def test_copies_of_your_model_know_what_it_was_trained_on(self, trained):
        _, desk = trained
        seen, run = desk.trained_on(), desk.shown_run()
        assert len(seen) == len(desk.entries(Part.TRAIN))
        desk.save_checkpoint("mine")
        mine = desk.workspace.manifest.checkpoints[-1]
        desk.restore(mine.id)
        assert desk.trained_on() == seen
        assert desk.shown_run().records == run.records
        desk.reset_to_base()
        desk.restore(mine.id)
        desk.save_checkpoint("mine again")
        again = desk.workspace.manifest.checkpoints[-1]
        desk.restore(again.id)
        desk.workspace.delete_checkpoint(mine.id)
        assert desk.trained_on() == seen
        moved = min(seen)
        desk.workspace.move_sample(moved, Part.TEST)
        assert desk.train(desk.settings).wait(60)
        desk.workspace.delete_checkpoint(again.id)
        assert moved in desk.trained_on()

    def test_looked_at_between_a_new_model_and_its_line_is_not_kept(self, trained, monkeypatch):
        _, desk = trained
        written, wanted = desk.workspace.append_run, {one.id for one in desk.entries(Part.TRAIN)}
        head, between = desk.workspace.manifest.head, []

        def late(run, lines):
            if desk.workspace.manifest.head != head:
                between.append((desk.trained_on(), desk.shown_run()))
            return written(run, lines)

        monkeypatch.setattr(desk.workspace, "append_run", late)
        data = desk.checkpoint_file(head)
        desk.keep(data, CheckpointInfo(Kind.MANUAL, 8, 8), wanted)
        assert between
        assert desk.trained_on() == wanted
        head = desk.workspace.manifest.head
        between.clear()
        assert desk.train(desk.settings).wait(60)
        assert between
        assert desk.trained_on() == wanted

    def test_start_of_a_run_has_not_seen_what_that_trained_on(self, trained):
        _, desk = trained
        seen = desk.trained_on()
        again = np.random.default_rng(0).integers(0, 255, (2, 28, 28), np.uint8)
        label = desk.workspace.manifest.labels[0].id
        desk.workspace.add_samples(list(again), label, Source.DRAW)
        assert desk.train(desk.settings).wait(60)
        start = [c for c in desk.other_checkpoints() if c.info.kind is Kind.START][-1]
        assert desk.trained_on() > seen
        desk.restore(start.id)
        assert desk.trained_on() == seen

    def test_safety_copy_when_restored_is_your_model_with_its_history(self, trained):
        app, desk = trained
        seen = desk.trained_on()
        desk.choose_bundled("photos")
        desk.choose_bundled("digits")
        copy = desk.workspace.manifest.checkpoints[-1]
        assert copy.info.kind is Kind.BEFORE
        desk.restore(copy.id)
        assert desk.trained_on() == seen
        moved = desk.entries(Part.TRAIN)[0]
        desk.workspace.move_sample(moved.id, Part.TEST)
        assert desk.seen_tests() == SeenTests((moved.id,), ())
        visit(app, "Result")
        assert "Of these test samples 1 was trained on earlier" in shown(app)

    def test_leak_when_no_label_has_only_such_samples_is_not_looked_for(self, person, monkeypatch):
        def looked(*_):
            raise AssertionError

        _, desk = person
        monkeypatch.setattr("odt_core.evaluation.leaks.leakage_among", looked)
        assert desk.all_alike() == ()
        assert desk.leak() is None

    def test_result_when_much_is_to_be_prepared_is_not_waited_for(self, trained, monkeypatch):
        _, desk = trained
        found = desk.result()
        monkeypatch.setattr(desk, "near_test_known", lambda: None)
        assert desk.result() == found
        desk._result = None
        assert desk.result() is None

    def test_test_sample_when_like_another_one_counts_once(self, person):
        _, desk = person
        entry = desk.entries(Part.TEST)[0]
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        if report.added[0].part is Part.TRAIN:
            desk.workspace.move_sample(report.added[0].id, Part.TEST)
        scores = desk.scores(desk.samples(Part.TEST), desk.test_name())
        assert scores.base.different == scores.own.different == scores.own.n - 1
        assert desk.evaluations(None, desk.test_sets())[0].different == scores.own.n - 1
        assert f"of {scores.own.n:,} ({scores.own.different:,} different) right" in right_of(
            scores.own
        )

    def test_figures_of_labels_and_confidences_count_what_is_the_same_once(self, trained):
        app, desk = trained
        entry = desk.entries(Part.TEST)[0]
        of_its_label = sum(one.label == entry.label for one in desk.entries(Part.TEST))
        n = len(desk.samples(Part.TEST))
        picture = desk.workspace.sample_array(entry.id).astype(int)
        again = [np.clip(picture * share, 0, 255).astype(np.uint8) for share in (0.9, 0.94, 0.97)]
        report = desk.workspace.add_samples(again, entry.label, Source.UPLOAD)
        for one in report.added:
            desk.workspace.move_sample(one.id, Part.TEST)
        visit(app, "Mistakes")
        assert f"your test samples, n = {n + 3} ({n} different)" in shown(app)
        name = desk.labels.names[desk.prepared(Part.TEST).samples.y[0]]
        assert f"<td>{name}</td><td>{of_its_label}</td>" in shown(app)
        visit(app, "Confidence")
        assert f"expected calibration error, n = {n} " in shown(app)
        app.button(key="fit_temperature").click().run()
        assert not app.error, said(app)
        fitted = app.session_state["temperature_fitted"][1]
        assert [one.n for one in fitted.values()] == [n, n]

    def test_test_sample_when_like_another_one_counts_once_over_time(self, trained, monkeypatch):
        app, desk = trained
        entry = desk.entries(Part.TEST)[0]
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        (new,) = desk.workspace.add_samples(
            [again.astype(np.uint8)], entry.label, Source.UPLOAD
        ).added
        if new.part is Part.TRAIN:
            desk.workspace.move_sample(new.id, Part.TEST)
        drawn = []
        monkeypatch.setattr(over_time, "_mount", lambda data, **_: drawn.append(data))
        visit(app, "Over time")
        assert all("of 61 right" in stop["remark"] for stop in drawn[-1]["stops"])
        assert "of 60 different samples among 61" in drawn[-1]["stops"][-1]["sentence"]

    def test_label_when_all_its_samples_are_alike_is_trained_on_and_said(self, app, desk_of):
        desk = desk_of(app)
        sheet = np.full((28, 28), 255, np.uint8)
        sheet[4:24, 12:16] = 0
        label = desk.workspace.manifest.labels[1]
        items = [np.maximum(sheet, np.uint8(k)) for k in range(4)]
        desk.workspace.add_samples(items, label.id, Source.DRAW)
        assert desk.near_test() == {}
        assert len(desk.samples(Part.TRAIN)) == 3
        visit(app, "Test samples")
        assert "the test says little" in shown(app)


class TestBlind:
    def test_score_when_own_was_b_counts_for_own(self):
        rounds = (
            Round(own_is_a=False, vote=Vote.B),
            Round(own_is_a=True, vote=Vote.B),
            Round(own_is_a=True, vote=Vote.BOTH),
            Round(own_is_a=False, vote=Vote.NEITHER),
        )
        assert [one.points for one in rounds] == [(0, 1), (1, 0), (1, 1), (0, 0)]

    def test_vote_when_cast_begins_another_round_on_a_blank_sheet(self):
        game = Game(own_is_a=True).voted(Vote.A)
        assert game.number == 1
        assert game.rounds == (Round(own_is_a=True, vote=Vote.A),)

    def test_round_when_there_is_no_input_yet_says_what_to_do(self, trained):
        app, _ = trained
        visit(app, "Blind test")
        assert "Give both models an input, then vote for the better answer." in shown(app)

    def test_models_when_revealed_are_named_and_scored(self, trained):
        app, _ = trained
        visit(app, "Blind test")
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        assert "Base model" not in shown(app)
        app.button(key="vote_both").click().run()
        app.button(key="vote_neither").click().run()
        app.button(key="reveal").click().run()
        assert "1 of 2" in shown(app)
        assert "rounds judged right or better" in shown(app)
        assert '"odt-stage"' not in shown(app)  # in which the models answered: a score is no answer
        assert "nobody preferred" in shown(app)

    def test_test_sample_is_voted_on_once_and_the_rest_is_said(self, trained):
        app, desk = trained
        entry, *others = desk.entries(Part.TEST)
        for other in others[2:]:
            desk.workspace.move_sample(other.id, Part.TRAIN)
        again = np.clip(desk.workspace.sample_array(entry.id).astype(int) * 0.9, 0, 255)
        report = desk.workspace.add_samples([again.astype(np.uint8)], entry.label, Source.UPLOAD)
        desk.workspace.move_sample(report.added[0].id, Part.TEST)
        visit(app, "Blind test")
        app.segmented_control(key="blind_way").set_value("Test samples").run()
        for _ in range(3):
            app.button(key="vote_both").click().run()
        assert {one.sample for one in blind.game_of(desk).rounds} == {
            one.id for one in (entry, *others[:2])
        }
        assert "each of your different test samples, n = 3: none counts twice" in shown(app)
        assert app.button(key="vote_both").disabled

    def test_vote_when_cast_in_two_tabs_counts_once(self, trained):
        _, desk = trained
        game = blind.game_of(desk)
        blind._vote(desk, game, Vote.BOTH, ("1", "1"))
        blind._vote(desk, game, Vote.NEITHER, ("1", "1"))
        assert [one.vote for one in blind.game_of(desk).rounds] == [Vote.BOTH]

    def test_game_when_the_model_has_changed_begins_anew(self, trained):
        _, desk = trained
        blind._vote(desk, blind.game_of(desk), Vote.BOTH, ("1", "1"))
        desk.reset_to_base()
        assert blind.game_of(desk).rounds == ()

    @pytest.mark.parametrize(
        ("better", "worse", "n", "said"),
        [
            (0, 0, 3, "In 3 rounds nobody preferred one of the two: a draw."),
            (2, 1, 4, "67 % for yours, 95 % interval 21 % to 94 %. That is too few to tell."),
            (6, 3, 9, "That may be chance, p = 0.51 (sign test)."),
            (9, 1, 12, "Your model answers better: not chance, p = 0.021 (sign test)."),
            (0, 8, 8, "The base model answers better: not chance, p = 0.008 (sign test)."),
        ],
    )
    def test_score_is_said_with_its_interval_and_the_sign_test(self, better, worse, n, said):
        assert blind._sentence(better, worse, n).endswith(said)


class TestOverTime:
    def test_every_checkpoint_answers_the_same_samples(self, trained):
        _, desk = trained
        data = over_time_data(desk)
        names = [stop["name"] for stop in data["stops"]]
        assert names[:2] == ["Base model", "Checkpoint 1: step 0"]
        assert len(names) == len(desk.workspace.manifest.checkpoints) + 1
        assert data["stops"][0]["figure"] == data["stops"][1]["figure"]
        assert re.match(
            r"\d+ of 60 right, 95 % interval [\d.]+\u2060–\u2060[\d.]+\u00a0% · made",
            data["stops"][-1]["remark"],
        )
        assert "Base test set: " in data["stops"][-1]["sentence"]
        assert {len(face["says"]) for face in data["faces"]} == {len(names)}
        assert {trace["name"] for trace in data["traces"]} == {
            "your test samples, n = 60", "base test set, n = 1,000", "base model",
        }  # fmt: skip
        own = data["traces"][-1]
        assert own["y"][-1] == desk.scores(desk.samples(Part.TEST), "t").own.accuracy

    def test_second_training_is_marked_where_it_starts(self, trained):
        app, desk = trained
        app.button(key="train").click().run()
        assert desk.run.wait(60)
        ticks = over_time_data(desk)["layout"][0]["xaxis"]["ticktext"]
        assert ticks[:2] == ["base", "start"]
        assert ticks.count("start") == 2

    def test_runs_stand_one_after_the_other_also_where_their_starts_are_gone(self, person):
        _, desk = person
        worker = desk.worker()
        data = save_checkpoint(Checkpoint(worker.state(), CheckpointMeta(worker.sha256)))
        runs = ((Kind.AUTO, 50), (Kind.BEST, 30), (Kind.END, 60)), ((Kind.AUTO, 20), (Kind.END, 40))
        for made in runs:
            run = desk.workspace.start_run()
            for kind, step in made:
                entry = desk.workspace.add_checkpoint(data, CheckpointInfo(kind, step, 8))
                desk.workspace.append_run(run, [RunKept(entry.id, step).to_json()])
        desk.workspace.add_checkpoint(data, CheckpointInfo(Kind.UPLOADED, 10, 0))
        assert [stop.step for stop in over_time._stops(desk)] == [0, 30, 50, 60, 20, 40, 10]

    def test_run_that_never_ended_is_not_read_at_each_draw(self, trained, monkeypatch):
        _, desk = trained
        cut_short = desk.workspace.start_run()
        desk.workspace.start_run()
        order, read = desk.checkpoints_in_order(), []
        records = desk.workspace.run_records
        monkeypatch.setattr(
            desk.workspace, "run_records", lambda run: (read.append(run), records(run))[1]
        )
        assert desk.checkpoints_in_order() == order
        assert cut_short not in read

    def test_best_of_a_run_whose_file_is_gone_stands_where_it_was_made(self, person):
        _, desk = person
        worker = desk.worker()
        data = save_checkpoint(Checkpoint(worker.state(), CheckpointMeta(worker.sha256)))
        one = (Kind.AUTO, 50), (Kind.BEST, 30), (Kind.END, 60)
        two = (Kind.START, 0), (Kind.BEST, 20), (Kind.MANUAL, 5), (Kind.AUTO, 40), (Kind.BEST, 10)
        for kind, step in (*one, *one, *two):
            desk.workspace.add_checkpoint(data, CheckpointInfo(kind, step, 8))
        steps = [stop.step for stop in over_time._stops(desk)[1:]]
        assert steps == [30, 50, 60] * 2 + [0, 20, 5, 10, 40]


class TestStudies:
    def test_controls_when_run_train_a_model_of_their_own(self, trained):
        app, desk = trained
        state = desk.worker().state()
        visit(app, "Studies")
        result = run_job(app, desk, "controls", "the study of negative controls")
        app.run()
        assert result.own.n == 60
        assert len(result.shuffled) == 3
        assert result.other_person is not None
        assert result.sentence[:30] in shown(app)
        after = desk.worker().state()
        assert all(np.array_equal(state[name], after[name]) for name in state)

    def test_study_of_an_uploaded_model_knows_that_its_samples_are_pictures(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_uploaded(bundled_path("digits").read_bytes(), "mine.tflite")
        with trainer_of(desk) as trainer:
            assert trainer.card.preprocessing == desk.card.preprocessing
            assert trainer.card.preprocessing.kind == "ink"

    def test_study_when_stopped_ends_soon_and_lets_no_other_begin_before(self, trained):
        app, desk = trained
        visit(app, "Studies")
        app.button(key="needed_run").click().run()
        job = desk.job("the study of samples needed")
        assert job is not None
        app.button(key="controls_run").click().run()
        assert "is still running" in said(app)
        app.button(key="needed_stop").click().run()
        assert job.wait(20)
        assert job.look().error == ""
        app.run()
        assert not app.exception

    def test_everything_deleted_then_no_study_goes_on_and_nothing_is_remembered(self, trained):
        _, desk = trained
        sets = desk.test_sets()
        desk.scores(sets[0][1], sets[0][0])

        def work(job):
            while not job.stopped():
                time.sleep(0.01)
            return desk.worker().pid  # for which it takes the desk's lock

        job = desk.start_job("a study", "what", work)
        began = time.monotonic()
        desk.erase()
        assert time.monotonic() - began < 10
        assert not job.look().running
        assert not desk.awake
        assert desk.job("a study") is None
        kept = [desk._own, desk._base, desk._at, desk._unknown, desk._features[1], desk._jobs]
        assert not any(kept)
        assert (desk._seen, desk._kept_run, desk._familiar, desk._told) == (None,) * 4


class TestWithoutTestSamples:
    def test_only_what_asks_test_samples_waits_for_them(self, app, desk_of):
        desk = desk_of(app)
        rng = np.random.default_rng(0)
        for label in desk.workspace.manifest.labels[:2]:
            items = list(rng.integers(0, 255, (2, 28, 28), np.uint8))
            desk.workspace.add_samples(items, label.id, Source.DRAW)
        assert desk.entries(Part.TEST) == ()
        visit(app, "Studies")
        waits = {
            key: app.button(key=f"{key}_run").disabled for key in ("controls", "needed", "cost")
        }
        assert waits == {"controls": True, "needed": True, "cost": False}
        visit(app, "Forget")
        found = run_job(app, desk, "forget", "unlearning")
        assert found.unlearned.identical


class TestForget:
    def test_label_when_forgotten_is_verified_and_can_become_the_model(self, trained, monkeypatch):
        app, desk = trained
        visit(app, "Forget")
        gone = desk.workspace.manifest.labels[0].id
        found = run_job(app, desk, "forget", "unlearning")
        app.run()
        assert found.unlearned.identical
        assert found.unlearned.shown_digest != found.unlearned.digest
        assert "bit for bit" in shown(app)
        assert "for testing among them" in shown(app)
        app.button(key="forget_keep").click().run()
        assert desk.workspace.manifest.samples_of(gone) == ()
        assert desk.workspace.manifest.label(gone).enabled  # the base model knows it
        state = desk.worker().state()
        assert all(np.array_equal(state[k], v) for k, v in found.unlearned.state.items())
        entry = desk.workspace.manifest.checkpoint(desk.workspace.manifest.head)
        kept = desk.scores(desk.samples(Part.TEST), desk.test_name()).own
        assert (entry.info.own.accuracy, entry.info.own.n) == (kept.accuracy, kept.n)
        assert entry.info.base.n == 1000
        assert f"{len(found.chosen.ids)} samples deleted: this is your model now." in shown(app)
        assert "From before" not in shown(app)
        assert not [one for one in app.button if one.key == "forget_keep"]
        with monkeypatch.context() as patched:  # nor is the checkpoint read for that at each draw
            patched.setattr(desk.workspace, "checkpoint_bytes", None)
            assert "this is your model now." in shown(app.run())
        desk.save_checkpoint("mine")
        desk.restore(desk.workspace.manifest.checkpoints[-1].id)
        assert "this is your model now." in shown(app.run())  # a copy of it
        desk.restore(None)
        assert "From before your samples, settings or model changed" in shown(app.run())

    def test_model_that_forgot_knows_which_samples_it_was_trained_on(self, trained):
        app, desk = trained
        visit(app, "Forget")
        run_job(app, desk, "forget", "unlearning")
        app.run()
        app.button(key="forget_keep").click().run()
        left = {one.id for one in desk.entries(Part.TRAIN)}
        assert desk.trained_on() == left
        assert not desk.stale()
        desk.workspace.move_sample(min(left), Part.TEST)
        assert desk.seen_tests().itself == (min(left),)

    def test_label_of_ones_own_when_forgotten_is_not_judged_any_more_and_undo_brings_it_back(
        self, trained
    ):
        app, desk = trained
        label, rng = desk.workspace.add_label("scribble"), np.random.default_rng(0)
        desk.workspace.add_samples([scribble(rng) for _ in range(8)], label.id, Source.DRAW)
        there = desk.workspace.manifest.samples_of(label.id)
        assert {one.part for one in there} == {Part.TRAIN, Part.TEST}
        visit(app, "Forget")
        app.selectbox(key="forget_what").set_value(f"label {label.id}").run()
        run_job(app, desk, "forget", "unlearning")
        app.run()
        told = (
            "the 8 samples (everything of 'scribble'), 1 for testing among them, with their label"
        )
        assert told in unescape(shown(app))
        app.button(key="forget_keep").click().run()
        assert desk.workspace.manifest.label(label.id) is None
        assert "scribble" not in desk.samples(Part.TEST).labels.names
        head = desk.workspace.manifest.checkpoint(desk.workspace.manifest.head)
        kept = desk.scores(desk.samples(Part.TEST), desk.test_name()).own
        assert (head.info.own.accuracy, head.info.own.n) == (kept.accuracy, kept.n)
        assert (
            "scribble" not in load_checkpoint(desk.workspace.checkpoint_bytes(head.id)).meta.labels
        )
        desk.workspace.undo()
        assert desk.workspace.manifest.samples_of(label.id) == there

    def test_result_when_something_else_is_chosen_says_what_it_is_of(self, trained):
        app, desk = trained
        label = desk.workspace.add_label("scribble")
        desk.workspace.add_samples([scribble(np.random.default_rng(0))], label.id, Source.DRAW)
        (only,) = desk.workspace.manifest.samples_of(label.id)
        visit(app, "Forget")
        app.selectbox(key="forget_what").set_value(f"label {label.id}").run()
        run_job(app, desk, "forget", "unlearning")
        app.run()
        assert "From before" not in shown(app)
        app.selectbox(key="forget_what").set_value(f"sample {only.id}").run()
        assert "From before" not in shown(app)
        assert "training sample: everything of" in shown(app)
        assert "Keeping it deletes the sample (everything of 'scribble')" in unescape(shown(app))
        assert "(everything of 'scribble')" in app.button(key="forget_keep").label.replace("\\", "")
        desk.workspace.delete_samples([desk.entries(Part.TRAIN)[0].id])
        assert "From before your samples, settings or model changed" in shown(app.run())


class TestEvidence:
    def test_studies_when_nobody_said_anything_are_part_of_it(self, trained):
        app, _ = trained
        visit(app, "Evidence")
        assert app.toggle(key="evidence_whole").value is True

    def test_studies_when_not_asked_for_are_not_said_to_be_in_it_and_nothing_is_ticked_off(
        self, trained
    ):
        app, _ = trained
        visit(app, "Evidence")
        assert "Negative controls" in shown(app)
        app.toggle(key="evidence_whole").set_value(False).run()
        assert "The zip will hold" in shown(app)
        assert "calibration" in shown(app)
        assert "Negative controls" not in shown(app)
        assert "what training costs" not in shown(app)
        assert "✓" not in shown(app)

    @pytest.mark.usefixtures("without_charts")
    def test_bundle_when_the_toggle_is_moved_afterwards_is_no_older_for_that(self, trained):
        app, desk = trained
        visit(app, "Evidence")
        app.toggle(key="evidence_whole").set_value(False).run()
        run_job(app, desk, "evidence", "the evidence bundle")
        app.toggle(key="evidence_whole").set_value(True).run()
        assert "From before your samples" not in shown(app)

    def test_bundle_when_the_first_training_runs_has_to_wait_for_it(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        visit(app, "Evidence")
        desk.stop()
        assert desk.run.wait(60)
        assert "Training is running. When it has ended, make the bundle." in shown(app)

    def test_bundle_when_made_holds_card_and_script(self, trained):
        app, desk = trained
        visit(app, "Evidence")
        app.toggle(key="evidence_whole").set_value(False).run()
        made = run_job(app, desk, "evidence", "the evidence bundle")
        app.run()
        assert not app.error, said(app)
        names = zipfile.ZipFile(io.BytesIO(made.data)).namelist()
        for wanted in ("reproduce.py", "personalisation-card.json"):
            assert any(name.endswith(wanted) for name in names)
        assert "from the base model" in made.origin

    def test_bundle_when_the_model_is_reset_meanwhile_is_of_one_model(self, trained, monkeypatch):
        _, desk = trained
        baked, expected = [], desk.bake(inference_only=True)

        def bundle(found, bake):
            desk.restore(None)
            baked.append(bake(True))
            return b""

        monkeypatch.setattr(evidence, "bundle", bundle)
        evidence._work(desk, Job(None), whole=False)
        assert baked == [expected]

    @pytest.mark.usefixtures("without_charts")
    def test_bundle_when_training_starts_meanwhile_is_made(self, trained):
        _, desk = trained
        desk.train(replace(desk.settings, epochs=9000))
        made = evidence._work(desk, Job(None), whole=False)
        assert desk.busy
        desk.stop()
        assert desk.run.wait(60)
        assert made.repeatable

    @pytest.mark.usefixtures("without_charts")
    def test_bundle_when_test_samples_were_trained_on_earlier_claims_no_gain_by_them(self, trained):
        _, desk = trained
        moved = desk.entries(Part.TRAIN)[0].id
        desk.workspace.move_sample(moved, Part.TEST)
        made = evidence._work(desk, Job(None), whole=False)
        files = zipfile.ZipFile(io.BytesIO(made.data))
        card = json.loads(files.read("personalisation-card.json"))
        seen = card["results"]["test"]["seen_in_training"]
        assert seen["samples"] == [[one.id for one in desk.entries(Part.TEST)].index(moved)]
        assert seen["sentence"].startswith("1 of the 61 test samples was trained on earlier")

    def test_sample_that_comes_for_testing_meanwhile_is_among_all_that_is_said_of_them(
        self, trained, monkeypatch
    ):
        _, desk = trained
        moved, told = desk.entries(Part.TRAIN)[0].id, desk.trained_tests

        def late(checkpoint):
            desk.workspace.move_sample(moved, Part.TEST)
            return told(checkpoint)

        monkeypatch.setattr(desk, "trained_tests", late)
        name, tests, leak = evidence._tests(desk, desk.workspace.manifest.head)
        assert (name, len(tests), leak.n) == (desk.test_name(), 61, 61)

    def test_what_its_weights_were_trained_on_is_told_also_when_the_model_is_reset_meanwhile(
        self, trained
    ):
        _, desk = trained
        moved, head = desk.entries(Part.TRAIN)[0].id, desk.workspace.manifest.head
        desk.workspace.move_sample(moved, Part.TEST)
        desk.restore(None)
        _, _, leak = evidence._tests(desk, head)
        assert leak.seen.tolist() == [[one.id for one in desk.entries(Part.TEST)].index(moved)]

    def test_what_it_leaves_out_of_this_page_is_named(self, trained):
        app, desk = trained
        assert evidence._left_in_the_dashboard(desk) == []
        blind._vote(desk, blind.game_of(desk), Vote.BOTH, ("1", "1"))
        visit(app, "Forget")
        run_job(app, desk, "forget", "unlearning")
        score, proof = evidence._left_in_the_dashboard(desk)
        assert score == "The score of the blind test is not in this bundle."
        assert proof.startswith("The proof that samples were forgotten is not in this bundle")

    def test_checkpoints_that_it_may_come_from_hold_no_arrays_until_they_are_asked(self, trained):
        _, desk = trained
        others = evidence._others(desk)
        assert len(others) >= 2  # from the start of the training and from its end
        assert all(not one.progress.state and not one.progress.average for one in others)
        own = desk.worker().state()
        assert any(all(np.array_equal(one.state[k], v) for k, v in own.items()) for one in others)

    @pytest.mark.usefixtures("without_charts")
    def test_bundle_says_how_many_samples_it_was_trained_on_and_how_many_are_left(self, trained):
        app, desk = trained
        learnt = len(desk.samples(Part.TRAIN))
        label = desk.workspace.manifest.labels[2]
        desk.workspace.enable_label(label.id, False)
        left = len(desk.samples(Part.TRAIN))
        app.run()
        visit(app, "Evidence")
        app.toggle(key="evidence_whole").set_value(False).run()
        made = run_job(app, desk, "evidence", "the evidence bundle")
        archive = zipfile.ZipFile(io.BytesIO(made.data))
        (card,) = (name for name in archive.namelist() if name.endswith("personalisation-card.md"))
        said_there = archive.read(card).decode()
        assert f"Trained on {learnt} samples ({left} are for training now)" in said_there


def scribble(rng: np.random.Generator) -> np.ndarray:
    """A thick line to and fro that is no digit, uint8 [280, 280]."""
    sheet = Image.new("L", (280, 280), 255)
    points = [tuple(map(float, point)) for point in rng.uniform(28, 252, (9, 2))]
    ImageDraw.Draw(sheet).line(points, fill=0, width=20, joint="curve")
    return np.asarray(sheet)


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
