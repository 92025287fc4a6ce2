"""Rows of a table by index: gathered, added to, replaced."""

from __future__ import annotations

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
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

    For each row of the table the last place in `indices` that names it (−1: none) says where its
    new content is.
    """
    flat_indices = b.reshape(b.cast(indices, np.int32), (entries(indices.shape),))
    flat = _flat_rows(b, table, indices, rows)
    size = table.dim(0)
    number = b.reshape(b.shape(flat_indices), ())
    last = b.segment_max(b.range(0, number), flat_indices, size, size)
    named = b.greater_equal(last, 0)
    new = b.gather(flat, b.maximum(last, 0))
    return b.select(b.reshape(named, (size, *[1] * (table.rank - 1))), new, table)


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
