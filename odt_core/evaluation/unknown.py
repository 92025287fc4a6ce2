"""Unknown input: how strange a sample is to the model, and from where on it answers "not sure"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from odt_core.dialects.contract import OutputKind
from odt_core.errors import SampleError, SettingsError
from odt_core.evaluation.logits import as_logits, log_sum_exp, softmax

KEPT = 0.95  # share of known samples that keeps its answer, unless another is asked for


class Strangeness(StrEnum):
    """Scores of out-of-distribution input; each is higher for what is stranger."""

    PROBABILITY = "max-probability"  # 1 - p of the answer (Hendrycks & Gimpel 2017, 1610.02136)
    LOGIT = "max-logit"  # -logit of the answer (Hendrycks et al. 2022, arXiv:1911.11132)
    ENERGY = "energy"  # -log sum exp of the logits (Liu et al. 2020, arXiv:2010.03759)
    MARGIN = "margin"  # -(logit of the answer - that of the next)


def strangeness(
    scores: np.ndarray,
    method: Strangeness,
    kind: OutputKind = OutputKind.LOGITS,
    used: np.ndarray | None = None,
) -> np.ndarray:
    """float64 [N], higher is stranger. scores: [N, K] as `infer` gives them."""
    logits = as_logits(scores, kind, used)
    if method is Strangeness.PROBABILITY:
        return np.asarray(1 - softmax(logits).max(axis=1))
    if method is Strangeness.LOGIT:
        return np.asarray(-logits.max(axis=1))
    if method is Strangeness.ENERGY:
        return -log_sum_exp(logits)
    top = np.partition(logits, -2, axis=1)
    return np.asarray(top[:, -2] - top[:, -1])


def kept_of(share: float, n: int) -> int:
    """How many of n are at least the share, and at least 1."""
    return max(math.ceil(share * n - 1e-9), 1)


@dataclass(frozen=True)
class Unknown:
    """threshold: a sample stranger than this is answered with "not sure". kept: share of the n
    known samples that it was chosen on that was to keep its answer; count: how many of them do,
    which are more where scores tie.
    """

    threshold: float
    method: Strangeness
    kept: float
    n: int
    count: int
    kind: OutputKind = OutputKind.LOGITS
    used: tuple[bool, ...] | None = None

    def score(self, scores: np.ndarray) -> np.ndarray:
        """Out-of-distribution score, float64 [N], higher is stranger. scores: [N, K]."""
        used = None if self.used is None else np.array(self.used, bool)
        return strangeness(scores, self.method, self.kind, used)

    def is_unknown(self, scores: np.ndarray) -> np.ndarray:
        """bool [N]: whether the answer should be "not sure"."""
        return self.score(scores) > self.threshold


def fit_unknown(
    scores_in: np.ndarray,
    kept: float = KEPT,
    *,
    method: Strangeness = Strangeness.PROBABILITY,
    kind: OutputKind = OutputKind.LOGITS,
    used: np.ndarray | None = None,
) -> Unknown:
    """Choose the threshold on samples that the model knows, such as the base test set.

    scores_in: [N, K] as `infer` gives them, N at least 1. kept: share of them that keeps its
    answer, 0 < kept <= 1. method: the default tells scribbles and letters from digits best, see
    benchmarks/evaluation/README.md. used: bool [K], outputs that have a label. SampleError without
    samples, SettingsError for another `kept`.
    """
    if not 0 < kept <= 1:
        raise SettingsError(f"fit_unknown needs 0 < kept <= 1, got {kept}.")
    if not len(scores_in):
        raise SampleError("Without known samples there is no telling what is unknown. Add some.")
    values = np.sort(strangeness(scores_in, method, kind, used))
    threshold = values[kept_of(kept, len(values)) - 1]
    return Unknown(
        threshold=float(threshold),
        method=method,
        kept=kept,
        n=len(values),
        count=int(np.count_nonzero(values <= threshold)),
        kind=kind,
        used=None if used is None else tuple(bool(u) for u in used),
    )
