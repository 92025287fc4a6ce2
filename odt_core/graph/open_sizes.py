"""Sizes that a file leaves open beside the batch, such as an image's height or a text's length.

Gradients of convolutions and loops that are written out need them, so a person says them, and the
model is lowered for samples of that size alone. What lies behind the inputs follows from their
shapes (building/inferred_shapes.py).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import SettingsError
from odt_core.graph.signature import plain_name
from odt_core.graph.tensor import declare_shape, dtype_of, has_dtype, is_possible, shape_of
from odt_core.kinds import check_kind
from odt_core.words import count

Sizes = Mapping[str, Sequence[int]]


def fix_sizes(model: schema.ModelT, sizes: Sizes) -> None:
    """Gives inputs the sizes that they leave open after their first dimension, the batch.

    sizes: by input, in order. Of signatures that have an input of that name, those count that leave
    so many of its sizes open. Raises SettingsError where none does, or no tensor can be so large.
    """
    wanted = "Sizes come as a dict by an input's name, such as {'x': (64, 64)}"
    check_kind(sizes, Mapping, wanted, SettingsError)
    for name, given in sizes.items():
        _check_numbers(name, given)
        tensors = [tensor for _, one, tensor in _inputs(model) if one == name]
        _check_fits(model, name, given, [_open_in(tensor) for tensor in tensors])
        for tensor in tensors:
            if _open_in(tensor) == len(given):
                _fix(name, tensor, given)


def said_sizes(sizes: Sizes) -> str:
    """As the command line takes them: "x=64,64 y=7"."""
    return " ".join(f"{name}={','.join(map(str, given))}" for name, given in sizes.items())


def how_to_fix(model: schema.ModelT, index: int) -> str:
    """A sentence on how to fix the sizes that a subgraph's inputs leave open; "" where none are."""
    left = {name: _open_in(tensor) for at, name, tensor in _inputs(model) if at == index}
    wanted = [f"{name}={','.join('N' * many)}" for name, many in left.items() if many]
    options = [f"--size {shlex.quote(one)}" for one in wanted]
    if not options:
        return ""
    return (
        "Where all samples are of one size, put it in place of each N: python -m odt_core lower "
        f"MODEL.tflite FIXED.tflite {' '.join(options)}"
    )


def _inputs(model: schema.ModelT) -> Iterator[tuple[int, str, schema.TensorT]]:
    """Of each input of a signature: the subgraph, the input's name and its tensor."""
    for signature in model.signatureDefs or []:
        at = signature.subgraphIndex
        for entry in signature.inputs or []:
            yield at, plain_name(entry.name), model.subgraphs[at].tensors[entry.tensorIndex]


def _open_in(tensor: schema.TensorT) -> int:
    return shape_of(tensor)[1:].count(None)


def _check_numbers(name: str, given: object) -> None:
    listed = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    whole = [one for one in listed if type(one) is int or isinstance(one, np.integer)]
    if not whole or len(whole) < len(listed) or min(whole) < 1:
        raise SettingsError(
            f"The sizes of '{name}' are {given!r}. Give whole numbers from 1 on, such as (64, 64)."
        )


def _check_fits(model: schema.ModelT, name: str, given: Sequence[int], left: list[int]) -> None:
    if len(given) in left:
        return
    if not left:
        names = ", ".join(dict.fromkeys(f"'{one}'" for _, one, t in _inputs(model) if _open_in(t)))
        raise SettingsError(
            f"The model has no input '{name}' to give a size. Inputs with open sizes: "
            f"{names or 'none'}."
        )
    raise SettingsError(
        f"The input '{name}' leaves {count(max(left), 'size')} open after its first, the batch, "
        f"and {len(given):,} came. Give as many as it leaves open, in their order."
    )


def _fix(name: str, tensor: schema.TensorT, given: Sequence[int]) -> None:
    first, *rest = shape_of(tensor)
    left = iter(given)
    shape = (first, *(int(next(left)) if size is None else size for size in rest))
    itemsize = dtype_of(tensor.type).itemsize if has_dtype(tensor.type) else 1
    if not is_possible(shape, itemsize):
        raise SettingsError(
            f"The input '{name}' would be of shape {shape}, which is too large. Give smaller sizes."
        )
    declare_shape(tensor, shape)
