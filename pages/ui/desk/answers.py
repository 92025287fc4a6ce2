"""What base and own model say to one input: a drawing, a picture, a row of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import WorkerError
from odt_core.runtime.scores import answers as said
from odt_core.worker.preparer import Preparer
from pages.ui.desk.strange import HasStrange
from pages.ui.turns import meanwhile

if TYPE_CHECKING:
    from odt_core.worker.remote import Worker

_preparer = Preparer(meanwhile)  # of this process, for all visitors
_BELIEVED = 0.1  # what a backbone must believe in a person's labels altogether to answer one


@dataclass(frozen=True)
class Answers:
    """What base and own say to one input: each float32 [K] probabilities of K labels, or numbers
    [*target_shape] of a model of values. unknown, base_unknown: that model should say "not sure".
    """

    base: np.ndarray
    own: np.ndarray
    unknown: bool
    base_unknown: bool
    temperature: float | None = None  # what the own scores were divided by
    seen: str | None = None  # what the backbone takes the input for, in its own words


class HasAnswers(HasStrange):
    """The part of a desk that answers one input, and remembers the last."""

    def _forget(self) -> None:
        super()._forget()
        self._asked: tuple[object, np.ndarray, np.ndarray] | None = None  # how, item, its input
        self._told: tuple[np.ndarray, int, Answers] | None = None  # to what, at which revision
        self._failed: tuple[np.ndarray, object, str] | None = None  # at what, which model, and how

    def answers(self, item: np.ndarray) -> Answers:
        """What base and own say to one picture or array of numbers. Raises ModelError, WorkerError.

        A page is drawn anew for much that has nothing to do with its drawing: the last answer is
        kept while it is still right, and that there was none, which may have taken a minute, until
        the input or the model is another or `ask_again` is called.
        """
        x, revision, still = self.input_of(item), self.workspace.revision, not self.busy
        told = self._told
        if still and told is not None and told[0] is x and told[1] == revision:
            return told[2]
        of, failed = (self.model, self.workspace.manifest.head), self._failed
        if still and failed is not None and failed[0] is x and failed[1] == of:
            raise WorkerError(failed[2])
        try:
            answers, _ = self._of_head(lambda worker: self._both(worker, x))
        except WorkerError as error:
            if still and not self.busy:
                self._failed = (x, of, str(error))
            raise
        if still and not self.busy and self.workspace.revision == revision:
            self._told = (x, revision, answers)
        return answers

    def ask_again(self) -> None:
        """Let the next `answers` ask what was not answered."""
        self._failed = None

    def input_of(self, item: np.ndarray) -> np.ndarray:
        """The item as model input, [1, *shape]; the last one is kept."""
        how, asked = self.card.preprocessing, self._asked
        if asked is None or asked[0] != how or not _same(asked[1], item):
            asked = self._asked = (how, item, _preparer.apply(how, item)[None])
        return asked[2]

    def _both(self, worker: Worker, x: np.ndarray) -> Answers:
        if self.contract.keeps_features:
            x = worker.bottlenecks(x)  # once, for everything that is asked of them
        (base_scores, base_kind), (scores, kind) = worker.both_scores(x)
        base = said(base_scores, base_kind, worker.contract, self.labels)
        side, labels = self._backbone(worker, x, self.labels), self._base_labels()
        seen, base_unknown = None, self._strange(x, base_scores, base_kind, own=False)
        if side is not None and labels is not None:
            seen = labels.labels[int(side.top[0])]
            if side.known.any():
                base, base_unknown = side.probabilities, bool(side.share[0] < _BELIEVED)
        heat = self.temperature
        own = said(scores, kind, worker.contract, self.labels, heat.value if heat else 1.0)
        return Answers(
            base[0],
            own[0],
            unknown=self._strange(x, scores, kind, own=True),
            base_unknown=base_unknown,
            temperature=heat.value if heat else None,
            seen=seen,
        )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one is other or (one.dtype == other.dtype and np.array_equal(one, other))
