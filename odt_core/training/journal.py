"""The curves of a run as lines of JSON, so that they outlive the process that trained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from odt_core.training.history import EvaluationRecord, Record

_COLUMNS = Record._fields
_WHOLE = 500  # so many first steps are all kept, and about as many of the others


def kept(records: Sequence[Record], total: int) -> list[Record]:
    """Those that a journal keeps: all of a short run; of one of `total` steps every so manyth."""
    stride = max(1, math.ceil(total / _WHOLE))
    return [r for r in records if r.step <= _WHOLE or r.step % stride == 0 or r.step == total]


def steps_line(records: Sequence[Record]) -> dict[str, Any]:
    """Some steps; a loss that is not a finite number becomes null."""
    rows = [
        [None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in cells]
        for cells in records
    ]
    return {"kind": "steps", "columns": list(_COLUMNS), "rows": rows}


def evaluation_line(evaluation: EvaluationRecord) -> dict[str, Any]:
    """One evaluation."""
    return {"kind": "evaluation", **evaluation.to_json()}


def read_journal(
    lines: Iterable[Mapping[str, Any]],
) -> tuple[tuple[Record, ...], tuple[EvaluationRecord, ...]]:
    """Steps and evaluations among the lines, in order; lines of other kinds, or of another version
    of odt, are left out.
    """
    records: list[Record] = []
    evaluations: list[EvaluationRecord] = []
    for line in lines:
        try:
            if line.get("kind") == "steps" and line["columns"] == list(_COLUMNS):
                named = (dict(zip(_COLUMNS, row, strict=True)) for row in line["rows"])
                records += [
                    Record(**{**row, "loss": math.nan if row["loss"] is None else row["loss"]})
                    for row in named
                ]
            elif line.get("kind") == "evaluation":
                evaluations.append(EvaluationRecord.from_json(line))
        except (KeyError, TypeError, ValueError):
            continue
    return tuple(records), tuple(evaluations)
