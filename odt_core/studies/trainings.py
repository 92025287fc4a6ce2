"""The trainings of a study, each from the base model: two at a time where there are two cores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from odt_core.errors import OdtError
from odt_core.studies.study import OnProgress, Stopped, StudyProgress, StudyStopped

if TYPE_CHECKING:
    import numpy as np

    from odt_core.samples import Samples
    from odt_core.studies.trainer import Trainer
    from odt_core.training.settings import Settings

Found = TypeVar("Found")
State = Mapping[str, "np.ndarray"]
_LONG = 0.5  # seconds of trainings for which a second process is worth its start
_MOVED = 0.01  # of the way, that is worth telling


@dataclass(frozen=True)
class Training:
    """One of a study's. chosen: bool [N], which of the samples it is on; None: all. weights: all
    variables after it where they are known, to be taken over instead.
    """

    name: str
    samples: Samples
    settings: Settings
    chosen: np.ndarray | None = None
    weights: State | None = None

    @property
    def count(self) -> int:
        """How many samples it is on."""
        return len(self.samples) if self.chosen is None else int(self.chosen.sum())

    def taken(self) -> Samples:
        """The samples that it is on."""
        return self.samples if self.chosen is None else self.samples.take(self.chosen)


def train_each(
    trainer: Trainer,
    trainings: Sequence[Training],
    ask: Callable[[Trainer], Found],
    *,
    replay: Samples | None,
    progress: OnProgress,
    stopped: Stopped,
) -> list[Found | None]:
    """What `ask` gives of the model after each training, in their order; None for those that were
    not finished before `stopped()` turned true. Trainings begin in order.

    `trainer.beside()` joins in, on a thread of its own, where the last training tells that the rest
    takes long. Each gives the same, bit for bit, whatever runs beside it. Raises what one raises.
    """
    shared = _Shared(trainings, ask, replay, progress, stopped)
    shared.work(trainer, helped=True)
    if shared.error is not None:
        raise shared.error
    return shared.found


class _Shared(Generic[Found]):
    """What is still to be done, and what was found. Thread-safe."""

    def __init__(
        self,
        trainings: Sequence[Training],
        ask: Callable[[Trainer], Found],
        replay: Samples | None,
        progress: OnProgress,
        stopped: Stopped,
    ) -> None:
        self._trainings, self._ask, self._replay = trainings, ask, replay
        self._progress, self._stopped = progress, stopped
        self._lock = threading.Lock()
        self._next = 0
        self._shares = [0.0] * len(trainings)  # of each training, that are done
        self._done, self._doing, self._told = 0, "", -1.0
        self.found: list[Found | None] = [None] * len(trainings)
        self.error: BaseException | None = None  # the first

    def work(self, trainer: Trainer, *, helped: bool = False) -> None:
        """Do trainings until none is left; helped: with another trainer where it is worth it."""
        helper = None
        try:
            while (at := self._begin()) is not None:
                if helped and helper is None and self._is_long(trainer):
                    helper = threading.Thread(target=self._help, args=(trainer,), daemon=True)
                    helper.start()
                self._do(trainer, at)
        except StudyStopped:
            pass
        except BaseException as error:
            with self._lock:
                self.error = self.error or error
        if helper is not None:
            helper.join()

    def _help(self, trainer: Trainer) -> None:
        try:
            beside = trainer.beside()
        except OdtError:  # no memory for a second process: one is enough
            return
        if beside is not None:
            self.work(beside)

    def _is_long(self, trainer: Trainer) -> bool:
        """Whether the trainings that nobody has begun take long, if each takes as the last did."""
        last, left = trainer.last, len(self._trainings) - self._next
        return last is not None and left * last.seconds >= _LONG

    def _do(self, trainer: Trainer, at: int) -> None:
        one = self._trainings[at]
        if one.weights is not None:
            trainer.load_state(one.weights)
        else:
            trainer.train(
                one.taken(),
                one.settings,
                replay=self._replay,
                progress=lambda share: self._moved(at, share),
                stopped=self._over,
            )
        found = self._ask(trainer)
        with self._lock:
            self.found[at] = found
            self._done += 1
            self._shares[at] = 1.0
            self._tell()

    def _begin(self) -> int | None:
        """The next training; None when there is none, or the study is over."""
        with self._lock:
            at = self._next
            if at == len(self._trainings) or self._over():
                return None
            self._next += 1
            self._doing = self._trainings[at].name
            self._tell()
            return at

    def _over(self) -> bool:
        return self.error is not None or self._stopped()

    def _moved(self, at: int, share: float) -> None:
        with self._lock:
            self._shares[at] = share
            if self._way - self._told >= _MOVED:
                self._tell()

    def _tell(self) -> None:
        self._told = self._way
        self._progress(StudyProgress(self._done, len(self._trainings), self._doing, self._told))

    @property
    def _way(self) -> float:
        """0 to 1."""
        works = [one.count if one.weights is None else 0 for one in self._trainings]
        done = sum(work * share for work, share in zip(works, self._shares, strict=True))
        return done / sum(works) if sum(works) else 0.0
