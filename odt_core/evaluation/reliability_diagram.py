"""Reliability diagram and expected calibration error: are confidences what they say they are?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError, SettingsError
from odt_core.evaluation.evaluation import Evaluation
from odt_core.evaluation.proportion import Proportion

_ROUNDING = 1e-6  # confidences come in float32
_DRAWS = 1_000
_DRAWN_AT_ONCE = 4_000_000  # numbers


@dataclass(frozen=True)
class Bin:
    """Answers whose confidence is in (low, high]; the first bin also has confidence 0."""

    low: float
    high: float
    n: int
    confidence: float  # mean, 0 to 1; nan when n is 0
    accuracy: float  # share of right answers, 0 to 1; nan when n is 0
    interval: tuple[float, float]  # 95 % Wilson interval of the accuracy; (0, 1) when n is 0


@dataclass(frozen=True)
class Reliability:
    """ece: expected calibration error, 0 to 1, the mean over all answers of how far the accuracy
    of their bin is from its mean confidence; nan when n is 0. by_chance: what 95 of 100 models
    stay below that say exactly these confidences and are right exactly that often; nan likewise.
    """

    bins: tuple[Bin, ...]
    ece: float
    n: int
    by_chance: float

    @property
    def dishonest(self) -> bool:
        """Whether the error is larger than chance explains, at the 5 % level."""
        return self.n > 0 and self.ece > self.by_chance + _ROUNDING


def too_few(n: int) -> str:
    """The beginning of a sentence about n samples from which nothing follows."""
    return f"{'1 sample is' if n == 1 else f'{n} samples are'} too few to tell how honest"


def reliability(confidences: np.ndarray, correct: np.ndarray, bins: int = 10) -> Reliability:
    """Bins of equal width (Guo et al. 2017, arXiv:1706.04599, equations 2 to 3).

    confidences: float [N], 0 to 1, of the answer given. correct: bool [N]. SampleError when they do
    not fit; SettingsError for less than one bin.
    """
    if bins < 1:
        raise SettingsError(f"reliability needs at least 1 bin, not {bins}.")
    sure = np.asarray(confidences, np.float64)
    right = np.asarray(correct, bool)
    if sure.ndim != 1 or sure.shape != right.shape:
        raise SampleError(
            f"Confidences of shape {list(sure.shape)} and answers of shape {list(right.shape)} "
            "cannot be compared. Give one of each per sample."
        )
    if not ((sure >= 0) & (sure <= 1 + 1e-6)).all():
        raise SampleError("A confidence is not between 0 and 1. Give probabilities.")
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], sure)  # (low, high]
    found, error = [], 0.0
    for at in range(bins):
        inside = place == at
        counted = Proportion(int(right[inside].sum()), int(inside.sum()))
        mean = float(sure[inside].mean()) if counted.n else float("nan")
        if counted.n:
            error += counted.n / len(sure) * abs(counted.share - mean)
        found.append(
            Bin(
                low=float(edges[at]),
                high=float(edges[at + 1]),
                n=counted.n,
                confidence=mean,
                accuracy=counted.share,
                interval=counted.interval,
            )
        )
    n = len(sure)
    return Reliability(tuple(found), error if n else float("nan"), n, _by_chance(sure, place, bins))


def _by_chance(sure: np.ndarray, place: np.ndarray, bins: int) -> float:
    """95th percentile of the calibration error of answers that are right exactly as often as their
    confidences say (consistency resampling: Bröcker & Smith 2007, Weather and Forecasting
    22:651–661; here with the confidences as they are). Seeded: always the same figure.
    """
    n = len(sure)
    if not n:
        return float("nan")
    rng = np.random.default_rng(0)
    chance = np.clip(sure, 0, 1)
    bin_of = np.zeros((n, bins))
    bin_of[np.arange(n), place] = 1
    found = np.empty(_DRAWS)
    step = max(1, _DRAWN_AT_ONCE // n)
    for at in range(0, _DRAWS, step):
        rows = min(step, _DRAWS - at)
        right = rng.random((rows, n), np.float32) < chance  # [draws, N]
        away = (right - chance) @ bin_of  # [draws, bins]: right answers beyond those expected
        found[at : at + rows] = np.abs(away).sum(axis=1) / n
    return float(np.quantile(found, 0.95))


def reliability_of(evaluation: Evaluation, bins: int = 10) -> Reliability:
    """Of an evaluation, as of those that are judged; SampleError for a model of values, which says
    no confidence.
    """
    if evaluation.confidences is None:
        raise SampleError("A model of values says no confidence, so there is nothing to check.")
    right, sure = evaluation.predictions == evaluation.truth, evaluation.confidences
    return reliability(sure[evaluation.judged], right[evaluation.judged], bins)
