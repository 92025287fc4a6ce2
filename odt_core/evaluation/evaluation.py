"""Accuracy, cross-entropy and confusion of a session on samples; errors for a model of values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from odt_core.errors import ModelError, NoAnswerError, SampleError
from odt_core.evaluation.mean_answer import MeanAnswer, mean_answer
from odt_core.evaluation.over_again import exact_copies, first_of_each
from odt_core.evaluation.place_scores import PlaceScores, places
from odt_core.evaluation.uneven import Constant, balanced_accuracy, constant_answer
from odt_core.kinds import check_kind, kind_of
from odt_core.runtime.scores import TINY, right_answers
from odt_core.samples.labels import called
from odt_core.samples.types import check_samples

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract
    from odt_core.samples import Labels, Samples


class Predicts(Protocol):
    """A Session, a Worker, or one of a worker's two sessions."""

    @property
    def contract(self) -> Contract: ...

    def predict_proba(self, x: np.ndarray, labels: Labels | None = None) -> np.ndarray: ...


@dataclass(frozen=True)
class Evaluation:
    """How a model does on n samples; arrays are of all of them, in their order.

    For labels: correct, cross_entropy, confusion and confidences, and no errors. For values: the
    two errors, and none of these. nan where there are no samples. same: int64 [N], of each sample
    the place of the first that it is over again (`copies`); None where all differ. Every figure is
    of those that are `judged`, the first of such, and so of `different` samples. names: of the
    model's outputs; () where they are not known.
    """

    n: int
    correct: int | None
    cross_entropy: float | None  # mean of -ln p(right label), nats; p at least TINY
    # int64 [K, K], rows: right label, columns: prediction
    confusion: np.ndarray | None = field(repr=False)
    # int64 [N]; float32 [N, *target_shape] or [N, …, K] for values
    predictions: np.ndarray = field(repr=False)
    # float32 [N], probability of the prediction
    confidences: np.ndarray | None = field(repr=False)
    # int64 [N]; float32, such as the predictions, for values
    truth: np.ndarray = field(repr=False)
    mean_squared_error: float | None = None
    mean_absolute_error: float | None = None
    places: PlaceScores | None = None  # of values that tell the class of each pixel or word
    same: np.ndarray | None = field(default=None, repr=False)
    names: tuple[str | None, ...] = ()

    @cached_property
    def judged(self) -> np.ndarray:
        """bool [N]: whether a sample stands for itself and those that are it over again."""
        return first_of_each(self.same, self.n)

    @property
    def different(self) -> int:
        """How many of the samples are judged."""
        return int(np.count_nonzero(self.judged))

    @cached_property
    def squared_errors(self) -> np.ndarray:
        """float64 [N]: each sample's mean squared error, of a model of values."""
        away = self.predictions.astype(np.float64) - self.truth
        numbers = math.prod(away.shape[1:])
        return np.asarray((away**2).reshape(self.n, numbers).mean(axis=1))

    @property
    def accuracy(self) -> float | None:
        """Share of right predictions; nan without samples, None for values."""
        if self.correct is None:
            return None
        return self.correct / self.different if self.n else float("nan")

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean over labels of the share of each that is right, those without samples left out;
        nan without samples, None for values.
        """
        if self.correct is None:
            return None
        return balanced_accuracy(self.truth[self.judged], self.predictions[self.judged])

    @cached_property
    def constant(self) -> Constant | MeanAnswer | None:
        """What always giving the commonest label, what is right for most pixels or words, or the
        mean of other numbers comes to; None without samples.
        """
        if self.places is not None:
            return self.places.constant
        if self.correct is None:
            return mean_answer(self.truth[self.judged])
        return constant_answer(self.truth[self.judged], self.names)

    def called(self, output: int) -> str:
        """What a reader sees of an output: its name where that is known, else its number."""
        return called(self.names[output] if output < len(self.names) else None, output)

    @property
    def beats_constant(self) -> bool:
        """Whether more is right, or numbers are closer, than `constant` would be."""
        share = self.share_right
        judged = self.mean_squared_error if share is None else share
        return self.constant is None or judged is None or self.constant.beaten_by(judged)

    @property
    def places_right(self) -> float | None:
        """Share of pixels or words that are right, where those have classes."""
        return None if self.places is None else self.places.right

    @property
    def share_right(self) -> float | None:
        """Of predictions, or of pixels or words where those have classes; None for numbers."""
        return self.accuracy if self.places_right is None else self.places_right

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Wilson interval of the accuracy; None for values."""
        from odt_core.evaluation.intervals import wilson

        return None if self.correct is None else wilson(self.correct, self.different)

    def to_json(self) -> dict[str, Any]:
        """The figures, as plain JSON types."""
        if self.correct is None:
            return {
                "n": self.n,
                "different": self.different,
                "mean_squared_error": self.mean_squared_error,
                "mean_absolute_error": self.mean_absolute_error,
                "places": self.places and self.places.called,
                "places_right": self.places_right,
                "mean_iou": self.places and self.places.mean_iou,
                "constant_answer": self.constant and self.constant.to_json(),
            }
        return {
            "n": self.n,
            "different": self.different,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval or ()),
            "balanced_accuracy": self.balanced_accuracy,
            "constant_answer": self.constant and self.constant.to_json(),
            "cross_entropy": self.cross_entropy,
            "confusion": None if self.confusion is None else self.confusion.tolist(),
        }


