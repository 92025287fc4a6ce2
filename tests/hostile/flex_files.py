"""A .tflite of one TensorFlow op, with whatever numbers somebody has put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write
from odt_core.graph.tensor import Tensor
from tests.graph.graphs import empty

Given = np.ndarray | tuple[int, ...]  # a constant, or the shape of an input
Attributes = Mapping[str, int | str | Sequence[int]]


def flex_file(
    op: str,
    inputs: Sequence[Given],
    attributes: Attributes,
    output: tuple[int, ...],
    dtype: type = np.float32,
) -> bytes:
    """The op by itself, as the signature 'train'. dtype: of its inputs and its output."""
    b = empty()
    given = [
        b.constant(one, one.dtype) if isinstance(one, np.ndarray) else b.new(one, dtype)
        for one in inputs
    ]
    made = b.new(output, dtype)
    add_flex(b, op, given, [made], attributes)
    fed = [one for one in given if one.const is None]
    b.graph.inputs = np.array([one.index for one in fed], np.int32)
    b.graph.outputs = np.array([made.index], np.int32)
    b.graph.operators = b.operators
    add_signature(b, fed, made)
    return write(b.model)


def add_flex(
    b: Builder, op: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], attributes: Attributes
) -> None:
    """The op behind those that are there."""
    name, codes = b"Flex" + op.encode(), b.model.operatorCodes
    if name not in [code.customCode for code in codes]:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = name
        codes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = [code.customCode for code in codes].index(name)
    operator.inputs = np.array([one.index for one in inputs], np.int32)
    operator.outputs = np.array([one.index for one in outputs], np.int32)
    operator.customOptions = np.frombuffer(_packed(attributes), np.uint8)
    b.operators.append(operator)


def add_signature(b: Builder, inputs: Sequence[Tensor], output: Tensor) -> None:
    """The first subgraph as 'train'."""
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"train", 0
    signature.inputs = [_entry(f"x{place}", one) for place, one in enumerate(inputs)]
    signature.outputs = [_entry("y", output)]
    b.model.signatureDefs = [signature]


def _entry(name: str, tensor: Tensor) -> schema.TensorMapT:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), tensor.index
    return entry


def _packed(attributes: Attributes) -> bytes:
    b = flexbuffers.Builder()
    with b.Map():
        for key, value in sorted(attributes.items()):
            b.Key(key)
            if isinstance(value, int):
                b.Int(value)
            elif isinstance(value, str):
                b.String(value)
            else:
                b.TypedVectorFromElements(list(value))
    return bytes(b.Finish())
