"""Large constant weights as float16: half the file, and LiteRT computes in float32 all the same."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.checks.check import plain_errors
from odt_core.graph.finished import finished
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.passes.prune import share_buffers
from odt_core.graph.tensor import Tensor

# Ops whose second input XNNPACK takes as float16 behind a DEQUANTIZE: it unpacks the weights once,
# when the model is loaded, so that a call costs no more than with float32. Those of depthwise
# convolutions are few, and not taken everywhere (passes/wide_kernels.py).
_WEIGHTED = frozenset({"CONV_2D", "FULLY_CONNECTED"})
_SMALL = 64  # weights that are not worth an op


@plain_errors()
def halve_weights(data: bytes) -> bytes:
    """A .tflite whose constant convolution and dense weights are float16, but for depthwise ones.

    Variables stay float32, and so does every computation; weights move by at most one part in
    2,048. Raises ModelError when `data` is no .tflite.
    """
    model = read(data)
    for graph in model.subgraphs:
        _halve(model, graph)
    share_buffers(model)
    return finished(model)


def _halve(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    builder = Builder(model, graph)
    unpacked: dict[int, Tensor] = {}
    for operator in graph.operators:
        if name_of(model, operator) not in _WEIGHTED:
            continue
        inputs = inputs_of(operator)
        weight = builder.tensor(inputs[1])
        if weight.const is None or weight.dtype != np.float32 or weight.const.size < _SMALL:
            continue
        if weight.index not in unpacked:
            half = weight.const.astype(np.float16)
            if not np.isfinite(half).all():
                continue
            wide = builder.new(weight.shape, np.float32, "unpacked")
            packed = builder.constant(half)
            builder.emit("DEQUANTIZE", [packed], [wide], schema.DequantizeOptionsT())
            unpacked[weight.index] = wide
        inputs[1] = unpacked[weight.index].index
        operator.inputs = np.array(inputs, np.int32)
    graph.operators[:0] = builder.operators
