"""Whether samples of numbers that are the same may well have been drawn apart.

Categories, grades and amounts come again in samples of which none is a copy: the fewer and the
coarser the numbers of a sample are, and the more samples there are, the more often.
"""

from __future__ import annotations

import numpy as np

# Where more pairs than this are expected by chance, one that is found tells nothing.
_EXPECTED = 0.01
_OTHERS = 256  # samples by which a chance is judged, evenly among all
_FEWEST = 5  # of these from which the share of a part of them is known
_BLOCK = 1024  # of these looked at at once
_MOST_DECIMALS = 7  # that a float32 shows


def may_recur(rows: np.ndarray, like: np.ndarray, table: np.ndarray) -> np.ndarray:
    """bool [G]: of samples [G, P] that are the same as `like` [G, P] whether two drawn apart would
    be so somewhere among all samples, the table [N, P], in more than one case of a hundred.

    Number by number: how many of the different samples have it, among those that had the ones
    before; where hardly any has, how near to it theirs lie, as it may fall anywhere between.
    """
    found = np.zeros(len(rows), bool)
    if not len(rows):
        return found
    whole = np.asarray((table == np.rint(table)).all(axis=0))
    others = table[np.unique(np.linspace(0, len(table) - 1, _OTHERS).astype(int))]
    order = np.argsort(-(others != others[:1]).sum(axis=0), kind="stable")
    # Beside a sample that is like all others, zeros: its numbers may be anywhere up to their size.
    others = np.r_[others, np.zeros((1, others.shape[1]), others.dtype)][:, order]
    for at in range(0, len(rows), _BLOCK):
        one, other = (np.asarray(x[at : at + _BLOCK], np.float64) for x in (rows, like))
        reach = _reach(one, other, whole)
        chance = _Chance(one[:, order], reach[:, order], others, len(table) ** 2 / 2)
        found[at : at + _BLOCK] = chance.of_each > _EXPECTED
    return found


class _Chance:
    """of_each: float64 [G], how many of so many pairs would be as much the same as each of rows
    [G, P] is, by chance; of those with hardly any not to the end. reach: [G, P], how near is the
    same. others: [S, P], the last of them for where none differs.
    """

    def __init__(
        self, rows: np.ndarray, reach: np.ndarray, others: np.ndarray, pairs: float
    ) -> None:
        self._rows, self._reach, self._others = rows, reach, others
        self._differs = ~_same(rows, others, reach)
        self._differs[:, -1] = ~self._differs[:, :-1].any(axis=1)
        self._left = self._differs.copy()  # those that had all numbers so far
        self.of_each = np.full(len(rows), pairs)
        for column in range(rows.shape[1]):
            at = np.flatnonzero(self.of_each > _EXPECTED)
            if not len(at):
                break
            self._look_at(column, at)

    def _look_at(self, column: int, at: np.ndarray) -> None:
        near, differs, left = self._reach[at, column], self._differs[at], self._left[at]
        away = np.abs(self._others[:, column] - self._rows[at, column, None])
        has_it = differs & (away <= near[:, None])
        so_far = left & has_it
        many = so_far.sum(axis=1)
        share = many / np.maximum(left.sum(axis=1), 1)
        few = many < _FEWEST
        self._left[at[~few]] = so_far[~few]
        n = differs[few].sum(axis=1)
        middle = np.sort(np.where(differs[few], away[few], np.inf), axis=1)
        middle = middle[np.arange(len(n)), (n - 1) // 2]
        between = np.divide(near[few], 2 * middle, out=np.zeros(len(n)), where=middle > near[few])
        share[few] = np.maximum(has_it[few].sum(axis=1) / n, between)
        self.of_each[at] *= share


def half_units(rows: np.ndarray) -> np.ndarray:
    """float64 [N]: half of the last decimal that each of rows [N, P], in float32, was written with;
    0 where it shows none.
    """
    rows = np.asarray(rows, np.float64)
    found, left = np.zeros(len(rows)), np.arange(len(rows))
    for decimals in range(_MOST_DECIMALS + 1):
        scaled = rows[left] * 10.0**decimals
        whole = (np.abs(scaled - np.rint(scaled)) <= 2.0**-23 * np.abs(scaled)).all(axis=1)
        found[left[whole]] = 0.5 * 10.0**-decimals
        left = left[~whole]
    return found


def _reach(rows: np.ndarray, like: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """float64 [G, P]: how far from each number another may lie and be as near as `like` is, or the
    same as it is written. whole: bool [P], columns of whole numbers.
    """
    written = np.maximum(half_units(rows), half_units(like))[:, None]
    written = np.maximum(np.where(whole, 0.5, written), 2.0**-24 * np.abs(rows))
    return np.maximum(written, np.abs(rows - like))


def _same(rows: np.ndarray, others: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """bool [G, S]: which of others [S, P] are within reach [G, P] in all numbers."""
    at, of = (one.ravel() for one in np.indices((len(rows), len(others))))
    for column in range(rows.shape[1]):
        if not len(at):
            break
        kept = np.abs(rows[at, column] - others[of, column]) <= reach[at, column]
        at, of = at[kept], of[kept]
    found = np.zeros((len(rows), len(others)), bool)
    found[at, of] = True
    return found
