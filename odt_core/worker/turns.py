"""Whose training computes when there are more trainings than cores: slices of time, in turn."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from odt_core.cores import usable_cores

SLICE = 0.5  # seconds that a training computes before it lets the next one
ANSWER = 5.0  # seconds that trainings make room for an answer; most take milliseconds
_RETRY = 0.05  # seconds until a training that could not be told is told again


class Runner(Protocol):
    """A training that can be told to wait. Both answer at once; False means: tell me again."""

    def go(self) -> bool:
        """Compute."""

    def hold(self) -> bool:
        """Wait before the next step."""


class CoreShares:
    """Shares `cores` among trainings. Thread-safe.

    At most `cores` are in use at once, the longest waiting next. While somebody waits for an
    answer, that many fewer are, though one training always computes; not for longer than
    `answer_seconds` an answer. A training that does not obey, as its step hangs, keeps nobody
    waiting for longer than its slice.
    """

    def __init__(
        self,
        cores: int | None = None,
        slice_seconds: float = SLICE,
        answer_seconds: float = ANSWER,
    ) -> None:
        self.cores = cores or usable_cores()
        self._slice, self._answer_seconds = slice_seconds, answer_seconds
        self._changed = threading.Condition()
        self._computing: dict[Runner, float] = {}  # since when; the longest computing first
        self._waiting: deque[Runner] = deque()
        self._threads: dict[Runner, int] = {}  # of those that use more cores than one
        self._untold: dict[Runner, bool] = {}  # what it has to be told: to compute, or not
        self._answers: list[float] = []  # being computed just now: since when
        self._thread: threading.Thread | None = None

    def join(self, runner: Runner) -> None:
        """A training that waits to compute, until it leaves; told at once when a core is free."""
        with self._changed:
            if runner in self._computing or runner in self._waiting:
                return
            self._waiting.append(runner)
            self._share(time.monotonic())
            if self._thread is None:
                self._thread = threading.Thread(target=self._rotate, name="odt-turns", daemon=True)
                self._thread.start()
            self._changed.notify()

    def leave(self, runner: Runner) -> None:
        """It has ended, or is paused. Does nothing when it never joined."""
        with self._changed:
            self._computing.pop(runner, None)
            self._threads.pop(runner, None)
            self._untold.pop(runner, None)
            if runner in self._waiting:
                self._waiting.remove(runner)
            self._share(time.monotonic())
            self._changed.notify()

    def weigh(self, runner: Runner, threads: int) -> None:
        """It uses so many cores while it computes: those of which nothing was said use one."""
        with self._changed:
            if runner in self._computing or runner in self._waiting:
                self._threads[runner] = min(max(threads, 1), self.cores)
                self._share(time.monotonic())
                self._changed.notify()

    @contextmanager
    def answer(self, runner: Runner) -> Iterator[None]:
        """While the process of `runner` computes an answer that somebody waits for."""
        with self._changed:
            counts, now = runner not in self._computing, time.monotonic()  # else it has a core
            if counts:
                self._answers.append(now)
                self._share(now)
                self._changed.notify()
        try:
            yield
        finally:
            if counts:
                with self._changed:
                    self._answers.remove(now)
                    self._share(time.monotonic())
                    self._changed.notify()

    def _share(self, now: float) -> None:
        """Bring who computes in line with who should."""
        cores = self.cores - sum(now < since + self._answer_seconds for since in self._answers)
        while len(self._computing) > 1 and self._used() > cores:
            self._waiting.appendleft(self._stop_longest())  # first again when the answer is there
        if self._waiting:
            over = [r for r, since in self._computing.items() if now - since >= self._slice]
            self._waiting.extend(self._stop_longest() for _ in over)
        while self._waiting and self._fits(self._waiting[0], cores):
            self._start(self._waiting.popleft(), now)
        self._tell()

    def _used(self) -> int:
        return sum(self._threads.get(runner, 1) for runner in self._computing)

    def _fits(self, runner: Runner, cores: int) -> bool:
        return not self._computing or self._used() + self._threads.get(runner, 1) <= cores

    def _stop_longest(self) -> Runner:
        runner = next(iter(self._computing))
        del self._computing[runner]
        self._untold[runner] = False
        return runner

    def _start(self, runner: Runner, now: float) -> None:
        self._computing[runner] = now
        self._untold[runner] = True

    def _tell(self) -> None:
        for runner, compute in list(self._untold.items()):
            if runner.go() if compute else runner.hold():
                self._untold.pop(runner, None)

    def _rotate(self) -> None:
        """Ends slices in time."""
        with self._changed:
            while True:
                self._changed.wait(self._until_next(time.monotonic()))
                self._share(time.monotonic())

    def _until_next(self, now: float) -> float | None:
        times = [_RETRY] if self._untold else []
        if self._waiting and self._computing:
            ends = min(self._computing.values()) + self._slice
            times.append(max(ends - now, 0.001))
        return min(times) if times else None


turns = CoreShares()  # one machine, so one for all workers of this process
