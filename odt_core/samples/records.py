"""Tables written as JSON: a record for each row, a list for each column, or a record a line.

A cell that is a list is as many columns: {"x": [0.5, 1.2], "label": "walk"} has three. What pandas
writes is read in each of its usual layouts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, resembles_number
from odt_core.samples.columns import LABELS
from odt_core.samples.rows import MAX_COLUMNS, Table, too_many_columns
from odt_core.samples.text import notice_of_guess, text_of

SUFFIXES = (".json", ".jsonl", ".ndjson")
MAX_BYTES = 5_000_000  # which take up to sixty times as much while they are read
_DEEPEST = 6  # axes of a list in a cell
_FORMS = (
    'Give a list of records, [{"a": 1, "label": "x"}, …], one record a line, or a list for each '
    'column, {"a": [1, …], "label": ["x", …]}.'
)


@dataclass(frozen=True)
class _Records:
    """names: of the values of each; None where they have none. values: of each record, with its
    number, in the order of the names; None where it has others, or is none.
    """

    names: Sequence[str] | None
    count: int
    values: Iterable[tuple[int, Sequence[Any] | None]]


def rows_of_json(data: bytes, name: str, most: int, by_line: bool) -> Table:
    """The rows of a table, numbered from 1, or as the lines they stand on; before them, as row 0,
    the names of the columns where they have such that are no numbers.

    by_line: whether the file's name says that each line is a record. Raises SampleError with the
    file's name, and which record, where it holds no table, or one of more than `most` rows.
    """
    if len(data) > MAX_BYTES:
        raise SampleError(
            f"'{name}' is {len(data) / 1e6:.0f} MB; the limit for JSON is {MAX_BYTES // 10**6} MB. "
            "Save it as .csv."
        )
    if not data.strip():
        raise SampleError(f"'{name}' is empty. {_FORMS}")
    text, guessed = text_of(data, name)
    try:
        records = _records(text, name, by_line)
    except SampleError:
        raise
    except (ValueError, RecursionError) as error:
        raise SampleError(f"'{name}' is not JSON that can be read ({error}). {_FORMS}") from error
    if records is None:
        raise SampleError(f"'{name}' holds no table with the same rows in every column. {_FORMS}")
    if not records.count:
        raise SampleError(f"'{name}' is empty. {_FORMS}")
    if records.count > most:
        raise SampleError(f"'{name}' has more than {most:,} records. Use fewer.")
    rows = _rows(records, name)
    cells = (cell for _, cells in rows for cell in cells)
    return Table(rows, False, notice_of_guess(guessed, name, cells))


def _records(text: str, name: str, by_line: bool) -> _Records | None:
    """None where the JSON holds no table. ValueError where it is none."""
    try:
        document = _parsed(text)
    except json.JSONDecodeError:
        lines = [(at, line) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2:
            raise
        return _in_order([(at, _parsed(line)) for at, line in lines])
    if isinstance(document, list):
        return _in_order(list(enumerate(document, 1)))
    if not isinstance(document, dict):
        return None
    if by_line and "\n" not in text.strip():
        return _in_order([(1, document)])
    if {"columns", "data"} <= document.keys():  # as pandas writes it with orient="split"
        return _by_names(document["columns"], document["data"])
    parts = list(document.values())
    if all(isinstance(part, dict) for part in parts):
        return _of_mappings(document, name)
    if all(isinstance(part, list) for part in parts) and len({*map(len, parts)}) == 1:
        return _of_columns(list(document), parts)
    return None


def _parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_mapping)


def _mapping(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """ValueError where a name stands twice, of which Python keeps the last alone."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        doubled, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"two values of one record are called '{doubled[:30]}'")
    return mapping


def _in_order(records: Sequence[tuple[int, Any]]) -> _Records:
    """The values of each as those of the first one stand."""
    first = records[0][1] if records else None
    if not isinstance(first, dict):
        lists = ((at, one if isinstance(one, list) else None) for at, one in records)
        return _Records(None, len(records), lists)
    names = list(first)
    return _Records(
        names,
        len(records),
        (
            (at, [one[key] for key in names])
            if isinstance(one, dict) and one.keys() == first.keys()
            else (at, None)
            for at, one in records
        ),
    )


def _by_names(names: Any, rows: Any) -> _Records | None:
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return _Records([*_mapping([(str(one), None) for one in names])], len(rows), enumerate(rows, 1))


