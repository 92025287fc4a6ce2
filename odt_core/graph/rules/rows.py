"""Rows of a table by index: gathered, added to, replaced, combined with others."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.rules.segments import segments_of
from odt_core.graph.tensor import Tensor, entries


def gather_rows(b: Builder, table: Tensor, indices: Tensor) -> Tensor:
    """table[indices], [*indices.shape, *row]."""
    return b.gather(table, b.cast(indices, np.int32))


def add_rows(b: Builder, table: Tensor, indices: Tensor, rows: Tensor) -> Tensor:
    """The table with rows[i] added at indices[i]; an index that comes twice counts twice."""
    places = b.reshape(b.cast(indices, np.int32), (entries(indices.shape), 1))
    flat = _flat_rows(b, table, indices, rows)
    return b.add(table, b.scatter_nd(places, flat, b.shape(table), table.shape))


def put_rows(b: Builder, table: Tensor, indices: Tensor, rows: Tensor) -> Tensor:
    """The table with rows[i] at indices[i]; of an index that comes twice the last wins.

    For each row of the table the last place in `indices` that names it says where its new content
    is.
    """
    last = _last_places(b, table, _flat(b, indices))
    new = b.gather(_flat_rows(b, table, indices, rows), b.maximum(last, 0))
    return b.select(_named(b, table, last), new, table)


def combine_rows(
    b: Builder,
    table: Tensor,
    indices: Tensor,
    rows: Tensor,
    kind: str,
    combine: Callable[[Builder, Tensor, Tensor], Tensor],
) -> Tensor:
    """The table with combine(row, rows[i]) at indices[i]; kind: the TensorFlow op that makes one
    row of several for one index. Rows that no index names stay as they are, infinite ones too.
    """
    places, flat = _flat(b, indices), _flat_rows(b, table, indices, rows)
    new = combine(b, table, _of_each_row(b, kind, table, flat, places))
    return b.select(_named(b, table, _last_places(b, table, places)), new, table)


def by_row(b: Builder, x: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
    """x as a table of the parts that index tuples [..., k] name, [rows, *part], and the row that
    each of them names. Of the axes that they go over the first may be open.
    """
    depth = indices.dim(-1)
    lead, part = x.shape[:depth], x.shape[depth:]
    sizes = [x.dim(axis) for axis in range(1, depth)]
    strides = [math.prod(sizes[axis:]) for axis in range(depth)]
    parts = b.mul(b.cast(indices, np.int32), np.array(strides, np.int32))
    return b.reshape(x, (entries(lead), *part)), b.sum(parts, [-1])


def _flat(b: Builder, indices: Tensor) -> Tensor:
    """Indices as int32 [n]."""
    return b.reshape(b.cast(indices, np.int32), (entries(indices.shape),))


def sums_at(b: Builder, x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """Updates at index tuples among zeros, in the shape of x; of a tuple that comes twice both."""
    return b.scatter_nd(b.cast(indices, np.int32), updates, b.shape(x), x.shape)


def _of_each_row(b: Builder, kind: str, table: Tensor, x: Tensor, places: Tensor) -> Tensor:
    """For each row of the table what comes of the entries of x whose places name it."""
    return segments_of(b, kind, x, places, b.size(table, 0))


def _last_places(b: Builder, table: Tensor, places: Tensor) -> Tensor:
    """For each row of the table the last of the places that names it; none: below 0."""
    numbers = b.range(0, b.reshape(b.shape(places), ()))
    return _of_each_row(b, "UnsortedSegmentMax", table, numbers, places)


def _named(b: Builder, table: Tensor, last: Tensor) -> Tensor:
    """Which rows of the table have a place, to choose by."""
    return b.reshape(b.greater_equal(last, 0), (table.shape[0], *[1] * (table.rank - 1)))


def _flat_rows(b: Builder, table: Tensor, indices: Tensor, rows: Tensor) -> Tensor:
    """rows [*indices.shape, *row] or one row for all, as [n, *row]."""
    if None in table.shape[1:]:
        raise LoweringError("the shape of the variable's rows is not known. Fix it.")
    row = table.shape[1:]
    if rows.rank == indices.rank + len(row):
        return b.reshape(rows, (entries(indices.shape), *row))
    size = b.concat([b.shape(indices), b.constant(np.array(row, np.int32))], 0)
    wide = b.broadcast_to(rows, size, (*indices.shape, *row))
    return b.reshape(wide, (entries(indices.shape), *row))
