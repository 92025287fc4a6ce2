"""Hooks into a run: override what you need."""

from __future__ import annotations

import time
from collections.abc import Callable as Function
from typing import TYPE_CHECKING

from odt_core.checkpoint.reason import Reason as Reason
from odt_core.errors import SettingsError
from odt_core.kinds import kind_of

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint
    from odt_core.training.history import EvaluationRecord, History, Record
    from odt_core.training.loop import Run


_SCORED = 0.8  # of the time between two checkpoints, from when on one is made at an evaluation


class Callback:
    """No-op hooks. `run` tells where the run stands and makes checkpoints."""

    def on_train_begin(self, run: Run) -> None:
        """Before the first step."""

    def on_step_end(self, run: Run, record: Record) -> None:
        """After each step."""

    def on_evaluate(self, run: Run, evaluation: EvaluationRecord) -> None:
        """After each evaluation, the ones at start and end included."""

    def on_checkpoint(self, run: Run, checkpoint: Checkpoint, reason: Reason) -> None:
        """When an automatic checkpoint was made (only when an Autosave is among the callbacks)."""

    def on_train_end(self, run: Run, history: History) -> None:
        """At the end, also after a stop or a divergence."""


class Autosave(Callback):
    """Makes a checkpoint at the start, at each new best, every few seconds and at the end. The ones
    in between are made right after an evaluation where one comes soon, so that they are scored.
    """

    def __init__(
        self, save: Function[[Checkpoint, Reason], None] | None = None, every_seconds: float = 5.0
    ) -> None:
        """save: called with each checkpoint; every callback's on_checkpoint hears of it too, and
        alone where it is None. SettingsError where it cannot be called.
        """
        if save is not None and not callable(save):
            raise SettingsError(
                f"Autosave takes what is to be called with each checkpoint, not {kind_of(save)}."
            )
        self._save = save
        self._every = every_seconds
        self._last = time.monotonic()
        self._step = 0  # of the last one

    def on_train_begin(self, run: Run) -> None:
        run.save(Reason.START)

    def on_step_end(self, run: Run, record: Record) -> None:
        self._save_when_due(run, self._every)

    def on_evaluate(self, run: Run, evaluation: EvaluationRecord) -> None:
        if run.improved:
            run.save(Reason.BEST)  # no second one of the same weights
        elif not run.over:  # else that of the end comes now
            self._save_when_due(run, _SCORED * self._every)

    def _save_when_due(self, run: Run, seconds: float) -> None:
        if run.step > self._step and time.monotonic() - self._last >= seconds:
            self._last, self._step = time.monotonic(), run.step
            run.save(Reason.PERIODIC)

    def on_checkpoint(self, run: Run, checkpoint: Checkpoint, reason: Reason) -> None:
        if reason is not Reason.BEST:  # which may be kept in memory alone until the end
            self._last, self._step = time.monotonic(), run.step
        if self._save is not None:
            self._save(checkpoint, reason)

    def on_train_end(self, run: Run, history: History) -> None:
        run.save(Reason.END)
