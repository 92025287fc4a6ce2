"""Samples as a table: one a line, its features first, then its label or its target values.

Of a model that takes windows of time a table may hold these instead (windows.py). A header line is
optional (columns.py). The delimiter is whichever of , ; tab | or space divides the
lines evenly. 1,5 is read as 1.5, as spreadsheets in many countries write it, where the file tells
that it is that (cells.py). A table may also be JSON (records.py), and either packed with gzip.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import prod

import numpy as np

from odt_core.errors import OdtError, SampleError
from odt_core.samples import packed, records, windows
from odt_core.samples.cells import (
    Row,
    are_whole,
    decimal_mark,
    fits_float32,
    label_in,
    notice_of_points,
    number,
)
from odt_core.samples.columns import columns_in
from odt_core.samples.float32 import EXACT, rounded
from odt_core.samples.inputs import Inputs
from odt_core.samples.rows import MAX_BYTES, MAX_ROWS, Table, rows_of, too_many_rows
from odt_core.samples.types import RawSamples
from odt_core.samples.windows import read_windows, window_in, window_of
from odt_core.words import sentences, some_of

_KINDS = (".csv", ".tsv", ".txt", *records.SUFFIXES)
ENDINGS = (*_KINDS, *(kind + packed.ENDING for kind in _KINDS))  # of files that are tables


def read_table(
    data: bytes,
    name: str,
    *,
    input_shape: Sequence[int] | None = None,
    target_shape: Sequence[int] | None = None,
    inputs: Inputs | None = None,
) -> RawSamples:
    """Samples of a .csv, or of another of ENDINGS; items are float32 [*input_shape].

    input_shape: of one sample; its size is the number of feature columns. None: all but those of
    label or target. target_shape: of one target, whose size is the number of its columns; None: one
    column with the label, or none at all. They come after the features where no header says
    otherwise. inputs: where several take a sample together; a header's names then say which column
    is whose. Raises SampleError with file and line.
    """
    of_time = None if inputs else window_of(input_shape)
    table, unit = _table(data, name, MAX_ROWS if of_time is None else windows.MAX_ROWS)
    rows = table.rows
    size = None if input_shape is None else prod(input_shape)
    wanted = None if target_shape is None else prod(target_shape)
    window = window_in(rows, input_shape) if of_time else None
    if window is not None and input_shape is not None:
        return read_windows(table, name, input_shape, window, unit)
    if len(rows) > MAX_ROWS + 1:
        raise too_many_rows(name, MAX_ROWS)
    columns = columns_in(rows, name, size, wanted, inputs)
    places, others = columns.features, columns.others
    shape = (len(places),) if input_shape is None else tuple(input_shape)
    rows = rows[columns.header :]
    if not rows:
        raise SampleError(f"'{name}' has a header, but no samples below it.")
    numeric = [*places, *(others if wanted is not None else ())]
    label_at = others[0] if others and wanted is None else None
    mark = decimal_mark(rows, numeric, name, table.divided)
    of_label = None if label_at is None else _mark_of_labels(rows, label_at, name, table.divided)
    signs = label_at is not None and any(cells[label_at].strip() == "+" for _, cells in rows)
    whole = label_at is not None and are_whole(cells[label_at] for _, cells in rows)
    items, labels, names, faults = [], [], [], []
    targets: list[np.ndarray | None] = []
    of_rounding = ""
    for line, cells in rows:
        try:
            exact = [_value(cells[at], at + 1, mark) for at in numeric]
            label = ""
            if label_at is not None:
                label = label_in(cells[label_at], label_at + 1, signs=signs, whole=whole)
        except OdtError as error:
            faults.append((line, error))
            continue
        values = np.array(exact, np.float32)
        if not of_rounding and max(map(abs, exact), default=0) > EXACT:
            of_rounding = rounded(np.array(exact), f"'{name}', {unit} {line},")
        target = None
        if label_at is not None and of_label is not None:
            target = number(cells[label_at], of_label)
        items.append(values[: len(places)].reshape(shape))
        labels.append(label)
        names.append(f"{name}, {unit} {line}")
        if wanted is not None and others:
            targets.append(values[len(places) :])
        else:
            targets.append(None if target is None else np.array([target], np.float32))
    if faults:
        raise SampleError(_in_words(faults, name, unit))
    given = tuple(targets) if any(target is not None for target in targets) else ()
    of_points = notice_of_points(rows, numeric, name, table.divided)
    notice = sentences(table.notice, of_points, of_rounding)
    return RawSamples(tuple(items), tuple(labels), tuple(names), given, notice=notice)


def _table(data: bytes, name: str, most: int) -> tuple[Table, str]:
    """What a file of any kind holds, packed or not, and what one of its rows is called."""
    kind = name.lower()
    if kind.endswith(packed.ENDING):
        data, kind = packed.unpacked(data, name, MAX_BYTES), kind.removesuffix(packed.ENDING)
    if kind.endswith(records.SUFFIXES):
        by_line = not kind.endswith(".json")
        return records.rows_of_json(data, name, most, by_line), "line" if by_line else "record"
    return rows_of(data, name, most), "line"


def _mark_of_labels(rows: Sequence[Row], place: int, name: str, divided: bool) -> str | None:
    """As `decimal_mark`, of labels that may be targets; None where it cannot be told."""
    with suppress(SampleError):
        return decimal_mark(rows, [place], name, divided)
    return None


def _value(cell: str, column: int, mark: str) -> float:
    value = number(cell, mark)
    if value is not None and fits_float32(value):
        return value
    shown = cell.strip()[:30]
    if value is not None:
        raise SampleError(f"column {column}: {shown} is not a finite number. Remove the line.")
    what = f"'{shown}' is not a number" if shown else "the cell is empty"
    raise SampleError(f"column {column}: {what}. Correct it, or remove the line.")


def _in_words(faults: Sequence[tuple[int, OdtError]], name: str, unit: str) -> str:
    """What is wrong with the first line, and which others are: (line, what) each."""
    line, what = faults[0]
    more = ""
    if len(faults) > 1:
        more = f" {len(faults):,} {unit}s are wrong: {some_of([line for line, _ in faults])}."
    return f"'{name}', {unit} {line}, {what}{more}"
