"""Base against personalised on the same samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from odt_core.evaluation.by_label import LabelRow, worse_labels
from odt_core.evaluation.evaluation import Evaluation, check_alike, errors_each
from odt_core.evaluation.mean_answer import MeanAnswer
from odt_core.evaluation.paired import gain_interval, mcnemar, mean_interval
from odt_core.evaluation.quantity import Quantity
from odt_core.evaluation.uneven import Constant, uneven_in_words
from odt_core.words import count, in_points, sentences, some_of

# With fewer changed answers the exact test cannot reach the 5 % level, however they fall: five the
# same way give p = 2 / 2⁵ = 0.0625, six p = 2 / 2⁶ = 0.031.
FEWEST_CHANGES = 6
# Numbers that differ by less than this share of the largest one in a sample are the same: rounding
# in float32 is 6e-8 of each term of a sum, and terms are summed in another order now and then.
_ROUNDING = 1e-6
_LEVEL = 0.05  # p-values below are more than chance
_MOST_FIGURES = 17  # that a float64 has


class Verdict(StrEnum):
    """What the paired test says at the 5 % level."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"  # may be chance; or most values came closer, and the mean error grew
    SAME = "same"  # not one answer changed between right and wrong
    # The test says better, but always to give the commonest label or class is right as often, or
    # the mean of all targets as close.
    CONSTANT = "better, but no more than a constant answer"


@dataclass(frozen=True)
class Comparison:
    """Which answers changed. Index arrays are int64, in the samples' order.

    For a model of values, "fixed" are the samples whose answer came closer to the target, "broken"
    those whose answer moved away from it by more than rounding, and p_value is that of the sign
    test (Dixon & Mood 1946), the same sum of binomials as McNemar's. That test does not see how
    far: a model is better only where the gain does not say the opposite.
    Of pixels or words, too, more have to be right than giving all the same answer gets, and other
    numbers have to be closer in the mean than always giving the mean of all targets.

    All is of the samples that are judged (Evaluation.judged), so that of labels the gain is what
    became of the accuracy. A model is better only where more is right than always giving the
    commonest label gets.
    """

    fixed: np.ndarray  # base wrong, own right
    broken: np.ndarray  # base right, own wrong
    n: int  # samples that are judged
    gain: float  # of the share that is right, -1..1; for numbers: base - own mean squared error
    p_value: float  # McNemar exact, two-sided
    verdict: Verdict
    sentence: str
    samples: int  # those that are others over again as well
    quantity: Quantity  # what the gain is one of
    what: str  # that in words: "share of right pixels"
    interval: tuple[float, float] | None  # 95 %, of the gain; None where samples are too few
    constant: Constant | MeanAnswer | None  # the answer that the verdict CONSTANT is about
    worse_at: tuple[LabelRow, ...]  # labels with a loss beyond chance, where there is a gain in all
    uneven: str  # what accuracy hides of uneven labels; "" of others

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {
            "n": self.n,
            "samples": self.samples,
            "fixed": self.fixed.tolist(),
            "broken": self.broken.tolist(),
            "gain": self.gain,
            "interval": self.interval and list(self.interval),
            "interval_is": self.interval_is,
            "p_value": self.p_value,
            "verdict": self.verdict.value,
            "worse_at": [row.label for row in self.worse_at],
            "sentence": self.sentence,
            "gain_sentence": self.gain_sentence,
        }

    @property
    def gained(self) -> bool:
        """Whether there is a gain that is more than chance, whatever it is worth."""
        return self.verdict in (Verdict.BETTER, Verdict.CONSTANT)

    @property
    def p_words(self) -> str:
        """ "p = 0.003"; never shown without its sentence."""
        return p_words(self.p_value)

    @property
    def interval_is(self) -> str:
        """How the interval comes about."""
        if self.quantity is Quantity.ACCURACY:
            return "95 % Tango, stretched to 0 where McNemar's exact test does not reject it"
        return "95 % paired t, stretched to 0 where the sign test does not reject it"

    @property
    def gain_words(self) -> str:
        """ "+12.0 points, 95 % interval −1.0 to +24.9", or "a mean squared error 5.1 smaller, 95 %
        interval 2.1 to 8.1 smaller".
        """
        return f"{'' if self.quantity.is_share else f'a {self.what} '}{self.gain_figures}"

    @property
    def gain_figures(self) -> str:
        """`gain_words` without what the gain is one of."""
        return f"{self._by(self.gain)}, {self._interval_words}"

    @property
    def gain_sentence(self) -> str:
        """What became of the mean over samples, of a model of values, and how sure that is; ""
        where nothing changed. For labels the counts of answers say it, but where these are uneven.
        """
        if self.quantity is Quantity.ACCURACY:
            return self.uneven
        if self.verdict is Verdict.SAME or not self.n:
            return ""
        if self.quantity.is_share:
            said = f"The {self.what} changed by {self._by(self.gain)}"
        else:
            said = f"The {self.what} is {self._by(self.gain)}"
        if self.interval is None:
            return f"{said}; {count(self.n, 'sample')} {_are(self.n)} too few for an interval."
        said += f", {self._interval_words} (paired t, n = {self.n:,})."
        claimed = self.gained or self.verdict is Verdict.WORSE
        if claimed and self.interval[0] <= 0 <= self.interval[1]:
            said += " That holds no change: rare large errors may outweigh what most samples show."
        return said

    @property
    def _interval_words(self) -> str:
        if self.interval is None:
            return "too few samples for an interval"
        low, high = (self._by(end) for end in self.interval)
        way = high.rpartition(" ")[2]  # not said twice where both ends go the same
        return f"95 % interval {low.removesuffix(f' {way}')} to {high.removesuffix(' points')}"

    def _by(self, gain: float) -> str:
        """ "+12.0 points" or "5.1 smaller"."""
        if self.quantity.is_share:
            return f"{in_points(gain)} points"
        return f"{abs(gain):.3g} {'smaller' if gain >= 0 else 'larger'}"


