"""Softmax cross-entropy, value and gradient in one; and labels as rows of a one.

With z = logits − max(logits), e = exp(z) and s = Σ e over the classes:
loss = Σ labels · (log s − z), d loss / d logits = e / s · Σ labels … TensorFlow's kernel takes
labels as a distribution (Σ labels = 1) and returns e / s − labels.
Source: tensorflow/core/kernels/xent_op.h and sparse_xent_op.h.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor


def _softmax_parts(b: Builder, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """z = logits − max, e = exp(z) [N, K] and s = Σ e [N, 1]."""
    z = b.sub(logits, b.max(logits, [-1], keepdims=True))
    e = b.exp(z)
    return z, e, b.sum(e, [-1], keepdims=True)


@rule("SoftmaxCrossEntropyWithLogits")
def softmax_cross_entropy(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """loss [N] and d loss / d logits [N, K] for labels [N, K] that are distributions."""
    logits, labels = inputs
    z, e, s = _softmax_parts(b, logits)
    loss = b.sum(b.mul(labels, b.sub(b.log(s), z)), [-1])
    return [loss, b.sub(b.div(e, s), labels)]


@rule("SparseSoftmaxCrossEntropyWithLogits")
def sparse_softmax_cross_entropy(
    b: Builder, op: FlexOp, inputs: Sequence[Tensor]
) -> Sequence[Tensor]:
    """loss [N] and d loss / d logits [N, K] for labels [N], each the index of a class.

    A label outside 0 … K − 1 gives TensorFlow an error on the CPU; here it counts as no class. A
    class may be masked out by a logit of −inf; where it is the right one, the loss is 3.4e38 for
    TensorFlow's inf, as choosing z by a comparison made the loss a quarter slower.
    """
    logits, labels = inputs
    per_sample = _labels_per_sample(b, logits, labels)
    if labels.rank != 1 or per_sample != 1:
        raise LoweringError(
            f"it takes one class index a sample, but the model gives it {per_sample or 'several'}. "
            "Its author used a sparse loss with one-hot labels, so training cannot work anywhere; "
            "build the model with categorical_crossentropy instead."
        )
    z, e, s = _softmax_parts(b, logits)
    depth: Tensor | int | None = logits.shape[-1]
    if depth is None:  # as many as there are samples, say
        depth = b.size(logits, logits.rank - 1)
    hot = b.one_hot(b.cast(labels, np.int32), depth)
    log_s = b.reshape(b.log(s), [logits.shape[0]])
    finite = b.maximum(z, float(np.finfo(np.float32).min))  # 0 · −inf is no number
    loss = b.sub(log_s, b.sum(b.mul(hot, finite), [-1]))
    return [loss, b.sub(b.div(e, s), hot)]


@rule("OneHot", since="0.2")
def one_hot(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """on_value at each index of a new axis [depth], off_value elsewhere, for indices of 8 bits,
    which LiteRT's own kernel does not take.

    Source: https://www.tensorflow.org/api_docs/python/tf/raw_ops/OneHot
    """
    indices, depth, on, off = inputs
    return [b.one_hot(indices, depth, on, off, int(op.number("axis", -1)))]


def _labels_per_sample(b: Builder, logits: Tensor, labels: Tensor) -> int:
    """How many labels [M] there are for each row of logits [N, K]; 1 where that is not known."""
    if logits.shape[0] is not None and labels.shape[0] is not None:
        return labels.shape[0] // max(logits.shape[0], 1)
    rows, given = b.batch_source(logits), b.batch_source(labels)
    return given[1] // rows[1] if rows and given else 1
