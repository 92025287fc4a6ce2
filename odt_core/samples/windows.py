"""Tables with a row for each moment and a column for each channel, as sensors are recorded.

So many rows as the model takes are a sample. A file holds one or many: one after the other, or with
blank lines between them. Columns that tell the time or count the rows are left out where they have
such a name and are more than the channels; one that is called a label says what the rows show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.cells import (
    Row,
    are_whole,
    decimal_mark,
    fits_float32,
    label_in,
    number,
    resembles_number,
)
from odt_core.samples.float32 import rounded
from odt_core.samples.layout import label_in_name
from odt_core.samples.rows import Table
from odt_core.samples.types import RawSamples
from odt_core.words import count, sentences, words

MAX_ROWS = 250_000  # of a file; with six channels they take 200 MB while they are read
_LONG = 32  # numbers; a model's row of fewer holds features rather than moments
_FLAT = 96  # the same of several channels in a row, of at most so many, and so many moments or more
_CHANNELS, _MOMENTS = 16, 8
_TIMES = frozenset(
    [
        "date", "datetime", "elapsed", "epoc", "epoch", "frame", "idx", "index", "micros", "millis",
        "ms", "sample", "seconds", "t", "time", "times", "timestamp", "unnamed",
    ]
)  # fmt: skip
_UNITS = frozenset(["s", "sec", "ms", "us", "ns", "utc", "unix", "local", "number", "no"])
_LABELS = frozenset(["label", "labels", "class", "category", "activity", "gesture"])


@dataclass(frozen=True)
class Window:
    """What a model takes: so many rows of so many channels."""

    length: int
    channels: int

    def __str__(self) -> str:
        return f"{count(self.length, 'row')} of {count(self.channels, 'column')}"


@dataclass(frozen=True)
class _Columns:
    channels: Sequence[int]
    times: Sequence[int] = ()
    labels: Sequence[int] = ()  # that may say what the rows show
    notice: str = ""  # which were left out, or counted in spite of their names

    @property
    def label(self) -> int | None:
        return self.labels[0] if self.labels else None


def window_of(shape: Sequence[int] | None) -> Window | None:
    """The window that an input of this shape is: [time, channels], or [time] alone where that is
    long; axes of one element do not count. None for anything else.
    """
    axes = [size for size in shape or () if size != 1]
    if len(axes) == 2:
        return Window(*axes)
    return Window(axes[0], 1) if len(axes) == 1 and axes[0] >= _LONG else None


def window_in(rows: Sequence[Row], shape: Sequence[int] | None) -> Window | None:
    """The window of which a table has the rows, for an input of this shape; None for a table that
    has a sample in each row.

    A long input of one axis may be that of a window laid out in a row, as those of gestures often
    are: the table's columns are then its channels.
    """
    window, width = window_of(shape), len(rows[0][1])
    if window is None or width >= window.length * window.channels:
        return None
    if window.channels > 1:
        return window
    header = [] if any(map(resembles_number, rows[0][1])) else rows[0][1]
    channels = len(_roles(header, rows).channels)
    if channels == 1:
        return window
    if window.length < _FLAT or not 1 < channels <= _CHANNELS or window.length % channels:
        return None
    flat = Window(window.length // channels, channels)
    return flat if flat.length >= _MOMENTS else None


def read_windows(
    table: Table, name: str, shape: Sequence[int], window: Window, unit: str = "line"
) -> RawSamples:
    """Samples of the rows of a table, float32 [*shape] each.

    window: as of `window_in`. unit: what a row is called. Labels are those of the column of labels,
    else the file's name where it is one. Raises SampleError with the file, how many rows it has,
    and how many are wanted.
    """
    rows = table.rows
    header = _header(rows, window)
    if header:  # files that were put together have one each
        rows = [row for row in rows if row[1] != header]
    if not rows:
        raise SampleError(f"'{name}' has a header, but no rows of numbers below it.")
    columns = _columns(header, rows, name, window)
    blocks = _blocks(rows, columns.label)
    wrong = [block for block in blocks if len(block) % window.length]
    if wrong:
        raise SampleError(_does_not_fit(wrong, len(blocks), name, window, unit))
    exact = _numbers(rows, columns.channels, name, unit, table.divided)
    values = exact.astype(np.float32)
    said = (table.notice, columns.notice, rounded(exact, f"'{name}'"))
    starts = range(0, len(rows), window.length)  # blocks hold whole windows
    items = values.reshape(len(starts), *shape)
    many = len(starts) > 1
    labels = [label_in_name(name)] * len(starts)
    if columns.label is not None:
        whole = are_whole(cells[columns.label] for _, cells in rows)
        labels = [_label(rows[at], columns.label, whole, name, unit) for at in starts]
    return RawSamples(
        tuple(items),
        tuple(labels),
        tuple(f"{name}, {unit} {rows[at][0]}" if many else name for at in starts),
        notice=sentences(*said),
    )


def _label(row: Row, place: int, whole: bool, name: str, unit: str) -> str:
    line, cells = row
    try:
        return label_in(cells[place], place + 1, whole=whole)
    except SampleError as error:
        raise SampleError(f"'{name}', {unit} {line}, {error}") from error


def _header(rows: Sequence[Row], window: Window) -> list[str]:
    """The names of the columns; empty where the first row holds numbers.

    Names that are numbers, which pandas gives to columns without any, are told by their being one
    row too many.
    """
    cells = [cell.strip() for cell in rows[0][1]]
    if not any(map(resembles_number, cells)):
        return rows[0][1] if any(cells) else []
    counted = cells[-window.channels :] == [str(at) for at in range(window.channels)]
    too_many = len(rows) % window.length == 1
    return rows[0][1] if counted and too_many and window.channels > 1 else []


def _columns(header: Sequence[str], rows: Sequence[Row], name: str, window: Window) -> _Columns:
    """Which columns are the channels, so many as the window has."""
    width = len(rows[0][1])
    found = _roles(header, rows)
    if len(found.labels) > 1:
        either = " and ".join(f"'{header[at].strip()[:20]}'" for at in found.labels)
        raise SampleError(
            f"'{name}' has the columns {either}, each of which may say what the rows show. Keep "
            "the one that does; if another is a channel, give it a name that says so."
        )
    if width == window.channels:
        # Times behind a channel may be one themselves, as of a pen's points.
        other = 0 if 0 in found.times else found.label
        if other is not None:
            called = header[other].strip()[:20]
            what = f"a column '{called}'" if called else "a first column without a name"
            raise SampleError(
                f"'{name}' has {what}, and with it as many as the model has channels ({width}). "
                "Add the channel that is missing; or, if it is one, give it a name that says so."
            )
        taken = _called(header, found.times)
        notice = f"Counted the {taken} of '{name}' among the channels." if taken else ""
        return _Columns(range(width), notice=notice)
    if len(found.channels) == window.channels:
        spare = _called(header, found.times)
        return replace(found, notice=f"Left out the {spare} of '{name}'." if spare else "")
    called = f": {', '.join(cell.strip()[:20] for cell in header[:12])}" if header else ""
    raise SampleError(
        f"'{name}' has {count(width, 'column')}{called}. This model takes windows of {window}, or "
        f"all {window.length * window.channels:,} numbers in one row. Leave the other columns out"
        + ("." if header else ", or name them in the first line, such as time.")
    )


def _roles(header: Sequence[str], rows: Sequence[Row]) -> _Columns:
    """What each column is for by its name. Empty ones, of delimiters at the ends, do not count."""
    width = len(rows[0][1])
    spare = [at for at in range(width) if not any(cells[at].strip() for _, cells in rows)]
    named = [words(cell) for cell in header] or [frozenset[str]()] * width
    times = [at for at in range(width) if named[at] & _TIMES and named[at] <= _TIMES | _UNITS]
    times += [0] if header and not header[0].strip() and 0 not in spare else []
    labels = [at for at in range(width) if named[at] and named[at] <= _LABELS]
    labels = [at for at in labels if at not in spare] or labels
    others = {*spare, *times, *labels}
    channels = [at for at in range(width) if at not in others]
    return _Columns(channels, times, labels)


def _called(header: Sequence[str], places: Sequence[int]) -> str:
    """ "columns 'time', 'ms'": those of them that have names; "" for none."""
    names = [f"'{cell[:20]}'" for at in places if (cell := header[at].strip())]
    return f"column{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def _blocks(rows: Sequence[Row], label: int | None) -> list[list[Row]]:
    """The rows, apart where there are blank lines between them or the label changes. Where every
    row has a blank line behind it, these say nothing: line ends were doubled.
    """
    gaps = [one[0] - before[0] > 1 for before, one in pairwise(rows)]
    telling = not all(gaps)
    blocks = [[rows[0]]]
    for (before, row), gap in zip(pairwise(rows), gaps, strict=True):
        other = label is not None and row[1][label].strip() != before[1][label].strip()
        if other or (gap and telling):
            blocks.append([])
        blocks[-1].append(row)
    return blocks


def _does_not_fit(wrong: Sequence[list[Row]], of: int, name: str, window: Window, unit: str) -> str:
    """What is said of blocks that do not hold whole windows, of so many."""
    first = wrong[0]
    where, more = f"'{name}'", ""
    if of > 1:
        where += f", {unit}s {first[0][0]} to {first[-1][0]},"
        more = f" {len(wrong):,} of {of:,} parts of the file are so." if len(wrong) > 1 else ""
    return (
        f"{where} has {count(len(first), 'row')} of numbers; this model takes {window.length:,} "
        f"for each sample, or a multiple for several. Record or cut it so.{more}"
    )


def _numbers(
    rows: Sequence[Row], places: Sequence[int], name: str, unit: str, divided: bool
) -> np.ndarray:
    """float64 [rows, channels]. SampleError with line and column where a cell is no number."""
    mark = decimal_mark(rows, places, name, divided)
    values = np.empty((len(rows), len(places)))
    for k, (line, cells) in enumerate(rows):
        for channel, at in enumerate(places):
            value = number(cells[at], mark)
            if value is None or not fits_float32(value):
                shown = f"'{cells[at].strip()[:30]}'" if cells[at].strip() else "an empty cell"
                raise SampleError(
                    f"'{name}', {unit} {line}, column {at + 1}: {shown} is not a finite number. "
                    "Correct it."
                )
            values[k, channel] = value
    return values
