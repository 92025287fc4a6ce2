"""Accuracy, cross-entropy and confusion of a session on samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from odt_core.errors import SampleError

if TYPE_CHECKING:
    from odt_core.samples import Labels, Samples

# A probability of 0 for the right label counts as this one, so that the mean stays finite.
SMALLEST = 1e-7


class Predicts(Protocol):
    """A Session or a Worker."""

    def predict_proba(self, x: np.ndarray, labels: Labels | None = None) -> np.ndarray: ...


@dataclass(frozen=True)
class Evaluation:
    """How a model does on n samples; arrays are in the samples' order."""

    n: int
    correct: int
    cross_entropy: float  # mean of -ln p(right label), nats
    confusion: np.ndarray  # int64 [K, K], rows: right label, columns: prediction
    predictions: np.ndarray  # int64 [N]
    confidences: np.ndarray  # float32 [N], probability of the prediction
    truth: np.ndarray  # int64 [N]

    @property
    def accuracy(self) -> float:
        """Share of right predictions; nan without samples."""
        return self.correct / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        from odt_core.evaluation.intervals import wilson

        return wilson(self.correct, self.n)


def evaluate(session: Predicts, samples: Samples) -> Evaluation:
    """Predict all samples and compare with their labels."""
    return score(session.predict_proba(samples.x, samples.labels), samples.y)


def measure(probabilities: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(cross-entropy, accuracy) of probabilities [N, K] for labels int [N], N at least 1: `score`
    without the rest, for every step of a training.
    """
    right = probabilities[np.arange(len(y)), y]
    cross_entropy = -np.log(np.maximum(right, SMALLEST), dtype=np.float64).sum() / len(y)
    accuracy = np.count_nonzero(probabilities.argmax(axis=1) == y) / len(y)
    return float(cross_entropy), accuracy


def score(probabilities: np.ndarray, y: np.ndarray) -> Evaluation:
    """probabilities: float [N, K]; y: int [N]. SampleError when they do not fit."""
    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise SampleError(
            "Accuracy needs a model that tells two or more labels apart; this one has "
            f"{probabilities.shape[-1]} output."
        )
    n, outputs = probabilities.shape
    y = np.asarray(y, np.int64)
    if len(y) != n or (n and (y.min() < 0 or y.max() >= outputs)):
        raise SampleError(
            f"{n} predictions of {outputs} labels cannot be compared with these {len(y)} labels."
        )
    predictions = probabilities.argmax(axis=1).astype(np.int64)
    right = probabilities[np.arange(n), y].astype(np.float64)
    confusion = np.zeros((outputs, outputs), np.int64)
    np.add.at(confusion, (y, predictions), 1)
    return Evaluation(
        n=n,
        correct=int((predictions == y).sum()),
        cross_entropy=float(-np.log(np.maximum(right, SMALLEST)).mean()) if n else float("nan"),
        confusion=confusion,
        predictions=predictions,
        confidences=probabilities[np.arange(n), predictions].astype(np.float32),
        truth=y,
    )
