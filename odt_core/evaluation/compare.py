"""Base against personalised on the same samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation.evaluation import Evaluation


class Verdict(StrEnum):
    """What the paired test says at the 5 % level."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"  # a difference this small also comes about by chance
    SAME = "same"  # not one answer changed between right and wrong


@dataclass(frozen=True)
class Comparison:
    """Which answers changed. Index arrays are int64, in the samples' order."""

    fixed: np.ndarray  # base wrong, own right
    broken: np.ndarray  # base right, own wrong
    n: int
    gain: float  # own accuracy - base accuracy, -1..1
    p_value: float  # McNemar exact, two-sided
    verdict: Verdict
    sentence: str


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided exact p-value of McNemar's test (McNemar 1947): under the null hypothesis each of
    the fixed + broken changed answers is as likely to be one as the other.
    """
    if fixed < 0 or broken < 0:
        raise ValueError(f"mcnemar counts cannot be negative, got {fixed} and {broken}.")
    n, few = fixed + broken, min(fixed, broken)
    tail = sum(math.comb(n, k) for k in range(few + 1))
    return min(1.0, 2 * tail / 2**n)


def compare(base: Evaluation, own: Evaluation) -> Comparison:
    """base and own must be evaluations of the same samples; SampleError otherwise."""
    if base.n != own.n or not np.array_equal(base.truth, own.truth):
        raise SampleError(
            "The two evaluations are of different samples. Evaluate both on the same."
        )
    base_right = base.predictions == base.truth
    own_right = own.predictions == own.truth
    fixed = np.flatnonzero(~base_right & own_right)
    broken = np.flatnonzero(base_right & ~own_right)
    p_value = mcnemar(len(fixed), len(broken))
    gain = (own.correct - base.correct) / base.n if base.n else 0.0
    if len(fixed) == len(broken) == 0:
        verdict = Verdict.SAME
    elif p_value >= 0.05:
        verdict = Verdict.UNCLEAR
    else:
        verdict = Verdict.BETTER if gain > 0 else Verdict.WORSE
    return Comparison(
        fixed=fixed,
        broken=broken,
        n=base.n,
        gain=gain,
        p_value=p_value,
        verdict=verdict,
        sentence=_sentence(verdict, len(fixed), len(broken), base.n, p_value),
    )


def _sentence(verdict: Verdict, fixed: int, broken: int, n: int, p_value: float) -> str:
    if n == 0:
        return "There are no test samples to compare on yet."
    if verdict is Verdict.SAME:
        return f"Both models are right and wrong on the same of the {n} samples."
    counts = f"Of {n} samples, personalising fixed {fixed} and broke {broken}"
    if verdict is Verdict.UNCLEAR:
        return (
            f"{counts}: too few changes to tell a real difference from chance (p = {p_value:.2g})."
        )
    return (
        f"{counts}: your model is {verdict.value}, and chance is an unlikely cause "
        f"(p = {p_value:.2g})."
    )
