"""The text of a table as rows of cells: its encoding, what stands before it, its delimiter."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, resembles_number
from odt_core.words import too_large

MAX_BYTES = 50_000_000
MAX_ROWS = 50_000
_DIVIDING = ";\t|"  # nobody writes these but to divide
_DELIMITERS = _DIVIDING + ", "
_LOOKED_AT = 20  # lines that decide on the delimiter
_BEGINNING = 200_000  # characters that they are looked for in
_ORDER = re.compile(r'\s*"?sep=([^"\r\n])"?[ \t]*(\r\n|\r|\n)', re.IGNORECASE)  # to Excel
_REMARK = re.compile(r"\s*#([^\r\n]*)(\r\n|\r|\n)")


def rows_of(data: bytes, name: str, most: int = MAX_ROWS) -> list[Row]:
    """All lines that are not blank, at least one and at most `most` below a header, each with as
    many cells as the first.

    Lines before the table that begin with # are left out, but for one that names its columns.
    Raises SampleError with the file's name, and the line.
    """
    text = _text(data, name)
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
    return rows


def _names(remark: str, delimiter: str) -> list[str]:
    """Of columns, as numpy writes them; none where numbers are among them."""
    with suppress(csv.Error):
        for _, cells in _records(remark, delimiter):
            return [] if any(map(resembles_number, cells)) else cells
    return []


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise SampleError(
            f"{too_large(name, len(data), MAX_BYTES)} and {MAX_ROWS:,} lines. Leave some out; or "
            "save an .npz, which holds as many samples in less room."
        )
    try:
        text = data.decode(_encoding(data))
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")  # as Excel writes .csv in Western Europe
        except UnicodeDecodeError:
            raise SampleError(
                f"'{name}' is not a text file in an encoding that can be told. Save the table as "
                "CSV UTF-8."
            ) from None
    if "\0" in text:
        raise SampleError(f"'{name}' is not a text file. Save the table as .csv.")
    return text


def _encoding(data: bytes) -> str:
    """UTF-8, or UTF-16 where the first two bytes say so, or every other byte is 0 for the most part
    and none of the rest: digits and delimiters.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(data) % 2 == 0 and b"\0" in data:
        zeros = [half.count(0) for half in (data[::2], data[1::2])]
        if min(zeros) == 0 and max(zeros) > len(data) / 4:
            return "utf-16-le" if zeros[1] else "utf-16-be"
    return "utf-8-sig"


def _rows(text: str, name: str, delimiter: str, above: int, most: int) -> list[Row]:
    """above: how many lines of the file stand before the text."""
    rows: list[Row] = []
    line = above
    try:
        for line, cells in _records(text, delimiter, above):
            if rows and len(cells) != len(rows[0][1]):
                raise SampleError(
                    f"'{name}', line {line} has {len(cells)} columns, line {rows[0][0]} "
                    f"has {len(rows[0][1])}. Give every line the same."
                )
            if len(rows) > most:
                raise too_many_rows(name, most)
            rows.append((line, cells))
    except csv.Error as error:
        raise SampleError(
            f"'{name}' cannot be read after line {line} ({error}). Save the table as .csv again."
        ) from error
    return rows


def too_many_rows(name: str, most: int) -> SampleError:
    """The error to raise for a table with more than `most` lines below a header."""
    return SampleError(f"'{name}' has more than {most:,} lines. Use fewer.")


def _records(text: str, delimiter: str, above: int = 0) -> Iterator[Row]:
    """What is not blank, with the number of its last line."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    for cells in reader:
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
    first = next(iter(text.lstrip().splitlines()), "")
    return max(_DELIMITERS[:-1], key=first.count)  # uneven lines: the message says which


def _columns(text: str, delimiter: str) -> set[int]:
    """How many columns the first lines have if this divides them."""
    beginning = text[:_BEGINNING]
    if delimiter == " ":  # which people put beside commas, too
        beginning = ",".join(part.strip(" ") for part in beginning.split(","))
    try:
        found = [len(cells) for _, cells in islice(_records(beginning, delimiter), _LOOKED_AT)]
    except csv.Error:
        return set()
    if len(text) > _BEGINNING and 1 < len(found) < _LOOKED_AT:
        found.pop()  # may have been cut
    return set(found)
