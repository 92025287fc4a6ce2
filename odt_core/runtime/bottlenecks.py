"""What the frozen part of a model says to each sample, computed once per sample."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np

MAX_BYTES = 64 * 2**20  # of bottlenecks kept; those used longest ago go first


class Bottlenecks:
    """A cache from a sample's content to its bottleneck, for all sessions of a model. Thread-safe.

    By content, so that the same picture is computed once however often it is shown, edited lists of
    samples cost only what is new, and a changed sample is never mistaken for the old one.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(
        self, by: bytes, x: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Bottlenecks float32 [N, *feature_shape] of samples [N, *input_shape], N at least 1.

        by: at most 64 bytes that tell what computes them, such as a digest of its weights.
        compute: samples [N, …] to bottlenecks [N, …]; asked only for those not yet known.
        """
        keys = [hashlib.blake2b(sample, digest_size=16, key=by).digest() for sample in x]
        with self._lock:
            rows = {key: self._known[key] for key in keys if key in self._known}
            for key in rows:
                self._known.move_to_end(key)
        new = {key: at for at, key in reversed(list(enumerate(keys))) if key not in rows}
        if new:
            places = sorted(new.values())
            made = compute(x if len(places) == len(x) else x[places])
            found = {keys[at]: row for at, row in zip(places, made, strict=True)}
            rows |= found
            self._keep(found)
        return np.stack([rows[key] for key in keys])

    def __len__(self) -> int:
        return len(self._known)

    def _keep(self, found: dict[bytes, np.ndarray]) -> None:
        with self._lock:
            for key, row in found.items():
                self._bytes += row.nbytes if key not in self._known else 0
                self._known[key] = row.copy()
            while self._bytes > MAX_BYTES and len(self._known) > 1:
                _, old = self._known.popitem(last=False)
                self._bytes -= old.nbytes
