"""Flex ops as data: which TensorFlow op a custom op stands for, and its attributes.

A Flex op's custom options are a flexbuffer vector [op name, serialized tensorflow.NodeDef].
The NodeDef is read from the wire, so that loading a model needs neither TensorFlow nor protobuf.
Fields: tensorflow/core/framework/node_def.proto and attr_value.proto. Those of an op that was
passed on as a custom op (passed_on.py) are a flexbuffer map of its attributes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from odt_core.errors import ModelError
from odt_core.graph.operators import name_of
from odt_core.graph.tensor import dtype_of, has_dtype
from odt_core.protobuf import read_fields, read_varint

if TYPE_CHECKING:
    from odt_core.graph.rules.windows import Window

Attribute = bytes | int | float | bool | list["Attribute"] | None


@dataclass(frozen=True)
class Pooled:
    """How an op goes with the max pool behind it (pool_plan.py).

    early: how many ops, bias and activation, the pool comes before. block: rows and columns of its
    window, where the convolution's outputs lie window by window.
    """

    early: int = 0
    block: tuple[int, int] | None = None


@dataclass(frozen=True)
class FlexOp:
    """One TensorFlow op: its name (without "Flex"), node name and attributes.

    output_shapes: what the file says of the outputs' shapes (None = known at run time only); a
    gradient op whose size comes in as a run-time tensor has its static dimensions from here.
    pooled: what the max pool behind it allows. windows: how it slides over rows and columns, where
    not all of its outputs are needed (crop.py). lite_types: whether type attributes are numbered as
    TFLite's types, not as TensorFlow's.
    """

    op: str
    name: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    output_shapes: tuple[tuple[int | None, ...], ...] = ()
    pooled: Pooled = Pooled()
    windows: tuple[Window, Window] | None = None
    lite_types: bool = False

    def text(self, key: str, default: str = "") -> str:
        """A string attribute such as padding or data_format."""
        value = self.attributes.get(key)
        return value.decode() if isinstance(value, bytes) else default

    def number(self, key: str, default: float = 0.0) -> float:
        """A numeric attribute such as epsilon."""
        value = self.attributes.get(key)
        return float(value) if isinstance(value, (int, float)) else default

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean attribute such as is_training."""
        value = self.attributes.get(key)
        return bool(value) if isinstance(value, (bool, int)) else default

    def ints(self, key: str) -> list[int]:
        """A list attribute such as strides, ksize or dilations; empty when absent."""
        value = self.attributes.get(key)
        return [int(v) for v in value if isinstance(v, int)] if isinstance(value, list) else []

    def dtype(self, key: str) -> np.dtype | None:
        """A type attribute such as T or dtype, as numpy's; None when absent or not numeric."""
        code = int(self.number(key, -1))
        if self.lite_types:
            return dtype_of(code) if has_dtype(code) else None
        return _TYPES.get(code)


_MOST_ATTRIBUTES, _MOST_BYTES = 64, 2**16  # of a map
_NUMBERS = frozenset({flexbuffers.Type.INT, flexbuffers.Type.UINT, flexbuffers.Type.FLOAT})

# tensorflow/core/framework/types.proto
_TYPES: dict[int, np.dtype] = {
    1: np.dtype(np.float32), 2: np.dtype(np.float64), 3: np.dtype(np.int32), 4: np.dtype(np.uint8),
    5: np.dtype(np.int16), 6: np.dtype(np.int8), 9: np.dtype(np.int64), 10: np.dtype(np.bool_),
    19: np.dtype(np.float16), 22: np.dtype(np.uint32), 23: np.dtype(np.uint64),
}  # fmt: skip


def shape_in(data: Attribute) -> tuple[int | None, ...] | None:
    """The shape in a serialized TensorShapeProto; None when it says that even the rank is unknown.

    Fields: tensorflow/core/framework/tensor_shape.proto.
    """
    if not isinstance(data, bytes):
        return None
    sizes: list[int | None] = []
    for number, value in _fields(data):
        if number == 3 and value:
            return None
        if number == 2:
            size = _scalar(3, dict(_fields(_as_bytes(value))).get(1, 0))
            sizes.append(size if isinstance(size, int) and size >= 0 else None)
    return tuple(sizes)


def flex_name(model: schema.ModelT, operator: schema.OperatorT) -> str | None:
    """The TensorFlow op that `operator` stands for, or None when it is no Flex op."""
    code = model.operatorCodes[operator.opcodeIndex].customCode
    if code is None or not code.startswith(b"Flex"):
        return None
    return code[len(b"Flex") :].decode("utf-8", "replace")


