"""Einstein sums: products over named axes, two operands at a time, each as one matrix product."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor, entries

Sizes = Mapping[str, int | None]


@rule("Einsum", "XlaEinsum", since="0.2")
def einsum(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The sum over all axes that the result does not name, of the products of the operands.

    Source: https://www.tensorflow.org/api_docs/python/tf/einsum
    """
    equation = op.text("equation").replace(" ", "")
    left, _, result = equation.partition("->")
    names = left.split(",")
    if "." in equation or any(len(set(one)) < len(one) for one in (*names, result)):
        raise LoweringError(
            f"its equation is '{equation}'. Name each axis once, without an ellipsis."
        )
    sizes: dict[str, int | None] = {}
    for tensor, axes in zip(inputs, names, strict=True):
        for axis, size in zip(axes, tensor.shape, strict=True):
            sizes[axis] = sizes.get(axis) if size is None else size
    terms = list(zip(inputs, names, strict=True))
    while len(terms) > 1:
        (x, of_x), (y, of_y), *rest = terms
        needed = set(result).union(*(axes for _, axes in rest))
        terms = [_product(b, x, of_x, y, of_y, needed, sizes), *rest]
    x, axes = _without(b, *terms[0], result)
    return [_arranged(b, x, axes, result)]


def _product(
    b: Builder, x: Tensor, of_x: str, y: Tensor, of_y: str, needed: Collection[str], sizes: Sizes
) -> tuple[Tensor, str]:
    """Both multiplied, summed over what nobody needs any more; and the axes of that."""
    x, of_x = _without(b, x, of_x, {*of_y, *needed})
    y, of_y = _without(b, y, of_y, {*of_x, *needed})
    both = [axis for axis in of_x if axis in of_y]
    batch = "".join(axis for axis in both if axis in needed)
    summed = "".join(axis for axis in both if axis not in needed)
    rows = "".join(axis for axis in of_x if axis not in of_y)
    columns = "".join(axis for axis in of_y if axis not in of_x)
    first = _grouped(b, _arranged(b, x, of_x, batch + rows + summed), (batch, rows, summed), sizes)
    second = _grouped(
        b, _arranged(b, y, of_y, batch + summed + columns), (batch, summed, columns), sizes
    )
    axes = batch + rows + columns
    return b.reshape(b.matmul(first, second), [sizes[axis] for axis in axes]), axes


def _without(b: Builder, x: Tensor, axes: str, needed: Collection[str]) -> tuple[Tensor, str]:
    """x summed over the axes that nobody needs."""
    spare = [place for place, axis in enumerate(axes) if axis not in needed]
    kept = "".join(axis for axis in axes if axis in needed)
    return (b.sum(x, spare), kept) if spare else (x, axes)


def _arranged(b: Builder, x: Tensor, axes: str, order: str) -> Tensor:
    return b.transpose(x, [axes.index(axis) for axis in order])


def _grouped(b: Builder, x: Tensor, groups: Sequence[str], sizes: Sizes) -> Tensor:
    """x with each group of its axes as one."""
    return b.reshape(x, [entries(tuple(sizes[axis] for axis in group)) for group in groups])
