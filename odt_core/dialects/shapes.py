"""Reading the shapes of inputs and outputs: what one sample, target or prediction looks like."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from odt_core.graph import TensorDescription

Shape = tuple[int | None, ...]
PICTURE_SIDE = 224  # proposed height and width where a model takes pictures of any size
SMALL = frozenset({"int8", "int16", "uint8", "uint16"})  # dtypes of pixels and sounds, not of ids
SEQUENCE_LENGTH = 32  # the same for anything else of any size


def of_one(tensor: TensorDescription) -> Shape:
    """The shape of one sample: without the batch dimension."""
    return tensor.shape[1:]


def size_of(shape: Shape) -> int:
    """Numbers in a shape; an unknown dimension counts as 1."""
    return prod(size or 1 for size in shape)


def score_count(tensor: TensorDescription) -> int | None:
    """K of a tensor [N, K] or [N, 1, .., K]; 1 for [N]; None where it is no row of scores."""
    shape = of_one(tensor)
    if not shape:
        return 1 if tensor.shape else None
    if any(size not in (1, None) for size in shape[:-1]):
        return None
    return shape[-1]


def is_open_row(tensor: TensorDescription) -> bool:
    """Whether it is [N, K] with a K that the file leaves open."""
    return len(tensor.shape) == 2 and tensor.shape[1] is None


def compatible(one: Shape, two: Shape) -> bool:
    """Whether two shapes can be the same; None fits any size."""
    return len(one) == len(two) and all(
        a is None or b is None or a == b for a, b in zip(one, two, strict=True)
    )


def merged(shapes: Iterable[Shape]) -> Shape:
    """The first shape, with what it leaves open taken from compatible others."""
    rest = list(shapes)
    result = rest.pop(0)
    for other in rest:
        if compatible(result, other):
            result = tuple(a if a is not None else b for a, b in zip(result, other, strict=True))
    return result


def proposed(shape: Shape) -> tuple[int, ...]:
    """The shape with a size for every dimension that may have any."""
    picture = len(shape) in (2, 3) and (len(shape) == 2 or shape[2] in (1, 3, None))
    default = PICTURE_SIDE if picture and shape[0] is None and shape[1] is None else SEQUENCE_LENGTH
    return tuple(
        size if size is not None else (3 if picture and at == 2 else default)
        for at, size in enumerate(shape)
    )


def numeric(tensor: TensorDescription) -> bool:
    """Whether it holds numbers, not text."""
    return tensor.dtype.startswith(("float", "int", "uint", "bfloat", "bool"))


def whole(tensor: TensorDescription) -> bool:
    """Whether it holds whole numbers."""
    return tensor.dtype.startswith(("int", "uint"))
