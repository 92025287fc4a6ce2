"""Builtin ops that LiteRT runs slowly in a trainable model, in the form that it runs fast.

XNNPACK takes CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED only with constant filters. In a trainable
model filters are variables, so these fall back to kernels several times slower than the matrix
products which the rules for Conv2D and its gradients are made of; so does a RESHAPE to a computed
shape. (DEPTHWISE_CONV_2D is fast as it is.) Values stay the same up to rounding; a softplus whose
exponential overflowed gets the value that TensorFlow gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.building.known_shapes import with_contents
from odt_core.graph.flex import FlexOp, Pooled
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.rules import RULES
from odt_core.graph.rules.stateful_random import builtin_random
from odt_core.graph.tensor import Shape, Tensor
from odt_core.graph.window_ops import ACTIVATIONS, kernel_of_variables, window_op

_MOST_AXES = 6  # LiteRT's kernels refuse RESHAPE to more than 8, XNNPACK more than 6

# the form of one op, or None to leave it as it is
Form = Callable[[Builder, schema.OperatorT, list[Tensor]], Tensor | None]


def fast_form(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """Emits the fast form of a builtin op and returns its output; None when it stays as it is.

    Raises LoweringError when the form does not exist for this op's shapes.
    """
    form = _FORMS.get(name_of(b.model, operator))
    if form is None or len(outputs_of(operator)) != 1:
        return None
    inputs = [b.tensor(i) if i >= 0 else None for i in inputs_of(operator)]
    if any(t is not None and t.dtype not in (np.float32, np.int32) for t in inputs):
        return None
    return form(b, operator, inputs)  # type: ignore[arg-type]


def _conv2d(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """CONV_2D with a variable filter [O, kh, kw, C] as TensorFlow's Conv2D."""
    x, weights, *bias = inputs
    if kernel_of_variables(b, operator) is None:
        return None
    activation = operator.builtinOptions.fusedActivationFunction
    kernel = _untransposed(b, weights, [3, 0, 1, 2])  # [kh, kw, C, O]
    (y,) = RULES["Conv2D"](b, window_op(b, operator, "Conv2D"), [x, kernel])
    return _finish(b, y, bias, activation)


