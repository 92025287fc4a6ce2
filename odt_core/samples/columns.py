"""Which columns of a table hold a sample's features and which its label or targets.

A first line that names the columns says so: a column with a usual name for the label is the label's
wherever it stands, and a leading one without a name, which pandas and R write, only counts the
rows. Where the names say nothing, and without a header, features come first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, is_missing, number, resembles_number
from odt_core.samples.inputs import Inputs, columns_of, in_order
from odt_core.samples.unlabelled import CORRECT_FIRST
from odt_core.words import count

# Names that hardly anybody gives a feature. In a model of values a class may well be one.
_TARGETS = frozenset(["label", "labels", "target", "targets"])
LABELS = _TARGETS | {"class", "category"}
_UNNAMED = ("", "unnamed: 0")  # pandas' name of the column that counts the rows
_NUMBER_BACKWARDS = re.compile(r"\W*\d+[\W_]*")  # from the end of y1, y_2 or y[3]
_SURELY_COUNTED = 4  # columns; 0,1 and 0,1,2 may as well be a sample


@dataclass(frozen=True)
class Columns:
    """features: the columns of a sample's numbers, in their order; others: those of its label or
    targets, if any; header: whether the first line names the columns.
    """

    features: Sequence[int]
    others: Sequence[int]
    header: bool


def columns_in(
    rows: Sequence[Row], name: str, features: int | None, targets: int | None, inputs: Inputs | None
) -> Columns:
    """How the columns of a table divide.

    features, targets: how many numbers a sample and its target have; None as in `read_table`.
    SampleError where they do not fit, or where it cannot be told what a line or column is.
    """
    rest = 1 if targets is None else targets

    def divides(columns: int) -> bool:
        size = columns - rest if features is None else features
        return size > 0 and columns - size in (0, rest)

    def may_divide(columns: int) -> bool:
        unnamed = rows[0][1][0].strip().casefold() in _UNNAMED
        return divides(columns) or (unnamed and divides(columns - 1))

    width = len(rows[0][1])
    ended = not any(cells[-1].strip() for _, cells in rows)  # every line with a delimiter
    if ended and not may_divide(width) and may_divide(width - 1):
        rows = [(line, cells[:-1]) for line, cells in rows]
        width -= 1
    if not may_divide(width):
        raise SampleError(
            f"'{name}' has {count(width, 'column')}. {_in_words(features, targets)}"
            + _several_labels(rows, features, targets)
        )
    names = [cell.strip().casefold() for cell in rows[0][1]]
    size = min(width, width - rest if features is None else features)
    if targets is None and size < width and not inputs and not {*LABELS, "y"} & set(names):
        _check_words(rows, name)
    header = _is_header(rows, name, size, targets)
    places = list(range(1 if header and _counts_rows(rows, names, name) else 0, width))
    if not divides(len(places)):
        raise SampleError(
            f"'{name}' has {count(len(places), 'column')}{_beside(len(places), width)}. "
            f"{_in_words(features, targets)}"
        )
    size = len(places) - rest if features is None else features
    usual = LABELS if targets is None else _TARGETS
    if header and inputs:
        chosen = columns_of(rows[0][1], inputs, name)
        left = sorted(set(places).difference(chosen))
        return Columns(chosen, _named(names, left, len(left), usual, name), header)
    others = places[size:]
    if header:
        others = _named(names, places, len(others), usual, name)
    return Columns(sorted(set(places).difference(others)), others, header)


def _in_words(features: int | None, targets: int | None) -> str:
    want = "Give features"
    if features:
        want = f"This model takes {count(features, 'feature column')}"
    if targets is None:
        return f"{want}, then one with the label (or none)."
    return f"{want}, then {targets:,} with the target value{'s' if targets > 1 else ''}."


def _several_labels(rows: Sequence[Row], features: int | None, targets: int | None) -> str:
    """What is said where the columns behind the features tell of each label whether it is right;
    "" where they say something else.
    """
    if features is None or targets is not None:
        return ""
    first = features + (rows[0][1][0].strip().casefold() in _UNNAMED)
    behind = [cells[first:] for _, cells in rows[1:]]
    if not behind or len(behind[0]) < 2 or any(number(one) not in (0, 1) for one in chain(*behind)):
        return ""
    return (
        f" The last {len(behind[0])} are all 0 or 1: if they say of each label whether it is "
        f"right, {CORRECT_FIRST}"
    )


def _beside(left: int, width: int) -> str:
    return " beside the one that counts the rows" if left < width else ""


def _check_words(rows: Sequence[Row], name: str) -> None:
    """SampleError where just one column holds no number below the first line, and is not the last:
    it may be the label, or a feature in words.
    """
    below = [cells for _, cells in rows[1:]]
    found = [
        at
        for at in range(len(rows[0][1]))
        if not any(resembles_number(cells[at]) for cells in below)
        and any(_is_word(cells[at]) for cells in below)
    ]
    if len(found) != 1 or found[0] == len(rows[0][1]) - 1:
        return
    at, first = found[0], rows[0][1]
    called = "" if any(map(resembles_number, first)) else f" ('{first[at].strip()[:30]}')"
    raise SampleError(
        f"'{name}': column {at + 1}{called} holds words, but the label is looked for in the last "
        "one. If it is the label, put it last, or call it 'label' in the first line. If it is a "
        "feature, write it as numbers."
    )


def _is_header(rows: Sequence[Row], name: str, features: int, targets: int | None) -> bool:
    """Whether the first line names the columns: it is that of a JSON table, or none of its cells is
    a number, unless they count from 0 as pandas names the columns of an array, or stand before a
    usual name for the label. SampleError where it is neither that nor a sample.
    """
    line, cells = rows[0]
    if line == 0 or (targets is None and _ends_in_name(rows, features)):
        return True
    if len(rows) > 1 and _counted(cells, name, line):
        return True
    words = [at for at, cell in enumerate(cells[:features]) if _is_word(cell)]
    if not words:
        return False
    # Of one feature and a label alone both are words in a sample with a slip, too.
    labelled = features == 1 and targets is None and len(cells) > 1
    if any(map(resembles_number, cells)) or (labelled and _recurs(rows)):
        raise SampleError(
            f"'{name}', line {line}, column {words[0] + 1}: '{cells[words[0]].strip()[:30]}' is "
            "not a number. Correct it; or, where the line names the columns, give none of them a "
            "number for a name."
        )
    return True


def _ends_in_name(rows: Sequence[Row], features: int) -> bool:
    """Whether what stands for the label in the first line is what a column of labels is called."""
    _, cells = rows[0]
    named = len(cells) > features and cells[-1].strip().casefold() in LABELS
    return named and not _recurs(rows)


def _is_word(cell: str) -> bool:
    return not resembles_number(cell) and not is_missing(cell)


def _recurs(rows: Sequence[Row]) -> bool:
    """Whether what ends the first line ends another: it is a label, and no name."""
    return any(cells[-1].strip() == rows[0][1][-1].strip() for _, cells in rows[1:])


def _counted(cells: Sequence[str], name: str, line: int) -> bool:
    """Whether the names of columns are 0, 1, 2 and so on, beside usual ones that have a meaning."""
    names = [cell.strip() for cell in cells]
    plain = [one for one in names[1:] if one.casefold() not in {*LABELS, "y"}]
    plain = plain if names[0].casefold() in {*_UNNAMED, *LABELS, "y"} else [names[0], *plain]
    if not plain or plain != [str(at) for at in range(len(plain))]:
        return False
    if len(plain) == len(names) < _SURELY_COUNTED:
        if len(plain) == 1:
            return False
        raise SampleError(
            f"'{name}', line {line} is {','.join(names)}: the names of columns, or a sample? Give "
            f"the columns other names, or write the sample's first number as 0.0."
        )
    return True


def _counts_rows(rows: Sequence[Row], names: Sequence[str], file: str) -> bool:
    """Whether the first column has no name and tells the rows apart. SampleError where it has none
    and does not.
    """
    if names[0] not in _UNNAMED or len(names) < 2:
        return False
    cells = [cells[0].strip() for _, cells in rows[1:]]
    if len(set(cells)) == len(cells) and all(cell.isdecimal() for cell in cells):
        return True
    line = rows[0][0]
    # Two tables that were put together count from 0 twice.
    raise SampleError(
        f"'{file}': the first column has no name in line {line}, and does not number the samples "
        "either. Give it one, or leave the column out."
    )


def _unnumbered(name: str) -> str:
    """The name that a target has in common with others: y of y1."""
    found = _NUMBER_BACKWARDS.match(name[::-1])
    return name[: len(name) - found.end()] if found else name


def _named(
    names: Sequence[str], places: list[int], count: int, usual: frozenset[str], file: str
) -> list[int]:
    """The columns of labels or targets: those that are called so, in the order of their numbers,
    else the last ones.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for at in places:
        groups[_unnumbered(names[at]) if count > 1 else names[at]].append(at)
    called = [found for base, found in groups.items() if base in usual]
    if not count and called:
        column = called[0][0]
        raise SampleError(
            f"'{file}' has a column '{names[column]}', and with it as many as the model takes "
            "features. Add what is missing; or, if it is a feature, give it another name."
        )
    last = places[len(places) - count :]
    fitting = [found for found in called if len(found) == count]
    y = groups.get("y", [])
    if not count:
        return last
    if last in fitting:
        chosen = last
    elif len(fitting) > 1:
        either = " or ".join(f"'{names[found[0]]}'" for found in fitting)
        raise SampleError(
            f"'{file}': {either} may be what the model learns. Put that in the last place."
        )
    elif fitting:
        chosen = fitting[0]
    # Beside x it may be an axis, unless it stands before everything else or behind.
    elif len(y) == count and ("x" not in groups or y in (places[:count], last)):
        chosen = y
    else:
        return last
    return in_order({at: names[at] for at in chosen}, "the targets", file)
