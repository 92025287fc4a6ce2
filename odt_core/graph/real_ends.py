"""Whole numbers that stand for real ones: signatures take and give the latter.

A fully quantised model says, with a scale and a zero point, which real number each of its int8,
uint8 or int16 numbers is. QUANTIZE and DEQUANTIZE do in the graph what whoever calls it would have
to do otherwise, as in files whose inputs and outputs were left float32 when they were converted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import called_by
from odt_core.graph.passes.forms import moved
from odt_core.graph.tensor import dtype_of, shape_of

_TYPES = frozenset(
    {schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT16}
)  # that LiteRT's two ops know


def real_ends(model: schema.ModelT) -> tuple[str, ...]:
    """Have each signature take and give float32 in the place of such whole numbers; the types that
    were taken, and given, "" for none; () where neither was. Subgraphs that others run as well
    stay as they are.
    """
    called = {
        index
        for graph in model.subgraphs
        for operator in graph.operators or []
        for index in called_by(model, operator)
    }
    taken: set[str] = set()
    given: set[str] = set()
    for index in sorted({one.subgraphIndex for one in model.signatureDefs or []} - called):
        own = [one for one in model.signatureDefs if one.subgraphIndex == index]
        graph = model.subgraphs[index]
        ends = _quantised(graph, graph.inputs), _quantised(graph, graph.outputs)
        if any(ends):
            for kinds, places in zip((taken, given), ends, strict=True):
                kinds |= {dtype_of(graph.tensors[one].type).name for one in places}
            _in_signatures(model, graph, own, *ends)
    return (", ".join(sorted(taken)), ", ".join(sorted(given))) if taken or given else ()


def real_range(tensor: schema.TensorT) -> tuple[float, float] | None:
    """The lowest and the highest real number that a tensor's whole ones stand for; None where they
    are not said to stand for any.
    """
    about = tensor.quantization
    if tensor.type not in _TYPES or about is None or about.scale is None or len(about.scale) != 1:
        return None
    scale, zeros = float(about.scale[0]), about.zeroPoint
    if not (math.isfinite(scale) and scale > 0):
        return None
    zero = int(zeros[0]) if zeros is not None and len(zeros) else 0
    held = np.iinfo(dtype_of(tensor.type))
    return (int(held.min) - zero) * scale, (int(held.max) - zero) * scale


def _in_signatures(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    signatures: Sequence[schema.SignatureDefT],
    taken: Sequence[int],
    given: Sequence[int],
) -> None:
    before, behind = Builder(model, graph), Builder(model, graph)
    inputs = {index: before.new(shape_of(graph.tensors[index]), np.float32) for index in taken}
    outputs = {index: behind.new(shape_of(graph.tensors[index]), np.float32) for index in given}
    for index, real in inputs.items():
        before.emit("QUANTIZE", [real], [before.tensor(index)], schema.QuantizeOptionsT())
    for index, real in outputs.items():
        behind.emit("DEQUANTIZE", [behind.tensor(index)], [real], schema.DequantizeOptionsT())
    graph.operators = [*before.operators, *(graph.operators or []), *behind.operators]
    taken_at = {index: one.index for index, one in inputs.items()}
    given_at = {index: one.index for index, one in outputs.items()}
    graph.inputs, graph.outputs = moved(graph.inputs, taken_at), moved(graph.outputs, given_at)
    for signature in signatures:
        for entries, places in ((signature.inputs, taken_at), (signature.outputs, given_at)):
            for entry in entries or []:
                at = int(entry.tensorIndex)
                entry.tensorIndex = places.get(at, at)


def _quantised(graph: schema.SubGraphT, ends: Sequence[int] | None) -> list[int]:
    indices = dict.fromkeys([] if ends is None else map(int, ends))
    return [index for index in indices if real_range(graph.tensors[index]) is not None]
