"""Temperature scaling: one number that makes confidences honest and changes no answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odt_core.dialects.contract import OutputKind
from odt_core.errors import SampleError
from odt_core.evaluation.logits import as_logits, log_sum_exp, softmax
from odt_core.evaluation.reliability_diagram import reliability, too_few

LOWEST, HIGHEST = 0.05, 20.0  # a temperature outside says that the samples do not fix one
FOLDS = 5
# Twice the gain in log-likelihood of a temperature over 1 is chi-squared, of one degree of freedom,
# where confidences are honest (Wilks 1938): 1 in 20 models passes this then.
_CHANCE = 3.841
_EQUAL = 1e-6  # of the largest score: two that differ by no more are the same up to rounding
FEWEST = 2 * FOLDS  # samples from which the gain is judged on samples not fitted to


@dataclass(frozen=True)
class Calibration:
    """How honest confidences are on n samples; nan when n is 0."""

    nll: float  # mean of -ln p(right label), nats
    ece: float  # expected calibration error in ten bins, 0 to 1
    n: int
    dishonest: bool = False  # the calibration error is larger than chance explains (Reliability)


@dataclass(frozen=True)
class Temperature:
    """value: above 1 the model was too sure of itself, below 1 not sure enough, where that is more
    than chance: the sentence says so, by the likelihood-ratio test at the 5 % level.

    after: where `held_out`, each sample is judged with the temperature of the other four fifths;
    else the samples are those fitted to, and the figure is too good; None where `at_limit`, as then
    there is none to use. value is then the limit, and 1 where all labels have the same score, as
    then every temperature is as good as another.
    """

    value: float
    before: Calibration
    after: Calibration | None
    n: int
    held_out: bool
    kind: OutputKind = OutputKind.LOGITS
    sentence: str = ""

    @property
    def at_limit(self) -> bool:
        """Whether the samples fix none (all are right), or one beyond the limits, 0.05 and 20."""
        return self.after is None

    def apply(self, scores: np.ndarray, used: np.ndarray | None = None) -> np.ndarray:
        """Probabilities float64 [N, K] of the used outputs from scores as `infer` gives them."""
        return softmax(as_logits(scores, self.kind, used) / self.value)


def fit_temperature(
    scores: np.ndarray,
    y: np.ndarray,
    kind: OutputKind = OutputKind.LOGITS,
    *,
    used: np.ndarray | None = None,
) -> Temperature:
    """The temperature of the least cross-entropy (Guo et al. 2017, arXiv:1706.04599, section 4.2).

    scores: [N, K] as `infer` gives them. y: int [N], output index. used: bool [K], outputs with a
    label. With b = 1 / temperature the cross-entropy is convex in b, so its slope is bisected:
    no start, no step size, always the optimum. SampleError when scores and labels do not fit.
    """
    logits = as_logits(scores, kind, used)
    y = _among_used(np.asarray(y, np.int64), scores, used)
    if len(y) != len(logits) or (len(y) and not 0 <= y.min() <= y.max() < logits.shape[1]):
        raise SampleError(f"{len(logits)} answers and {len(y)} labels do not fit together.")
    n = len(y)
    if n == 0:
        nothing = Calibration(float("nan"), float("nan"), 0)
        return Temperature(1.0, nothing, None, 0, False, kind, _sentence(1.0, 0))
    value, at_limit = _best(logits, y)
    held_out = n >= FEWEST and not at_limit
    before = _calibration(logits, y)
    fitted = _calibration(logits / value, y)
    after = None if at_limit else fitted
    if held_out:
        after = _calibration(_cross_fitted(logits, y), y)
    return Temperature(
        value=value,
        before=before,
        after=after,
        n=n,
        held_out=held_out,
        kind=kind,
        sentence=_sentence(
            value,
            n,
            at_limit,
            all_right=bool((logits.argmax(axis=1) == y).all()),
            off=2 * n * (before.nll - fitted.nll) > _CHANCE,
            helps=after is not None and after.nll < before.nll,
            dishonest=before.dishonest,
        ),
    )


def _among_used(y: np.ndarray, scores: np.ndarray, used: np.ndarray | None) -> np.ndarray:
    """Output indices as places among the used outputs; -1 for a label that no used output has."""
    if used is None or len(used) != scores.shape[1] or int(np.sum(used)) < 2:
        return y
    place = np.full(len(used), -1, np.int64)
    place[np.flatnonzero(used)] = np.arange(int(np.sum(used)))
    inside = (y >= 0) & (y < len(used))
    return np.where(inside, place[np.where(inside, y, 0)], -1)


def _slope(logits: np.ndarray, y: np.ndarray, inverse: float) -> float:
    """d cross-entropy / d (1 / temperature): mean logit expected minus that of the right label."""
    expected = (softmax(logits * inverse) * logits).sum(axis=1)
    return float((expected - logits[np.arange(len(y)), y]).mean())


def _best(logits: np.ndarray, y: np.ndarray) -> tuple[float, bool]:
    if np.ptp(logits, axis=1).max() <= _EQUAL * np.abs(logits).max():
        return 1.0, True
    low, high = 1 / HIGHEST, 1 / LOWEST
    if _slope(logits, y, low) >= 0:
        return HIGHEST, True
    if _slope(logits, y, high) <= 0:
        return LOWEST, True
    for _ in range(60):
        middle = (low * high) ** 0.5
        if _slope(logits, y, middle) > 0:
            high = middle
        else:
            low = middle
    return 1 / (low * high) ** 0.5, False


def _cross_fitted(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Each fifth divided by the temperature of the other four. The fifths are shuffled: samples
    often come with their labels in turn, and a fifth must not be one label.
    """
    fold = np.random.default_rng(0).permutation(len(y)) % FOLDS
    scaled = np.empty_like(logits)
    for k in range(FOLDS):
        value, _ = _best(logits[fold != k], y[fold != k])
        scaled[fold == k] = logits[fold == k] / value
    return scaled


