"""How long a call takes, as a median: single calls vary with whatever else the machine does."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

ANSWERS = 30
_FIRST = 3  # calls that warm up
_SHADES = 64  # parts by one of which an input is dimmed at most


def median_ms(call: Callable[[], object], seconds: float) -> float:
    """Median milliseconds of at least five calls, for at least `seconds`, after a few calls that do
    not count.
    """
    for _ in range(_FIRST):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def answer_ms(answer: Callable[[np.ndarray], object], like: np.ndarray, whole: np.ndarray) -> float:
    """Median milliseconds of 30 single answers, after a few that do not count.

    like: [N, *input_shape], what they are asked. Each is changed a little: a session knows what it
    was asked before, this time or another. whole: which numbers are ids (Contract.whole_numbers).
    Of a sample's ids of words the order is changed; one that is an input of its own is taken from
    another sample.
    """
    draw, times = np.random.default_rng(), []
    many = ANSWERS + _FIRST
    for at in range(many):
        one = like[at % len(like)]
        # Each of a range of its own: of so many, float32 would give some the same twice.
        shade = np.float32(1 - (at + draw.random()) / many / _SHADES)
        if whole.ndim:  # a number for each input, mostly
            others = like[draw.integers(len(like), size=whole.size), np.arange(whole.size)]
            one = np.where(whole, others, one * shade)
        elif whole:
            one = draw.permutation(one.reshape(-1)).reshape(one.shape)
        else:
            one = one * shade
        one = one[None]
        began = time.perf_counter()
        answer(one)
        times.append(time.perf_counter() - began)
    return statistics.median(times[_FIRST:]) * 1000
