"""Elementwise ops that some converters leave to Flex: mostly one builtin op each.

Older converters knew fewer builtin ops, and each converter's builtin ops take fewer dtypes than
TensorFlow's. Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops, the ops of these names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.rules.special import atan2, expm1, log1p
from odt_core.graph.rules.unsigned import ORDER, SAME_BITS, from_uint64, of_uint64, to_uint64
from odt_core.graph.tensor import Tensor

_BINARY = {
    "Add": "add",
    "AddV2": "add",
    "Sub": "sub",
    "Mul": "mul",
    "Div": "div",
    "RealDiv": "div",
    "FloorDiv": "floor_div",
    "FloorMod": "floor_mod",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Pow": "pow",
    "SquaredDifference": "squared_difference",
    "Equal": "equal",
    "NotEqual": "not_equal",
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
    "Less": "less",
    "LessEqual": "less_equal",
    "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or",
}
_UNARY = {
    "Abs": "abs",
    "Ceil": "ceil",
    "Cos": "cos",
    "Exp": "exp",
    "Floor": "floor",
    "Log": "log",
    "LogSoftmax": "log_softmax",
    "LogicalNot": "logical_not",
    "Neg": "neg",
    "Relu": "relu",
    "Rsqrt": "rsqrt",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Softmax": "softmax",
    "Sqrt": "sqrt",
    "Square": "square",
    "Tanh": "tanh",
}
# what LiteRT has few kernels for is computed in more bits, and cut to its own again
_WIDER = {
    np.dtype(np.int8): np.int32,
    np.dtype(np.uint8): np.int32,
    np.dtype(np.int16): np.int32,
    np.dtype(np.uint32): np.int64,
}


@rule(*_BINARY, since="0.2")
def binary(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The builtin op of the same meaning."""
    x, y = inputs
    if x.dtype == np.uint64 and op.op in SAME_BITS | ORDER:
        compute = getattr(b, _BINARY[op.op])
        return [of_uint64(b, compute, x, y, ordered=op.op in ORDER)]
    wide = _WIDER.get(x.dtype)
    if wide is None:
        return [_of_two(b, op.op, x, y)]
    result = _of_two(b, op.op, b.cast(x, wide), b.cast(y, wide))
    return [result if result.dtype == np.bool_ else b.cast(result, x.dtype)]


def _of_two(b: Builder, op: str, x: Tensor, y: Tensor) -> Tensor:
    if op in ("FloorDiv", "FloorMod") and x.dtype.kind == "i":
        return _floored(b, op, x, y)
    if op == "SquaredDifference" and x.dtype == np.int64:
        away = b.sub(x, y)
        return b.mul(away, away)
    result: Tensor = getattr(b, _BINARY[op])(x, y)
    return result


def _floored(b: Builder, op: str, x: Tensor, y: Tensor) -> Tensor:
    """⌊x / y⌋ or its remainder, of integers. A process dies of −2³¹ / −1, so where y may be −1 it
    is divided by 1, and the quotient's sign turned.
    """
    divide = _floor_div_int64 if x.dtype == np.int64 else Builder.floor_div
    by_minus_one = None
    if y.const is None or np.any(y.const == -1):
        by_minus_one = b.equal(y, -1)
        y = b.select(by_minus_one, 1, y)
    if op == "FloorMod":
        return b.floor_mod(x, y)
    quotient = divide(b, x, y)
    return quotient if by_minus_one is None else b.select(by_minus_one, b.neg(quotient), quotient)


def _floor_div_int64(b: Builder, x: Tensor, y: Tensor) -> Tensor:
    """⌊x / y⌋ of 64-bit integers, for which LiteRT has a remainder but no division.

    The quotient's error shrinks by 2²³ or so with each division in float32, so that after three of
    them what is left of x is less than y. Products wrap around, and so does what is taken from
    them: what is left is right.
    """
    divisor = b.cast(y, np.float32)
    rest, quotient = x, None
    for _ in range(3):
        guess = b.floor(b.add(b.div(b.cast(rest, np.float32), divisor), 0.5))
        step = b.cast(guess, np.int64)
        quotient = step if quotient is None else b.add(quotient, step)
        rest = b.sub(rest, b.mul(step, y))
    assert quotient is not None
    too_much = b.not_equal(b.floor_mod(rest, y), rest)  # what is left has not the sign of y
    return b.sub(quotient, b.cast(too_much, np.int64))


