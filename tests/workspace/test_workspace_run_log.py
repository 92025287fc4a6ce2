"""What a run's file says besides its curves: as it is written, and as older files are read."""

from __future__ import annotations

import json

import pytest

from odt_core.training.history import Outcome, Score
from odt_core.workspace.run_log import (
    ACCEPTED,
    DISMISSED,
    RunBegan,
    RunEnded,
    RunKept,
    RunLog,
    read_log,
)

BEGAN = RunBegan(newest="c3", head="c2", source="c3", goes_on="c3", trained_on=("s1", "s2"))
KEPT = RunKept("c4", 0), RunKept("c5", 40)
TEST = Score(20, 13, 1.5), Score(20, 19, 0.25)
ENDED = RunEnded(Outcome.STOPPED, 40, 200, "Stopped after 40 of 200 steps.", TEST)


class TestLines:
    """Workspaces hold such lines: another form would lose what they say."""

    def test_beginning(self):
        assert BEGAN.to_json() == {
            "kind": "begin",
            "after": "c3",
            "head": "c2",
            "from": "c3",
            "goes_on": "c3",
            "trained_on": ["s1", "s2"],
        }

    def test_checkpoint(self):
        assert KEPT[1].to_json() == {"kind": "checkpoint", "checkpoint": "c5", "step": 40}

    def test_end(self):
        score = {
            "n": 20,
            "correct": 13,
            "cross_entropy": 1.5,
            "mean_squared_error": None,
            "mean_absolute_error": None,
            "places_right": None,
        }
        assert ENDED.to_json() == {
            "kind": "end",
            "outcome": "stopped",
            "steps": 40,
            "total": 200,
            "message": "Stopped after 40 of 200 steps.",
            "test": [score, {**score, "correct": 19, "cross_entropy": 0.25}],
        }

    def test_end_when_nothing_was_scored_has_no_scores(self):
        assert "test" not in RunEnded(Outcome.FINISHED, 8, 8, "Done.").to_json()

    def test_end_of_a_training_that_failed(self):
        assert RunEnded(None).to_json() == {"kind": "end", "outcome": "failed"}

    def test_what_the_person_said(self):
        assert [ACCEPTED, DISMISSED] == [{"kind": "accepted"}, {"kind": "dismissed"}]


class TestReadLog:
    @pytest.mark.parametrize("ended", [ENDED, RunEnded(None), None])
    def test_lines_when_written_as_json_are_read_as_they_were(self, ended):
        lines = [BEGAN.to_json(), *(one.to_json() for one in KEPT)]
        lines += [ended.to_json()] if ended is not None else []
        lines = json.loads(json.dumps([*lines, {"kind": "steps", "rows": []}, {"step": 1}]))
        assert read_log(lines) == RunLog(BEGAN, KEPT, ended, accepted=False, dismissed=False)
        assert read_log([*lines, ACCEPTED]).accepted
        assert read_log([*lines, DISMISSED]).dismissed

    def test_lines_of_earlier_versions_are_read_as_far_as_they_say(self):
        lines = [
            {"kind": "begin", "after": ""},
            {"kind": "checkpoint", "checkpoint": "c1"},
            {"kind": "end", "outcome": "finished"},
        ]
        log = read_log(lines)
        assert log.began == RunBegan("", None, None, None, ())
        assert log.kept == (RunKept("c1", None),)
        assert log.ended == RunEnded(Outcome.FINISHED)

    def test_file_without_lines_says_nothing(self):
        assert read_log([]) == RunLog(None, (), None, accepted=False, dismissed=False)

    def test_step_of_a_checkpoint(self):
        log = read_log(
            [one.to_json() for one in KEPT] + [{"kind": "checkpoint", "checkpoint": "c6"}]
        )
        assert [log.step_of(one) for one in ("c4", "c5", "c6", "c7")] == [0, 40, None, None]
