"""The cells of a table: which are numbers, and which say that there is nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
    grouped = rf"[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+(?:{mark}\d*)?"  # nobody adds an exponent
    plain = rf"(?:\d+(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(rf"[+-]?(?:{grouped}|{plain})")


_WRITTEN = {".": _written(",", r"\."), ",": _written(r"\.", ",")}  # by the mark before decimals
_WITH_DECIMALS = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_DIGITS = re.compile(r"[+-]?[.,]*\d[\d.,]*")


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


def decimal_mark(rows: Sequence[Row], places: Sequence[int], name: str, divided: bool) -> str:
    """What stands before the decimals of a table's numbers: "." or ","; "" where no comma stands in
    any, and points are what they are everywhere.

    One cell tells it for all: 2,5 and 1.234,5 on the one hand, 1,234.5 and 1,234,567 on the other.
    SampleError where none does, or two say different things. places: the columns of numbers.
    divided: as of Table; where ; stands between columns, 1.500 in one with 750 may also be 1500.
    """
    commas = any("," in cells[at] for _, cells in rows for at in places)
    divided = divided and any(_has_both([cells[at] for _, cells in rows]) for at in places)
    if not commas and not divided:
        return ""
    told: dict[str, str] = {}  # by mark, the first cell that tells it
    unclear: tuple[str, str] | None = None  # the first that tells nothing
    for line, cells in rows:
        if told and not commas:
            break  # a cell is enough where all are alike
        for text in (_plain(cells[at]) for at in places):
            if "," not in text and "." not in text:
                continue
            marks = [mark for mark, written in _WRITTEN.items() if written.fullmatch(text)]
            cell = f"'{text}' in line {line}"
            if len(marks) == 1:
                told.setdefault(marks[0], cell)
            elif marks and ("," in text or divided):
                unclear = unclear or (text, cell)
    if len(told) > 1:
        raise SampleError(
            f"'{name}' writes decimals in two ways: {told['.']}, {told[',']}. Write all numbers "
            "with a point and without commas."
        )
    if unclear and not told:
        text, cell = unclear
        whole, decimal = re.sub("[.,]", "", text), text.replace(",", ".")
        raise SampleError(
            f"'{name}': {cell} may be {whole} or {decimal}, and no other number of the file tells "
            f"which. If it is {whole}, write all such numbers so; if it is {decimal}, write one of "
            f"them as {text}0."
        )
    return next(iter(told), "")


def _has_both(column: Iterable[str]) -> bool:
    """Whether some numbers have points and others are whole: printed decimals all have one."""
    texts = [_plain(cell) for cell in column]
    if any(text.count(".") > 1 for text in texts):
        return True
    return any("." in text for text in texts) and any(text.lstrip("+-").isdigit() for text in texts)


def notice_of_points(rows: Sequence[Row], places: Sequence[int], name: str, divided: bool) -> str:
    """What is told where all decimals of a table may be thousands as well; "" else. Arguments as
    of `decimal_mark`.
    """
    first = ""
    for text in (_plain(cells[at]) for _, cells in rows for at in places) if divided else ():
        if "," in text or ("." in text and not _THOUSANDS.fullmatch(text)):
            return ""
        first = first or (text if "." in text else "")
    if not first:
        return ""
    whole = first.replace(".", "")
    return f"'{name}': {first} is read as {float(first):g}. If it is {whole}, write it so."


def are_whole(labels: Iterable[str]) -> bool:
    """Whether the labels of a column are whole numbers that are written with decimals throughout,
    as pandas writes 1, 2 and 3 where some are missing (1.0) and NumPy always (1.000e+00), no two of
    them the same number.
    """
    texts = {text for text in map(str.strip, labels) if not is_missing(text)}
    if not texts or not all(map(_WITH_DECIMALS.fullmatch, texts)):
        return False
    values = set(map(float, texts))
    return len(values) == len(texts) and all(value.is_integer() for value in values)


def label_in(cell: str, column: int, *, signs: bool = False, whole: bool = False) -> str:
    """The label that a cell holds, as it was typed. signs: whether labels are + and -, so that - is
    none that is missing. whole: as `are_whole` tells; 1.0 then is 1. SampleError with the column
    where it holds none.
    """
    text = cell.strip()
    if is_missing(text) and not (signs and text == "-"):
        shown = f" ('{text}')" if text else ""
        raise SampleError(
            f"column {column}: the label is missing{shown}. Give it, or remove the line."
        )
    try:
        return clean_label(str(int(float(text))) if whole else text)
    except LabelError as error:
        raise SampleError(f"column {column}: {error}") from error
