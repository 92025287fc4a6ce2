"""1 / √x as a division where x may be 0: XNNPACK's RSQRT gives NaN there in place of infinity.

Keras's `normalize` takes the smaller of 1 / √x and 1 / ε, so that a row of zeros stays one; NaN
goes through every minimum. The kernel's Newton step multiplies 0 by infinity, on x86 and on ARM
(github.com/google/XNNPACK, src/f32-vrsqrt).
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.tensor import Tensor

_SMALLEST = np.finfo(np.float32).tiny  # kernels take smaller numbers for 0


def divide_by_roots(model: schema.ModelT) -> None:
    """Writes each RSQRT out, but those of numbers that something above 0 was added to."""
    for graph in model.subgraphs:
        if any(name_of(model, operator) == "RSQRT" for operator in graph.operators):
            rewrite(model, graph, _divided)


def _divided(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    if name_of(b.model, operator) != "RSQRT":
        return None
    x = b.tensor(inputs_of(operator)[0])
    if x.dtype != np.float32 or _is_above_nought(b, x):
        return None
    return b.div(1.0, b.sqrt(x))


def _is_above_nought(b: Builder, x: Tensor) -> bool:
    """Whether a file's own numbers keep x from 0, as an ε does that is added to a variance: what
    one is added to is taken for not negative, as almost every root is one of squares. A ReLU fused
    into the sum says that it may be negative.
    """
    producer = b.producer(x)
    if producer is None or name_of(b.model, producer) not in ("ADD", "MAXIMUM"):
        return False
    if getattr(producer.builtinOptions, "fusedActivationFunction", None):
        return False
    numbers = [b.tensor(index).const for index in inputs_of(producer)]
    return any(known is not None and bool((known >= _SMALLEST).all()) for known in numbers)
