"""A trainer in this process, which the one in a worker has to agree with."""

from __future__ import annotations

import os

import numpy as np

from odt_core.runtime import Model
from odt_core.samples import Samples
from odt_core.studies import Trainer
from odt_core.studies.study import OnShare, Stopped
from odt_core.studies.trainer import Trained
from odt_core.training.callbacks import Callback
from odt_core.training.control import Control
from odt_core.training.history import Record
from odt_core.training.loop import Run, fit
from odt_core.training.settings import Settings


class SessionTrainer(Trainer):
    """In this process; belongs to the thread that makes it."""

    def __init__(self, model: Model) -> None:
        self._model, self._session = model, model.session()
        super().__init__(self._session, model.card)

    @property
    def pid(self) -> int:
        """Of this process."""
        return os.getpid()

    def _fit(
        self,
        samples: Samples,
        settings: Settings,
        replay: Samples | None,
        progress: OnShare,
        stopped: Stopped,
    ) -> Trained:
        history = fit(
            self._session,
            samples,
            settings,
            [_Telling(progress)],
            replay=replay,
            base_test=samples.take(np.zeros(0, np.int64)),
            control=_Asking(stopped),
        )
        return Trained(
            history.steps,
            history.seconds,
            history.outcome,
            history.message,
            tuple(record.seconds for record in history.records),
        )

    def fresh(self) -> SessionTrainer:
        """A session of its own, with the weights of the file."""
        return SessionTrainer(self._model)


class _Asking(Control):
    """Asks before each step whether the study is to stop."""

    def __init__(self, stopped: Stopped) -> None:
        super().__init__()
        self._asked = stopped

    def proceed(self) -> bool:
        if self._asked():
            self.stop()
        return super().proceed()


class _Telling(Callback):
    """Tells after each step how far the training is."""

    def __init__(self, progress: OnShare) -> None:
        self._progress = progress

    def on_step_end(self, run: Run, record: Record) -> None:
        self._progress(run.step / run.total)
