"""How base and own model do on the same samples, and how checkpoints do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.dialects.contract import OutputKind
from odt_core.errors import ModelError, WorkerError
from odt_core.runtime.scores import answers as said
from odt_core.runtime.scores import right_answers
from odt_core.samples import Labels, Samples
from pages.ui.base_sets import base_scores_of, base_test_of
from pages.ui.desk.base_side import HasBaseSide
from pages.ui.desk.state import newest
from pages.ui.desk.worker import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from odt_core.evaluation import Comparison, Evaluation
    from odt_core.training.history import EvaluationRecord
    from odt_core.worker.remote import Worker

_Told = TypeVar("_Told")
_CHECKPOINTS = 200  # whose evaluations are kept
BASE_TEST = "base test set"  # name of the card's frozen test set


@dataclass(frozen=True)
class Scores:
    """Base and own on the same samples. labels: that own was asked with."""

    base: Evaluation
    own: Evaluation
    labels: Labels

    @cached_property
    def change(self) -> Comparison:
        """Own compared with base."""
        from odt_core.evaluation import compare  # not before there is something to compare

        return compare(self.base, self.own)


class HasScores(HasBaseSide):
    """The part of a desk that judges both models and remembers how they did."""

    def _forget(self) -> None:
        super()._forget()
        self._base: dict[object, Evaluation] = {}
        self._own: dict[object, Evaluation] = {}
        self._at: dict[object, Evaluation] = {}  # of checkpoints

    def raw_scores(self, x: np.ndarray, *, own: bool) -> tuple[np.ndarray, OutputKind]:
        """What `infer` gives for x, [N, K], and what kind of scores those are."""
        if self.contract.infer is None:
            raise ModelError("This model has no signature that predicts.")
        if not own:
            return self._reach_worker().scores(x, "base")
        return self._of_head(lambda worker: worker.scores(x))[0]

    def scores(self, samples: Samples, name: object) -> Scores:
        """Base and own on `samples`; `name` is equal for equal samples (results are kept)."""
        base, asked = self._base_on(samples, name), self._with_own_labels(samples, name)
        return Scores(base, self._own_on(asked, name), asked.labels)

    def scores_by_file(self, worker: Worker, samples: Samples, name: object) -> Scores:
        """As whoever has only the files counts again: the checkpoint that `worker` holds without
        the temperature in use, the base model by its untrained head even where its backbone knows
        the labels.
        """
        base = self._base_on(samples, name, by_file=True)
        asked = self._with_own_labels(samples, name)
        own = self._judged(worker, asked, self._copies(asked, name))
        return Scores(base, own, asked.labels)

    def _with_own_labels(self, samples: Samples, name: object) -> Samples:
        """As your model is asked: a label that the person added can be a wrong answer to the base
        test set.
        """
        if name != BASE_TEST:
            return samples
        return replace(samples, labels=self.labels.with_those_of(samples.labels))

    def _of_head(self, ask: Callable[[Worker], _Told]) -> tuple[_Told, bool]:
        """What `ask` learns from a worker that holds your model, and whether it held it throughout:
        False while training, of weights that are moving. It is asked again where another checkpoint
        was tried or restored meanwhile, as whose answers these are is not known, and where the
        worker was put to sleep.
        """
        with self._right_of_way.have():
            while True:
                worker = self._reach_worker() if self.busy else self.worker()
                held = self._held
                try:
                    found = ask(worker)
                except WorkerError:
                    if worker is self._worker:
                        raise
                    continue
                if self.busy:
                    return found, False
                if held is self._held and held.head != ELSEWHERE:
                    return found, True

    def _own_on(self, samples: Samples, name: object) -> Evaluation:
        def ask(worker: Worker) -> tuple[object, Evaluation]:
            heat = self._heat
            key = (self.model, samples.labels, name, self._held.head, heat)
            known = self._own.get(key)
            if known is not None and not self.busy:
                return key, known
            scores, kind = worker.scores(samples.x)
            answer = said(scores, kind, worker.contract, samples.labels, heat)
            return key, self._scored(answer, samples, self._copies(samples, name))

        (key, own), held = self._of_head(ask)
        if held:  # else of weights that are moving: nothing to keep
            self._own = newest(self._own, key, own)
        return own

    def own_scores(self) -> Scores | None:
        """Base and own on the person's test samples; None while they are not known."""
        return self._known_scores(self.test_name(), self.labels, self.labels)

    def base_test_scores(self) -> Scores | None:
        """The same on the base test set."""
        labels = self.card.labels
        return self._known_scores(BASE_TEST, labels, self.labels.with_those_of(labels))

    def _known_scores(self, name: object, labels: Labels, own_labels: Labels) -> Scores | None:
        head = self.workspace.manifest.head
        base = self._base.get((self.model, labels, name))
        own = self._own.get((self.model, own_labels, name, head, self._heat))
        return None if base is None or own is None else Scores(base, own, own_labels)

    def base_level(self, name: object, n: int) -> Evaluation | None:
        """How the base model does on the n different samples of that name; None while it is not
        known, and where there are no longer so many.
        """
        labels = self.card.labels if name == BASE_TEST else self.labels
        known = self._base.get((self.model, labels, name))
        return known if known is not None and known.different == n else None

    def scores_known(self, measured: EvaluationRecord) -> bool:
        """Whether all is known that stands beside a run that was scored on these sets."""
        test, base_test = measured.test, measured.base_test
        return (
            test is None
            or (self.base_level(self.test_name(), test.n) is not None and bool(self.own_scores()))
        ) and (base_test is None or self.base_test_scores() is not None)

    def test_sets(self) -> list[tuple[object, Samples]]:
        """(name, samples) of what models are measured on; the first is the person's own."""
        sets: list[tuple[object, Samples]] = []
        if self.why_unscored:
            return sets
        name, own = self.tests()
        if len(own.samples):
            sets.append((name, own.samples))
        base = base_test_of(self.card)
        if base is not None:
            sets.append((BASE_TEST, base))
        return sets

    def evaluations(
        self, which: str | None, sets: Sequence[tuple[object, Samples]]
    ) -> tuple[Evaluation, ...]:
        """How a checkpoint (None: the base model) does on each set of (name, samples). What was
        asked last is kept.
        """
        if which is None:
            return tuple(self._base_on(samples, name) for name, samples in sets)
        asked = [self._with_own_labels(samples, name) for name, samples in sets]
        keys = [
            (self.model, samples.labels, which, name)
            for (name, _), samples in zip(sets, asked, strict=True)
        ]
        found = {key: self._at[key] for key in keys if key in self._at}
        new = [(key, one) for key, one in zip(keys, asked, strict=True) if key not in found]
        once = [(samples, self._copies(samples, key[-1])) for key, samples in new]
        for (key, _), one in zip(new, self._measured(which, once), strict=True):
            found[key] = one
            self._at = newest(self._at, key, one, _CHECKPOINTS)
        return tuple(found[key] for key in keys)

    def evaluation_at(self, which: str | None, name: object, samples: Samples) -> Evaluation:
        """The same on one set."""
        return self.evaluations(which, [(name, samples)])[0]

    def _measured(
        self, which: str, sets: list[tuple[Samples, np.ndarray | None]]
    ) -> list[Evaluation]:
        if not sets:
            return []
        self._right_of_way.give()  # whoever draws meanwhile waits for one checkpoint, not for all
        with self._lock:
            self._check_idle("compare checkpoints")
            state = load_checkpoint(self.workspace.checkpoint_bytes(which)).state
            worker = self.worker()
            self._worker_head = ELSEWHERE
            worker.load_state(state)
            found = [self._judged(worker, samples, same) for samples, same in sets]
            self._bring_to_head(worker)
        return found

    def _judged(self, worker: Worker, samples: Samples, same: np.ndarray | None) -> Evaluation:
        """How the weights that it holds do."""
        return self._scored(worker.predict_proba(samples.x, samples.labels), samples, same)

    def _base_on(self, samples: Samples, name: object, *, by_file: bool = False) -> Evaluation:
        key = (self.model, samples.labels, name, *([True] if by_file else []))
        known = self._base.get(key)
        if known is not None:
            return known
        worker = self._reach_worker()
        side = None if by_file else self._backbone(worker, samples.x, samples.labels)
        if side is not None and side.known.any():
            answer = side.probabilities
        else:
            scores, kind = self._base_scores(samples, name)
            answer = said(scores, kind, worker.contract, samples.labels)
        base = self._scored(answer, samples, self._copies(samples, name))
        if key[0] == self.model:  # else another one was chosen meanwhile
            self._base = newest(self._base, key, base)
        return base

    def _copies(self, samples: Samples, name: object) -> np.ndarray | None:
        """Which samples are others over again (`copies`): of the person's those that look so, of
        the base test set, which was drawn, those that are equal to the last number.
        """
        if name == BASE_TEST:
            from odt_core.evaluation.over_again import exact_copies  # as `score`, below

            return exact_copies(samples.x, samples.y)
        return self.test_copies(len(samples)) if name == self.test_name() else None

    def _base_scores(self, samples: Samples, name: object) -> tuple[np.ndarray, OutputKind]:
        """What the base model's `infer` gives for a test set of that name."""
        worker = self._reach_worker()
        if name == BASE_TEST and self.model.as_it_came:
            return base_scores_of(self.card, lambda x: worker.scores(x, "base"))
        return worker.scores(samples.x, "base")

    @property
    def _heat(self) -> float:
        """What your model's scores are divided by."""
        return self.temperature.value if self.temperature else 1.0

    def _scored(self, answer: np.ndarray, samples: Samples, same: np.ndarray | None) -> Evaluation:
        from odt_core.evaluation import score  # not before there is something to judge

        truth = right_answers(samples.x, samples.y, self.contract)
        return replace(score(answer, truth, self.contract, same), names=samples.labels.names)
