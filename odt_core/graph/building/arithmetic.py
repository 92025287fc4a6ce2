"""Elementwise ops: arithmetic, comparisons, functions, dtypes."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building.broadcast import broadcast
from odt_core.graph.building.writer import Value, Writer
from odt_core.graph.tensor import Tensor, code_of


class Arithmetic(Writer):
    """One method an op. They broadcast as numpy does."""

    def _unary(self, op: str, x: Tensor, options: object | None = None) -> Tensor:
        y = self.new(x.shape, x.dtype, op.lower())
        self.emit(op, [x], [y], options)
        return y

    def _binary(
        self, op: str, a: Value, b: Value, options: object | None = None, dtype: type | None = None
    ) -> Tensor:
        other = a if isinstance(a, Tensor) else b
        if not isinstance(other, Tensor):
            raise TypeError(f"{op} needs at least one tensor")
        left, right = self.constant(a, other.dtype), self.constant(b, other.dtype)
        y = self.new(broadcast(left.shape, right.shape), dtype or left.dtype, op.lower())
        self.emit(op, [left, right], [y], options)
        return y

    def add(self, a: Value, b: Value) -> Tensor:
        """a + b."""
        return self._binary("ADD", a, b, schema.AddOptionsT())

    def sub(self, a: Value, b: Value) -> Tensor:
        """a − b."""
        return self._binary("SUB", a, b, schema.SubOptionsT())

    def mul(self, a: Value, b: Value) -> Tensor:
        """a · b; int32 and int64 wrap around."""
        return self._binary("MUL", a, b, schema.MulOptionsT())

    def div(self, a: Value, b: Value) -> Tensor:
        """a / b."""
        return self._binary("DIV", a, b, schema.DivOptionsT())

    def floor_div(self, a: Value, b: Value) -> Tensor:
        """⌊a / b⌋."""
        return self._binary("FLOOR_DIV", a, b, schema.FloorDivOptionsT())

    def floor_mod(self, a: Value, b: Value) -> Tensor:
        """a − b·⌊a / b⌋."""
        return self._binary("FLOOR_MOD", a, b, schema.FloorModOptionsT())

    def maximum(self, a: Value, b: Value) -> Tensor:
        """max(a, b)."""
        return self._binary("MAXIMUM", a, b, schema.MaximumMinimumOptionsT())

    def minimum(self, a: Value, b: Value) -> Tensor:
        """min(a, b)."""
        return self._binary("MINIMUM", a, b, schema.MaximumMinimumOptionsT())

    def pow(self, a: Value, b: Value) -> Tensor:
        """a ** b."""
        return self._binary("POW", a, b, schema.PowOptionsT())

    def squared_difference(self, a: Value, b: Value) -> Tensor:
        """(a − b)²."""
        return self._binary("SQUARED_DIFFERENCE", a, b, schema.SquaredDifferenceOptionsT())

    def bitwise_xor(self, a: Value, b: Value) -> Tensor:
        """a ^ b, integers."""
        return self._binary("BITWISE_XOR", a, b, schema.BitwiseXorOptionsT())

    def right_shift(self, a: Value, b: Value) -> Tensor:
        """a >> b: logical for unsigned, arithmetic for signed integers."""
        return self._binary("RIGHT_SHIFT", a, b, schema.RightShiftOptionsT())

    # comparison and choice

    def equal(self, a: Value, b: Value) -> Tensor:
        """a == b, bool."""
        return self._binary("EQUAL", a, b, schema.EqualOptionsT(), np.bool_)

    def not_equal(self, a: Value, b: Value) -> Tensor:
        """a != b, bool."""
        return self._binary("NOT_EQUAL", a, b, schema.NotEqualOptionsT(), np.bool_)

    def greater(self, a: Value, b: Value) -> Tensor:
        """a > b, bool."""
        return self._binary("GREATER", a, b, schema.GreaterOptionsT(), np.bool_)

    def greater_equal(self, a: Value, b: Value) -> Tensor:
        """a >= b, bool."""
        return self._binary("GREATER_EQUAL", a, b, schema.GreaterEqualOptionsT(), np.bool_)

    def less(self, a: Value, b: Value) -> Tensor:
        """a < b, bool."""
        return self._binary("LESS", a, b, schema.LessOptionsT(), np.bool_)

    def less_equal(self, a: Value, b: Value) -> Tensor:
        """a <= b, bool."""
        return self.greater_equal(b, a)

    def logical_and(self, a: Tensor, b: Tensor) -> Tensor:
        """a and b, bool."""
        return self._binary("LOGICAL_AND", a, b, schema.LogicalAndOptionsT())

    def logical_or(self, a: Tensor, b: Tensor) -> Tensor:
        """a or b, bool."""
        return self._binary("LOGICAL_OR", a, b, schema.LogicalOrOptionsT())

    def logical_not(self, a: Tensor) -> Tensor:
        """not a, bool."""
        return self._unary("LOGICAL_NOT", a, schema.LogicalNotOptionsT())

    def select(self, condition: Tensor, a: Value, b: Value) -> Tensor:
        """a where condition holds, else b."""
        other = a if isinstance(a, Tensor) else b
        if not isinstance(other, Tensor):
            raise TypeError("select needs at least one tensor to choose from")
        left, right = self.constant(a, other.dtype), self.constant(b, other.dtype)
        shape = broadcast(condition.shape, broadcast(left.shape, right.shape))
        y = self.new(shape, left.dtype, "select")
        self.emit("SELECT_V2", [condition, left, right], [y], schema.SelectV2OptionsT())
        return y

    # elementwise functions

    def neg(self, x: Tensor) -> Tensor:
        """−x."""
        return self._unary("NEG", x, schema.NegOptionsT())

    def abs(self, x: Tensor) -> Tensor:
        """|x|."""
        return self._unary("ABS", x, schema.AbsOptionsT())

    def ceil(self, x: Tensor) -> Tensor:
        """⌈x⌉."""
        return self._unary("CEIL", x)

    def floor(self, x: Tensor) -> Tensor:
        """⌊x⌋."""
        return self._unary("FLOOR", x)

    def exp(self, x: Tensor) -> Tensor:
        """e^x."""
        return self._unary("EXP", x, schema.ExpOptionsT())

    def log(self, x: Tensor) -> Tensor:
        """Natural logarithm."""
        return self._unary("LOG", x)

    def sqrt(self, x: Tensor) -> Tensor:
        """Square root."""
        return self._unary("SQRT", x)

    def rsqrt(self, x: Tensor) -> Tensor:
        """1 / square root."""
        return self._unary("RSQRT", x)

    def square(self, x: Tensor) -> Tensor:
        """x²."""
        return self._unary("SQUARE", x, schema.SquareOptionsT())

    def sign(self, x: Tensor) -> Tensor:
        """−1, 0 or 1."""
        return self._unary("SIGN", x, schema.SignOptionsT())

    def tanh(self, x: Tensor) -> Tensor:
        """Hyperbolic tangent."""
        return self._unary("TANH", x)

    def sigmoid(self, x: Tensor) -> Tensor:
        """1 / (1 + e^−x)."""
        return self._unary("LOGISTIC", x)

    def sin(self, x: Tensor) -> Tensor:
        """Sine of radians."""
        return self._unary("SIN", x)

    def cos(self, x: Tensor) -> Tensor:
        """Cosine of radians."""
        return self._unary("COS", x, schema.CosOptionsT())

    def relu(self, x: Tensor) -> Tensor:
        """max(x, 0)."""
        return self._unary("RELU", x)

    def elu(self, x: Tensor) -> Tensor:
        """x, or eˣ − 1 below 0."""
        return self._unary("ELU", x)

    def softmax(self, x: Tensor) -> Tensor:
        """Softmax over the last axis."""
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        return self._unary("SOFTMAX", x, options)

    def log_softmax(self, x: Tensor) -> Tensor:
        """Logarithm of the softmax over the last axis."""
        return self._unary("LOG_SOFTMAX", x, schema.LogSoftmaxOptionsT())

    def cast(self, x: Tensor, dtype: np.dtype | type) -> Tensor:
        """x in another dtype."""
        if x.dtype == np.dtype(dtype):
            return x
        options = schema.CastOptionsT()
        options.inDataType, options.outDataType = code_of(x.dtype), code_of(dtype)
        y = self.new(x.shape, dtype, "cast")
        self.emit("CAST", [x], [y], options)
        return y

    def bitcast(self, x: Tensor, dtype: np.dtype | type) -> Tensor:
        """The same bits as another dtype; a wider one becomes a new last axis, low word first."""
        target = np.dtype(dtype)
        if x.dtype.itemsize == target.itemsize:
            shape = x.shape
        elif x.dtype.itemsize > target.itemsize:
            shape = (*x.shape, x.dtype.itemsize // target.itemsize)
        else:
            shape = x.shape[:-1]
        y = self.new(shape, target, "bitcast")
        self.emit("BITCAST", [x], [y], schema.BitcastOptionsT())
        return y
