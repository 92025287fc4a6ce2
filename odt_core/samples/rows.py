"""The text of a table as rows of cells: what stands before it, its delimiter."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, resembles_number
from odt_core.samples.text import notice_of_guess, text_of
from odt_core.words import count, too_large

MAX_BYTES = 50_000_000
MAX_ROWS = 50_000
MAX_COLUMNS = 200_000
MAX_CELLS = 16_000_000  # each takes sixty bytes while it is read
_MAX_BREAKS = 1_000_000  # of lines, for the most part between blank ones
_DIVIDING = ";\t|"  # nobody writes these but to divide
_DELIMITERS = _DIVIDING + ", "
_LOOKED_AT = 20  # lines that decide on the delimiter
_BEGINNING = 200_000  # characters that they are looked for in
_ORDER = re.compile(r'\s*+"?sep=([^"\r\n])"?[ \t]*(\r\n|\r|\n)', re.IGNORECASE)  # to Excel
_SPACES = re.compile("  +")
_REMARK = re.compile(r"\s*+#([^\r\n]*+)(\r\n|\r|\n)")


@dataclass(frozen=True)
class Table:
    """rows: at least one, each with as many cells as the first. divided: whether by ;, as
    where decimals have a comma and thousands a point. notice: what is to be
    told of how it was read; "" for nothing.
    """

    rows: list[Row]
    divided: bool
    notice: str


def rows_of(data: bytes, name: str, most: int = MAX_ROWS) -> Table:
    """All lines that are not blank, at most `most` below a header.

    Lines before the table that begin with # are left out, but for one that names its columns.
    Raises SampleError with the file's name, and the line.
    """
    _check_size(data, name)
    text, guessed = text_of(data, name)
    if max(text.count("\n"), text.count("\r")) > _MAX_BREAKS:
        raise SampleError(
            f"'{name}' has more than {_MAX_BREAKS:,} lines, blank ones among them. Use fewer."
        )
    order = _ORDER.match(text)
    start = order.end() if order else 0
    remark = ""
    while found := _REMARK.match(text, start):
        start, remark = found.end(), found[1]
    table = text[start:]
    delimiter = order[1] if order else _delimiter(table)
    above = len(re.findall(r"\r\n|\r|\n", text[:start]))
    rows = _rows(table, name, delimiter, above, most)
    if not rows:
        raise SampleError(f"'{name}' is empty. Put one sample on each line.")
    names = _names(remark, delimiter)
    if len(names) == len(rows[0][1]) and any(map(resembles_number, rows[0][1])):
        rows.insert(0, (above, names))
    notice = notice_of_guess(guessed, name, (cell for _, cells in rows for cell in cells))
    return Table(rows, delimiter == ";", notice)


def _names(remark: str, delimiter: str) -> list[str]:
    """Of columns, as numpy writes them; none where numbers are among them."""
    with suppress(csv.Error, _TooWideError):
        for _, cells in _records(remark, delimiter):
            return [] if any(map(resembles_number, cells)) else cells
    return []


def _check_size(data: bytes, name: str) -> None:
    if len(data) > MAX_BYTES:
        raise SampleError(
            f"{too_large(name, len(data), MAX_BYTES)} and {MAX_ROWS:,} lines. Leave some out; or "
            "save an .npz, which holds as many samples in less room."
        )


def _rows(text: str, name: str, delimiter: str, above: int, most: int) -> list[Row]:
    """above: how many lines of the file stand before the text."""
    rows: list[Row] = []
    line = above
    try:
        for line, cells in _records(text, delimiter, above):
            if rows and len(cells) != len(rows[0][1]):
                raise SampleError(
                    f"'{name}', line {line} has {count(len(cells), 'column')}, line {rows[0][0]} "
                    f"has {len(rows[0][1])}. Give every line the same."
                )
            if len(rows) > most:
                raise too_many_rows(name, most)
            rows.append((line, cells))
            if len(rows) * len(cells) > MAX_CELLS:
                raise SampleError(
                    f"'{name}' has more than {MAX_CELLS:,} cells. Use fewer lines; or save an "
                    ".npz, which holds as many numbers in less room."
                )
    except _TooWideError:
        raise too_many_columns(name) from None
    except csv.Error as error:
        raise SampleError(
            f"'{name}' cannot be read after line {line} ({error}). Save the table as .csv again."
        ) from error
    return rows


def too_many_rows(name: str, most: int) -> SampleError:
    """The error to raise for a table with more than `most` lines below a header."""
    return SampleError(f"'{name}' has more than {most:,} lines. Use fewer.")


def too_many_columns(name: str) -> SampleError:
    """The error to raise for a table with more than MAX_COLUMNS."""
    return SampleError(
        f"'{name}' has more than {MAX_COLUMNS:,} columns. Give each sample a line of its own; or "
        "save an .npz."
    )


class _TooWideError(Exception):
    """A record has more than MAX_COLUMNS."""


def _records(text: str, delimiter: str, above: int = 0) -> Iterator[Row]:
    """What is not blank, with the number of its last line. Raises csv.Error and _TooWideError."""
    wide = 0

    def lines() -> Iterator[str]:
        nonlocal wide
        for line in io.StringIO(text, newline=""):
            line = _SPACES.sub(" ", line) if delimiter == " " else line
            wide += line.count(delimiter)
            if wide > MAX_COLUMNS:  # before the reader has made a cell of each
                raise _TooWideError
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, skipinitialspace=True, strict=True)
    for cells in reader:
        wide = 0
        if delimiter == " ":
            cells = [cell for cell in cells if cell]
        if any(cell.strip() for cell in cells):
            yield reader.line_num + above, cells


def _delimiter(text: str) -> str:
    """The one that gives most columns, the same number in each of the first lines."""
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        counts = _columns(text, delimiter)
        if len(counts) == 1 and (count := counts.pop()) > most:
            best, most = delimiter, count
            if delimiter in _DIVIDING:
                return best
    if most > 1:
        return best
    first = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS[:-1], key=first.count)  # uneven lines: the message says which


def _columns(text: str, delimiter: str) -> set[int]:
    """How many columns the first lines have if this divides them."""
    beginning = text[:_BEGINNING]
    if delimiter == " ":  # which people put beside commas, too
        beginning = ",".join(part.strip(" ") for part in beginning.split(","))
    try:
        found = [len(cells) for _, cells in islice(_records(beginning, delimiter), _LOOKED_AT)]
    except (csv.Error, _TooWideError):
        return set()
    if len(text) > _BEGINNING and 1 < len(found) < _LOOKED_AT:
        found.pop()  # may have been cut
    return set(found)
