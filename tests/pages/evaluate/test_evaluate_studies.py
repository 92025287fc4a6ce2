"""Studies on the page: each trains a model of its own, can be stopped, and is said in words."""

from __future__ import annotations

import time
from dataclasses import replace
from html import escape, unescape

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from odt_core.checkpoint.checkpoint import load_checkpoint, save_checkpoint
from odt_core.evaluation import compare, score
from odt_core.studies import Controls
from odt_core.studies.controls import Shared
from odt_core.workspace import Kind
from pages.ui.desk.worker import bundled_path
from pages.ui.desks import close_all_desks
from pages.ui.evaluate.study import COST, about_training, trainer_of
from tests.pages.evaluate.parts import run_job, visit
from tests.pages.page_text import said, shown
from tests.pages.trainings import train


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

    def test_person_without_some_labels_is_named_so_beside_your_gain_on_the_others(self):
        shared = Shared(self.NONE, ("7",), ("star",))
        said = unescape(self.shown(shared=shared))
        assert "Another person's, in\u00a0part" in said
        assert "Your samples, in part" in said

    def test_nobody_is_missed_only_where_nobody_has_these_labels(self):
        said = unescape(self.shown(other_person=None, own_over_other=None, other_samples=0))
        assert "Nobody else's samples of the labels that you test are at hand" in said
        assert "Nobody else" not in self.shown()

    def test_table_says_of_each_training_what_the_paired_test_does(self):
        """34 of 40 closer, and the mean error larger; and no change in 3, which says nothing."""
        targets, base, own = (np.full((40, 1), value, np.float32) for value in (0, 1, 0.9))
        own[:6] = 6
        unclear = compare(score(base, targets), score(own, targets))
        right = score(np.eye(2)[[0] * 3], [0] * 3)
        said = unescape(self.shown(own=unclear, other_person=compare(right, right)))
        assert "not chance, p < 0.001. But the mean squared error rose from 1 to 6.088" in said
        assert "May be chance" not in said
        assert "No answer changed, and 3 samples are too few to tell." in said
        assert "Both models get the same samples right and wrong (n = 20)." in said


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

    def test_studies_train_as_your_model_was_whatever_was_trained_last(self, trained):
        app, desk = trained
        first = desk.workspace.manifest.head
        train(app, desk, epochs=1)
        start = next(one for one in desk.other_checkpoints() if one.info.kind is Kind.START)
        for same in (first, start.id):  # of the same weights
            desk.restore(same)
            assert (desk.trained_with().epochs, desk.settings.epochs) == (2, 1)
        visit(app, "Studies")
        assert unescape(shown(app)).count("With your model's settings: 2 epochs.") == 3
        cost = run_job(app, desk, "cost", COST)
        assert cost.steps == desk.workspace.manifest.head_entry.info.steps
        about = about_training(desk)
        desk.workspace.set_settings(replace(desk.settings, epochs=7).to_json())
        assert about_training(desk) == about
        desk.restore(None)
        assert desk.trained_with().epochs == 7
        assert "With the settings for training: 7 epochs." in shown(app.run())

    def test_settings_of_a_model_whose_file_names_none_are_said_to_be_those_for_training(
        self, trained
    ):
        app, desk = trained
        file = load_checkpoint(desk.workspace.checkpoint_bytes(desk.workspace.manifest.head))
        data = save_checkpoint(replace(file, meta=replace(file.meta, settings={})))
        desk.add_uploaded_checkpoint(data, "from elsewhere")
        desk.restore(desk.workspace.manifest.checkpoints[-1].id)
        desk.workspace.set_settings(replace(desk.settings, epochs=7).to_json())
        visit(app, "Studies")
        assert "your model's settings" not in unescape(shown(app))
        assert unescape(shown(app)).count("With the settings for training: 7 epochs.") == 3

    def test_start_of_a_run_from_the_base_model_is_trained_with_the_settings_for_training(
        self, trained
    ):
        _, desk = trained
        start = next(
            one for one in desk.workspace.manifest.checkpoints if one.info.kind is Kind.START
        )
        desk.workspace.set_settings(replace(desk.settings, epochs=7).to_json())
        assert desk.known_settings(start.id) is None
        assert desk.trained_with(start.id).epochs == 7

    def test_study_of_an_uploaded_model_knows_that_its_samples_are_pictures(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_uploaded(bundled_path("digits").read_bytes(), "mine.tflite")
        with trainer_of(desk) as trainer:
            assert trainer.card.preprocessing == desk.card.preprocessing
            assert trainer.card.preprocessing.kind == "ink"

    def test_cost_when_the_server_was_started_again_is_shown_and_not_measured_for_the_evidence(
        self, trained, desk_of
    ):
        app, desk = trained
        visit(app, "Studies")
        cost, about = run_job(app, desk, "cost", COST), about_training(desk)
        close_all_desks()
        assert escape(cost.sentence.rsplit(". ", 1)[-1]) in shown(app.run())
        assert "From before" not in shown(app)
        again = desk_of(app)
        assert again is not desk
        assert again.result_of(COST, about) == cost
        again.workspace.delete_samples([again.workspace.manifest.samples[0].id])
        assert "From before your samples, settings or model changed." in shown(app.run())
        assert again.result_of(COST, about_training(again)) is None

    @pytest.mark.parametrize("file", [b"", b"[]", b'{"with": {}}', b"[" * 100_000])
    def test_cost_when_its_file_is_damaged_or_of_another_odt_is_measured_again(
        self, trained, desk_of, file
    ):
        app, desk = trained
        visit(app, "Studies")
        desk.workspace.keep_study("the-measurement-of-cost", file)
        assert not app.run().exception
        assert desk.job(COST) is None

    def test_cost_when_everything_was_deleted_is_gone_from_the_disk_too(self, trained, desk_of):
        app, desk = trained
        visit(app, "Studies")
        run_job(app, desk, "cost", COST)
        desk.erase()
        assert desk.job(COST) is None
        close_all_desks()
        assert desk_of(app).job(COST) is None

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
