"""How long a call takes, as a median: single calls vary with whatever else the machine does."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_ms(
    call: Callable[[], object], seconds: float = 0.3, *, warm_up: int = 1
) -> tuple[float, int]:
    """(median milliseconds, how many calls): for at least `seconds` and five calls, after `warm_up`
    calls that do not count.
    """
    for _ in range(warm_up):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000, len(times)