def custom_name(model: schema.ModelT, operator: schema.OperatorT) -> str | None:
    """The name of a custom op that is no Flex op, else None."""
    code = model.operatorCodes[operator.opcodeIndex].customCode
    if code is None or code.startswith(b"Flex"):
        return None
    return bytes(code).decode("utf-8", "replace")


def read_flex(model: schema.ModelT, operator: schema.OperatorT) -> FlexOp:
    """The TensorFlow op behind a Flex operator, or one passed on as a custom op.

    Raises ModelError when its options are damaged.
    """
    name = name_of(model, operator)
    try:
        options = bytes(np.asarray(operator.customOptions, np.uint8))
        root = flexbuffers.GetRoot(options)
        if root.IsMap:
            attributes = _mapped(root.AsMap, len(options))
            return FlexOp(name.removeprefix("Flex"), "", attributes, lite_types=True)
        return _node_def(_raw(root.AsVector[1]))
    except (
        ValueError, LookupError, TypeError, struct.error, AttributeError, AssertionError,
    ) as error:  # fmt: skip
        raise ModelError(
            f"The options of the op {name} are damaged. Convert the model again."
        ) from error


def _mapped(found: flexbuffers.Map, size: int) -> dict[str, Attribute]:
    """The attributes in a map of so many bytes; None for lists of text, which no rule asks for."""
    if len(found) > _MOST_ATTRIBUTES or size > _MOST_BYTES:  # any of them may be all of the bytes
        raise ValueError("a map of more than any op's attributes")
    return {key.AsKey: _plain(value) for key, value in zip(found.Keys, found.Values, strict=True)}


def _plain(value: flexbuffers.Ref) -> Attribute:
    if value.IsBool:
        return bool(value.AsBool)
    if value.IsInt:
        return int(value.AsInt)
    if value.IsFloat:
        return float(value.AsFloat)
    if value.IsString:
        return bytes(value.AsStringBytes)
    if not value.IsTypedVector:
        raise ValueError("an attribute of no kind that converters write")
    items = value.AsTypedVector
    return list(items.Value) if items.ElementType in _NUMBERS else None


def _raw(value: flexbuffers.Ref) -> bytes:
    """The bytes of a flexbuffer string or blob (`AsString` would decode them as text)."""
    if value.IsBlob:
        return bytes(value.AsBlob)
    return bytes(value.AsStringBytes)


def _node_def(data: bytes) -> FlexOp:
    op, name, attributes = "", "", {}
    for number, value in _fields(data):
        if number == 1:
            name = _as_bytes(value).decode("utf-8", "replace")
        elif number == 2:
            op = _as_bytes(value).decode("utf-8", "replace")
        elif number == 5:  # map<string, AttrValue>
            entry = dict(_fields(_as_bytes(value)))
            key = _as_bytes(entry.get(1, b"")).decode("utf-8", "replace")
            attributes[key] = _attribute(_as_bytes(entry.get(2, b"")))
    return FlexOp(op, name, attributes)


def _attribute(data: bytes) -> Attribute:
    for number, value in _fields(data):
        if number == 1:
            return [_scalar(n, v) for n, v in _unpacked(_as_bytes(value))]
        return _scalar(number, value)
    return None


def _scalar(number: int, value: int | bytes) -> Attribute:
    match number:
        case 2 | 7 | 8:  # string, shape, tensor
            return _as_bytes(value)
        case 3:  # int64
            integer = int(value)
            return integer - (1 << 64) if integer >= 1 << 63 else integer
        case 4:  # float
            return float(struct.unpack("<f", _as_bytes(value))[0])
        case 5:
            return bool(value)
        case 6:  # DataType enum
            return int(value)
    return None


def _unpacked(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The items of an AttrValue.ListValue, whose numeric fields may be packed."""
    for number, value in _fields(data):
        if number in (3, 5, 6) and isinstance(value, bytes):
            position = 0
            while position < len(value):
                item, position = read_varint(value, position)
                yield number, item
        elif number == 4 and isinstance(value, bytes) and len(value) != 4:
            for start in range(0, len(value) - 3, 4):
                yield number, value[start : start + 4]
        else:
            yield number, value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of a protobuf message."""
    return ((number, value) for number, _, value in read_fields(data))


def _as_bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where bytes are expected")
    return value
