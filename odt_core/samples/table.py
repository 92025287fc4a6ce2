"""Samples as a table: one a line, its features first, then its label or its target values.

A header line is optional (columns.py). The delimiter is whichever of , ; tab | or space divides the
lines evenly. 1,5 is read as 1.5, as spreadsheets in many countries write it, where the file tells
that it is that (cells.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import isfinite, prod

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, decimal_mark, number
from odt_core.samples.columns import columns_in
from odt_core.samples.inputs import Inputs
from odt_core.samples.labels import clean_label
from odt_core.samples.rows import rows_of
from odt_core.samples.types import RawSamples

_LARGEST = float(np.finfo(np.float32).max)


def read_table(
    data: bytes,
    name: str,
    *,
    input_shape: Sequence[int] | None = None,
    target_shape: Sequence[int] | None = None,
    inputs: Inputs | None = None,
) -> RawSamples:
    """Samples of a .csv; items are float32 [*input_shape].

    input_shape: of one sample; its size is the number of feature columns. None: all but those of
    label or target. target_shape: of one target, whose size is the number of its columns; None: one
    column with the label, or none at all. They come after the features where no header says
    otherwise. inputs: where several take a sample together; a header's names then say which column
    is whose. Raises SampleError with file and line.
    """
    rows = rows_of(data, name)
    size = None if input_shape is None else prod(input_shape)
    wanted = None if target_shape is None else prod(target_shape)
    columns = columns_in(rows, name, size, wanted, inputs)
    places, others = columns.features, columns.others
    shape = (len(places),) if input_shape is None else tuple(input_shape)
    rows = rows[columns.header :]
    if not rows:
        raise SampleError(f"'{name}' has a header, but no samples below it.")
    mark = decimal_mark(rows, [*places, *(others if wanted is not None else ())], name)
    spare = mark if wanted is not None else _mark_of_labels(rows, others, name)
    items, labels, targets = [], [], []
    for line, cells in rows:
        numbers = [_checked(cells[at], name, line, at + 1, mark) for at in places]
        items.append(np.array(numbers, np.float32).reshape(shape))
        rest = [number(cells[at], spare) for at in others]
        if wanted is not None:
            for at in others:
                _checked(cells[at], name, line, at + 1, mark)
        known = [value for value in rest if value is not None]
        targets.append(np.array(known, np.float32) if rest and len(known) == len(rest) else None)
        labels.append(_label(cells[others[0]], name, line) if others and wanted is None else "")
    names = tuple(f"{name}, line {line}" for line, _ in rows)
    given = tuple(targets) if any(target is not None for target in targets) else ()
    return RawSamples(tuple(items), tuple(labels), names, given)


def _mark_of_labels(rows: Sequence[Row], places: Sequence[int], name: str) -> str:
    """As `decimal_mark`, of labels that may be targets; "" where it cannot be told."""
    with suppress(SampleError):
        return decimal_mark(rows, places, name)
    return ""


def _checked(cell: str, name: str, line: int, column: int, mark: str) -> float:
    value = number(cell, mark)
    where = f"'{name}', line {line}, column {column}"
    if value is None:
        shown = cell.strip()[:30]
        what = f"'{shown}' is not a number" if shown else "the cell is empty"
        raise SampleError(f"{where}: {what}. Correct it, or remove the line.")
    if not isfinite(value) or abs(value) > _LARGEST:
        raise SampleError(f"{where}: {cell.strip()[:30]} is not a finite number. Remove the line.")
    return value


def _label(cell: str, name: str, line: int) -> str:
    text = cell.strip()
    value = number(text)
    if value is not None and value.is_integer() and abs(value) < 1e6:
        text = str(int(value))  # 3.0 and 3 are the same label
    try:
        return clean_label(text)
    except ValueError as error:
        raise SampleError(f"'{name}', line {line}: {error}") from error
