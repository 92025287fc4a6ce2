"""What the frozen part of a model says to each sample, computed once per sample."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

MAX_BYTES = 32 * 2**20  # that all bottlenecks kept take; those used longest ago go first
SET = 256  # samples that are kept as one array, to be given again as it is
_SETS = 8  # of these


class Features(np.ndarray):
    """What a session has computed, of a model whose file says nothing of features: told from
    samples by this type, as by its shape it might be somebody's samples for another model.
    """


class Bottlenecks:
    """A cache from a sample's content to its bottleneck, for all sessions of a model. Thread-safe.

    By content, so that the same picture is computed once however often it is shown, edited lists of
    samples cost only what is new, and a changed sample is never mistaken for the old one.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, np.ndarray] = OrderedDict()  # own arrays, or a set's rows
        self._sets: OrderedDict[bytes, tuple[Sequence[bytes], np.ndarray]] = OrderedDict()
        self._bytes = 0  # of the sets, and of the rows that stand in none
        self._lock = threading.Lock()

    def __call__(
        self, by: bytes, x: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Bottlenecks float32 [N, *feature_shape] of samples [N, *input_shape], N at least 1;
        read-only.

        by: at most 64 bytes that tell what computes them, such as a digest of its weights.
        compute: samples [N, …] to bottlenecks [N, …]; asked only for those not yet known.
        """
        keys = [hashlib.blake2b(sample, digest_size=16, key=by).digest() for sample in x]
        name = hashlib.blake2b(b"".join(keys)).digest()
        with self._lock:
            whole = self._sets.get(name)
            if whole is not None:
                self._sets.move_to_end(name)
            rows = {key: self._known[key] for key in keys if key in self._known}
            for key in rows:
                self._known.move_to_end(key)
        if whole is not None:
            return whole[1]
        new = {key: at for at, key in reversed(list(enumerate(keys))) if key not in rows}
        if new:
            places = sorted(new.values())
            made = compute(x if len(places) == len(x) else x[places])
            rows |= {keys[at]: row for at, row in zip(places, made, strict=True)}
        result = np.stack([rows[key] for key in keys])
        result.flags.writeable = False
        self._keep(name, keys, result, new)
        return result

    def __len__(self) -> int:
        return len(self._known)

    def _keep(
        self, name: bytes, keys: Sequence[bytes], rows: np.ndarray, new: dict[bytes, int]
    ) -> None:
        is_set = len(keys) >= SET
        with self._lock:
            if is_set and name not in self._sets:  # another thread may have been faster
                self._sets[name] = keys, rows
                self._bytes += rows.nbytes
                for key, row in zip(keys, rows, strict=True):
                    self._put(key, row)
            for at in sorted(new.values()) if not is_set else ():
                self._put(keys[at], rows[at].copy())
            while self._sets and (len(self._sets) > _SETS or self._bytes > MAX_BYTES):
                self._dissolve()
            while self._bytes > MAX_BYTES and len(self._known) > 1:
                self._bytes -= self._known.popitem(last=False)[1].nbytes

    def _put(self, key: bytes, row: np.ndarray) -> None:
        """Know a row, a set's or of its own, as the one used last."""
        self._bytes += _own(row) - _own(self._known.get(key))
        self._known[key] = row
        self._known.move_to_end(key)

    def _dissolve(self) -> None:
        """Give up the set used longest ago; rows that stand in no other become their own arrays, so
        that none of them holds all of it in memory.
        """
        _, (keys, rows) = self._sets.popitem(last=False)
        self._bytes -= rows.nbytes
        for key in set(keys):
            row = self._known.get(key)
            if row is not None and row.base is rows:
                self._known[key] = row.copy()
                self._bytes += row.nbytes


def _own(row: np.ndarray | None) -> int:
    """Bytes that a row takes besides those of sets."""
    return row.nbytes if row is not None and row.base is None else 0
