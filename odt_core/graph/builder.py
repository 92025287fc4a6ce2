"""Appends builtin ops to a subgraph and works out shapes: what lowering rules are written in.

Each method is one TFLite op (or the few that make one idea), takes and returns `Tensor`s, and
follows the op's documented semantics. Python numbers and numpy arrays may stand for constants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.batch import Batch, batch_of, dynamic_axis
from odt_core.graph.flex import Pooled
from odt_core.graph.inferred_shapes import inferred
from odt_core.graph.kernels import check_kernel
from odt_core.graph.known_shapes import open_size, with_contents
from odt_core.graph.open_axes import Size, axes_of
from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.resources import Resources
from odt_core.graph.tensor import (
    Shape,
    Tensor,
    code_of,
    declare_shape,
    dtype_of,
    has_dtype,
    shape_of,
)

if TYPE_CHECKING:
    from odt_core.graph.rules.windows import Window

Value = Tensor | np.ndarray | int | float

_MOST_TENSORS = 200_000  # in a subgraph: no file may have a rule write without end

_OPTION_TYPES = {
    name: value for name, value in vars(schema.BuiltinOptions).items() if isinstance(value, int)
}

# Which input of an op holds its output's shape.
_SIZES = {"SLICE": 2, "RESHAPE": 1, "BROADCAST_TO": 1, "FILL": 0}

# Builtin ops whose first version LiteRT has dropped, or could not do what is asked of them here.
_VERSIONS = {schema.BuiltinOperator.BROADCAST_TO: 2, schema.BuiltinOperator.DEQUANTIZE: 3}


@dataclass(frozen=True)
class PoolGradient:
    """A max pool's gradient, so that what comes after it can be done before it, where it is less.

    x, y: what goes into the pool and what comes out. dy: ∂L/∂y. spread: ∂L/∂x from a ∂L/∂y.
    """

    x: Tensor
    y: Tensor
    dy: Tensor
    spread: Callable[[Tensor], Tensor]


class Builder:
    """Writes ops into `operators`, in order, and their tensors into the subgraph."""

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self.model = model
        self.graph = graph
        self.operators: list[schema.OperatorT] = []
        self._constants: dict[tuple, Tensor] = {}
        self._producers: dict[int, schema.OperatorT] = {}
        self._batches: dict[int, Batch] = {}
        self._axes: dict[int, Sequence[Size]] = {}  # of tensors with several dynamic dimensions
        self.pool_gradients: dict[int, PoolGradient] = {}  # by the tensor of the gradient
        # by the id of an operator that is to be lowered: what the graph around it allows
        self.pooled: dict[int, Pooled] = {}
        self.windows: dict[int, tuple[Window, Window]] = {}
        for index in [] if graph.inputs is None else graph.inputs:
            if dynamic_axis(self.tensor(int(index))) is not None:
                self._batches[int(index)] = (int(index), 1)

    @cached_property
    def resources(self) -> Resources:
        """What the file says of the model's variables."""
        return Resources(self.model)

    # --- tensors ---------------------------------------------------------------------------

    def tensor(self, index: int) -> Tensor:
        """The existing tensor at `index` of the subgraph."""
        raw = self.graph.tensors[index]
        shape = shape_of(raw)
        if not has_dtype(raw.type):
            return Tensor(index, shape, np.dtype(object))
        dtype = dtype_of(raw.type)
        return Tensor(index, shape, dtype, self._content(raw, shape, dtype))

    def constant(self, value: Value, dtype: np.dtype | type | None = None) -> Tensor:
        """A constant; the same content is stored once."""
        if isinstance(value, Tensor):
            return value
        array = np.asarray(value, dtype)
        if dtype is None and array.dtype == np.float64:
            array = array.astype(np.float32)
        if dtype is None and array.dtype == np.int64:
            array = array.astype(np.int32)
        array = np.asarray(array, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(array.tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            index = self._append(array.shape, array.dtype, len(self.model.buffers) - 1, "constant")
            self._constants[key] = Tensor(index, array.shape, array.dtype, array)
        return self._constants[key]

    def new(self, shape: Sequence[int | None], dtype: np.dtype | type, name: str = "") -> Tensor:
        """A fresh tensor for an op to write; None marks a dimension known only at run time."""
        index = self._append(tuple(shape), np.dtype(dtype), 0, name)
        return Tensor(index, tuple(shape), np.dtype(dtype))

    def _append(self, shape: Shape, dtype: np.dtype, buffer: int, name: str) -> int:
        if len(self.graph.tensors) >= _MOST_TENSORS:
            raise LoweringError(
                f"It would take more than {_MOST_TENSORS:,} tensors in builtin ops. Use a smaller "
                "window or fewer steps."
            )
        raw = schema.TensorT()
        declare_shape(raw, shape)
        raw.type = code_of(dtype)
        raw.buffer = buffer
        raw.hasRank = True
        raw.name = f"odt/{name or 'value'}_{len(self.graph.tensors)}".encode()
        self.graph.tensors.append(raw)
        return len(self.graph.tensors) - 1

    def _content(self, raw: schema.TensorT, shape: Shape, dtype: np.dtype) -> np.ndarray | None:
        if 0 in shape and None not in shape:
            return np.zeros([size or 0 for size in shape], dtype)  # nothing, whatever its source
        if raw.isVariable or not 0 < raw.buffer < len(self.model.buffers):
            return None
        data = self.model.buffers[raw.buffer].data
        if data is None or not len(data):
            return None
        sizes = [size for size in shape if size is not None]
        if len(sizes) < len(shape) or len(data) != math.prod(sizes) * dtype.itemsize:
            return None
        return np.frombuffer(np.ascontiguousarray(data, np.uint8), dtype).reshape(sizes)

    # --- ops -------------------------------------------------------------------------------

    def emit(
        self,
        op: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        options: object | None = None,
    ) -> None:
        """Append the builtin op named as in the schema's BuiltinOperator, e.g. "BATCH_MATMUL".

        Raises LoweringError when LiteRT has no kernel of it for the first input's dtype.
        """
        if inputs:
            check_kernel(op, inputs[0].dtype)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._opcode(getattr(schema.BuiltinOperator, op))
        operator.inputs = np.array([tensor.index for tensor in inputs], np.int32)
        operator.outputs = np.array([tensor.index for tensor in outputs], np.int32)
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = _OPTION_TYPES[type(options).__name__.removesuffix("T")]
        self.keep(operator)

    def again(
        self, operator: schema.OperatorT, inputs: Sequence[Tensor], shape: Sequence[int | None]
    ) -> Tensor:
        """What an op, options and all, gives of other inputs of the same dtype."""
        name = name_of(self.model, operator)
        y = self.new(shape, inputs[0].dtype, name.lower())
        self.emit(name, inputs, [y], copy(operator.builtinOptions))
        return y

    def keep(self, operator: schema.OperatorT) -> None:
        """Append an operator as it is."""
        self.operators.append(operator)
        name = name_of(self.model, operator)
        inputs = [self.tensor(index) for index in inputs_of(operator) if index >= 0]
        for index in outputs_of(operator):
            self._producers[index] = operator
            output = self._settled(name, inputs, index, operator)
            batch = batch_of(name, inputs, output, operator.builtinOptions, self.batch_source)
            sizes = _sizes_input(name, inputs)
            if batch is None and sizes is not None and len(inputs) > sizes:
                batch = open_size(self, inputs[sizes], output)
            if name == "IF":
                batch = self._of_branches(operator, index)
            if batch is None and None in output.shape:
                batch = self._of_axes(name, inputs, output, operator.builtinOptions)
            if batch is not None:
                self._batches[index] = batch

    def _settled(
        self, name: str, inputs: Sequence[Tensor], index: int, operator: schema.OperatorT
    ) -> Tensor:
        """An output tensor, with what its op's inputs tell of its shape written into the file."""
        output = self.tensor(index)
        shape = inferred(self, name, inputs, output, operator.builtinOptions)
        sizes = _sizes_input(name, inputs)
        if sizes is not None and None in shape and len(inputs) > sizes:
            shape = with_contents(self, shape, inputs[sizes])
        if shape == output.shape:
            return output
        declare_shape(self.graph.tensors[index], shape)
        return self.tensor(index)

    def sizes(self, tensor: Tensor) -> Sequence[Size]:
        """The size of each axis: a number, or which input's dynamic dimension it is and how many
        times it; None where that is not clear.
        """
        axis, batch = dynamic_axis(tensor), self.batch_source(tensor)
        if axis is None:
            return self._axes.get(tensor.index, tensor.shape)
        return [batch if at == axis else size for at, size in enumerate(tensor.shape)]

    def _of_axes(
        self, name: str, inputs: Sequence[Tensor], output: Tensor, options: object
    ) -> Batch | None:
        """What `batch_of` gives, of an op on tensors with several dynamic dimensions. Notes the
        sizes of a result that has several itself.
        """
        axis = dynamic_axis(output)
        if axis is not None and not any(one.shape.count(None) > 1 for one in inputs):
            return None
        found = axes_of(self, name, inputs, output, options)
        if len(found) != output.rank:
            return None
        if axis is None:
            self._axes[output.index] = found
            return None
        size = found[axis]
        return size if isinstance(size, tuple) else None

    def _of_branches(self, operator: schema.OperatorT, index: int) -> Batch | None:
        """The batch of a result of IF, where both branches give it from the same input's. Branches
        that call others are not looked into.
        """
        place, given = outputs_of(operator).index(index), inputs_of(operator)[1:]
        found = set()
        for called in called_by(self.model, operator):
            graph = self.model.subgraphs[called]
            fits = len(graph.inputs) == len(given) and place < len(graph.outputs)
            if not fits or any(called_by(self.model, inner) for inner in graph.operators):
                return None
            branch = Builder(self.model, graph)
            for inner in graph.operators:
                branch.keep(inner)
            source = branch.batch_source(branch.tensor(int(graph.outputs[place])))
            if source is None:
                return None
            batch = self.batch_source(self.tensor(given[graph.inputs.tolist().index(source[0])]))
            found.add(batch and (batch[0], batch[1] * source[1]))
        return found.pop() if len(found) == 1 else None

    def producer(self, tensor: Tensor) -> schema.OperatorT | None:
        """The operator before this point that writes a tensor; None for inputs and constants."""
        return self._producers.get(tensor.index)

    def share_batch(self, tensors: Sequence[Tensor]) -> None:
        """Note that the dynamic first dimensions of tensors are equal, as their op demands."""
        batched = [tensor for tensor in tensors if dynamic_axis(tensor) == 0]
        known = [source for source in map(self.batch_source, batched) if source is not None]
        for tensor in batched if known else []:
            self._batches.setdefault(tensor.index, known[0])

    def note_batch(self, tensor: Tensor, batch: Batch) -> None:
        """Note whose a tensor's one dynamic dimension is, where its op does not tell."""
        self._batches[tensor.index] = batch

    def batch_source(self, tensor: Tensor) -> Batch | None:
        """Which input's dynamic dimension a tensor's is, and how many times it.

        None when the tensor has no or several dynamic dimensions, or when it is not clear.
        """
        if dynamic_axis(tensor) is None:
            return None
        return self._batches.get(tensor.index)

    def _opcode(self, builtin: int) -> int:
        for index, code in enumerate(self.model.operatorCodes):
            if code.customCode is None and builtin == max(
                code.builtinCode, code.deprecatedBuiltinCode
            ):
                return index
        code = schema.OperatorCodeT()
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, 127)  # readers older than schema v3a
        code.version = _VERSIONS.get(builtin, 1)
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

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

    # arithmetic, broadcasting as numpy does

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

    # shapes

    def shape(self, x: Tensor) -> Tensor:
        """The shape of x at run time, int32 [rank]; what is known of it now is a constant."""
        if None not in x.shape:
            return self.constant(np.array(x.shape, np.int32))
        source, axis = self.batch_source(x), dynamic_axis(x)
        if source is None or axis is None:
            return self._shape(x)
        root = self.tensor(source[0])
        size = self.slice(self._shape(root), [dynamic_axis(root) or 0], [1])
        if source[1] != 1:
            size = self.mul(size, source[1])
        before, after = (np.array(part, np.int32) for part in (x.shape[:axis], x.shape[axis + 1 :]))
        return self.concat([self.constant(before), size, self.constant(after)], 0)

    def _shape(self, x: Tensor) -> Tensor:
        options = schema.ShapeOptionsT()
        options.outType = schema.TensorType.INT32
        y = self.new([x.rank], np.int32, "shape")
        self.emit("SHAPE", [x], [y], options)
        return y

    def reshape(self, x: Tensor, shape: Sequence[int | None]) -> Tensor:
        """x in another shape; at most one dimension may be None (worked out at run time)."""
        shape = tuple(shape)
        if shape == x.shape:
            return x
        if sum(size is None for size in shape) > 1:
            raise LoweringError(f"Cannot reshape to {shape}: more than one dimension is unknown.")
        target = np.array([-1 if size is None else size for size in shape], np.int32)
        options = schema.ReshapeOptionsT()
        options.newShape = target
        y = self.new(self._known(x.shape, shape), x.dtype, "reshape")
        self.emit("RESHAPE", [x, self.constant(target)], [y], options)
        return y

    @staticmethod
    def _known(old: Shape, new: Shape) -> Shape:
        """`new` with its None filled in when `old` has none; () may be an unknown rank too."""
        if not old or None in old or None not in new:
            return new
        total = int(np.prod(old, dtype=np.int64))  # type: ignore[arg-type]
        rest = int(np.prod([size for size in new if size is not None], dtype=np.int64))
        return tuple(total // max(rest, 1) if size is None else size for size in new)

    def reshape_to(self, x: Tensor, shape: Tensor, static: Sequence[int | None]) -> Tensor:
        """x in the shape held by an int32 tensor; `static` is what is known of it now."""
        y = self.new(static, x.dtype, "reshape")
        self.emit("RESHAPE", [x, shape], [y], schema.ReshapeOptionsT())
        return y

    def transpose(self, x: Tensor, permutation: Sequence[int]) -> Tensor:
        """Axes in another order."""
        if list(permutation) == list(range(x.rank)):
            return x
        order = self.constant(np.array(permutation, np.int32))
        y = self.new([x.shape[axis] for axis in permutation], x.dtype, "transpose")
        self.emit("TRANSPOSE", [x, order], [y], schema.TransposeOptionsT())
        return y

    def concat(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        """Parts one after another along an axis."""
        parts = [part for part in parts if part.shape != (0,)] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        axis %= parts[0].rank
        sizes = [part.shape[axis] for part in parts]
        shape = [
            next((p.shape[i] for p in parts if p.shape[i] is not None), None)
            for i in range(parts[0].rank)
        ]
        shape[axis] = None if None in sizes else sum(size for size in sizes if size is not None)
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        y = self.new(shape, parts[0].dtype, "concat")
        self.emit("CONCATENATION", parts, [y], options)
        return y

    def pack(self, parts: Sequence[Tensor], axis: int = 0) -> Tensor:
        """Parts stacked along a new axis."""
        options = schema.PackOptionsT()
        options.valuesCount, options.axis = len(parts), axis
        shape = list(parts[0].shape)
        shape.insert(axis, len(parts))
        y = self.new(shape, parts[0].dtype, "pack")
        self.emit("PACK", parts, [y], options)
        return y

    def split(self, x: Tensor, count: int, axis: int) -> list[Tensor]:
        """`count` equal parts along an axis."""
        if count == 1:
            return [x]
        axis %= x.rank
        shape = list(x.shape)
        shape[axis] = x.dim(axis) // count
        parts = [self.new(shape, x.dtype, "split") for _ in range(count)]
        options = schema.SplitOptionsT()
        options.numSplits = count
        self.emit("SPLIT", [self.constant(np.array(axis, np.int32)), x], parts, options)
        return parts

    def slice(self, x: Tensor, begin: Sequence[int], size: Sequence[int | None]) -> Tensor:
        """A box of x; size None takes all from begin to the end of that axis."""
        ends = zip(begin, size, x.shape, strict=True)
        if all(b == 0 and (s is None or s == d) for b, s, d in ends):
            return x
        extent = [-1 if s is None else s for s in size]
        shape = [
            s if s is not None else (None if d is None else d - b)
            for b, s, d in zip(begin, size, x.shape, strict=True)
        ]
        y = self.new(shape, x.dtype, "slice")
        starts = self.constant(np.array(begin, np.int32))
        self.emit(
            "SLICE",
            [x, starts, self.constant(np.array(extent, np.int32))],
            [y],
            schema.SliceOptionsT(),
        )
        return y

    def reverse(self, x: Tensor, axis: int) -> Tensor:
        """The entries of an axis from its end on."""
        y = self.new(x.shape, x.dtype, "reverse")
        along = self.constant(np.array([axis], np.int32))
        self.emit("REVERSE_V2", [x, along], [y], schema.ReverseV2OptionsT())
        return y

    def expand(self, x: Tensor, axis: int) -> Tensor:
        """x with one more axis, of size 1; also where several sizes are unknown."""
        y = self.new((*x.shape[:axis], 1, *x.shape[axis:]), x.dtype, "expand_dims")
        where = self.constant(np.array(axis, np.int32))
        self.emit("EXPAND_DIMS", [x, where], [y], schema.ExpandDimsOptionsT())
        return y

    def strided_slice(
        self, x: Tensor, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]
    ) -> Tensor:
        """x[begin:end:strides] on each axis; an axis whose size is None must be taken whole."""
        whole = [size is None for size in x.shape]
        options = schema.StridedSliceOptionsT()
        options.beginMask = options.endMask = sum(1 << i for i, w in enumerate(whole) if w)
        shape = [
            None if w else len(range(b, e, s))
            for w, b, e, s in zip(whole, begin, end, strides, strict=True)
        ]
        y = self.new(shape, x.dtype, "strided_slice")
        bounds = [self.constant(np.array(v, np.int32)) for v in (begin, end, strides)]
        self.emit("STRIDED_SLICE", [x, *bounds], [y], options)
        return y

    def gather(self, x: Tensor, indices: Value, axis: int = 0) -> Tensor:
        """Entries of x at integer `indices` along an axis."""
        where = self.constant(indices, None if isinstance(indices, Tensor) else np.int32)
        options = schema.GatherOptionsT()
        options.axis = axis
        y = self.new((*x.shape[:axis], *where.shape, *x.shape[axis + 1 :]), x.dtype, "gather")
        self.emit("GATHER", [x, where], [y], options)
        return y

    def gather_nd(self, x: Tensor, indices: Tensor) -> Tensor:
        """Entries of x at index tuples, [..., k]."""
        y = self.new((*indices.shape[:-1], *x.shape[indices.dim(-1) :]), x.dtype, "gather_nd")
        self.emit("GATHER_ND", [x, indices], [y], schema.GatherNdOptionsT())
        return y

    def where(self, condition: Tensor) -> Tensor:
        """Index tuples at which a bool tensor holds, int64 [n, rank]."""
        y = self.new((None, condition.rank), np.int64, "where")
        self.emit("WHERE", [condition], [y], schema.WhereOptionsT())
        return y

    def pad(self, x: Tensor, paddings: Sequence[tuple[int, int]]) -> Tensor:
        """Zeros before and after on each axis."""
        if not any(before or after for before, after in paddings):
            return x
        shape = [
            None if size is None else size + before + after
            for size, (before, after) in zip(x.shape, paddings, strict=True)
        ]
        y = self.new(shape, x.dtype, "pad")
        self.emit(
            "PAD", [x, self.constant(np.array(paddings, np.int32))], [y], schema.PadOptionsT()
        )
        return y

    def fill(
        self, shape: Tensor, value: Value, static: Sequence[int | None], dtype: type
    ) -> Tensor:
        """A tensor of the run-time shape filled with one value."""
        y = self.new(static, dtype, "fill")
        self.emit("FILL", [shape, self.constant(value, dtype)], [y], schema.FillOptionsT())
        return y

    def range(self, start: Value, limit: Value, delta: Value = 1) -> Tensor:
        """start, start + delta, … below limit, int32 [n]."""
        parts = [self.constant(v, np.int32) for v in (start, limit, delta)]
        contents = [part.const for part in parts]
        known = None
        if all(content is not None for content in contents):
            known = len(range(*(int(content) for content in contents)))  # type: ignore[arg-type]
        y = self.new([known], np.int32, "range")
        self.emit("RANGE", parts, [y], schema.RangeOptionsT())
        return y

    def broadcast_to(self, x: Tensor, shape: Tensor, static: Sequence[int | None]) -> Tensor:
        """x repeated to the run-time shape; `static` is what is known of it now."""
        y = self.new(static, x.dtype, "broadcast_to")
        self.emit("BROADCAST_TO", [x, shape], [y], schema.BroadcastToOptionsT())
        return y

    def one_hot(self, indices: Tensor, depth: Value) -> Tensor:
        """float32 [..., depth], 1 at the index; an index out of range gives a row of zeros."""
        options = schema.OneHotOptionsT()
        options.axis = -1
        size = None if isinstance(depth, Tensor) else int(depth)
        y = self.new((*indices.shape, size), np.float32, "one_hot")
        values = [self.constant(v, np.float32) for v in (1.0, 0.0)]
        inputs = [self.cast(indices, np.int32), self.constant(depth, np.int32), *values]
        self.emit("ONE_HOT", inputs, [y], options)
        return y

    def scatter_nd(
        self, indices: Tensor, updates: Tensor, shape: Tensor, static: Sequence[int | None]
    ) -> Tensor:
        """Zeros of the run-time shape with updates added at index tuples [..., k]."""
        y = self.new(static, updates.dtype, "scatter_nd")
        self.emit("SCATTER_ND", [indices, updates, shape], [y], schema.ScatterNdOptionsT())
        return y

    def segment_max(self, x: Tensor, segments: Tensor, count: Value, static: int | None) -> Tensor:
        """The largest entries of x [n, ...] a segment [count, ...]; of none the lowest value."""
        y = self.new((static, *x.shape[segments.rank :]), x.dtype, "segment_max")
        number = self.constant(count, np.int32)
        self.emit(
            "UNSORTED_SEGMENT_MAX",
            [x, segments, number],
            [y],
            schema.UnsortedSegmentMaxOptionsT(),
        )
        return y

    # reductions

    def _reduce(self, op: str, x: Tensor, axes: Sequence[int], keepdims: bool) -> Tensor:
        options = schema.ReducerOptionsT()
        options.keepDims = keepdims
        chosen = {axis % x.rank for axis in axes}
        shape = [
            1 if axis in chosen else size
            for axis, size in enumerate(x.shape)
            if keepdims or axis not in chosen
        ]
        y = self.new(shape, x.dtype, op.lower())
        self.emit(op, [x, self.constant(np.array(sorted(chosen), np.int32))], [y], options)
        return y

    def sum(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Sum over axes."""
        return self._reduce("SUM", x, axes, keepdims)

    def mean(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Mean over axes."""
        return self._reduce("MEAN", x, axes, keepdims)

    def max(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Maximum over axes."""
        return self._reduce("REDUCE_MAX", x, axes, keepdims)

    def prod(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Product over axes."""
        return self._reduce("REDUCE_PROD", x, axes, keepdims)

    def any(self, x: Tensor, axes: Sequence[int], keepdims: bool = False) -> Tensor:
        """Whether any entry of a bool tensor holds, over axes."""
        return self._reduce("REDUCE_ANY", x, axes, keepdims)

    # linear algebra and images

    def matmul(
        self, a: Tensor, b: Tensor, *, transpose_a: bool = False, transpose_b: bool = False
    ) -> Tensor:
        """Batched matrix product; XNNPACK takes BATCH_MATMUL with variables on both sides."""
        options = schema.BatchMatMulOptionsT()
        options.adjX, options.adjY = transpose_a, transpose_b
        rows = a.shape[-1] if transpose_a else a.shape[-2]
        columns = b.shape[-2] if transpose_b else b.shape[-1]
        shape = (*broadcast(a.shape[:-2], b.shape[:-2]), rows, columns)
        y = self.new(shape, a.dtype, "matmul")
        self.emit("BATCH_MATMUL", [a, b], [y], options)
        return y

    def conv2d(
        self,
        x: Tensor,
        weights: Value,
        strides: tuple[int, int] = (1, 1),
        dilations: tuple[int, int] = (1, 1),
        *,
        same: bool = False,
    ) -> Tensor:
        """Convolution of [N, H, W, C] with weights [K, kh, kw, C], VALID or SAME padding."""
        kernel = self.constant(weights, np.float32)
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH, options.strideW = strides
        options.dilationHFactor, options.dilationWFactor = dilations
        rows, columns = self._windows(x, kernel.shape[1:3], strides, dilations, same)
        y = self.new((x.shape[0], rows, columns, kernel.shape[0]), x.dtype, "conv2d")
        bias = self.constant(np.zeros(kernel.dim(0), np.float32))  # the kernel insists on one
        self.emit("CONV_2D", [x, kernel, bias], [y], options)
        return y

    def depthwise_conv2d(
        self,
        x: Tensor,
        weights: Value,
        strides: tuple[int, int] = (1, 1),
        dilations: tuple[int, int] = (1, 1),
        *,
        same: bool = False,
    ) -> Tensor:
        """Depthwise convolution of [N, H, W, C] with weights [1, kh, kw, C·m]."""
        kernel = self.constant(weights, np.float32)
        options = schema.DepthwiseConv2DOptionsT()
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH, options.strideW = strides
        options.dilationHFactor, options.dilationWFactor = dilations
        options.depthMultiplier = kernel.dim(3) // x.dim(3)
        rows, columns = self._windows(x, kernel.shape[1:3], strides, dilations, same)
        y = self.new((x.shape[0], rows, columns, kernel.shape[3]), x.dtype, "depthwise_conv2d")
        bias = self.constant(np.zeros(kernel.dim(3), np.float32))
        self.emit("DEPTHWISE_CONV_2D", [x, kernel, bias], [y], options)
        return y

    @staticmethod
    def _windows(
        x: Tensor,
        kernel: Shape,
        strides: tuple[int, int],
        dilations: tuple[int, int],
        same: bool,
    ) -> tuple[int, ...]:
        sizes = zip((1, 2), kernel, strides, dilations, strict=True)
        return tuple(
            -(-x.dim(a) // s) if same else (x.dim(a) - ((k or 1) - 1) * d - 1) // s + 1
            for a, k, s, d in sizes
        )


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an elementwise result; unknown against 1 or unknown stays unknown."""
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + tuple(a)
    right = (1,) * (rank - len(b)) + tuple(b)
    result: list[int | None] = []
    for i, j in zip(left, right, strict=True):
        if i == 1:
            result.append(j)
        elif j == 1 or i == j:
            result.append(i)
        elif i is None or j is None:
            result.append(j if i is None else i)
        else:
            raise LoweringError(f"Shapes {a} and {b} do not broadcast.")
    return tuple(result)


def _sizes_input(name: str, inputs: Sequence[Tensor]) -> int | None:
    """Which input of an op holds its output's shape; None when none does."""
    if name == "TILE" and set(inputs[0].shape) == {1}:  # repeated as often as it is to be long
        return 1
    return _SIZES.get(name)
