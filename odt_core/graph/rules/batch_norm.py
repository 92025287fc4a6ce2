"""Batch normalisation: FusedBatchNorm (V1 to V3) and its gradient.

S. Ioffe, C. Szegedy: Batch Normalization, 2015, https://arxiv.org/abs/1502.03167; outputs as in
TensorFlow's fused_batch_norm_op.cc. Outputs that only a GPU kernel uses are any tensor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor


@rule("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def fused_batch_norm(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = γ·(x − μ)/√(σ² + ε) + β over all axes but the last.

    In training μ and σ² are the batch's; out come also the running mean and variance, new =
    (1 − f)·old + f·batch with f = exponential_avg_factor and the batch's variance unbiased (n − 1),
    then μ and σ² for the gradient. In inference μ and σ² are those given.
    """
    x, scale, offset, mean, variance = inputs
    axes = _batch_axes(op, x)
    if not op.flag("is_training", True):
        y = _normalise(b, op, x, scale, offset, mean, variance)
        return [y, mean, variance, mean, variance, variance][: _outputs(op)]
    batch_mean = b.mean(x, axes)
    batch_variance = b.mean(b.squared_difference(x, batch_mean), axes)
    y = _normalise(b, op, x, scale, offset, batch_mean, batch_variance)
    count = _count(b, x)
    bessel = b.div(count, b.maximum(b.sub(count, 1.0), 1.0))
    factor = op.number("exponential_avg_factor", 1.0)
    new_mean = _running(b, mean, batch_mean, factor)
    new_variance = _running(b, variance, b.mul(batch_variance, bessel), factor)
    return [y, new_mean, new_variance, batch_mean, batch_variance, variance][: _outputs(op)]


@rule("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3")
def fused_batch_norm_grad(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """With x̂ = (x − μ)/√(σ² + ε) and n entries a channel:

    ∂L/∂β = Σ dy,   ∂L/∂γ = Σ dy·x̂,   and in training, where μ and σ² depend on x,
    ∂L/∂x = γ/√(σ² + ε)·(dy − (∂L/∂β + x̂·∂L/∂γ)/n), else γ/√(σ² + ε)·dy.
    """
    dy, x, scale, mean, variance = inputs[:5]
    axes = _batch_axes(op, x)
    inverse = b.rsqrt(b.add(variance, op.number("epsilon", 1e-4)))
    normal = b.mul(b.sub(x, mean), inverse)
    offset_gradient = b.sum(dy, axes)
    scale_gradient = b.sum(b.mul(dy, normal), axes)
    slope = b.mul(scale, inverse)
    if not op.flag("is_training", True):
        return [b.mul(dy, slope), scale_gradient, offset_gradient, mean, variance]
    count = _count(b, x)
    per_entry = b.div(scale_gradient, count)
    constant = b.div(offset_gradient, count)
    inner = b.sub(b.sub(dy, constant), b.mul(normal, per_entry))
    return [b.mul(inner, slope), scale_gradient, offset_gradient, mean, variance]


def _batch_axes(op: FlexOp, x: Tensor) -> list[int]:
    if op.text("data_format", "NHWC") not in ("NHWC", "NDHWC"):
        raise LoweringError(
            f"{op.op} has the layout {op.text('data_format')}; only the channels-last layout is "
            "supported. Convert the model with data_format='channels_last'."
        )
    return list(range(x.rank - 1))


def _outputs(op: FlexOp) -> int:
    return 6 if op.op == "FusedBatchNormV3" else 5


def _normalise(
    b: Builder, op: FlexOp, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    slope = b.mul(scale, b.rsqrt(b.add(variance, op.number("epsilon", 1e-4))))
    return b.add(b.mul(b.sub(x, mean), slope), offset)


def _running(b: Builder, old: Tensor, batch: Tensor, factor: float) -> Tensor:
    if factor == 1.0:
        return batch
    return b.add(b.mul(old, 1.0 - factor), b.mul(batch, factor))


def _count(b: Builder, x: Tensor) -> Tensor:
    """How many entries each channel has, float32 []."""
    sizes = b.slice(b.shape(x), [0], [x.rank - 1])
    return b.cast(b.prod(sizes, [0]), np.float32)
