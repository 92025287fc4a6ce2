"""How strange a sample's features are beside those of the samples that a model learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError, SettingsError
from odt_core.evaluation.unknown import KEPT, kept_of


@dataclass(frozen=True)
class Familiar:
    """What features of known samples look like: one direction a label, and how far is too far.

    means: float32 [K, F], rows of length 1. threshold: a sample with a greater distance is answered
    with "not sure". kept: share of the n known samples, each measured without itself, that was to
    keep its answer; count: how many of them do, which are more where distances tie.
    """

    means: np.ndarray
    threshold: float
    kept: float
    n: int
    count: int

    def score(self, features: np.ndarray) -> np.ndarray:
        """1 - cosine to the nearest label's mean, float64 [N], higher is stranger."""
        return np.asarray(1.0 - (_directions(features) @ self.means.T).max(axis=1), np.float64)

    def is_unknown(self, features: np.ndarray) -> np.ndarray:
        """bool [N]: whether the answer should be "not sure"."""
        return self.score(features) > self.threshold


def fit_familiar(features: np.ndarray, y: np.ndarray, kept: float = KEPT) -> Familiar:
    """Learn what is known from the features of training samples; no others are needed.

    features: [N, ...], as Session.bottlenecks gives them. y: int [N]. kept: share of the samples
    that keeps its answer, 0 < kept <= 1. Distances are cosines between signed square roots of the
    features (Perronnin et al. 2010, "Improving the Fisher kernel"), which tell far pictures from
    known ones better than scores do: see benchmarks/photos/README.md. Raises SampleError when no
    label has two samples, since then nothing says how alike two of a kind are; SettingsError for
    another `kept`.
    """
    if not 0 < kept <= 1:
        raise SettingsError(f"fit_familiar needs 0 < kept <= 1, got {kept}.")
    rows, y = _directions(features), np.asarray(y)
    labels, place, counts = np.unique(y, return_inverse=True, return_counts=True)
    if not (counts >= 2).any():
        raise SampleError(
            "No label has two samples, so it cannot be told what is unknown. Add some."
        )
    sums = np.zeros((len(labels), rows.shape[1]), np.float32)
    np.add.at(sums, place, rows)
    means = _unit(sums)
    cosines = rows @ means.T
    cosines[np.arange(len(rows)), place] = (rows * _unit(sums[place] - rows)).sum(axis=1)
    several = counts[place] >= 2
    values = np.sort(1.0 - cosines[several].max(axis=1))
    threshold = values[kept_of(kept, len(values)) - 1]
    count = int(np.count_nonzero(values <= threshold))
    return Familiar(means, float(threshold), kept, len(values), count)


def _directions(features: np.ndarray) -> np.ndarray:
    rows = np.asarray(features, np.float32).reshape(len(features), -1)
    return _unit(np.sign(rows) * np.sqrt(np.abs(rows)))


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