def compare(
    base: Evaluation, own: Evaluation, called: str = "Your model", *, some_labels: bool = False
) -> Comparison:
    """base and own must be evaluations of the same samples; SampleError otherwise. called: what the
    sentence calls the second of the two; "" where it is to say nothing of the two as such.
    some_labels: whether these are the samples of some labels, picked out of more: then it does not
    count how many of them one label would get right.
    """
    check_alike(base, own)
    values = base.correct is None or own.correct is None
    moves, gain = _closer(base, own) if values else _right(base, own)
    fixed, broken = (np.flatnonzero((moves == way) & base.judged) for way in (1, -1))
    p_value = mcnemar(len(fixed), len(broken))
    interval = (
        _mean_interval(base, own, p_value)
        if values
        else gain_interval(len(fixed), len(broken), base.different)
    )
    if not len(fixed) + len(broken):
        verdict = Verdict.SAME
    elif p_value >= _LEVEL or gain * (len(fixed) - len(broken)) <= 0:
        verdict = Verdict.UNCLEAR
    else:
        verdict = Verdict.BETTER if len(fixed) > len(broken) else Verdict.WORSE
    constant: Constant | MeanAnswer | None = None
    worse_at: tuple[LabelRow, ...] = ()
    if verdict is Verdict.BETTER and not some_labels:
        if not values:  # not unless sure of a gain in all: both together err in one case of twenty
            worse_at = worse_labels(base, own, _LEVEL)
        if not own.beats_constant:
            verdict, constant = Verdict.CONSTANT, own.constant
    return Comparison(
        fixed=fixed,
        broken=broken,
        n=base.different,
        gain=gain,
        p_value=p_value,
        verdict=verdict,
        sentence=_sentence(
            verdict,
            len(fixed),
            len(broken),
            base,
            p_value,
            _claim(verdict, called, constant, _worse_at(own, worse_at)),
            means=_means(base, own, gain),
        ),
        samples=base.n,
        quantity=Quantity.of(own),
        what=_what(own),
        interval=interval,
        constant=constant,
        worse_at=worse_at,
        uneven=uneven_in_words(base, own, told=constant is not None),
    )


def _right(base: Evaluation, own: Evaluation) -> tuple[np.ndarray, float]:
    """(1 for each sample that only `own` gets right, -1 for one that only `base` does, gain)."""
    base_right = base.predictions == base.truth
    own_right = own.predictions == own.truth
    gain = ((own.correct or 0) - (base.correct or 0)) / max(base.different, 1)
    return own_right.astype(np.int64) - base_right, gain


def _closer(base: Evaluation, own: Evaluation) -> tuple[np.ndarray, float]:
    """(1 for each sample to whose target `own` is closer, -1 for one where `base` is, gain)."""
    before, after = errors_each(base), errors_each(own)
    gain = float(before[base.judged].mean() - after[base.judged].mean()) if base.n else 0.0
    if base.places is not None and own.places is not None:
        gain = own.places.right - base.places.right  # of all places, not the mean over samples
        moved = np.ones(base.n, bool)
    else:
        moved = _moved(base, own)
    return np.where(moved, np.sign(before - after), 0).astype(np.int64), gain


def _mean_interval(base: Evaluation, own: Evaluation, p_value: float) -> tuple[float, float] | None:
    """Of the gain of a model of values, no change in it where that may be chance; None with too few
    samples.
    """
    places = base.places is not None and own.places is not None
    weights = base.places.known.astype(np.float64) if base.places is not None else np.ones(base.n)
    gains, weights = (errors_each(base) - errors_each(own))[base.judged], weights[base.judged]
    if len(gains) < FEWEST_CHANGES or not weights.any():
        return None
    low, high = mean_interval(gains, weights)
    if places:
        low, high = max(low, -1.0), min(high, 1.0)
    return (min(low, 0.0), max(high, 0.0)) if p_value >= _LEVEL else (low, high)


