"""Trainings: what is shown and refused while one goes on, and what it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from odt_core.bundled import bundled_models, find_card
from odt_core.errors import TrainingError, WorkspaceError
from odt_core.evaluation import Verdict
from odt_core.workspace import Kind, Part
from pages.ui import result_line, sample_dialogs, samples_card, timeline, train_card, trouble
from pages.ui.base_sets import base_test_of
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.desk.worker import bundled_path
from pages.ui.result_line import result_in_words
from pages.ui.run import Phase
from pages.ui.say import percent
from pages.ui.shelf import Act
from pages.ui.undo import take_step
from tests.pages.page_text import progress, said, shown
from tests.pages.trainings import long_training, train, until


def interrupt(app, desk, entry) -> None:
    """As if the server had died in a run that had come to this checkpoint."""
    run = desk.workspace.start_run()
    record = {"kind": "checkpoint", "checkpoint": entry.id, "step": entry.info.step}
    desk.workspace.append_run(run, [record])
    app.run()


def warm(desk) -> bool:
    """Wait for the warm-up; whether it ended."""
    for _ in range(300):
        if desk._warm_at == desk._moment:
            return True
        time.sleep(0.1)
    return False


class TestTraining:
    def test_train_when_finished_makes_your_model(self, trained):
        app, desk = trained
        manifest = desk.workspace.manifest
        assert manifest.checkpoint(manifest.head).info.kind is Kind.END
        assert any("personalised" in html.value for html in app.html)

    def test_result_when_finished_is_said_with_its_verdict(self, trained):
        app, desk = trained
        assert warm(desk)
        app.run()
        assert not app.exception
        scores = desk.own_scores()
        figures = next(html.value for html in app.html if "odt-before-after" in html.value)
        assert "Base model<strong>88.3 %</strong>" in figures
        assert f"Your model<strong>{100 * scores.own.accuracy:.1f} %</strong>" in figures
        line = next(html.value for html in app.html if "Right on your test samples. " in html.value)
        assert "to tell, p = " in line or "chance, p = " in line
        assert app.get("page_link")[-1].proto.page == "evaluate"

    def test_result_when_a_label_is_renamed_is_of_now(self, trained):
        app, desk = trained
        assert warm(desk)
        before = desk.result()
        desk.workspace.rename_label(desk.workspace.manifest.labels[0].id, "zero")
        assert desk.result().claims.comparison.p_value == before.claims.comparison.p_value
        app.run()
        assert "Right on your test samples. " in shown(app)
        assert warm(desk)
        after = desk.result()
        assert (after.of_now, after.scores.own.correct) == (True, before.scores.own.correct)
        assert "zero" in after.scores.labels.names
        desk.workspace.enable_label(desk.workspace.manifest.labels[1].id, False)
        assert not desk.result().of_now

    def test_result_when_a_label_without_samples_is_added_is_of_now_and_scored_with_it(
        self, trained
    ):
        app, desk = trained
        assert warm(desk)
        assert desk.result().of_now
        desk.workspace.add_label("star")
        app.run()
        assert desk.result().of_now
        assert "Right on your test samples. " in shown(app)
        assert warm(desk)
        assert desk.result().scores.own is desk.own_scores().own
        assert "star" in desk.result().scores.labels.names

    def test_result_when_names_are_swapped_speaks_of_the_labels_as_they_are_called_now(
        self, trained
    ):
        _, desk = trained
        assert warm(desk)
        before, labels = desk.result(), desk.workspace.manifest.labels
        for label, name in ((0, "spare"), (1, "0"), (0, "1")):
            desk.workspace.rename_label(labels[label].id, name)
        swapped = ("1", "0", *before.scores.labels.names[2:])
        for of_now in (True, False):
            after = desk.result()
            assert after.of_now is of_now
            assert after.scores.labels.names == after.scores.own.names == swapped
            assert after.scores.own.correct == before.scores.own.correct
            tests = [s for s in desk.workspace.manifest.samples if s.part is Part.TEST]
            desk.workspace.move_sample(tests[0].id, Part.TRAIN)

    def test_result_when_the_base_test_set_lost_says_so_as_evaluate_does(self, person):
        app, desk = person
        desk.train(replace(desk.settings, replay=0.0, epochs=60, learning_rate=0.1))
        assert desk.run.wait(60)
        desk.warm_up()
        assert warm(desk)
        scores = desk.scores(base_test_of(desk.card), BASE_TEST)  # what Evaluate shows
        assert scores.change.verdict is Verdict.WORSE
        lost = f"99.1 % → {percent(scores.own.accuracy)}, not chance."
        said = f"Price: base test set {lost}"
        assert desk.result().price == said
        assert result_in_words(desk.result()).endswith(said)
        assert lost in shown(app.run())

    def test_result_when_the_base_test_set_may_have_lost_by_chance_names_no_price(self, trained):
        _, desk = trained
        assert warm(desk)
        assert desk.base_test_scores().change.verdict is not Verdict.WORSE
        assert desk.result().price == ""

    def test_result_that_is_not_known_after_a_restart_is_none_of_a_run_that_goes_on(self, trained):
        app, desk = trained
        assert warm(desk)
        desk._own, desk._result, desk.run = {}, None, None
        desk._warmed = desk._moment  # not before this page is looked at
        app.run()
        assert "Right on your test samples. Both models are being measured …" in shown(app)
        assert "on your test samples so far" not in shown(app)

    def test_figures_while_a_run_goes_on_are_how_it_does_so_far(self, person):
        app, desk = person
        with long_training(desk, paused=False):
            until(lambda: desk.run.snapshot().evaluations)
            app.run()
            assert "Right on your test samples so far." in shown(app)

    def test_figures_of_a_run_are_of_test_samples_of_which_one_is_another_over_again(
        self, person, monkeypatch
    ):
        _, desk = person
        desk._of_now()["copies"] = np.array([0, 0, *range(2, 60)])
        drawn, asked = [], []
        monkeypatch.setattr(result_line, "result_so_far", lambda *both, over: drawn.append(both))
        monkeypatch.setattr(desk, "base_level", lambda name, n: asked.append(n))
        with long_training(desk, paused=False):
            train_card._result(desk, None)  # before it was scored
            until(lambda: desk.run.snapshot().evaluations)
            train_card._result(desk, desk.run.snapshot())
        assert asked == [59, 59]
        assert [own and own.n for _, own in drawn] == [None, 59]

    def test_levels_of_the_base_model_when_the_server_was_restarted_are_there_again(self, trained):
        _, desk = trained
        evaluation = desk.run.snapshot().evaluations[-1]
        again = Desk(desk.workspace)
        assert again.learns_scores()
        again.warm_up()
        assert warm(again)
        assert not again.learns_scores()
        assert again.scores_known(evaluation)
        assert again.base_level(again.test_name(), 60).accuracy == 53 / 60
        assert again.base_level(BASE_TEST, 1000) is not None
        again.close()

    def test_train_when_clicked_twice_trains_once(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        first = desk.run
        from odt_core.training.settings import Settings

        assert desk.train(Settings.from_json(desk.workspace.manifest.settings)) is first
        desk.stop()
        assert first.wait(60)
        assert len(desk.workspace.runs()) == 1

    def test_stop_when_pressed_keeps_the_steps_that_were_made(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        app.button(key="stop").click().run()
        assert desk.run.wait(60)
        snapshot = desk.run.snapshot()
        assert snapshot.phase.value == "stopped"
        assert snapshot.step < snapshot.total
        app.run()
        assert not app.button(key="train").disabled

    def test_run_that_made_your_model_is_shown_as_long_as_it_is_your_model(self, trained):
        _, desk = trained
        shown = desk.shown_run()
        assert shown is not None
        assert "Finished all" in shown.message
        again = Desk(desk.workspace).shown_run()  # as after a restart of the server
        assert again is not None
        assert (again.step, again.total, again.message) == (shown.step, shown.total, shown.message)
        assert again.evaluations == shown.evaluations
        desk.workspace.undo()
        assert desk.shown_run() is None
        desk.workspace.redo()
        assert desk.shown_run() is not None

    def test_training_with_the_settings_that_are_there_is_one_step_of_undo(self, person):
        _, desk = person
        desk.train(desk.settings)
        assert desk.run.wait(60)
        assert desk.workspace.undo_step.startswith("train to step")
        desk.workspace.undo()
        assert desk.workspace.undo_step.startswith("add ")

    def test_step_when_another_tab_has_paused_a_training_is_refused(self, trained, monkeypatch):
        _, desk = trained
        manifest = desk.workspace.manifest
        label, sample = manifest.labels[0], manifest.samples[0]

        def acted(act: Act) -> Callable[[], None]:
            return lambda: samples_card._acted(desk, act)

        def dialog(change: Callable[..., None], *given: object) -> Callable[[], None]:
            def changed() -> None:
                with trouble.caught("samples"):
                    change(desk, [sample.id], *given)

            return changed

        steps: dict[str, Callable[[], None]] = {
            "undo": lambda: take_step(desk, "top"),
            "redo": lambda: take_step(desk, "top", "redo"),
            "rename": acted(Act("rename", label.id, name="other")),
            "toggle": acted(Act("toggle", label.id)),
            "delete label": acted(Act("delete", desk.workspace.add_label("empty").id)),
            "delete": dialog(sample_dialogs._delete),
            "move": dialog(sample_dialogs._move, Part.TEST),
            "checkpoint": lambda: timeline._delete(desk, manifest.checkpoints[0].id),
        }
        before = desk.workspace.manifest
        with long_training(desk):
            for name, step in steps.items():
                state: dict[str, object] = {}
                monkeypatch.setattr(trouble.st, "session_state", state)
                step()
                ((_, said),) = state["odt_said"].values()
                assert said.startswith("Training is paused. Stop it first, then "), name
                assert desk.workspace.manifest.head == before.head, name
                assert desk.workspace.manifest.samples == before.samples, name
                assert desk.busy, name

    def test_run_when_the_model_changed_under_it_is_active_still(self, person):
        _, desk = person
        with long_training(desk, paused=False):
            other = next(path.stem for path in bundled_models() if path.stem != desk.model.bundled)
            card = find_card(bundled_path(other))
            desk.workspace.set_model(card.name, card.labels, bundled=other)
            assert desk.busy

    def test_download_when_a_first_training_is_active_says_when(self, person):
        app, desk = person
        with long_training(desk):
            shown = " ".join(html.value for html in app.run().html)
            assert "Training is paused. When it has ended, download your model here." in shown
            assert "Your model is the base model still." not in shown

    def test_model_when_it_is_trained_on_is_no_download_under_its_old_step(self, trained):
        def offered() -> bool:
            return any("download_model" in one.proto.id for one in app.get("download_button"))

        app, desk = trained
        assert offered()
        with long_training(desk):
            app.run()
            assert "When it has ended, download your model here." in shown(app)
            assert not offered()
            with pytest.raises(TrainingError, match="Stop it first, then download your model"):
                desk.bake()
            assert desk.bake(which="base")

    def test_pause_is_shown_on_every_page(self, person):
        app, desk = person
        app.number_input(key="set_epochs").set_value(2000)
        app.button(key="train").click().run()
        app.button(key="pause").click().run()
        assert any("paused</span>" in html.value for html in app.html)
        app.switch_page("pages/checkpoints.py").run()
        assert any("Training is paused." in html.value for html in app.html)
        desk.stop()
        assert desk.run.wait(60)

    @pytest.mark.parametrize(
        ("rate", "said"),
        [
            (1234.5, "1,234 steps a second"),
            (0.9, "1 step a second"),
            (0.4, "2.5 s a step"),
            (0.01, "1 min 40 s a step"),
        ],
    )
    def test_pace_when_slower_than_a_step_a_second_is_how_long_one_takes(self, rate, said):
        assert train_card.pace_in_words(rate) == said

    def test_run_when_it_is_not_planned_yet_has_no_step_of_none(self, person):
        app, desk = person
        with long_training(desk):
            until(lambda: desk.run.snapshot().total)
            desk.run.planned(0)
            app.run()
            assert progress(app) == "Getting ready · paused"

    def test_run_that_is_not_being_saved_says_why_and_up_to_where_it_is(self, person):
        app, desk = person
        with long_training(desk):
            until(lambda: desk.run.snapshot().saved is not None)  # where it began
            desk.run.saved(1200)
            desk.run.not_saved("The disk is full.")
            (warning,) = app.run().warning
            assert warning.value.replace("\\", "") == (
                "Training is not being saved just now. The disk is full. Saved last: step 1,200."
            )
            desk.run.saved(1300)
            assert not app.run().warning

    def test_run_when_it_failed_before_its_first_step_is_not_said_to_get_ready(self, person):
        app, desk = person
        train(app, desk)
        desk.run.planned(0)
        desk.run.ended(Phase.FAILED, "Over.")
        app.run()
        assert progress(app) == "Ended before its first step"

    def test_message_of_a_run_is_no_markdown(self, person):
        app, desk = person
        train(app, desk)
        desk.run.ended(Phase.DIVERGED, "![loss](a)")
        app.run()
        assert app.get("progress")[0].proto.text == r"\!\[loss\]\(a\)"

    def test_run_when_interrupted_at_its_start_tells_the_step_that_your_model_has(self, trained):
        app, desk = trained
        steps = desk.run.snapshot().step
        app.number_input(key="set_epochs").set_value(9000)
        app.button(key="train").click().run()
        desk.stop()
        assert desk.run.wait(60)
        start = next(
            one
            for one in desk.workspace.manifest.checkpoints
            if one.info.kind is Kind.START and one.info.earlier
        )
        interrupt(app, desk, start)
        notes = " ".join(html.value for html in app.html)
        assert f"Training was interrupted. Step {steps}, where it began, is saved." in notes

    def test_training_after_another_tells_its_own_steps_and_those_in_all(self, trained):
        app, desk = trained
        before = desk.workspace.manifest.head_entry.info.steps
        with long_training(desk):
            step = desk.run.snapshot().step
            assert f" of {desk.run.snapshot().total:,} · {before + step:,} in all · paused" in (
                progress(app.run())
            )
        train(app.run(), desk, epochs=2)
        steps = desk.workspace.manifest.head_entry.info.steps
        assert steps > before
        told = f"Your model has {steps:,} steps in all."
        assert progress(app).endswith(told)
        desk.run = None  # as after a restart of the server
        assert progress(app.run()).endswith(told)
        end = desk.workspace.manifest.head_entry
        data, info = desk.workspace.checkpoint_bytes(end.id), replace(end.info, kind=Kind.AUTO)
        interrupt(app, desk, desk.workspace.add_checkpoint(data, info))
        assert f"Step {steps - before:,}, {steps:,} in all, is saved." in shown(app)

    def test_reset_when_clicked_keeps_the_weights_as_a_checkpoint(self, trained):
        app, desk = trained
        app.button(key="reset").click().run()
        manifest = desk.workspace.manifest
        assert manifest.head is None
        assert manifest.checkpoints[-1].info.kind is Kind.BEFORE

    def test_run_when_server_died_offers_to_go_on(self, trained):
        app, desk = trained
        interrupt(app, desk, desk.workspace.manifest.checkpoints[0])
        assert app.button(key="go_on").label == "Go on from there"
        app.button(key="dismiss").click().run()
        assert desk.interrupted() is None

    def test_run_of_another_model_is_not_offered_to_go_on_until_that_is_chosen_again(self, trained):
        app, desk = trained
        interrupt(app, desk, desk.workspace.manifest.checkpoints[0])
        offered = desk.interrupted()
        assert offered is not None
        desk.choose_bundled("photos")
        assert desk.interrupted() is None
        desk.choose_bundled("digits")
        assert desk.interrupted() == offered

    def test_dismiss_when_the_disk_fails_is_said_and_the_offer_stays(self, trained, monkeypatch):
        def fail(run_id, records):
            raise WorkspaceError("This could not be saved: the disk is full.")

        app, desk = trained
        interrupt(app, desk, desk.workspace.manifest.checkpoints[0])
        monkeypatch.setattr(desk.workspace, "append_run", fail)
        app.button(key="dismiss").click().run()
        assert not app.exception
        assert "the disk is full" in said(app)
        assert app.button(key="go_on").label == "Go on from there"