def _transpose_conv(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """TRANSPOSE_CONV with variable weights [C, kh, kw, O] as TensorFlow's Conv2DBackpropInput."""
    sizes, weights, dy, *bias = inputs
    if kernel_of_variables(b, operator) is None:
        return None
    activation = operator.builtinOptions.fusedActivationFunction
    kernel = _untransposed(b, weights, [2, 0, 1, 3])  # [kh, kw, C, O]
    op = window_op(b, operator, "Conv2DBackpropInput")
    op = replace(op, output_shapes=(with_contents(b, op.output_shapes[0], sizes),))
    if None in op.output_shapes[0][1:]:
        return None
    (y,) = RULES[op.op](b, op, [sizes, kernel, dy])
    return _finish(b, y, bias, activation)


def _fully_connected(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """FULLY_CONNECTED with variable weights [O, I] as x · Wᵀ, a rank-3 BATCH_MATMUL."""
    x, weights, *bias = inputs
    options = operator.builtinOptions
    activation = options.fusedActivationFunction
    if weights.const is not None or weights.rank != 2 or x.rank < 2:
        return None
    outputs, size = weights.shape
    lies_flat = x.rank == 2 and x.shape[1] == size
    if outputs is None or (size is None and not lies_flat):
        return None
    lead: Shape = x.shape[:-1] if options.keepNumDims or lies_flat else (None,)
    if activation not in ACTIVATIONS or x.const is not None or lead.count(None) > 1:
        return None
    rows = b.reshape(x, (1, x.shape[0] if lies_flat else None, size))
    product = b.matmul(rows, b.reshape(weights, (1, *weights.shape)), transpose_b=True)
    return _finish(b, b.reshape(product, (*lead, outputs)), bias, activation)


def _reshape(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """RESHAPE to a computed shape with one unknown size as one to a constant shape with −1."""
    if len(inputs) < 2 or inputs[1].const is not None:
        return None
    shape = with_contents(b, b.tensor(outputs_of(operator)[0]).shape, inputs[1])
    if sum(size is None for size in shape) > 1 or 0 in shape or not shape:
        return None
    return b.reshape(inputs[0], shape)


def _shape(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """SHAPE of an activation as that of the signature's input and constants."""
    if operator.builtinOptions.outType != schema.TensorType.INT32:
        return None
    (x,) = inputs
    if not x.rank:
        return None  # a scalar, or a tensor whose rank the file does not know
    source = b.batch_source(x)
    if None in x.shape and (source is None or source[0] == x.index):
        return None
    return b.shape(x)


def _max_pool(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """MAX_POOL_2D before the bias and activation that it follows, or of what lies by windows."""
    op = window_op(b, operator, "MaxPool")
    if op.pooled == Pooled():
        return None
    return RULES["MaxPool"](b, op, inputs)[0]


def _add_n(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """ADD_N, which XNNPACK refuses, as one ADD after the other."""
    (total,) = RULES["AddN"](b, FlexOp("AddN"), inputs)
    return total if len(inputs) > 1 else None


def _log(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """LOG of 1 + EXP, which TensorFlow's converter makes of a softplus and which overflows from
    x = 88 on, as a softplus that does not.
    """
    x = _exponent(b, inputs[0])
    if x is None or _is_below_zero(b, x):
        return None
    (y,) = RULES["Softplus"](b, FlexOp("Softplus"), [x])
    return y


def _exponent(b: Builder, total: Tensor) -> Tensor | None:
    """The x of 1 + EXP(x); None where it is something else."""
    add = b.producer(total)
    if add is None or name_of(b.model, add) != "ADD" or add.builtinOptions.fusedActivationFunction:
        return None
    parts = [b.tensor(index) for index in inputs_of(add)]
    powers = [part for part in parts if part.const is None]
    ones = [part.const for part in parts if part.const is not None]
    if len(powers) != 1 or not (ones[0].size == 1 and ones[0].item() == 1):
        return None
    power = b.producer(powers[0])
    if power is None or name_of(b.model, power) != "EXP":
        return None
    return b.tensor(inputs_of(power)[0])


def _is_below_zero(b: Builder, x: Tensor) -> bool:
    """Whether it is -|…|, whose exponential never overflows."""
    for name in ("NEG", "ABS"):
        operator = b.producer(x)
        if operator is None or name_of(b.model, operator) != name:
            return False
        x = b.tensor(inputs_of(operator)[0])
    return True


def _sum(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """SUM over no axis is its input; of a max pool's gradient over all positions that of what the
    pool spread; of a RESHAPE to many axes one over few.
    """
    x, axes = inputs[0], inputs[1].const
    if axes is None:
        return None
    if axes.size == 0:
        return x
    if sorted(axes.ravel().tolist()) == [0, 1, 2] and not operator.builtinOptions.keepDims:
        spread = b.pool_gradients.get(x.index)
        if spread is not None:
            return b.sum(spread.dy, [0, 1, 2])
    if x.rank <= _MOST_AXES or sum(size is None for size in x.shape) > 1:
        return None
    # neighbouring axes that are both summed, or both kept, become one; those of size 1 go
    summed = {int(axis) % x.rank for axis in np.ravel(axes)}
    groups: list[tuple[bool, int | None]] = []
    for axis, size in enumerate(x.shape):
        is_summed = axis in summed
        if size == 1:
            continue
        if groups and groups[-1][0] == is_summed:
            before = groups.pop()[1]
            size = None if size is None or before is None else size * before
        groups.append((is_summed, size))
    producer = b.producer(x)
    if producer is None or name_of(b.model, producer) != "RESHAPE":
        return None
    grouped = b.reshape(b.tensor(inputs_of(producer)[0]), [size for _, size in groups])
    total = b.sum(grouped, [place for place, (is_summed, _) in enumerate(groups) if is_summed])
    keep = operator.builtinOptions.keepDims
    kept = [
        1 if axis in summed else size
        for axis, size in enumerate(x.shape)
        if keep or axis not in summed
    ]
    return b.reshape(total, kept)


def _random(b: Builder, operator: schema.OperatorT, inputs: list[Tensor]) -> Tensor | None:
    """RANDOM_UNIFORM or RANDOM_STANDARD_NORMAL with its generator in a variable of the model."""
    options = operator.builtinOptions
    # LiteRT keeps 32 bits of the seeds
    seeds = {
        key: int(np.array(getattr(options, key), np.int64).astype(np.int32))
        for key in ("seed", "seed2")
    }
    shape = b.tensor(outputs_of(operator)[0]).shape
    op = FlexOp(name_of(b.model, operator), "", dict(seeds), (with_contents(b, shape, inputs[0]),))
    return builtin_random(b, op, inputs[0])


_FORMS: dict[str, Form] = {
    "ADD_N": _add_n,
    "CONV_2D": _conv2d,
    "FULLY_CONNECTED": _fully_connected,
    "LOG": _log,
    "MAX_POOL_2D": _max_pool,
    "RANDOM_STANDARD_NORMAL": _random,
    "RANDOM_UNIFORM": _random,
    "RESHAPE": _reshape,
    "SHAPE": _shape,
    "SUM": _sum,
    "TRANSPOSE_CONV": _transpose_conv,
}


def _untransposed(b: Builder, weights: Tensor, order: list[int]) -> Tensor:
    """The tensor whose axes `order` makes `weights`: the transposition's source where it is one."""
    producer = b.producer(weights)
    if producer is not None and name_of(b.model, producer) == "TRANSPOSE":
        source, permutation = (b.tensor(i) for i in inputs_of(producer))
        if permutation.const is not None and list(permutation.const) == order:
            return source
    return b.transpose(weights, [order.index(axis) for axis in range(len(order))])


def _finish(b: Builder, y: Tensor, bias: list[Tensor], activation: int) -> Tensor:
    """Bias and fused activation of an op whose product is y."""
    for vector in bias:
        if vector is not None and (vector.const is None or vector.const.any()):
            y = b.add(y, vector)
    name = ACTIVATIONS[activation]
    if name is None:
        return y
    out = b.new(y.shape, y.dtype, name.lower())
    b.emit(name, [y], [out])
    return out
