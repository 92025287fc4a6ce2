"""The curves of a run as lines: what is kept of a long one, and what is read again."""

from __future__ import annotations

import json
import math

from odt_core.training.history import EvaluationRecord, Record, Score
from odt_core.training.journal import evaluation_line, kept, read_journal, steps_line


def record(step: int, loss: float = 0.5) -> Record:
    return Record(step, 1, loss, 0.25, 0.75, 0.01, step / 8)


class TestKept:
    def test_short_run_is_kept_whole(self):
        records = [record(step) for step in range(1, 501)]
        assert kept(records, 500) == records

    def test_long_run_keeps_its_beginning_every_so_manyth_and_its_end(self):
        steps = [one.step for one in kept([record(step) for step in range(1, 10_004)], 10_003)]
        assert steps[:500] == list(range(1, 501))
        assert steps[500:503] == [504, 525, 546]
        assert steps[-1] == 10_003
        assert len(steps) < 1_100

    def test_run_when_told_in_pieces_keeps_the_same(self):
        records = [record(step) for step in range(1, 2_001)]
        pieces = [one for at in range(0, 2_000, 7) for one in kept(records[at : at + 7], 2_000)]
        assert pieces == kept(records, 2_000)


class TestReadJournal:
    def test_lines_when_written_as_json_are_read_as_they_were(self):
        records = (record(1), record(2))
        evaluation = EvaluationRecord(0, Score(20, 13, 1.5), None, 0.125)
        lines = [
            {"kind": "begin", "after": "x"},
            evaluation_line(evaluation),
            steps_line(records),
            {"kind": "end", "outcome": "finished"},
        ]
        assert read_journal(json.loads(json.dumps(lines))) == (records, (evaluation,))

    def test_loss_when_not_a_number_is_null_in_the_file(self):
        line = steps_line([record(1, math.nan), record(2, math.inf)])
        json.dumps(line, allow_nan=False)
        records, _ = read_journal([line])
        assert [math.isnan(one.loss) for one in records] == [True, True]
        assert records[0]._replace(loss=0.5) == record(1)

    def test_lines_of_another_version_or_damaged_are_left_out(self):
        whole = steps_line([record(1)])
        lines = [
            {**whole, "columns": ["step", "loss"]},
            {**whole, "rows": [[1, 2]]},
            {"kind": "steps"},
            {"kind": "evaluation", "step": 1},
            whole,
        ]
        assert read_journal(lines) == ((record(1),), ())