def _of_columns(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> _Records:
    """columns: at least one, all of a length."""
    return _Records(names, len(columns[0]), enumerate(zip(*columns, strict=True), 1))


def _of_mappings(document: Mapping[str, Mapping[str, Any]], name: str) -> _Records | None:
    """What pandas makes of columns, {"a": {"0": 1, "1": 3}, …}, or with orient="index" of records,
    {"0": {"a": 1, …}, …}; None where the inner names are not the same. SampleError where it cannot
    be told which.
    """
    parts = list(document.values())
    inner = list(parts[0]) if parts else []
    if any(part.keys() != parts[0].keys() for part in parts):
        return None
    if not inner or _are_names(document, inner, name):
        return _in_order(list(enumerate(parts, 1)))
    return _of_columns(list(document), [[part[key] for key in inner] for part in parts])


def _are_names(document: Mapping[str, Mapping[str, Any]], inner: Sequence[str], name: str) -> bool:
    """Whether the inner names are those of columns, and not the outer ones: the others are numbers,
    or one of these alone is what a label is called, or holds values of one kind alone.
    """
    outer = list(document)
    for telling in (lambda one: not resembles_number(one), lambda one: one.casefold() in LABELS):
        inside, outside = any(map(telling, inner)), any(map(telling, outer))
        if inside != outside:
            return inside
    parts = list(document.values())
    by_outer = all(map(_are_alike, (part.values() for part in parts)))
    by_inner = all(_are_alike(part[key] for part in parts) for key in inner)
    if by_inner != by_outer:
        return by_inner
    raise SampleError(
        f"'{name}': '{outer[0][:30]}' may be a column or a record, and no name tells which. Save "
        'a list of records; with pandas, orient="records".'
    )


def _are_alike(values: Iterable[Any]) -> bool:
    """Whether all are numbers, or all text, or all lists."""
    return len({type(one) if isinstance(one, str | list) else float for one in values}) == 1


def _rows(records: _Records, name: str) -> list[Row]:
    """The table of at least one record, after its header if it has one."""
    rows: list[Row] = []
    names: list[str] = []
    first: list[Any] = []  # forms of the first record's values
    for at, values in records.values:
        cells = None if values is None else _cells(values)
        if values is None or cells is None:
            raise SampleError(
                f"'{name}', record {at}, holds what is no number, text or list of these, or has "
                f"other names than the first. {_FORMS}"
            )
        if not cells:
            raise SampleError(f"'{name}', record {at} is empty. {_FORMS}")
        if len(cells) > MAX_COLUMNS:
            raise too_many_columns(name)
        forms = [_form(value) for value in values]
        if not rows:
            first, names = forms, _names(records.names, values)
        elif len(cells) != len(rows[0][1]):
            raise SampleError(
                f"'{name}', record {at} has {len(cells)} values, the first {len(rows[0][1])}. Give "
                "every record the same."
            )
        elif forms != first:
            raise SampleError(
                f"'{name}', record {at} has as many values as the first, but not in the same "
                "columns. Give every record lists of the same lengths."
            )
        rows.append((at, cells))
    return [(0, names), *rows] if not all(map(resembles_number, names)) else rows


def _names(names: Sequence[str] | None, values: Sequence[Any]) -> list[str]:
    """Of the columns that values with these names make."""
    columns = []
    for name, value in [] if names is None else zip(names, values, strict=True):
        wide = isinstance(value, list)
        columns += [f"{name}_{at}" for at in range(len(_cells(value) or ()))] if wide else [name]
    return columns


def _form(value: Any) -> Any:
    """How long a list is, and each of those in it; None of what is no list."""
    if not isinstance(value, list):
        return None
    nested = any(isinstance(one, list) for one in value)
    return [_form(one) for one in value] if nested else len(value)


def _cells(values: Sequence[Any], depth: int = 0) -> list[str] | None:
    """Each value as a table would have it, of lists each of theirs; None where one is a mapping, or
    lists lie deeper in each other than those of any sample.
    """
    cells = []
    for value in values:
        if isinstance(value, list):
            inner = _cells(value, depth + 1) if depth < _DEEPEST else None
            if inner is None:
                return None
            cells += inner
        elif isinstance(value, dict):
            return None
        elif isinstance(value, bool):
            cells.append(str(int(value)))
        else:
            cells.append("" if value is None else str(value))
    return cells