def _calibration(logits: np.ndarray, y: np.ndarray) -> Calibration:
    nll = float((log_sum_exp(logits) - logits[np.arange(len(y)), y]).mean())
    probabilities = softmax(logits)
    right = probabilities.argmax(axis=1) == y
    found = reliability(probabilities.max(axis=1), right)
    return Calibration(nll, found.ece, len(y), found.dishonest)


def _sentence(
    value: float,
    n: int,
    at_limit: bool = False,
    *,
    all_right: bool = False,
    off: bool = False,
    helps: bool = True,
    dishonest: bool = False,
) -> str:
    """off: the temperature is not 1 by more than chance. helps: it does good to samples that it was
    not fitted to. dishonest: the calibration error is more than chance explains.
    """
    if n == 0:
        return "There are no samples to fit a temperature to."
    if at_limit:
        if value == 1:
            return f"{_counted(n)} not fix a temperature: all labels have the same score."
        if all_right:
            return f"{_counted(n)} not fix a temperature: the model gets none of them wrong."
        side, what = ("below", "small") if value == LOWEST else ("above", "large, or wrong")
        return (
            f"The temperature that fits these {n:,} samples best lies {side} {value:g}: the "
            f"model's scores are that {what}."
        )
    if n < FEWEST:
        return f"{too_few(n)} the confidences are (temperature {value:.2f})."
    if not off and dishonest:
        return (
            f"The confidences are not honest, but no temperature is sure to mend that (the best is "
            f"{value:.2f}, n = {n:,})."
        )
    if not off:
        return (
            f"The confidences are as honest as these {n:,} samples can tell (temperature "
            f"{value:.2f})."
        )
    if not helps:
        return (
            f"No temperature is sure to help: {value:.2f} fits these {n:,} samples best, but does "
            f"no good to samples that it was not fitted to."
        )
    word = "too sure of itself" if value > 1 else "not sure enough of itself"
    return f"The model is {word} (temperature {value:.2f}, n = {n:,})."


def _counted(n: int) -> str:
    return "This 1 sample does" if n == 1 else f"These {n:,} samples do"
