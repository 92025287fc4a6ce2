"""Labels or classes of which some are far commoner: what the share that is right does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.samples.labels import called
from odt_core.words import percent_apart

if TYPE_CHECKING:
    from odt_core.evaluation.evaluation import Evaluation

_NEAR = 0.9  # of a model's right answers: a constant answer with so many comes near it


@dataclass(frozen=True)
class Constant:
    """What it comes to always to answer with the commonest label of n samples, or what is right at
    most of n places (`PlaceScores`); of as common ones, one. output: the label or class; None of
    several, or of none. labels: how many of them samples have. places: what these are called; ""
    for samples. in_samples: the mean over samples of the share of each one's places; None for
    samples.
    """

    output: int | None
    name: str | None
    correct: int
    n: int
    labels: int = 0
    places: str = ""
    in_samples: float | None = None

    @property
    def share(self) -> float:
        """Of the n, those that it gets right."""
        return self.correct / self.n

    @property
    def mean(self) -> float:
        """Over samples, of the share of each that it gets right."""
        return self.share if self.in_samples is None else self.in_samples

    @property
    def right(self) -> str:
        """ "93 of 100", or "90.2 % of the pixels"."""
        if self.places:
            return f"{percent_apart(self.share)} of the {self.places}"
        return f"{self.correct:,} of {self.n:,}"

    @property
    def words(self) -> str:
        """ "always saying 'cat'"."""
        said = self.name if self.output is None else called(self.name, self.output)
        return f"always saying '{said}'"

    @property
    def no_more(self) -> str:
        """What a gain is that comes to no more, as a part of a sentence."""
        return f"no more right than {self.words}"

    @property
    def claim(self) -> str:
        """What is claimed of a model with such a gain, without the full stop."""
        return (
            f"More right {self.places or 'answers'}, but no more than {self.words} ({self.right})"
        )

    def beaten_by(self, share: float) -> bool:
        """Whether a share of right answers is larger."""
        return share > self.share

    @property
    def is_uneven(self) -> bool:
        """Whether some labels have more samples than others."""
        return self.correct * self.labels > self.n

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {"output": self.output, "label": self.name, "correct": self.correct, "of": self.n}


def constant_answer(truth: np.ndarray, names: Sequence[str | None]) -> Constant | None:
    """truth: int [N], right labels. names: of the outputs, as far as they are known. None without
    samples.
    """
    if not len(truth):
        return None
    counts = np.bincount(truth)
    output = int(counts.argmax())
    name = names[output] if output < len(names) else None
    return Constant(output, name, int(counts[output]), len(truth), len(np.unique(truth)))


def balanced_accuracy(truth: np.ndarray, predictions: np.ndarray) -> float:
    """The mean over labels of the share of a label's samples that is right (Brodersen et al. 2010,
    The balanced accuracy and its posterior distribution, ICPR 3121–3124), of any number of labels.
    One without samples is left out; nan where there are none at all.
    """
    if not len(truth):
        return float("nan")
    counts = np.bincount(truth)
    right = np.bincount(truth[predictions == truth], minlength=len(counts))
    there = counts > 0
    return float((right[there] / counts[there]).mean())


def uneven_in_words(*models: Evaluation, told: bool = False) -> str:
    """What accuracy hides where labels are so uneven that the constant answer comes near the last
    of the models; else "", and for places: mean IoU, which hides it not, stands beside their share.
    models: on the same samples. told: whether it is named beside this.
    """
    last = models[-1]
    constant, right = last.constant, last.correct or 0
    if not isinstance(constant, Constant) or constant.places:
        return ""
    if not constant.is_uneven or constant.correct < _NEAR * right:
        return ""
    shares = (percent_apart(one.balanced_accuracy or 0.0) for one in models)
    said = f"balanced accuracy (the mean over labels): {' → '.join(shares)}."
    if not told:
        said = f"{constant.words} gets {constant.right} right; {said}"
    return said[0].upper() + said[1:]
