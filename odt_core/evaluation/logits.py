"""Scores of any kind as logits: what temperature and strangeness are computed from."""

from __future__ import annotations

import numpy as np

from odt_core.dialects.contract import OutputKind
from odt_core.errors import SampleError
from odt_core.runtime.scores import TINY


def as_logits(scores: np.ndarray, kind: OutputKind, used: np.ndarray | None = None) -> np.ndarray:
    """float64 [N, K], K at least 2: logits of the used outputs, in their order.

    scores: what `infer` gives, [N, K]. One score a sample (two labels): [N, 1] becomes [N, 2].
    kind: probabilities become their logarithms. used: bool [K], outputs that have a label.
    Raises SampleError when scores are no [N, K] of finite numbers.
    """
    values = np.asarray(scores, np.float64)
    if values.ndim != 2 or not values.shape[1]:
        raise SampleError(
            f"Scores of shape {list(values.shape)} are not those of labels. Use a model that "
            "tells two or more labels apart."
        )
    if not np.isfinite(values).all():
        raise SampleError("A score is not a finite number. Go back to an earlier checkpoint.")
    single = values.shape[1] == 1
    if kind is OutputKind.PROBABILITIES:
        both = np.concatenate([1 - values, values], axis=1) if single else values
        return _chosen(np.log(np.maximum(both, TINY)), used)
    return _chosen(
        np.concatenate([np.zeros_like(values), values], axis=1) if single else values, used
    )


def _chosen(logits: np.ndarray, used: np.ndarray | None) -> np.ndarray:
    if used is None or len(used) != logits.shape[1] or int(np.sum(used)) < 2:
        return logits
    return logits[:, used]


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    """[N, K] -> [N], without overflow."""
    top = logits.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log(np.exp(logits - top).sum(axis=1)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """[N, K] -> [N, K], rows sum to 1, without overflow."""
    return np.asarray(np.exp(logits - log_sum_exp(logits)[:, None]))
