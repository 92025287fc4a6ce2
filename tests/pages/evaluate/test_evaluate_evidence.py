"""The evidence bundle as the page makes it: of one model, and all of what it is said to hold."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from odt_core.workspace import Part
from pages.ui.desk.jobs import Job
from pages.ui.evaluate import blind, evidence
from pages.ui.evaluate.blind import Vote
from tests.pages.evaluate.parts import run_job, visit
from tests.pages.page_text import said, shown


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
