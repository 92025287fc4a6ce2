"""The cells of a table: which are numbers, and which say that there is nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from odt_core.errors import LabelError, SampleError
from odt_core.samples.labels import clean_label

# As pandas, R, Weka and spreadsheets write them. "None" and "none" are left out: people give a
# class of nothing that name.
_MISSING = frozenset(
    ["", "NaN", "nan", "NAN", "NA", "<NA>", "N/A", "n/a", "#N/A", "null", "NULL", "Null", "?", "-"]
)

_LARGEST = float(np.finfo(np.float32).max)

Row = tuple[int, list[str]]  # line number, cells


def _written(thousands: str, mark: str) -> re.Pattern[str]:
    whole = rf"[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+(?:{mark}\d*)?"
    return re.compile(rf"[+-]?(?:{whole}|\d+(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?")


_WRITTEN = {".": _written(",", r"\."), ",": _written(r"\.", ",")}  # by the mark before decimals
_DIGITS = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or says that there is nothing in it."""
    return cell.strip() in _MISSING


def _plain(cell: str) -> str:
    return cell.strip().replace("−", "-")  # a minus that is no hyphen


def number(cell: str, mark: str = "") -> float | None:
    """What a cell says as a number, which may not be finite; None where it says none. mark: as
    `decimal_mark` finds it.
    """
    text = _plain(cell)
    if mark == "," or (mark and "," in text):
        if _WRITTEN[mark].fullmatch(text) is None:
            return None
        text = text.replace("." if mark == "," else ",", "").replace(",", ".")
    if "_" in text:  # Python reads 1_000 as a number; nobody else does
        return None
    try:
        return float(text)
    except ValueError:
        return None


def fits_float32(value: float) -> bool:
    """Whether a number is finite, in float32 too."""
    return abs(value) <= _LARGEST  # which NaN is not


def resembles_number(cell: str) -> bool:
    """Whether a cell is a number however it may be written, such as 1.234,5: no name of a column,
    at any rate.
    """
    return number(cell) is not None or _DIGITS.fullmatch(_plain(cell)) is not None


def decimal_mark(rows: Sequence[Row], places: Sequence[int], name: str) -> str:
    """What stands before the decimals of a table's numbers: "." or ","; "" where no comma stands in
    any, and points are what they are everywhere.

    One cell tells it for all: 2,5 and 1.234,5 on the one hand, 1,234.5 and 1,234,567 on the other.
    SampleError where none does, or two say different things. places: the columns of numbers.
    """
    if not any("," in cells[at] for _, cells in rows for at in places):
        return ""
    told: dict[str, str] = {}  # by mark, the first cell that tells it
    unclear: tuple[str, str] | None = None  # the first that tells nothing
    for line, cells in rows:
        for text in (_plain(cells[at]) for at in places):
            if "," not in text and "." not in text:
                continue
            marks = [mark for mark, written in _WRITTEN.items() if written.fullmatch(text)]
            cell = f"'{text}' in line {line}"
            if len(marks) == 1:
                told.setdefault(marks[0], cell)
            elif marks and "," in text:
                unclear = unclear or (text, cell)
    if len(told) > 1:
        raise SampleError(
            f"'{name}' writes decimals in two ways: {told['.']}, {told[',']}. Write all numbers "
            "with a point and without commas."
        )
    if unclear and not told:
        text, cell = unclear
        whole, decimal = text.replace(",", ""), text.replace(",", ".")
        raise SampleError(
            f"'{name}': {cell} may be {whole} or {decimal}, and no other number of the file tells "
            f"which. Write such numbers as {whole}, or as {decimal}."
        )
    return next(iter(told), "")


def label_in(cell: str, column: int, signs: bool = False) -> str:
    """The label that a cell holds. signs: whether labels are + and -, so that - is none that is
    missing. SampleError with the column where it holds none.
    """
    text = cell.strip()
    if is_missing(text) and not (signs and text == "-"):
        shown = f" ('{text}')" if text else ""
        raise SampleError(
            f"column {column}: the label is missing{shown}. Give it, or remove the line."
        )
    value = number(text)
    if value is not None and value.is_integer() and abs(value) < 1e6:
        text = str(int(value))  # 3.0 and 3 are the same label
    try:
        return clean_label(text)
    except LabelError as error:
        raise SampleError(f"column {column}: {error}") from error
