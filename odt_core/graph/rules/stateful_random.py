"""Random ops with a state of their own: what Dropout and noise layers of Keras 2 emit.

TensorFlow keeps a generator inside such an op, where nobody can read or set it. Here it is a
variable of the model, so that a training that was saved and goes on elsewhere draws what it would
have drawn, and a session can seed it. The variable "odt_random/SIGNATURE/NUMBER" holds int64 [3]:
the Philox key, then the lower and upper half of its counter. It starts as the op's own seeds say:
key = seed, upper half = seed2, as TensorFlow's; an op without seeds (both 0), which TensorFlow
seeds at random, starts with a key made from the variable's name. To seed a session, set the keys.

Sources: tensorflow/core/kernels/random_op.cc, tensorflow/core/util/guarded_philox_random.h; for the
builtin ops tensorflow/lite/kernels/random_ops.cc. They draw the same numbers, but TensorFlow's ops
leave out counters: 256 for every number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph import resources
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.random import (
    drawn_shape,
    groups_of,
    normal_numbers,
    shaped,
    truncated_numbers,
    uniform_numbers,
    whole_numbers,
    words,
)
from odt_core.graph.rules.registry import rule
from odt_core.graph.signature import plain_name
from odt_core.graph.tensor import Tensor

PREFIX = "odt_random/"
_SKIPPED = 256  # counters that TensorFlow's ops leave out for every number drawn


@rule("RandomUniform", since="0.2")
def uniform(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Numbers in [0, 1)."""
    return [shaped(b, op, inputs[0], uniform_numbers(b, _drawn(b, op, inputs[0])))]


@rule("RandomStandardNormal", since="0.2")
def normal(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Standard normal numbers."""
    return [shaped(b, op, inputs[0], normal_numbers(b, _drawn(b, op, inputs[0])))]


@rule("TruncatedNormal", since="0.2")
def truncated(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Standard normal numbers between −2 and 2."""
    state = _advance(b, op, inputs[0], builtin=False)
    return [shaped(b, op, inputs[0], truncated_numbers(b, inputs[0], state))]


@rule("RandomUniformInt", since="0.2")
def uniform_int(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Integers from `lowest` up to and without `end`."""
    shape, lowest, end = inputs
    return [shaped(b, op, shape, whole_numbers(b, _drawn(b, op, shape), lowest, end))]


@rule("RandomShuffle", since="0.2")
def shuffle(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The rows of x in the order of random numbers: as random as TensorFlow's, but another order,
    since that exchanges one row after the other.
    """
    (x,) = inputs
    rows = b.slice(b.shape(x), [0], [1])
    plain = replace(op, output_shapes=((x.shape[0],),))
    numbers = shaped(b, plain, rows, uniform_numbers(b, _drawn(b, plain, rows)))
    values = b.new(numbers.shape, np.float32, "sorted")
    order = b.new(numbers.shape, np.int32, "order")
    b.emit("TOPK_V2", [numbers, b.reshape(rows, ())], [values, order], schema.TopKV2OptionsT())
    return [b.gather(x, order)]


def builtin_random(b: Builder, op: FlexOp, shape: Tensor) -> Tensor:
    """What LiteRT's RANDOM_UNIFORM or RANDOM_STANDARD_NORMAL (as op.op) draws."""
    drawn = _drawn(b, op, shape, builtin=True)
    numbers = uniform_numbers if op.op == "RANDOM_UNIFORM" else normal_numbers
    return shaped(b, op, shape, numbers(b, drawn))


def _drawn(b: Builder, op: FlexOp, shape: Tensor, *, builtin: bool = False) -> Tensor:
    return words(b, drawn_shape(op, shape), shape, _advance(b, op, shape, builtin=builtin))


def _advance(b: Builder, op: FlexOp, shape: Tensor, *, builtin: bool) -> Tensor:
    """The state to draw from, int64 [3]; the variable is set to the next one."""
    if not drawn_shape(op, shape) and shape.const is None:
        raise LoweringError("it is not known how many dimensions it draws. Fix them.")
    name = f"{PREFIX}{plain_name(b.graph.name)}/{_number(b)}"
    variable = resources.new_variable(b, name, _initial(op, name))
    state = resources.read(b, variable)
    count = groups_of(b, shape)
    if not builtin:
        numbers = b.cast(b.prod(b.cast(shape, np.int32), [0]), np.int64)  # times 256: not in int32
        count = b.mul(numbers, _SKIPPED)
    zero = b.constant(np.zeros(1, np.int64), np.int64)
    step = b.concat([zero, b.reshape(b.cast(count, np.int64), (1,)), zero], 0)
    resources.assign(b, variable, b.add(state, step))
    return state


def _number(b: Builder) -> int:
    """How many generators the subgraph has already."""
    graph = plain_name(b.graph.name)
    return sum(name.startswith(f"{PREFIX}{graph}/") for name in b.resources.names())


def _initial(op: FlexOp, name: str) -> np.ndarray:
    seed, seed2 = (int(op.attributes.get(key) or 0) for key in ("seed", "seed2"))  # type: ignore[arg-type]
    if seed == seed2 == 0:
        digest = hashlib.sha256(name.encode()).digest()
        seed = int.from_bytes(digest[:8], "little", signed=True)
    return np.array([seed, 0, seed2], np.int64)
