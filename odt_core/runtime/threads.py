"""How many threads a run's steps get: measured, where it cannot be seen in what is learnt."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from odt_core.errors import OdtError

if TYPE_CHECKING:
    from odt_core.runtime.rows import Rows
    from odt_core.runtime.session import Session

WORTH = 0.1  # milliseconds of a step below which threads mostly wait for one another
GAIN = 1.15  # how many times as fast more threads must be: they keep cores from others
# What a run must still have, as measuring takes as long as four steps, or half a second.
STEPS, MILLISECONDS = 20, 3000.0
_COMPARED = 2  # steps after which everything must be equal
_ROUNDS, _SECONDS = 4, 0.05  # of timing each session, in turn: other work comes and goes


class Work(NamedTuple):
    """What a run asks of its session."""

    features: np.ndarray | Rows  # a batch, as `Session.train_features` takes it
    targets: np.ndarray | Rows
    evaluated: Sequence[np.ndarray]  # samples that are predicted on the way
    steps: int  # there are to do
    varied: np.ndarray | None = None  # samples whose features each step computes, of a batch


def choose_threads(session: Session, work: Work, most: int) -> int:
    """How many threads, 1 to `most`, steps of `work` are fastest with; doubled while it helps.

    Steps are taken in sessions of their own; `session` is read alone. More than one thread only
    where two steps and the predictions after them give the same bits as with one: so a choice that
    comes out otherwise another time, on a busy machine, never changes what is learnt. (Kernels
    that divide a sum among threads are the exception: 8 of 60 public models.)
    """
    best = 1
    if most < 2:
        return best
    with contextlib.suppress(OdtError, MemoryError):  # the run itself says what is wrong with it
        state = session.state()
        alone = fastest = _Trial(session, 1, state, work)
        if alone.typical < max(WORTH, MILLISECONDS / work.steps):
            return best
        while 2 * best <= most:
            more = _Trial(session, 2 * best, state, work)
            if more.seen != alone.seen or not _faster(more, fastest):
                break
            fastest, best = more, more.threads
    return best


class _Trial:
    """A session of so many threads that has done two steps."""

    def __init__(
        self, session: Session, threads: int, state: Mapping[str, np.ndarray], work: Work
    ) -> None:
        self.threads = threads
        trial = session.model.session(threads=threads)
        trial.put_back(state)

        def step() -> float:
            if work.varied is not None:
                trial.extract(work.varied)
            return trial.train_features(work.features, work.targets)

        self._step = step
        self._times: list[float] = []  # milliseconds of steps
        seen: list[np.ndarray | float] = [self._timed() for _ in range(_COMPARED)]
        seen += [trial.infer(x) for x in work.evaluated]
        seen += [trial.extract(work.varied)] if work.varied is not None else []
        seen += trial.state().values()
        self.seen = b"".join(np.asarray(one).tobytes() for one in seen)

    @property
    def typical(self) -> float:
        """Milliseconds of a step: what a run of many comes to, which the fastest of few does not
        tell where threads wait for one another, or for a core, at some steps.
        """
        return statistics.median(self._times[1:])  # the first has more to do

    def go_on(self) -> None:
        """As many more steps as fit into a moment; none where one takes longer."""
        end = time.perf_counter() + _SECONDS - self.typical / 1000
        while time.perf_counter() < end:
            self._timed()

    def _timed(self) -> float:
        began = time.perf_counter()
        loss = self._step()
        self._times.append(1000 * (time.perf_counter() - began))
        return loss


def _faster(more: _Trial, less: _Trial) -> bool:
    """Whether steps with more threads are clearly faster, measured beside those with less."""
    for trial in (less, more) * _ROUNDS:
        trial.go_on()
    return more.typical * GAIN < less.typical
