"""Times calls for a while and says how long one took: quartiles, least, count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Timing:
    """Milliseconds a call."""

    low: float  # first quartile
    median: float
    high: float  # third quartile
    least: float
    count: int

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Timing:
        """The timing of single calls, at least one."""
        if len(milliseconds) == 1:
            only = milliseconds[0]
            return cls(only, only, only, only, 1)
        low, median, high = statistics.quantiles(milliseconds, n=4, method="inclusive")
        return cls(low, median, high, min(milliseconds), len(milliseconds))

    def to_json(self) -> dict[str, float]:
        """Plain JSON types only."""
        return asdict(self)


@dataclass(frozen=True)
class Clock:
    """Calls for `seconds`, the first fifth of them not timed: others' turns leave cold caches."""

    seconds: float

    def time(self, calls: Sequence[Callable[[], object]]) -> Timing:
        """Times the calls in turn, over and over; at least one is warm-up and one is timed."""
        now, times, turn = time.perf_counter, [], 0
        began = now()
        warm, end = began + self.seconds / 5, began + self.seconds
        while True:
            calls[turn % len(calls)]()
            turn += 1
            if now() >= warm:
                break
        while True:
            call = calls[turn % len(calls)]
            before = now()
            call()
            after = now()
            times.append((after - before) * 1000)
            turn += 1
            if after >= end:
                return Timing.of(times)
