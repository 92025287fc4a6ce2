"""The two-sided binomial test of a fair coin: exact, and fast for any number of tosses."""

from __future__ import annotations

import math

# So many tosses are summed in whole numbers, correctly rounded; beyond, whatever p-value is not 0
# in float64 comes of counts that Stirling's series takes to the last digits.
_WHOLE = 2_000
_TERMS = 10**8  # the sum has some 4 √n terms until there; then it is a known integral


def two_sided(few: int, n: int) -> float:
    """The probability that of n tosses at most `few`, or at least n − few, are heads. 0 <= few <=
    n / 2. To about 1e-12 of itself; 0 where it is below what float64 holds.
    """
    if 2 * few >= n:
        return 1.0
    if n <= _WHOLE:
        return _whole(few, n)
    if (n - 2 * few) ** 2 > 1_500 * n:  # at most 2 exp(−750) (Hoeffding 1963)
        return 0.0
    return min(1.0, _summed(few, n) if n <= _TERMS else _integral(few, n))


def _whole(few: int, n: int) -> float:
    term = tail = 1  # binomial coefficients of n, one made of the other
    for k in range(few):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / 2**n)


def _summed(few: int, n: int) -> float:
    """Downwards from the largest term, which comes of its deviance (Loader 2000): the difference of
    logarithms of factorials would lose half of the digits.
    """
    many = n - few
    beyond = _stirling(n) - _stirling(few) - _stirling(many)
    away = _deviance((many - few) / n, n)
    largest = math.exp(beyond - away) * math.sqrt(n / (2 * math.pi * few * many))
    sum_, term = 1.0, 1.0
    while few and term > 1e-17 * sum_:
        many += 1
        term *= few / many
        few -= 1
        sum_ += term
    return 2 * largest * sum_


def _integral(few: int, n: int) -> float:
    """The saddle-point approximation with continuity correction (Barndorff-Nielsen's r*), whose
    error vanishes with 1 / n.
    """
    away = n - 2 * few - 1  # twice that from few + ½ to the middle, in whole numbers
    if not away:
        return 1.0
    z, w = away / math.sqrt(n), math.sqrt(2 * _deviance(away / n, n))
    return math.erfc((w + math.log(z / w) / w) / math.sqrt(2))


def _deviance(uneven: float, n: int) -> float:
    """few · ln(2 few / n) + many · ln(2 many / n) for uneven = (many − few) / n below 1, without
    cancellation.
    """
    return n / 2 * (math.log1p(-uneven * uneven) + 2 * uneven * math.atanh(uneven))


def _stirling(n: int) -> float:
    """ln n! less √(2πn) (n/e)ⁿ's logarithm, for n of some tens or more."""
    return (1 / 12 - (1 / 360 - 1 / 1260 / n**2) / n**2) / n
