"""Builtin ops on small whole numbers, computed in more bits, as the rules for TensorFlow's ops do.

TensorFlow's converter writes them for labels of eight bits, and LiteRT's kernels of some are for
quantised numbers alone: they end the process, or take the numbers for others.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.building.kernels import KERNELS, SMALL
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor

_WIDE = np.dtype(np.int32)


def wider_form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """The op on int32 numbers, where LiteRT has no kernel of it for those that it is given; None
    where it stays as it is.
    """
    name = name_of(b.model, operator)
    kernels, indices = KERNELS.get(name, frozenset()), inputs_of(operator)
    if _WIDE not in kernels or len(outputs_of(operator)) != 1 or min(indices, default=-1) < 0:
        return None
    inputs, y = [b.tensor(index) for index in indices], b.tensor(outputs_of(operator)[0])
    small = inputs[0].dtype
    if small in kernels or small not in SMALL or any(_is_quantised(b, index) for index in indices):
        return None
    given = [b.cast(one, _WIDE) if one.dtype == small else one for one in inputs]
    result = b.new(y.shape, _WIDE if y.dtype == small else y.dtype, name.lower())
    b.emit(name, given, [result], copy(operator.builtinOptions))
    return b.cast(result, small) if y.dtype == small else result


def _is_quantised(b: Builder, index: int) -> bool:
    """Whether its numbers stand for others."""
    scheme = b.graph.tensors[index].quantization
    return scheme is not None and scheme.scale is not None and len(scheme.scale) > 0
