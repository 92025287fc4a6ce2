"""Diagonals of matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor


@rule("DiagPart", "MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3", since="0.2")
def diagonal_part(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """A diagonal of each matrix, [..., rows, columns] -> [..., n].

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/MatrixDiagPartV3
    """
    x = inputs[0]
    if op.op == "DiagPart" and x.rank != 2:
        raise LoweringError("it takes the diagonal of more than a matrix. Use tf.linalg.diag_part.")
    k = _one_diagonal(inputs[1]) if len(inputs) > 1 else 0
    *lead, rows, columns = x.shape
    if rows is None or columns is None:
        return [_of_open_size(b, x, k)]
    start = k if k >= 0 else -k * columns
    count = min(rows + min(k, 0), columns - max(k, 0))
    places = start + np.arange(count) * (columns + 1)
    return [b.gather(b.reshape(x, (*lead, rows * columns)), places, x.rank - 2)]


@rule("MatrixDiag", "MatrixDiagV2", "MatrixDiagV3", since="0.2")
def of_diagonal(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Matrices of zeros but for one diagonal, [..., n] -> [..., rows, columns].

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/MatrixDiagV3
    """
    x, k, rows, columns = inputs[0], 0, -1, -1
    if x.dtype == np.bool_:  # of which LiteRT has no kernel
        whole = [b.cast(x, np.int32), *inputs[1:]]
        return [b.cast(y, np.bool_) for y in of_diagonal(b, op, whole)]
    if len(inputs) > 1:
        k = _one_diagonal(inputs[1])
        if any(part.const is None for part in inputs[2:]) or np.any(inputs[4].const):
            raise LoweringError("its size or padding is computed. Write them as constants.")
        rows, columns = (int(np.ravel(part.const)[0]) for part in inputs[2:4])  # type: ignore[arg-type]
    count = x.shape[-1]
    if k == 0 and {rows, columns} <= {-1, count}:
        y = b.new((*x.shape, count), x.dtype, "matrix_diag")
        b.emit("MATRIX_DIAG", [x], [y], schema.MatrixDiagOptionsT())
        return [y]
    if count is None:
        raise OpenSizeError("how long the diagonal is, is known at run time only. Fix it.")
    if rows < 0 and columns < 0:
        rows = columns = count + abs(k)
    rows = rows if rows >= 0 else count - min(k, 0)
    columns = columns if columns >= 0 else count + max(k, 0)
    return [_spread(b, x, rows, columns, k)]


def _spread(b: Builder, x: Tensor, rows: int, columns: int, k: int) -> Tensor:
    """Each entry is followed by as many zeros as lie between it and the next, row by row."""
    *lead, _ = x.shape
    count = x.dim(-1)
    start = k if k >= 0 else -k * columns
    none = [(0, 0)] * len(lead)
    wide = b.pad(b.reshape(x, (*lead, count, 1)), [*none, (0, 0), (0, columns)])
    flat = b.reshape(wide, (*lead, count * (columns + 1)))
    flat = b.slice(flat, [0] * x.rank, [*lead, (count - 1) * (columns + 1) + 1])
    rest = rows * columns - start - flat.dim(-1)
    return b.reshape(b.pad(flat, [*none, (start, rest)]), (*lead, rows, columns))


@rule("MatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3", since="0.2")
def with_diagonal(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Matrices with another main diagonal.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/MatrixSetDiagV3
    """
    x, diagonal = inputs[:2]
    if x.dtype == np.bool_:  # of which LiteRT has no kernel
        whole = [b.cast(one, np.int32) for one in (x, diagonal)]
        return [b.cast(y, np.bool_) for y in with_diagonal(b, op, [*whole, *inputs[2:]])]
    if len(inputs) > 2 and _one_diagonal(inputs[2]):
        raise LoweringError("it sets another diagonal than the main one. Use tf.where.")
    y = b.new(x.shape, x.dtype, "matrix_set_diag")
    b.emit("MATRIX_SET_DIAG", [x, diagonal], [y], schema.MatrixSetDiagOptionsT())
    return [y]


def _one_diagonal(k: Tensor) -> int:
    if k.const is None or len(set(np.ravel(k.const))) != 1:
        raise LoweringError("it takes a computed diagonal, or several. Take one by a constant.")
    return int(np.ravel(k.const)[0])


def _of_open_size(b: Builder, x: Tensor, k: int) -> Tensor:
    """The main diagonal of one matrix whose size only the batch tells."""
    if x.rank != 2 or k:
        raise OpenSizeError(
            "it takes a diagonal of matrices whose size is known at run time only. Take the main "
            "diagonal of one matrix, or fix the size."
        )
    sizes = b.split(b.shape(x), 2, 0)
    rows, columns = (b.reshape(size, ()) for size in sizes)
    index = b.range(0, b.minimum(rows, columns))
    diagonal = b.gather(b.reshape(x, (None,)), b.mul(index, b.add(columns, 1)))
    height, width = b.sizes(x)
    if height == width and isinstance(height, tuple):
        b.note_batch(diagonal, height)
    return diagonal
