"""How a run is judged on the way: odt's own figures, whatever the model calls its loss."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from odt_core.checkpoint.progress import Progress
from odt_core.errors import NoAnswerError
from odt_core.evaluation.evaluation import answered, errors, measure
from odt_core.evaluation.over_again import exact_copies, once
from odt_core.training.checks import samples_digest
from odt_core.training.history import Measures, Score

if TYPE_CHECKING:
    import numpy as np

    from odt_core.runtime.session import Session
    from odt_core.samples import Samples
    from odt_core.training.sets import Sets


class Judge:
    """Scores a session on batches and test sets, and knows the best score so far.

    Better is: more right answers, then the smaller cross-entropy; for a model of values more right
    pixels or words where it tells their classes, then the smaller mean squared error.
    """

    def __init__(self, session: Session, sets: Sets) -> None:
        self._session, self._labels = session, sets.own.labels
        tests = sets.test, sets.base_test
        self._test, self._base_test = (_kept(session, _once(samples)) for samples in tests)
        self.can_score = session.contract.scored
        self.has_tests = self.can_score and any(samples is not None for samples in tests)
        self._best: tuple[Score, int] | None = None
        self.best_on = None if sets.test is None else samples_digest(sets.test)

    def measure(self, x: np.ndarray, truth: np.ndarray) -> Measures:
        """The figures of a batch's own samples as the model stands."""
        answers = self._session.predict_proba(x, self._labels)
        if self._session.contract.measures_errors:
            if answers.size != truth.size:  # such as embeddings, learnt from labels
                return Measures()
            squared, absolute = errors(answers, truth)
            return Measures(mean_squared_error=squared, mean_absolute_error=absolute)
        cross_entropy, accuracy = measure(answers, truth)
        return Measures(cross_entropy, accuracy)

    def scores(self) -> tuple[Score | None, Score | None]:
        """On the own test samples, and on the base test set."""
        return self._score(self._test), self._score(self._base_test)

    def _score(self, samples: Samples | None) -> Score | None:
        if samples is None:
            return None
        try:
            result = answered(self._session, samples, None)
        except NoAnswerError:  # weights that overflow: the loop finds that out by itself
            return None
        return Score(
            result.n,
            result.correct,
            result.cross_entropy,
            result.mean_squared_error,
            result.mean_absolute_error,
            result.places_right,
        )

    def is_best(self, score: Score | None, step: int) -> bool:
        """Whether a score on the own test samples beats all before; it is then the one to beat."""
        if score is None or not all(map(math.isfinite, _rank(score))):
            return False
        if self._best is not None and _rank(score) >= _rank(self._best[0]):
            return False
        self._best = score, step
        return True

    # --- for going on later ---------------------------------------------------------------------

    def take(self, progress: Progress) -> None:
        """Know again what was best when a run stopped, on the same test samples."""
        if progress.best_step is None or progress.best_on not in (None, self.best_on):
            return
        score = Score(
            n=0,
            correct=progress.best_correct,
            cross_entropy=progress.best_cross_entropy,
            mean_squared_error=progress.best_mean_squared_error,
            places_right=progress.best_places_right,
        )
        self._best = score, progress.best_step

    @property
    def best(self) -> tuple[Score | None, int | None]:
        """The best score and its step."""
        return self._best or (None, None)


def _once(samples: Samples | None) -> Samples | None:
    """Without those that are others over again, as `evaluate` judges."""
    if samples is None:
        return None
    return once(samples, exact_copies(samples.x, samples.y))


def _kept(session: Session, samples: Samples | None) -> Samples | None:
    """Samples as their features, where the model is asked the same of those."""
    if samples is None or not session.contract.keeps_features or not session.keeps(samples.x):
        return samples
    return replace(samples, x=session.bottlenecks(samples.x))


def _rank(score: Score) -> tuple[float, float]:
    """Smaller is better."""
    if score.mean_squared_error is not None:
        return -(score.places_right or 0.0), score.mean_squared_error
    return -(score.correct or 0), score.cross_entropy or 0.0
