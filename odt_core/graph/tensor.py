"""A value in the graph under construction: place, shape, dtype and, where known, content."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError

Shape = tuple[int | None, ...]

MOST_DIMENSIONS = 16  # of a tensor
MOST_ENTRIES = 2**31 - 1  # of a tensor: LiteRT counts them in 32 bits
_MOST_BYTES = 2**32

_TYPES: dict[int, np.dtype] = {
    schema.TensorType.FLOAT32: np.dtype(np.float32),
    schema.TensorType.FLOAT16: np.dtype(np.float16),
    schema.TensorType.FLOAT64: np.dtype(np.float64),
    schema.TensorType.INT8: np.dtype(np.int8),
    schema.TensorType.UINT8: np.dtype(np.uint8),
    schema.TensorType.INT16: np.dtype(np.int16),
    schema.TensorType.INT32: np.dtype(np.int32),
    schema.TensorType.UINT32: np.dtype(np.uint32),
    schema.TensorType.INT64: np.dtype(np.int64),
    schema.TensorType.UINT64: np.dtype(np.uint64),
    schema.TensorType.BOOL: np.dtype(np.bool_),
}
_CODES = {dtype: code for code, dtype in _TYPES.items()}
_NAMES = {
    code: name.lower() for name, code in vars(schema.TensorType).items() if isinstance(code, int)
}


@dataclass(frozen=True)
class Tensor:
    """A tensor of the subgraph.

    index: its place in the subgraph's tensor list.
    shape: None for a dimension known only at run time (the batch).
    const: its content when it is a constant of the file, else None.
    """

    index: int
    shape: Shape
    dtype: np.dtype
    const: np.ndarray | None = None

    @property
    def rank(self) -> int:
        """How many dimensions it has."""
        return len(self.shape)

    def dim(self, axis: int) -> int:
        """The size of a dimension that must be known now, such as channels.

        Raises LoweringError when it is known only at run time.
        """
        if not -self.rank <= axis < self.rank:
            raise LoweringError(
                f"A tensor of {self.rank} dimensions, as the file declares it, should have more. "
                "Convert the model with a newer TensorFlow."
            )
        size = self.shape[axis]
        if size is None:
            raise OpenSizeError(
                f"Dimension {axis} of a tensor of shape {self.shape} must be known when the model "
                "is loaded. Convert the model with this dimension fixed."
            )
        return size


def entries(shape: Shape) -> int | None:
    """How many entries a shape has; None when a dimension is known only at run time."""
    return None if None in shape else math.prod(size or 0 for size in shape)


def is_possible(shape: Shape, itemsize: int) -> bool:
    """Whether a tensor can have this shape, as far as it is known, of entries of so many bytes."""
    known = [size for size in shape if size is not None]
    if len(shape) > MOST_DIMENSIONS or not all(0 <= size <= MOST_ENTRIES for size in known):
        return False
    count = math.prod(known)
    return count <= MOST_ENTRIES and count * itemsize <= _MOST_BYTES


def dtype_of(code: int) -> np.dtype:
    """The numpy dtype of a TensorType; resources and strings have none (LoweringError)."""
    if code not in _TYPES:
        raise LoweringError(f"A tensor of TFLite type {code} has no numeric content.")
    return _TYPES[code]


def has_dtype(code: int) -> bool:
    """Whether a TensorType is numeric."""
    return code in _TYPES


def type_name(code: int) -> str:
    """What a TensorType is called, numpy's name of a numeric one; "?" where it is none."""
    return _NAMES.get(code, "?")


def code_of(dtype: np.dtype | type) -> int:
    """The TensorType of a numpy dtype; LoweringError for resources, strings and complex numbers."""
    if np.dtype(dtype) not in _CODES:
        raise LoweringError(
            "it works on text, lists or complex numbers, for which odt has no builtin form. Build "
            "the model without it."
        )
    return _CODES[np.dtype(dtype)]


def shape_of(tensor: schema.TensorT) -> Shape:
    """The shape of a file's tensor, None where it is dynamic."""
    signature = tensor.shapeSignature
    sizes = signature if signature is not None and len(signature) else tensor.shape
    known = () if sizes is None else np.asarray(sizes).tolist()
    return tuple([None if size < 0 else size for size in known])


def declare_shape(tensor: schema.TensorT, shape: Shape) -> None:
    """Write a shape into a file's tensor."""
    tensor.shape = np.array([1 if size is None else size for size in shape], np.int32)
    signature = [-1 if size is None else size for size in shape]
    tensor.shapeSignature = np.array(signature, np.int32) if None in shape else None


def constant_of(model: schema.ModelT, tensor: schema.TensorT) -> np.ndarray | None:
    """A copy of a constant tensor's content; None for one that is computed."""
    content = model.buffers[tensor.buffer].data if tensor.buffer else None
    if content is None or not len(content) or not has_dtype(tensor.type):
        return None
    shape = [] if tensor.shape is None else [int(size) for size in tensor.shape]
    flat = np.frombuffer(bytes(content), dtype_of(tensor.type))
    return flat.reshape(shape).copy() if flat.size == int(np.prod(shape)) else None
