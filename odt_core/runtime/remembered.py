"""Answers to sets of samples that were asked for before, while the weights are still the same."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

LEAST = 2**19  # bytes of samples below which nothing is kept: batches and single samples
PACE = 8e-9  # seconds for a byte of samples below which nothing is either: a digest takes 1e-9
KEPT, MOST = 8, 2**18  # answers kept, and bytes of one that is


class Remembered:
    """What one set of weights answered, by the samples' content. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[object, ...], np.ndarray] = OrderedDict()
        self._pace = float("inf")  # seconds that a byte of a large set took the last time
        self._lock = threading.Lock()

    @staticmethod
    def takes(x: np.ndarray) -> bool:
        """Whether answers to so many samples may be kept at all."""
        return x.nbytes >= LEAST

    def __call__(self, what: object, x: np.ndarray, answer: Callable[[], np.ndarray]) -> np.ndarray:
        """What `answer` gives to samples x, or gave the last time when it was asked the same.

        what: equal for equal questions; x: C-contiguous.
        """
        if not self.takes(x):
            return answer()
        if self._pace < PACE:
            return self._timed(x, answer)
        key = (what, x.shape, x.dtype.str, hashlib.blake2b(x.data, digest_size=16).digest())
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._timed(x, answer)
            if known.nbytes <= MOST:
                with self._lock:
                    self._known[key] = known.copy()
                    while len(self._known) > KEPT:
                        self._known.popitem(last=False)
            return known
        return known.copy()

    def __len__(self) -> int:
        return len(self._known)

    def _timed(self, x: np.ndarray, answer: Callable[[], np.ndarray]) -> np.ndarray:
        began = time.perf_counter()
        found = answer()
        self._pace = (time.perf_counter() - began) / max(x.nbytes, 1)
        return found
