"""The cells of a table: which are numbers, and which say that there is nothing."""

from __future__ import annotations

import re

# As pandas, R, Weka and spreadsheets write them. "None" and "none" are left out: people give a
# class of nothing that name.
_MISSING = frozenset(
    ["", "NaN", "nan", "NAN", "NA", "<NA>", "N/A", "n/a", "#N/A", "null", "NULL", "Null", "?", "-"]
)

_DIGITS = re.compile(r"[+\-]?[\d.,]*\d[\d.,]*")


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or says that there is nothing in it."""
    return cell.strip() in _MISSING


def number(cell: str, decimal_comma: bool = False) -> float | None:
    """What a cell says as a number, which may not be finite; None where it says none."""
    text = cell.strip()
    if decimal_comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if "_" in text:  # Python reads 1_000 as a number; nobody else does
        return None
    try:
        return float(text)
    except ValueError:
        return None


def resembles_number(cell: str) -> bool:
    """Whether a cell is a number however it may be written, such as 1.234,5: no name of a column,
    at any rate.
    """
    return number(cell) is not None or _DIGITS.fullmatch(cell.strip()) is not None
