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
from odt_core.graph.passes.wide_kernels import is_packed_apart
from odt_core.graph.tensor import Tensor

# Ops whose second input XNNPACK takes as float16 behind a DEQUANTIZE: it unpacks the weights once,
# when the model is loaded, so that a call costs no more than with float32. Those of depthwise
# convolutions are few, and not taken everywhere (passes/wide_kernels.py).
_WEIGHTED = frozenset({"CONV_2D", "FULLY_CONNECTED"})
_SMALL = 64  # weights that are not worth an op


@plain_errors()
def halve_weights(data: bytes) -> bytes:
    """A .tflite whose constant convolution and dense weights are float16, but for those of
    depthwise convolutions, and of others of several pixels or strides without a constant bias.

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
        kernel = builder.tensor(inputs[1])
        if kernel.const is None or kernel.const.size < _SMALL:
            continue
        # Old runtimes take both as float16 or none (passes/wide_kernels.py).
        end = 3 if is_packed_apart(builder, operator) else 2
        weights = [builder.tensor(index) for index in inputs[1:end] if index >= 0]
        if len(weights) == end - 1 and all(_can_halve(weight) for weight in weights):
            inputs[1:end] = [_unpacked(builder, one, unpacked).index for one in weights]
            operator.inputs = np.array(inputs, np.int32)
    graph.operators[:0] = builder.operators


def _can_halve(weight: Tensor) -> bool:
    if weight.const is None or weight.dtype != np.float32:
        return False
    with np.errstate(over="ignore"):
        return bool(np.isfinite(weight.const.astype(np.float16)).all())


def _unpacked(builder: Builder, weight: Tensor, unpacked: dict[int, Tensor]) -> Tensor:
    """What reads a weight that is held as float16; made once."""
    if weight.index not in unpacked:
        assert weight.const is not None
        wide = builder.new(weight.shape, np.float32, "unpacked")
        half = builder.constant(weight.const.astype(np.float16))
        builder.emit("DEQUANTIZE", [half], [wide], schema.DequantizeOptionsT())
        unpacked[weight.index] = wide
    return unpacked[weight.index]
