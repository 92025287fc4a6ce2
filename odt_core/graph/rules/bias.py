"""The gradient of adding a bias."""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor


@rule("BiasAddGrad")
def bias_add_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """db = Σ dy over every axis but the channels', [C].

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/BiasAddGrad
    """
    (dy,) = inputs
    channels = 1 if op.text("data_format", "NHWC") == "NCHW" else dy.rank - 1
    return [b.sum(dy, [axis for axis in range(dy.rank) if axis != channels])]
