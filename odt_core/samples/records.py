"""Tables written as JSON: a record for each row, a list for each column, or a record a line.

A cell that is a list is as many columns: {"x": [0.5, 1.2], "label": "walk"} has three.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, resembles_number

SUFFIXES = (".json", ".jsonl", ".ndjson")
MAX_BYTES = 5_000_000  # which take up to sixty times as much while they are read
_DEEPEST = 6  # axes of a list in a cell
_FORMS = (
    'Give a list of records, [{"a": 1, "label": "x"}, …], one record a line, or a list for each '
    'column, {"a": [1, …], "label": ["x", …]}.'
)


def rows_of_json(data: bytes, name: str, most: int) -> list[Row]:
    """The rows of a table, numbered from 1, or as the lines they stand on; before them, as row 0,
    the names of the columns where they have such that are no numbers.

    Raises SampleError with the file's name, and which record, where it is none, or has more than
    `most` rows.
    """
    if len(data) > MAX_BYTES:
        raise SampleError(
            f"'{name}' is {len(data) / 1e6:.0f} MB; the limit for JSON is {MAX_BYTES // 10**6} MB. "
            "Save it as .csv."
        )
    if not data.strip():
        raise SampleError(f"'{name}' is empty. {_FORMS}")
    try:
        records = _records(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SampleError(f"'{name}' is not JSON that can be read ({error}). {_FORMS}") from error
    if records is None:
        raise SampleError(f"'{name}' holds no table. {_FORMS}")
    if not records:
        raise SampleError(f"'{name}' is empty. {_FORMS}")
    if len(records) > most:
        raise SampleError(f"'{name}' has more than {most:,} records. Use fewer.")
    names = _names(records[0][1])
    rows: list[Row] = []
    for at, record in records:
        values = _in_order(record, records[0][1])
        cells = None if values is None else _cells(values)
        if cells is None:
            raise SampleError(
                f"'{name}', record {at}, holds what is no number, text or list of these, or has "
                f"other names than the first. {_FORMS}"
            )
        if rows and len(cells) != len(rows[0][1]):
            raise SampleError(
                f"'{name}', record {at} has {len(cells)} values, the first {len(rows[0][1])}. Give "
                "every record the same."
            )
        rows.append((at, cells))
    if not rows[0][1]:
        raise SampleError(f"'{name}' is empty. {_FORMS}")
    return [(0, names), *rows] if not all(map(resembles_number, names)) else rows


def _records(text: str) -> list[tuple[int, Any]] | None:
    """Lists of values or mappings of such, with their numbers; None where the JSON holds none.
    ValueError where it is none.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2:
            raise
        return [(at, json.loads(line)) for at, line in lines]
    if isinstance(document, dict):
        if {"columns", "data"} <= document.keys():  # as pandas writes it with orient="split"
            document = _by_names(document["columns"], document["data"])
        else:
            document = _of_columns(document)
    return None if not isinstance(document, list) else list(enumerate(document, 1))


def _by_names(names: Any, rows: Any) -> list[Any] | None:
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    fit = all(isinstance(row, list) and len(row) == len(names) for row in rows)
    return [dict(zip(map(str, names), row, strict=True)) for row in rows] if fit else None


def _of_columns(columns: Mapping[str, Any]) -> list[Any] | None:
    """Of lists, or of what pandas makes of them: {"0": first, "1": second}."""
    lists = [list(one.values()) if isinstance(one, dict) else one for one in columns.values()]
    if not all(isinstance(one, list) for one in lists) or len({*map(len, lists)}) != 1:
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _names(record: Any) -> list[str]:
    """Of the columns that the first record makes."""
    if not isinstance(record, dict):
        return []
    names = []
    for key, value in record.items():
        wide = len(_cells([value]) or ()) if isinstance(value, list) else 0
        names += [f"{key}_{at}" for at in range(wide)] if wide else [str(key)]
    return names


def _in_order(record: Any, first: Any) -> Sequence[Any] | None:
    """The values of a record as those of the first one stand; None where it has others."""
    if isinstance(record, list) and isinstance(first, list):
        return record
    if isinstance(record, dict) and isinstance(first, dict) and record.keys() == first.keys():
        return [record[key] for key in first]
    return None


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
