"""Writes ops and tensors into a subgraph, and works out their shapes and whose batch they have."""

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
from odt_core.graph.building.batch import Batch, batch_of, dynamic_axis
from odt_core.graph.building.inferred_shapes import inferred
from odt_core.graph.building.kernels import check_kernel
from odt_core.graph.building.known_shapes import open_size, with_contents
from odt_core.graph.building.open_axes import Size, axes_of
from odt_core.graph.flatbuffer import MAX_MODEL_BYTES
from odt_core.graph.flex import Pooled
from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.resources import Resources
from odt_core.graph.tensor import (
    Shape,
    Tensor,
    code_of,
    declare_shape,
    dtype_of,
    has_dtype,
    is_possible,
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
_SIZES = {"SLICE": 2, "RESHAPE": 1, "BROADCAST_TO": 1, "FILL": 0, "TRANSPOSE_CONV": 0}

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


class Writer:
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

    def tensor(self, index: int) -> Tensor:
        """The existing tensor at `index` of the subgraph."""
        raw = self.graph.tensors[index]
        shape = shape_of(raw)
        if not has_dtype(raw.type):
            return Tensor(index, shape, np.dtype(object))
        dtype = dtype_of(raw.type)
        return Tensor(index, shape, dtype, self._content(raw, shape, dtype))

    def constant(self, value: Value, dtype: np.dtype | type | None = None) -> Tensor:
        """A constant; the same content is stored once. LoweringError for more than a file holds."""
        if isinstance(value, Tensor):
            return value
        array = np.asarray(value, dtype)
        if dtype is None and array.dtype == np.float64:
            array = array.astype(np.float32)
        if dtype is None and array.dtype == np.int64:
            array = array.astype(np.int32)
        if array.nbytes > MAX_MODEL_BYTES:
            raise LoweringError(
                f"It would take a constant of {array.nbytes:,} bytes. Use smaller tensors."
            )
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
        if not is_possible(shape, dtype.itemsize):
            raise LoweringError(
                f"It would take a tensor of shape {shape}, and no tensor can be so. Use smaller "
                "tensors, and windows that fit into them."
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
            branch = Writer(self.model, graph)
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


def _sizes_input(name: str, inputs: Sequence[Tensor]) -> int | None:
    """Which input of an op holds its output's shape; None when none does."""
    if name == "TILE" and set(inputs[0].shape) == {1}:  # repeated as often as it is to be long
        return 1
    return _SIZES.get(name)
