"""One op of a graph as a model of its own, so that its cost can be measured alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.operators import call_others, called_by, inputs_of, name_of, outputs_of
from odt_core.graph.signature import find_signature
from odt_core.graph.tensor import has_dtype


@dataclass(frozen=True)
class OneOp:
    """A .tflite of one op. inputs: which tensors of the graph it is to be fed with, in its own
    order. key: equal for ops that cost the same. in_place: whether XNNPACK, which copies when the
    op runs alone, has nothing to do among the others.
    """

    name: str
    data: bytes
    inputs: tuple[int, ...]
    key: tuple
    in_place: bool


def subgraph_of(model: schema.ModelT, signature: str) -> int:
    """The index of the subgraph that a signature runs."""
    return int(find_signature(model, signature).subgraphIndex)


def each_op(data: bytes, signature: str, shapes: Mapping[int, tuple[int, ...]]) -> list[OneOp]:
    """The ops of a signature that compute numbers; not those that hold variables or run subgraphs.

    shapes: of the graph's tensors in the call that is looked at.
    """
    model = read(data)
    graph = model.subgraphs[subgraph_of(model, signature)]
    operators = [o for o in graph.operators if not called_by(model, o) and _computes(graph, o)]
    free = _in_place(model, graph, operators)
    return [
        _alone(model, graph, operator, shapes, at in free) for at, operator in enumerate(operators)
    ]


def _in_place(
    model: schema.ModelT, graph: schema.SubGraphT, operators: list[schema.OperatorT]
) -> set[int]:
    """Which of the ops that compute give what they got another shape, and may do it where it lies:
    another of them has made it for them alone, and others of them read the result.
    """
    made = {index for operator in operators for index in outputs_of(operator)}
    readers = Counter(index for operator in graph.operators for index in inputs_of(operator))
    readers.update(int(index) for index in graph.outputs)
    inside = Counter(index for operator in operators for index in inputs_of(operator))
    found = set()
    for at, operator in enumerate(operators):
        if name_of(model, operator) == "RESHAPE":
            given, (result,) = inputs_of(operator)[0], outputs_of(operator)
            alone = given in made and readers[given] == 1
            if alone and readers[result] == inside[result]:
                found.add(at)
    return found


def cheapest_call() -> bytes:
    """A model of one op that has next to nothing to do: what any call costs."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    graph.tensors, graph.operators, model.subgraphs = [], [], [graph]
    b = Builder(model, graph)
    x = b.new((1,), np.float32, "x")
    y = b.add(x, x)
    graph.operators = b.operators
    graph.inputs, graph.outputs = np.array([x.index], np.int32), np.array([y.index], np.int32)
    return write(model)


def as_primary(data: bytes, signature: str) -> bytes:
    """The model with a signature's subgraph first: LiteRT tells of its first subgraph alone what
    became of the ops.
    """
    model = read(data)
    index = subgraph_of(model, signature)
    place = {n: n for n in range(len(model.subgraphs))} | {0: index, index: 0}
    model.subgraphs[0], model.subgraphs[index] = model.subgraphs[index], model.subgraphs[0]
    for graph in model.subgraphs:
        for operator in graph.operators:
            call_others(model, operator, place)
    for definition in model.signatureDefs:
        definition.subgraphIndex = place[definition.subgraphIndex]
    return write(model)


def _computes(graph: schema.SubGraphT, operator: schema.OperatorT) -> bool:
    tensors = [graph.tensors[i] for i in (*inputs_of(operator), *outputs_of(operator)) if i >= 0]
    return bool(outputs_of(operator)) and all(has_dtype(tensor.type) for tensor in tensors)


def _alone(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    operator: schema.OperatorT,
    shapes: Mapping[int, tuple[int, ...]],
    in_place: bool,
) -> OneOp:
    small, part = schema.ModelT(), schema.SubGraphT()
    small.version, small.buffers = model.version, [schema.BufferT()]
    small.operatorCodes = [model.operatorCodes[operator.opcodeIndex]]
    part.tensors, place, fed, key = [], {-1: -1}, [], []
    for index in dict.fromkeys((*inputs_of(operator), *outputs_of(operator))):
        if index < 0:
            continue
        tensor = copy(graph.tensors[index])
        content = model.buffers[tensor.buffer].data
        constant = tensor.buffer and content is not None and len(content) > 0
        tensor.buffer, tensor.isVariable = 0, False
        if constant:
            buffer = schema.BufferT()
            buffer.data = content
            small.buffers.append(buffer)
            tensor.buffer = len(small.buffers) - 1
        else:
            tensor.shape = np.array(shapes[index], np.int32)
            tensor.shapeSignature = None
            if index in inputs_of(operator):
                fed.append(index)
        place[index] = len(part.tensors)
        part.tensors.append(tensor)
        shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
        key.append((tensor.type, shape, bool(constant)))
    alone = copy(operator)
    alone.opcodeIndex = 0
    alone.inputs = np.array([place[i] for i in inputs_of(operator)], np.int32)
    alone.outputs = np.array([place[i] for i in outputs_of(operator)], np.int32)
    alone.intermediates = None
    part.operators, part.outputs = [alone], alone.outputs
    part.inputs = np.array([place[i] for i in fed], np.int32)
    small.subgraphs = [part]
    name = name_of(model, operator)
    options = operator.builtinOptions
    said = sorted((k, str(v)) for k, v in vars(options).items()) if options else []
    return OneOp(name, write(small), tuple(fed), (name, *key, *map(tuple, said)), in_place)
