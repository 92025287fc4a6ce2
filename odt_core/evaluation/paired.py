"""How much better one model is than another on the same samples: the test, and intervals."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from odt_core.errors import SettingsError
from odt_core.evaluation.binomial import two_sided
from odt_core.evaluation.counts import is_level, whole
from odt_core.evaluation.student import student_quantile


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided exact p-value of McNemar's test (McNemar 1947): under the null hypothesis each of
    the fixed + broken changed answers is as likely to be one as the other. To about 1e-12
    of itself, for any counts.

    SettingsError unless both are whole numbers of at least 0.
    """
    fixed, broken = whole(fixed, "fixed"), whole(broken, "broken")
    if fixed < 0 or broken < 0:
        raise SettingsError(
            f"mcnemar counts answers: neither can be below 0, got {fixed} and {broken}."
        )
    return two_sided(min(fixed, broken), fixed + broken)


def gain_interval(fixed: int, broken: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Tango's interval, stretched to a gain of 0 where McNemar's exact test does not reject it: so
    that what is said to be no more than chance never has an interval that says otherwise. (The
    score test behind Tango's is an approximation, and bolder for a few changed answers.) Wider can
    only be surer: it still holds the true gain in at least as many cases. As tango_interval.
    """
    low, high = tango_interval(fixed, broken, n, level)
    if mcnemar(fixed, broken) >= 1 - level:
        return min(low, 0.0), max(high, 0.0)
    return low, high


def tango_interval(fixed: int, broken: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Tango's score interval of (fixed - broken) / n (Tango 1998, Stat. Med. 17:891-908).

    fixed, broken: how many of n samples one model alone gets right, and the other alone. level:
    0 < level < 1. Returns (low, high) within -1..1; (-1, 1) when n is 0. It is the set of true
    gains that the score test, of which McNemar's is the one for a gain of 0, does not reject.
    SettingsError for counts or levels that cannot be.
    """
    fixed, broken, n = whole(fixed, "fixed"), whole(broken, "broken"), whole(n, "n")
    if not (fixed >= 0 and broken >= 0 and fixed + broken <= n and is_level(level)):
        raise SettingsError(
            "The interval of a gain needs counts of at most n together and 0 < level < 1, got "
            f"{fixed}, {broken}, {n}, {level!r}."
        )
    if n == 0:
        return -1.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    found = (fixed - broken) / n
    return (
        _edge(fixed, broken, n, z, inside=found, outside=-1.0),
        _edge(fixed, broken, n, z, inside=found, outside=1.0),
    )


def mean_interval(
    gains: np.ndarray, weights: np.ndarray, level: float = 0.95
) -> tuple[float, float]:
    """Student's t interval of the mean gain of at least two samples, float64 [N], each with its
    weight, such as how many pixels it has.

    With equal weights it is the paired t interval. Else the mean is a ratio of sums over samples,
    with that ratio's variance (Cochran 1977, Sampling Techniques, section 6.3).
    """
    total = weights.sum()
    mean = float((weights * gains).sum() / total)
    away = weights * (gains - mean)
    n = len(away)
    error = math.sqrt(n / (n - 1) * float((away**2).sum())) / float(total)
    reach = student_quantile(level, n - 1) * error
    return mean - reach, mean + reach


def _edge(fixed: int, broken: int, n: int, z: float, *, inside: float, outside: float) -> float:
    """Where between a gain that is not rejected and one that is the statistic is z; bisection."""
    if abs(_statistic(fixed, broken, n, outside)) <= z:
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        if abs(_statistic(fixed, broken, n, middle)) <= z:
            inside = middle
        else:
            outside = middle
    return inside


def _statistic(fixed: int, broken: int, n: int, gain: float) -> float:
    """How many standard errors what was found is away from a true `gain`, the likeliest share of
    broken answers under that gain taken for the error (Tango's equation 13).
    """
    away = fixed - broken - n * gain
    b = (2 * n - fixed + broken) * gain - fixed - broken
    c = -broken * gain * (1 - gain)
    share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * share + gain * (1 - gain))
    if variance <= 1e-15:  # no other outcome is possible under this gain
        return 0.0 if abs(away) < 1e-9 else math.copysign(math.inf, away)
    return away / math.sqrt(variance)