@rule(*_UNARY, since="0.2")
def unary(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The builtin op of the same meaning."""
    (x,) = inputs
    wide = _WIDER.get(x.dtype)
    if wide is None:
        return [_of_one(b, op.op, x)]
    return [b.cast(_of_one(b, op.op, b.cast(x, wide)), x.dtype)]


def _of_one(b: Builder, op: str, x: Tensor) -> Tensor:
    if x.dtype in (np.int32, np.int64):
        match op:
            case "Abs" if x.dtype == np.int64:
                return b.maximum(x, b.neg(x))
            case "Relu":
                return b.maximum(x, _whole(b, x, 0))
            case "Sign" if x.dtype == np.int64:
                return b.minimum(b.maximum(x, _whole(b, x, -1)), _whole(b, x, 1))
            case "Square":
                return b.mul(x, x)
    result: Tensor = getattr(b, _UNARY[op])(x)
    return result


def _whole(b: Builder, like: Tensor, value: int) -> Tensor:
    return b.constant(value, like.dtype)


@rule("Cast", "Bitcast", since="0.2")
def cast(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x in another dtype: converted, or the same bits."""
    (x,) = inputs
    if op.op == "Cast":
        wanted = op.dtype("DstT")
        if wanted is None or x.dtype == object:
            raise LoweringError("it converts to or from a type that LiteRT has none for.")
        if x.dtype == wanted:
            return [x]
        if x.dtype == np.uint64:
            return [from_uint64(b, x, wanted)]
        return [to_uint64(b, x) if wanted == np.uint64 else b.cast(x, wanted)]
    wanted = op.dtype("type")
    if wanted is None:
        raise LoweringError("it reads bits as a type that LiteRT has none for.")
    return [b.bitcast(x, wanted)]


@rule("Select", "SelectV2", since="0.2")
def select(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x where the condition holds, else y; Select's condition may be one for each row."""
    condition, x, y = inputs
    if op.op == "Select" and 0 < condition.rank < x.rank:
        condition = b.reshape(condition, (*condition.shape, *[1] * (x.rank - condition.rank)))
    if x.dtype == np.uint64:
        return [of_uint64(b, lambda x, y: b.select(condition, x, y), x, y)]
    return [b.select(condition, x, y)]


@rule("AddN", since="0.2")
def add_n(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The sum of all inputs."""
    total = inputs[0]
    for part in inputs[1:]:
        total = b.add(total, part)
    return [total]


@rule("ZerosLike", "OnesLike", since="0.2")
def filled_like(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Zeros or ones in the shape of x."""
    (x,) = inputs
    value = np.array(op.op == "OnesLike", x.dtype)
    return [b.fill(b.shape(x), value, x.shape, x.dtype.type)]


@rule("ClipByValue", since="0.2")
def clip_by_value(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """min(max(x, lowest), highest)."""
    x, lowest, highest = inputs
    return [b.minimum(b.maximum(x, lowest), highest)]


@rule("L2Loss", since="0.2")
def l2_loss(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """½·Σ x²."""
    (x,) = inputs
    return [b.mul(b.sum(b.square(x), range(x.rank)), 0.5)]


@rule("Inv", "Reciprocal", since="0.2")
def reciprocal(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """1/x."""
    return [b.div(1.0, inputs[0])]


@rule("Softsign", since="0.2")
def softsign(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x/(1 + |x|)."""
    (x,) = inputs
    return [b.div(x, b.add(b.abs(x), 1.0))]


@rule("Softplus", since="0.2")
def softplus(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|)."""
    (x,) = inputs
    return [b.add(b.relu(x), log1p(b, b.exp(b.neg(b.abs(x)))))]


@rule("Elu", "Selu", "Relu6", "LeakyRelu", since="0.2")
def activation(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """elu: x or eˣ − 1 below 0; selu: 1.0507·(x or 1.6733·(eˣ − 1) below 0); relu6: x in [0, 6];
    leaky relu: x or alpha·x below 0.
    """
    (x,) = inputs
    match op.op:
        case "Relu6":
            return [b.minimum(b.relu(x), 6.0)]
        case "LeakyRelu":
            return [b.add(b.relu(x), b.mul(b.minimum(x, 0.0), op.number("alpha", 0.2)))]
    if op.op == "Elu":
        return [b.elu(x)]
    below = b.elu(b.minimum(x, 0.0))
    return [b.mul(b.add(b.relu(x), b.mul(below, 1.6732632423543772)), 1.0507009873554805)]


def _guarded(zero: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def guarded(b: Builder, x: Tensor, y: Tensor, value: Callable[[Tensor], Tensor]) -> Tensor:
        is_zero = b.equal(zero(x, y), 0.0)
        return b.select(is_zero, 0.0, value(b.select(is_zero, 1.0, y)))

    return guarded


_unless_x_is_zero = _guarded(lambda x, y: x)
_unless_y_is_zero = _guarded(lambda x, y: y)


@rule("DivNoNan", since="0.2")
def div_no_nan(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x/y, 0 where y is 0."""
    x, y = inputs
    return [_unless_y_is_zero(b, x, y, lambda safe: b.div(x, safe))]


@rule("MulNoNan", since="0.2")
def mul_no_nan(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x·y, 0 where y is 0, whatever x is."""
    x, y = inputs
    is_zero = b.equal(y, 0.0)
    return [b.select(is_zero, 0.0, b.mul(x, y))]


@rule("Xdivy", since="0.2")
def xdivy(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x/y, 0 where x is 0, whatever y is."""
    x, y = inputs
    return [_unless_x_is_zero(b, x, y, lambda safe: b.div(x, safe))]


@rule("Xlogy", since="0.2")
def xlogy(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x·ln y, 0 where x is 0, whatever y is."""
    x, y = inputs
    return [_unless_x_is_zero(b, x, y, lambda safe: b.mul(x, b.log(safe)))]


@rule("Xlog1py", since="0.2")
def xlog1py(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """x·ln(1 + y), 0 where x is 0, whatever y is."""
    x, y = inputs
    return [_unless_x_is_zero(b, x, y, lambda safe: b.mul(x, log1p(b, safe)))]


@rule("Tan", "Atan", "Atan2", "Asin", "Acos", since="0.2")
def circular(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """tan = sin/cos; the inverse functions from the angle of a point, atan2(y, x): atan x that of
    (x, 1), asin x that of (x, √(1 − x²)), acos x that of (√(1 − x²), x).
    """
    x = inputs[0]
    if op.op == "Atan2":
        return [atan2(b, x, inputs[1])]
    if op.op == "Tan":
        return [b.div(b.sin(x), b.cos(x))]
    if op.op == "Atan":
        return [atan2(b, x, b.constant(1.0))]
    other = b.sqrt(b.mul(b.sub(1.0, x), b.add(x, 1.0)))
    return [atan2(b, x, other) if op.op == "Asin" else atan2(b, other, x)]


@rule("Sinh", "Cosh", "Asinh", "Acosh", "Atanh", since="0.2")
def hyperbolic(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """With z = |x| and m = e^(z/2) − 1, from sinh 2a = 2·sinh a·cosh a: sinh = ±(m + m/(m + 1))·
    (m + 1 + 1/(m + 1))/2; cosh = e^(z/2)·e^(z/2)/2 + e⁻ᶻ/2. With r = 1/z and t = x − 1: asinh =
    ±ln(1 + z + z/(r + √(r² + 1))), acosh = ln(1 + t + √t·√(t + 2)), atanh = ½·ln(1 + 2x/(1 − x)).
    Abramowitz and Stegun, 4.5 and 4.6, where no part is beyond float32 that the whole is not (but
    asinh and acosh beyond 1e37, which come out as inf).
    """
    (x,) = inputs
    match op.op:
        case "Sinh":
            z = b.minimum(b.abs(x), 100.0)  # e^100 is inf, e^50 is not
            m = expm1(b, b.mul(z, 0.5))
            e = b.add(m, 1.0)
            whole = b.mul(b.add(m, b.div(m, e)), b.mul(b.add(e, b.div(1.0, e)), 0.5))
            return [b.mul(b.sign(x), whole)]
        case "Cosh":
            z = b.abs(x)
            e = b.exp(b.mul(z, 0.5))
            return [b.add(b.mul(b.mul(e, 0.5), e), b.mul(b.exp(b.neg(z)), 0.5))]
        case "Asinh":
            z = b.abs(x)
            r = b.div(1.0, z)
            rest = b.div(z, b.add(r, b.sqrt(b.add(b.square(r), 1.0))))
            return [b.mul(b.sign(x), log1p(b, b.add(z, rest)))]
        case "Acosh":
            t = b.sub(x, 1.0)
            return [log1p(b, b.add(t, b.mul(b.sqrt(t), b.sqrt(b.add(t, 2.0)))))]
    return [b.mul(log1p(b, b.div(b.mul(x, 2.0), b.sub(1.0, x))), 0.5)]


@rule("IsNan", "IsFinite", "IsInf", since="0.2")
def kind_of_number(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """NaN: differs from itself; finite: x − x is 0; infinite: neither."""
    (x,) = inputs
    is_finite = b.equal(b.sub(x, x), 0.0)
    if op.op == "IsFinite":
        return [is_finite]
    is_nan = b.not_equal(x, x)
    if op.op == "IsNan":
        return [is_nan]
    return [b.logical_not(b.logical_or(is_finite, is_nan))]


@rule("Round", "Rint", since="0.2")
def rounded(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """The nearest integer, halves to the even one."""
    (x,) = inputs
    if x.dtype.kind in "iu":
        return [x]
    y = b.new(x.shape, x.dtype, "round")
    b.emit("ROUND", [x], [y])
    return [y]