def _moved(base: Evaluation, own: Evaluation) -> np.ndarray:
    """bool [N]: whether an answer of values differs by more than rounding."""
    size = base.n, math.prod(base.truth.shape[1:])
    all_three = base.predictions, own.predictions, base.truth
    first, second, truth = (np.asarray(one, np.float64).reshape(size) for one in all_three)
    largest = np.maximum(np.maximum(np.abs(first), np.abs(second)), np.abs(truth))
    away = np.abs(second - first).max(axis=1, initial=0.0)
    return np.asarray(away > _ROUNDING * largest.max(axis=1, initial=0.0))


def _what(evaluation: Evaluation) -> str:
    """What the gain is one of."""
    if evaluation.places is not None:
        return f"share of right {evaluation.places.called}"
    return "mean squared error" if evaluation.correct is None else "share of right answers"


def _means(base: Evaluation, own: Evaluation, gain: float) -> str:
    """What the gain is, as a part of a sentence."""
    if base.share_right is not None and own.share_right is not None:
        one, other, rose = base.share_right, own.share_right, gain > 0
    else:
        one, other = base.mean_squared_error or 0.0, own.mean_squared_error or 0.0
        rose = gain < 0
    if one == other:
        return f"the {_what(own)} stayed at {one:.4g}"
    said = _apart(one, other)
    return f"the {_what(own)} {'rose' if rose else 'fell'} from {said[0]} to {said[1]}"


def _apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers with as many figures as it takes to see that they differ; four are enough."""
    said = f"{one:.4g}", f"{other:.4g}"
    for figures in range(5, _MOST_FIGURES):
        if said[0] != said[1]:
            break
        said = f"{one:.{figures}g}", f"{other:.{figures}g}"
    return said


def p_words(p_value: float) -> str:
    """ "p = 0.003", as many digits as matter: it is read on the side of the level where it is."""
    if p_value < 0.001:
        return "p < 0.001"
    if p_value >= 0.995:
        return "p = 1"
    if p_value >= 0.1:
        return f"p = {p_value:.2f}"
    figures = 2 if p_value >= 0.01 else 1
    while figures < _MOST_FIGURES and float(f"{p_value:.{figures}g}") == _LEVEL != p_value:
        figures += 1
    return f"p = {p_value:.{figures}g}"


def _sentence(
    verdict: Verdict,
    fixed: int,
    broken: int,
    base: Evaluation,
    p_value: float,
    claim: str,
    *,
    means: str,
) -> str:
    """claim: what follows where the test is sure. means: what became of the mean."""
    values, n = base.correct is None, base.different
    if n == 0:
        return "There are no test samples to compare on yet."
    samples = count(n, "sample")
    if n < base.n:
        samples = f"{count(n, 'different sample')} among {base.n:,}"
    if verdict is Verdict.SAME:
        if n < FEWEST_CHANGES:
            return f"No answer changed, and {samples} {_are(n)} too few to tell."
        if base.places is not None:
            return f"Both models get as many {base.places.called} right in each of all {samples}."
        if values:
            return f"Both models are equally far from the targets of all {samples}."
        return f"Both models get the same samples right and wrong (n = {n:,})."
    counts = f"{fixed:,} fixed, {broken:,} broken"
    if base.places is not None:
        counts = f"{fixed:,} with more right {base.places.called}, {broken:,} with fewer"
    elif values:
        counts = f"{fixed:,} closer to their targets, {broken:,} farther"
    if n < FEWEST_CHANGES:
        return f"{counts}: {samples} {_are(n)} too few to tell."
    counts = f"{counts} of {samples}"
    changes = fixed + broken
    if changes < FEWEST_CHANGES:
        changed = count(changes, "changed answer")
        return f"{counts}: {changed} {_are(changes)} too few to tell, {p_words(p_value)}."
    if verdict is Verdict.UNCLEAR and p_value < _LEVEL:
        return (
            f"{counts}: not chance, {p_words(p_value)}. But {means}: there is no telling which "
            "model is better."
        )
    if verdict is Verdict.UNCLEAR:
        return f"{counts}: may be chance, {p_words(p_value)}."
    return sentences(f"{counts}: not chance, {p_words(p_value)}.", claim)


def _claim(
    verdict: Verdict, called: str, constant: Constant | MeanAnswer | None, worse_at: str
) -> str:
    """What a change that is more than chance means. worse_at: `_worse_at`."""
    if constant is not None:
        return f"{constant.claim}{f', and {worse_at}' if worse_at else ''}."
    if not called:
        return f"But {worse_at}." if worse_at else ""
    return f"{called} is {verdict.value}{f', but {worse_at}' if worse_at else ''}."


def _worse_at(own: Evaluation, rows: Sequence[LabelRow]) -> str:
    """ "worse at 'cat': 6 → 0 of 7"; "" without any."""
    each = [
        f"'{own.called(row.label)}': {row.base.correct:,} → {row.own.correct:,} of {row.n:,}"
        for row in rows
    ]
    return f"worse at {some_of(each)}" if each else ""


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
