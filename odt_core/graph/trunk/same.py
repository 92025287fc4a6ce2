"""Which tensors of two subgraphs hold the same when both are given the same samples."""

from __future__ import annotations

import hashlib

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import called_by, has_effect, inputs_of, name_of, outputs_of
from odt_core.graph.passes.shared import text_of
from odt_core.graph.variables import key_in


def recipes(model: schema.ModelT, graph: schema.SubGraphT, samples: int) -> dict[int, bytes]:
    """For each tensor that is made of the samples, of constants and of variables as they were
    before the call: a digest of how. Equal ones in two subgraphs of a model stand for the same ops
    on the same.
    """
    known = {-1: b"none", samples: _digest("samples", *_kind(graph.tensors[samples]))}
    assigned: set[bytes | None] = set()  # handles
    for operator in graph.operators:
        name = name_of(model, operator)
        if name == "ASSIGN_VARIABLE":
            assigned.add(known.get(inputs_of(operator)[0]))
            continue
        if name == "VAR_HANDLE":
            known[outputs_of(operator)[0]] = _digest(name, repr(key_in(operator.builtinOptions)))
            continue
        if called_by(model, operator) or has_effect(model, graph, operator):
            continue
        if name == "READ_VARIABLE" and known.get(inputs_of(operator)[0]) in {None, *assigned}:
            continue
        for index in inputs_of(operator):
            constant = None if index in known else _constant(model, graph, index)
            if constant is not None:
                known[index] = constant
        parts = [known.get(index) for index in inputs_of(operator)]
        if None not in parts:
            how = _digest(name, text_of(operator), *map(repr, parts))
            for place, index in enumerate(outputs_of(operator)):
                known[index] = _digest(how.hex(), str(place), *_kind(graph.tensors[index]))
    return known


def _constant(model: schema.ModelT, graph: schema.SubGraphT, index: int) -> bytes | None:
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data if tensor.buffer else None
    if data is None or not len(data) or tensor.isVariable:
        return None
    content = hashlib.blake2b(np.asarray(data, np.uint8).tobytes()).hexdigest()
    return _digest("constant", content, *_kind(tensor))


def _kind(tensor: schema.TensorT) -> tuple[str, str, str]:
    """Its type, shape, and what its numbers stand for where they are quantised."""
    shape = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
    sizes = [] if shape is None else [int(size) for size in shape]
    quantised = tensor.quantization
    scales = [] if quantised is None or quantised.scale is None else list(quantised.scale)
    zeros = [] if quantised is None or quantised.zeroPoint is None else list(quantised.zeroPoint)
    return str(tensor.type), str(sizes), f"{list(map(float, scales))} {list(map(int, zeros))}"


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
