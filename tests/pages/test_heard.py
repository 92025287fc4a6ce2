"""What a screen reader hears of a training and of what was done."""

from __future__ import annotations

import pytest

from pages.ui.heard import Seen, in_words, step_in_words
from pages.ui.run import Phase, Snapshot
from pages.ui.say import plain


def at(step: int, phase: Phase = Phase.RUNNING, message: str = "") -> Snapshot:
    return Snapshot("run", phase, False, step, 100, 8, 1.0, (), (), message)


class TestInWords:
    def test_steps_when_running_are_told_by_the_quarter(self):
        said = [in_words(at(step), "") for step in range(101)]
        assert list(dict.fromkeys(said)) == [
            "Training runs.",
            "Training: 25 % done.",
            "Training: 50 % done.",
            "Training: 75 % done.",
        ]

    def test_run_when_paused_is_said_to_be(self):
        assert in_words(at(30, Phase.PAUSED), "") == "Training paused at step 30 of 100."

    @pytest.mark.parametrize("phase", [Phase.FINISHED, Phase.STOPPED, Phase.DIVERGED, Phase.FAILED])
    def test_run_when_over_says_why_and_what_came_of_it(self, phase):
        assert in_words(at(30, phase, "Over."), "3 fixed.") == "Over. 3 fixed."

    def test_no_run_says_nothing(self):
        assert in_words(None, "") == ""


class TestSteps:
    BEFORE = Seen(("add the label 'star'", "add 130 samples"), "delete 1 sample", "run 1")

    @pytest.mark.parametrize(
        ("done", "redo", "said"),
        [
            (("rename it", *BEFORE.done), None, "Done: rename it."),
            ((BEFORE.done[0], *BEFORE.done), None, "Done: add the label 'star'."),
            (BEFORE.done[1:], BEFORE.done[0], "Undone: add the label 'star'."),
            (("delete 1 sample", *BEFORE.done), None, "Done again: delete 1 sample."),
            (BEFORE.done, BEFORE.redo, ""),
            ((), None, ""),
        ],
    )
    def test_what_was_done_since_is_said_with_its_name(self, done, redo, said):
        assert step_in_words(self.BEFORE, Seen(done, redo, "run 1")) == said

    def test_act_done_again_for_which_undo_steps_were_given_up_is_not_said_to_be_undone(self):
        twice = Seen(("delete 1 sample",) * 2, None, "run 1")
        now = Seen(("delete 1 sample",), None, "run 1")
        assert step_in_words(twice, now) == "Done: delete 1 sample."

    def test_training_is_left_to_the_line_that_tells_of_it(self):
        now = Seen(("train to step 250", *self.BEFORE.done), None, "run 2")
        assert step_in_words(self.BEFORE, now) == ""


class TestActs:
    def test_what_a_toast_says_is_said_too_and_what_has_none_by_its_step(self, app, desk_of):
        app.button(key="example").click().run()
        times, said = app.session_state["heard_done"]
        assert (times, plain(said)) == (1, app.toast[0].value)
        desk_of(app).workspace.add_label("star")
        app.run()
        assert app.session_state["heard_done"] == (2, "Done: add the label 'star'.")
        app.button(key="undo").click().run()
        assert app.session_state["heard_done"] == (3, "Undone: add the label 'star'.")
        app.run()
        assert app.session_state["heard_done"][0] == 3

    def test_training_is_not_said_twice(self, trained):
        app, _ = trained
        assert "train" not in app.session_state["heard_done"][1]
