"""The shape of an elementwise result."""

from __future__ import annotations

from odt_core.errors import LoweringError
from odt_core.graph.tensor import Shape


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an elementwise result; unknown against 1 or unknown stays unknown."""
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + tuple(a)
    right = (1,) * (rank - len(b)) + tuple(b)
    result: list[int | None] = []
    for i, j in zip(left, right, strict=True):
        if i == 1:
            result.append(j)
        elif j == 1 or i == j:
            result.append(i)
        elif i is None or j is None:
            result.append(j if i is None else i)
        else:
            raise LoweringError(f"Shapes {a} and {b} do not broadcast.")
    return tuple(result)
