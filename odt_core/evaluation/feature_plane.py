"""A map of the samples as base and own model see them: both on the same two axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError

MOST_POINTS = 500  # of a map that can still be read
_MARGIN = 0.07  # of a map's width, free on either side
_EQUAL = 1 - 1e-6  # of two sizes, one that is the other up to rounding


@dataclass(frozen=True)
class FeatureMap:
    """base, own: float64 [N, 2], places of the same samples. explained: share of all variance that
    each axis shows, 0 to 1; nan when all scores are the same.
    """

    base: np.ndarray
    own: np.ndarray
    explained: tuple[float, float]

    @property
    def n(self) -> int:
        """How many samples."""
        return len(self.base)

    @property
    def shown(self) -> float:
        """Share of all variance that both axes show, 0 to 1: 1 where no more than rounding is left
        to others; nan when all scores are the same.
        """
        share = sum(self.explained)
        return 1.0 if share > _EQUAL else share

    @property
    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ends of both axes, (lowest, highest) of each, for both models' places and some room; at
        least one sample.
        """
        both = np.concatenate([self.base, self.own])
        low, high = both.min(axis=0), both.max(axis=0)
        room = np.maximum(_MARGIN * (high - low), 1e-9)
        x, y = zip((low - room).tolist(), (high + room).tolist(), strict=True)
        return x, y


def points(n: int) -> np.ndarray:
    """Which of n samples stand on a map, int64 in order: all, or MOST_POINTS spread evenly."""
    if n <= MOST_POINTS:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, MOST_POINTS).astype(int))


def feature_map(
    base_scores: np.ndarray, own_scores: np.ndarray, used: np.ndarray | None = None
) -> FeatureMap:
    """One principal component analysis (Pearson 1901) of both models' scores together, each model's
    around its own mean: that all scores are higher than before is no place on the map.

    base_scores, own_scores: [N, K] what `infer` gives for the same samples (numbers of any shape
    for a model of values). used: bool [K], outputs that have a label; it counts only where there is
    a score for each. The first entry of the largest size of each axis is positive, so that the map
    never comes out mirrored. SampleError when the two do not fit or hold numbers that are not
    finite.
    """
    if np.shape(base_scores) != np.shape(own_scores):
        raise SampleError("The two models' answers differ in shape. Ask both about the same.")
    n = len(base_scores)
    if n == 0:
        nothing = np.zeros((0, 2))
        return FeatureMap(nothing, nothing, (float("nan"), float("nan")))
    both = np.stack([base_scores, own_scores]).astype(np.float64).reshape(2, n, -1)
    if not np.isfinite(both).all():
        raise SampleError("A score is not a finite number. Go back to an earlier checkpoint.")
    if used is not None and len(used) == both.shape[2]:
        both = both[:, :, used]
    centred = (both - both.mean(axis=1, keepdims=True)).reshape(2 * n, -1)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]  # [2, K], or fewer
    weights = np.abs(axes)  # of two labels' probabilities, p and 1 − p, both are the same
    first_largest = (weights >= _EQUAL * weights.max(axis=1, keepdims=True)).argmax(axis=1)
    largest = np.take_along_axis(axes, first_largest[:, None], axis=1)
    places = np.zeros((2 * n, 2))
    places[:, : len(axes)] = centred @ (axes * np.where(largest < 0, -1, 1)).T
    total = float((sizes**2).sum())
    shares = [float(size**2 / total) if total else float("nan") for size in sizes[:2]]
    first, second = (*shares, 0.0, 0.0)[:2]
    return FeatureMap(places[:n], places[n:], (first, second))
