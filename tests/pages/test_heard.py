"""What a screen reader hears of a training."""

from __future__ import annotations

import pytest

from pages.ui.heard import in_words
from pages.ui.run import Phase, Snapshot


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
