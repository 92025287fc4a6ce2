"""A mean over test samples and seeds, with an interval that owns up to both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation.evaluation import Evaluation
from odt_core.evaluation.intervals import wilson_share
from odt_core.evaluation.paired import mcnemar
from odt_core.evaluation.quantity import Quantity
from odt_core.evaluation.student import student_quantile

# What share of an error is none beside it: rounding in float32, squared.
_NO_ERROR = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A mean over n test samples, each answered by as many models as there are seeds.

    interval: 95 %, for new test samples *and* a new choice of training samples (see `estimate`);
    with a single seed it covers the test samples alone.
    """

    mean: float
    interval: tuple[float, float]
    n: int
    per_seed: tuple[float, ...]


def outcomes(evaluation: Evaluation) -> np.ndarray:
    """float64 [N], of those judged: 1 for each right answer and 0 for each wrong one;
    of a model of values the share of right pixels or words, where it tells their classes (and
    without samples none of whose has one), or mean squared error, of each sample.
    """
    judged = evaluation.judged
    if evaluation.correct is not None:
        return (evaluation.predictions == evaluation.truth)[judged].astype(np.float64)
    if evaluation.places is not None:
        found = evaluation.places
        return np.asarray(1 - found.wrong)[judged & (found.known > 0)]
    return evaluation.squared_errors[judged]


def estimate(matrix: np.ndarray, quantity: Quantity) -> Estimate:
    """matrix: float64 [seeds, N], what each seed's model made of each test sample; N at least 1.

    All seeds answer the same test samples, so that seeds · N answers are far from independent. The
    variance of the mean is taken as the variance of the samples' means over the seeds / N plus the
    variance of the seeds' means over the samples / seeds, which counts what is due to both twice:
    rather too wide than too narrow (Owen 2007, The pigeonhole bootstrap, Annals of Applied
    Statistics 1:386–411). Errors get ± t of that: the two parts' own t, weighed by their variances
    (Cochran & Cox 1950, Experimental Designs, section 4.14), upwards on the scale of logarithms: a
    few samples seldom show the rare large errors that raise the mean. It holds the truth in 92 to
    98 of 100 cases for squared errors of a normal spread, whatever the number of samples, in 84 to
    97 where rare errors are much larger (benchmarks/evaluation/README.md). A share gets Wilson's
    interval at the number of independent answers that would have the same variance and degrees of
    freedom (Korn & Graubard 1998, Survey Methodology 24:193–201), never more than N; of one seed
    that is N, and the interval Wilson's of its right answers. Shares of pixels or words are treated
    alike: they vary less than right and wrong answers do, so that theirs is rather too wide, but
    never none, however alike the samples are.
    """
    matrix = np.atleast_2d(np.asarray(matrix, np.float64))
    n = matrix.shape[1]
    if not matrix.size:
        raise SampleError("There are no test samples to measure on. Add some.")
    mean = float(matrix.mean())
    variance, reach = _variance(matrix)
    if quantity.is_share:
        independent = float(n)
        if variance > 0 and n > 1:
            simple = mean * (1 - mean) / (n - 1)  # variance of N answers that are independent
            wider = (reach / student_quantile(0.95, n - 1)) ** 2
            independent *= min(1.0, simple / (variance * wider))
        interval = wilson_share(mean, independent)
    elif n > 1:
        away = reach * math.sqrt(variance)
        interval = max(0.0, mean - away), mean * math.exp(away / mean) if away else mean
    else:
        interval = 0.0, math.inf  # one sample says nothing of how far others lie apart
    return Estimate(mean, interval, n, tuple(float(v) for v in matrix.mean(axis=1)))


def can_be_told_apart(first: np.ndarray, second: np.ndarray, quantity: Quantity) -> bool:
    """Whether the means of two matrices [seeds, N] (or [1, N]) of the same test samples and seeds
    differ by more than chance, at the 5 % level.

    As in `compare` the exact sign test over the samples must say so, and the mean not the opposite:
    for most seeds, each by itself. (The mean over seeds of a sample is no answer of any model: one
    seed that gets it wrong would count as much as all.) But seeds that differ in luck all say so,
    each of its own model, where training helps none on the whole: of several the gain must also be
    away from 0 by Student's t of the seeds', of errors on the scale of logarithms. Together they
    tell at most 5 in 100 trainings apart that differ by chance alone
    (benchmarks/evaluation/README.md).
    """
    first, second = (np.asarray(one, np.float64) for one in (first, second))
    mean = float(second.mean() - first.mean())
    ways = [_way(one) for one in second - first]
    if 2 * sum(way * mean > 0 for way in ways) <= len(ways):
        return False
    gains = _gains(first, second, quantity)
    seeds = len(gains)
    if seeds == 1:
        return True
    error = math.sqrt(float(gains.var(ddof=1)) / seeds)
    return abs(float(gains.mean())) > student_quantile(0.95, seeds - 1) * error


def _gains(first: np.ndarray, second: np.ndarray, quantity: Quantity) -> np.ndarray:
    """float64 [seeds]: of the means over the samples; of errors in logarithms, for one is some
    times another.
    """
    before, after = first.mean(axis=1), second.mean(axis=1)
    if quantity.is_share:
        return np.asarray(after - before)
    least = _NO_ERROR * max(before.max(), after.max())
    return np.log(np.maximum(after, least)) - np.log(np.maximum(before, least))


def _way(differences: np.ndarray) -> int:
    """1 or -1: which way more of the [N] differences go than by chance, and their mean, too; 0 for
    neither.
    """
    up, down = int(np.count_nonzero(differences > 0)), int(np.count_nonzero(differences < 0))
    way = 1 if up > down else -1
    return way if mcnemar(up, down) < 0.05 and way * float(differences.mean()) > 0 else 0


def _variance(matrix: np.ndarray) -> tuple[float, float]:
    """Of the mean over all of [seeds, N], and how many of its roots the mean may be off by chance
    (95 %).
    """
    seeds, n = matrix.shape
    of_samples = float(matrix.mean(axis=0).var(ddof=1)) / n if n > 1 else 0.0
    of_seeds = float(matrix.mean(axis=1).var(ddof=1)) / seeds if seeds > 1 else 0.0
    parts = [(of_samples, n - 1), (of_seeds, seeds - 1)]
    total = of_samples + of_seeds
    if not total:
        return 0.0, 0.0
    weighed = sum(part * student_quantile(0.95, free) for part, free in parts if part)
    return total, weighed / total
