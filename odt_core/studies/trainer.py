"""Trains a model again and again from the base, for studies, in a process of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from odt_core.cores import usable_cores
from odt_core.errors import TrainingError
from odt_core.evaluation.digest import state_digest
from odt_core.studies.study import OnShare, Stopped, StudyStopped, never, unheard
from odt_core.training.history import Outcome
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.dialects import Choice, Contract
    from odt_core.runtime import Session
    from odt_core.samples import Labels, Samples
    from odt_core.training.events import Event
    from odt_core.worker import Worker

LOOK_EVERY = 0.1  # seconds between two looks at whether a study is to stop


@dataclass(frozen=True)
class Trained:
    """What the last training of a trainer was."""

    steps: int
    seconds: float  # in the steps alone
    outcome: Outcome
    message: str
    clock: tuple[float, ...] = ()  # seconds of training after each step


class Trainer(ABC):
    """What a study needs of a model: a Session or a Worker, which have the same face, trained again
    and again. `evaluate` takes a trainer as it takes a session.
    """

    def __init__(self, model: Session | Worker, card: ModelCard | None) -> None:
        """card: what is known of the model besides its file; None where nobody said."""
        self.card, self._held = card, model
        self.last: Trained | None = None  # what the last training was; None before the first

    @property
    @abstractmethod
    def pid(self) -> int:
        """Id of the process that trains."""

    @property
    def confined(self) -> bool:
        """Whether odt's filter in the kernel keeps that process from the network."""
        return False

    @property
    def contract(self) -> Contract:
        """What each signature of the model is for."""
        return self._held.contract

    def train(
        self,
        samples: Samples,
        settings: Settings,
        *,
        replay: Samples | None = None,
        progress: OnShare = unheard,
        stopped: Stopped = never,
    ) -> str:
        """Train on all of `samples`, from the base, and return the digest of the weights.

        replay: None takes the model card's where the settings ask for it, as `odt.fit` does; none
        at all with `samples.take(empty index)`. Settings of measuring and evaluating on the way are
        ignored: they change no weight. progress: called now and then by this thread. Raises
        StudyStopped as soon as `stopped()` is true, TrainingError when training cannot start.
        """
        self.reset()
        self.last = self._fit(samples, _plain(settings), replay, progress, stopped)
        if self.last.outcome is Outcome.STOPPED:
            raise StudyStopped
        return state_digest(self.state())

    def replayed(self, settings: Settings, replay: Samples | None) -> Samples | None:
        """What `train` replays when it is given these."""
        if replay is None and settings.replay and self.card is not None:
            return self.card.load_replay()
        return replay

    @abstractmethod
    def _fit(
        self,
        samples: Samples,
        settings: Settings,
        replay: Samples | None,
        progress: OnShare,
        stopped: Stopped,
    ) -> Trained:
        """Train with the settings as they are, from the weights that there are."""

    def infer(self, x: np.ndarray) -> np.ndarray:
        """What Session.infer gives."""
        return self._held.infer(x)

    def predict_proba(self, x: np.ndarray, labels: Labels | None = None) -> np.ndarray:
        """What Session.predict_proba gives."""
        return self._held.predict_proba(x, labels)

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all variables."""
        return self._held.state()

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Set all variables."""
        self._held.load_state(state)

    def reset(self) -> None:
        """Back to the base model."""
        self._held.reset()

    @abstractmethod
    def fresh(self) -> Trainer:
        """Another trainer of the same model that has never seen a sample. The caller closes it."""

    def beside(self) -> Trainer | None:
        """Another trainer of the same model, for another thread, which may train while this one
        does; None where that would be no faster. It is closed with this one.
        """
        return None

    def close(self) -> None:  # noqa: B027 (a session needs no end)
        """End what was started for it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WorkerTrainer(Trainer):
    """In a worker process of its own, which takes turns with other trainings for the cores.

    The worker's own session is trained and reset: never give it the worker of a dashboard's desk.
    """

    def __init__(self, worker: Worker, again: Callable[[], Worker] | None = None) -> None:
        """again: starts another worker of the same model, for `fresh`."""
        self._worker, self._again = worker, again
        self._beside: WorkerTrainer | None = None
        super().__init__(worker, worker.card)

    @classmethod
    def start(
        cls,
        model: bytes,
        card: ModelCard | None = None,
        name: str = "model.tflite",
        choice: Choice | None = None,
    ) -> WorkerTrainer:
        """Start a process for studies; arguments and errors as Worker.start. Close it."""
        from odt_core.worker import Worker

        def begin() -> Worker:
            return Worker.start(model, card, name, choice)

        return cls(begin(), begin)

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._worker.pid

    @property
    def confined(self) -> bool:
        """What the worker said of itself before it was given the model."""
        return self._worker.confined

    def _fit(
        self,
        samples: Samples,
        settings: Settings,
        replay: Samples | None,
        progress: OnShare,
        stopped: Stopped,
    ) -> Trained:
        run = _RunOfWorker()
        self._worker.fit(
            samples,
            settings,
            replay=replay,
            base_test=_none_of(samples),
            on_event=run,
            autosave_seconds=None,
        )
        while not run.over.wait(LOOK_EVERY):
            progress(run.share)
            if stopped():
                self._worker.stop()
                run.over.wait()
        return run.result()

    def fresh(self) -> WorkerTrainer:
        """A process of its own that has seen no sample."""
        if self._again is None:
            raise TrainingError(
                "This trainer cannot start a second process. Make it with WorkerTrainer.start."
            )
        return WorkerTrainer(self._again(), self._again)

    def beside(self) -> WorkerTrainer | None:
        """A second process, kept from the first time on; None where there is one core only."""
        if self._beside is None and self._again is not None and usable_cores() > 1:
            self._beside = self.fresh()
        return self._beside

    def close(self) -> None:
        """End the process, and the one beside it."""
        if self._beside is not None:
            self._beside.close()
        self._worker.close()


class _RunOfWorker:
    """Waits for the last event of a run."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._last: Event | None = None
        self._clock: list[float] = []
        self._total = 0

    @property
    def share(self) -> float:
        """Of its steps, that are done: 0 to 1."""
        return len(self._clock) / self._total if self._total else 0.0

    def __call__(self, event: Event) -> None:
        from odt_core.training.events import Ended, Failed, Progressed, Started

        if isinstance(event, Started):
            self._total = event.total
        if isinstance(event, Progressed):
            self._clock += [record.seconds for record in event.records]
        if isinstance(event, Ended | Failed):
            self._last = event
            self.over.set()

    def result(self) -> Trained:
        from odt_core.errors import WorkerError
        from odt_core.training.events import Ended, Failed

        event = self._last
        if isinstance(event, Failed):
            raise WorkerError(event.message) if event.died else TrainingError(event.message)
        assert isinstance(event, Ended)
        return Trained(event.steps, event.seconds, event.outcome, event.message, tuple(self._clock))


def _plain(settings: Settings) -> Settings:
    """Without measuring on the way, which changes no weight and takes time."""
    return replace(settings, measure_every=0, evaluate_every=0)


def _none_of(samples: Samples) -> Samples:
    return samples.take(np.zeros(0, np.int64))