def evaluate(session: Predicts, samples: Samples) -> Evaluation:
    """Predict all samples and compare with their labels, or their targets for a model of values;
    those that are equal to the last number are judged once.

    Raises SampleError when predictions and labels or targets do not fit, NoAnswerError when a
    prediction is not a number, ModelError when the model cannot predict or is no session.
    """
    if not hasattr(session, "predict_proba"):
        raise ModelError(f"evaluate() takes a session (model.session()), not {kind_of(session)}.")
    check_samples(samples)
    return answered(session, samples, exact_copies(samples.x, samples.y))


def answered(session: Predicts, samples: Samples, same: np.ndarray | None) -> Evaluation:
    """`evaluate` where it is known which samples are others over again. same: as of Evaluation."""
    truth = truth_of(samples, session.contract)
    answers = session.predict_proba(samples.x, samples.labels)
    return replace(score(answers, truth, session.contract, same), names=samples.labels.names)


def truth_of(samples: Samples, contract: Contract) -> np.ndarray:
    """What is right: labels, targets, or the samples for a model that reconstructs them.

    SampleError where such a model's samples have targets that say otherwise.
    """
    dropped = contract.why_not_given_back(samples.x, samples.y)
    if dropped:
        raise SampleError(dropped)
    return right_answers(samples.x, samples.y, contract)


