"""Labels of which some have many more samples than others: what accuracy alone does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.samples.labels import called


@dataclass(frozen=True)
class Constant:
    """What it comes to always to answer with the commonest label of n samples; of as common ones,
    the first. labels: how many labels the samples are of.
    """

    output: int
    name: str | None
    correct: int
    n: int
    labels: int

    @property
    def words(self) -> str:
        """ "always saying 'cat'"."""
        return f"always saying '{called(self.name, self.output)}'"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {"output": self.output, "label": self.name, "correct": self.correct}


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
