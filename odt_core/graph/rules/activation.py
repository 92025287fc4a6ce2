"""Gradients of activations.

Formulas: tensorflow/core/kernels/relu_op_functor.h and cwise_ops.h. `step` stands for the
comparison x > 0, written with ops that XNNPACK takes (it refuses GREATER, CAST and SELECT).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder, Value
from odt_core.graph.flex import FlexOp
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_SCALE_ALPHA = 1.7580993408473768599402175208123

_RECTIFIED = frozenset({"RELU", "RELU6", "RELU_0_TO_1", "LOGISTIC", "EXP", "ABS", "SQUARE"})
_ORDER_ONLY = frozenset({"MAX_POOL_2D", "RESHAPE", "TRANSPOSE", "SLICE", "STRIDED_SLICE"})
_RECTIFYING = frozenset({schema.ActivationFunctionType.RELU, schema.ActivationFunctionType.RELU6})


def step(b: Builder, x: Tensor, *, above: float = 0.0) -> Tensor:
    """1 where x > above, else 0: ⌈min(max(x − above, 0), 1)⌉."""
    shifted = b.sub(x, above) if above else x
    if above or not is_rectified(b, x):
        shifted = b.relu(shifted)
    return b.ceil(b.minimum(shifted, 1.0))


def either(b: Builder, condition: Tensor, x: Value, y: Value) -> Tensor:
    """x where the condition is 1, y where it is 0, without SELECT, which XNNPACK refuses; what is
    not chosen must be finite.
    """
    return b.add(b.mul(condition, x), b.mul(b.sub(1.0, condition), y))


def is_rectified(b: Builder, x: Tensor) -> bool:
    """Whether the graph shows that x has no negative entry."""
    operator = b.producer(x)
    while operator is not None:
        name = name_of(b.model, operator)
        fused = getattr(operator.builtinOptions, "fusedActivationFunction", None)
        if name in _RECTIFIED or fused in _RECTIFYING:
            return True
        if name not in _ORDER_ONLY:
            return False
        operator = b.producer(b.tensor(inputs_of(operator)[0]))
    return False


def _scaled(b: Builder, dy: Tensor, y: Tensor, slope: Callable[[Tensor], Tensor]) -> Tensor:
    """dy · slope(y). Before a max pool's gradient where that gave dy: a window hands its gradient
    to the entry of y that is the pooled one, and of those there are fewer.
    """
    pool = b.pool_gradients.get(dy.index)
    if pool is None or pool.x.index != y.index:
        return b.mul(dy, slope(y))
    return pool.spread(b.mul(pool.dy, slope(pool.y)))


@rule("ReluGrad")
def relu_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · [y > 0], y being the features before or after the ReLU."""
    dy, y = inputs
    return [_scaled(b, dy, y, lambda y: step(b, y))]


@rule("Relu6Grad")
def relu6_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · [0 < y < 6], y being the features before or after the ReLU6."""
    dy, y = inputs

    def between(y: Tensor) -> Tensor:
        return b.mul(step(b, y), step(b, b.sub(6.0, y)))

    return [_scaled(b, dy, y, between)]


@rule("LeakyReluGrad")
def leaky_relu_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy where x > 0, else alpha · dy; for 0 ≤ alpha ≤ 1 that is dy · max([x > 0], alpha)."""
    dy, x = inputs
    alpha = op.number("alpha", 0.2)
    if 0.0 <= alpha <= 1.0:
        return [b.mul(dy, b.maximum(step(b, x), alpha))]
    return [b.select(b.greater(x, 0.0), dy, b.mul(dy, alpha))]


@rule("EluGrad")
def elu_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · (y + 1) where y < 0, else dy, that is dy · (min(y, 0) + 1); y = elu(x)."""
    dy, y = inputs
    return [_scaled(b, dy, y, lambda y: b.add(b.minimum(y, 0.0), 1.0))]


@rule("SeluGrad")
def selu_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · (y + scale·alpha) where y < 0, else dy · scale; y = selu(x)."""
    dy, y = inputs

    def slope(y: Tensor) -> Tensor:
        below = b.mul(step(b, b.neg(y)), _SELU_SCALE_ALPHA - _SELU_SCALE)
        return b.add(b.add(b.minimum(y, 0.0), _SELU_SCALE), below)

    return [_scaled(b, dy, y, slope)]


@rule("SoftplusGrad")
def softplus_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · sigmoid(x)."""
    dy, x = inputs
    return [b.mul(dy, b.sigmoid(x))]


@rule("SoftsignGrad")
def softsign_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy / (1 + |x|)²."""
    dy, x = inputs
    return [b.div(dy, b.square(b.add(b.abs(x), 1.0)))]


@rule("TanhGrad")
def tanh_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · (1 − y²), y = tanh(x)."""
    y, dy = inputs
    return [_scaled(b, dy, y, lambda y: b.sub(1.0, b.square(y)))]


@rule("SigmoidGrad")
def sigmoid_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · y · (1 − y), y = sigmoid(x)."""
    y, dy = inputs
    return [_scaled(b, dy, y, lambda y: b.mul(y, b.sub(1.0, y)))]


def _unless_zero(b: Builder, dy: Tensor, dx: Tensor) -> Tensor:
    """dx, 0 where dy is 0: also where the slope is infinite, as the kernels have it."""
    return b.select(b.equal(dy, 0.0), 0.0, dx)


@rule("SqrtGrad")
def sqrt_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · ½ / y, 0 where dy is 0; y = √x."""
    y, dy = inputs
    return [_unless_zero(b, dy, b.div(b.mul(dy, 0.5), y))]


@rule("RsqrtGrad")
def rsqrt_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = dy · −½ · y³, 0 where dy is 0; y = 1/√x."""
    y, dy = inputs
    return [_unless_zero(b, dy, b.mul(b.mul(b.mul(dy, -0.5), y), b.square(y)))]


@rule("InvGrad", "ReciprocalGrad")
def reciprocal_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """dx = −dy · y², 0 where dy is 0; y = 1/x."""
    y, dy = inputs
    return [_unless_zero(b, dy, b.mul(b.neg(dy), b.square(y)))]