def measure(probabilities: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(cross-entropy, accuracy) of probabilities [N, K] for labels int [N], N at least 1: `score`
    without the rest, for every step of a training.
    """
    right = probabilities[np.arange(len(y)), y]
    cross_entropy = -np.log(np.maximum(right, TINY), dtype=np.float64).sum() / len(y)
    accuracy = np.count_nonzero(probabilities.argmax(axis=1) == y) / len(y)
    return float(cross_entropy), float(accuracy)


def errors(predictions: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """(mean squared, mean absolute) error over all numbers of all samples; nan without any."""
    if not predictions.size:
        return float("nan"), float("nan")
    away = predictions.astype(np.float64).reshape(-1) - targets.astype(np.float64).reshape(-1)
    return float(np.mean(away**2)), float(np.mean(np.abs(away)))


def errors_each(evaluation: Evaluation) -> np.ndarray:
    """float64 [N]: how far each sample's answer is from its target, of a model of values: the share
    of pixels or words that is wrong where it tells their classes, else the mean squared error.
    """
    found = evaluation.places
    return evaluation.squared_errors if found is None else found.wrong


def part_of(evaluation: Evaluation, chosen: np.ndarray) -> Evaluation:
    """The same on some of its samples. chosen: bool [N]. Without cross-entropy, confusion and mean
    IoU (nan), which the answers alone do not give.
    """
    predictions, truth = evaluation.predictions[chosen], evaluation.truth[chosen]
    same = None if evaluation.same is None else evaluation.same[chosen]
    judged = first_of_each(same, len(truth))
    if evaluation.correct is None:
        squared, absolute = errors(predictions[judged], truth[judged])
        found = evaluation.places
        return replace(
            evaluation,
            n=len(truth),
            predictions=predictions,
            truth=truth,
            mean_squared_error=squared,
            mean_absolute_error=absolute,
            places=None if found is None else found.part(chosen, judged),
            same=same,
        )
    confidences = evaluation.confidences
    return replace(
        evaluation,
        n=len(truth),
        correct=int(np.count_nonzero((predictions == truth) & judged)),
        cross_entropy=None,
        confusion=None,
        predictions=predictions,
        truth=truth,
        confidences=None if confidences is None else confidences[chosen],
        same=same,
    )


def check_alike(base: Evaluation, own: Evaluation) -> None:
    """SampleError unless both are evaluations of the same samples."""
    for one in (base, own):
        wanted = "What is compared comes as odt.Evaluation, such as odt.evaluate gives"
        check_kind(one, Evaluation, wanted, SampleError)
    if base.n != own.n or not np.array_equal(base.truth, own.truth):
        raise SampleError(
            "The two evaluations are of different samples. Evaluate both on the same."
        )


def score(
    answers: np.ndarray,
    y: np.ndarray,
    contract: Contract | None = None,
    same: np.ndarray | None = None,
) -> Evaluation:
    """answers: what predict_proba gave. contract: of the model, for the class of each pixel or word
    where it tells them. same: as of Evaluation. SampleError when answers and y do not fit,
    NoAnswerError when an answer is not a number: it would be neither right nor wrong.

    For labels: answers float [N, K] probabilities, y int [N]. For values: both float, as many
    numbers a sample.
    """
    y = np.asarray(y)
    check_answers(answers)
    if y.dtype.kind != "f":
        return _score_labels(answers, y, same)
    scored = _score_values(answers, y, same)
    found = None
    if contract is not None:
        found = places(scored.predictions, y, contract, scored.judged)
    return replace(scored, places=found)


def check_answers(answers: np.ndarray) -> None:
    """NoAnswerError where one of the N answers, float [N, …], is not a number."""
    finite = np.isfinite(answers)
    bad = np.flatnonzero(~finite.all(axis=tuple(range(1, answers.ndim))))
    if len(bad):
        raise NoAnswerError(
            f"What the model says to sample {bad[0] + 1} of {len(answers)} is not a finite number. "
            f"Restore a checkpoint from before, or remove that sample if it is far from all others."
        )


def _score_values(
    predictions: np.ndarray, targets: np.ndarray, same: np.ndarray | None
) -> Evaluation:
    if len(predictions) != len(targets) or predictions.size != targets.size:
        raise SampleError(
            f"The model gives numbers of shape {list(predictions.shape)}, the targets have shape "
            f"{list(targets.shape)}: they cannot be compared."
        )
    predictions = predictions.reshape(targets.shape)
    judged = slice(None) if same is None else first_of_each(same, len(targets))
    squared, absolute = errors(predictions[judged], targets[judged])
    return Evaluation(
        n=len(targets),
        correct=None,
        cross_entropy=None,
        confusion=None,
        predictions=predictions.astype(np.float32),
        confidences=None,
        truth=targets,
        mean_squared_error=squared,
        mean_absolute_error=absolute,
        same=same,
    )


def _score_labels(probabilities: np.ndarray, y: np.ndarray, same: np.ndarray | None) -> Evaluation:
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
    judged = first_of_each(same, n)
    right = probabilities[np.arange(n), y].astype(np.float64)[judged]
    confusion = np.zeros((outputs, outputs), np.int64)
    np.add.at(confusion, (y[judged], predictions[judged]), 1)
    return Evaluation(
        n=n,
        correct=int(((predictions == y) & judged).sum()),
        cross_entropy=float(0 - np.log(np.maximum(right, TINY)).mean()) if n else float("nan"),
        confusion=confusion,
        predictions=predictions,
        confidences=probabilities[np.arange(n), predictions].astype(np.float32),
        truth=y,
        same=same,
    )
