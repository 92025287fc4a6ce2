"""What was made of samples, kept in memory while there is room for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Values by (SHA-256 of a file's content, what was made of it), the least recently used dropped
    first. Thread-safe.

    By content, so that all workspaces of a server share one; who may see a sample is decided by the
    workspace that asks.
    """

    def __init__(self, limit: int, size: Callable[[V], int]) -> None:
        """limit: of what `size` says of all values together, such as bytes."""
        self._limit, self._size = limit, size
        self._taken = 0
        self._values: OrderedDict[tuple[str, Hashable], V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str, made: Hashable) -> V | None:
        """The value if it is still known."""
        with self._lock:
            if (sha256, made) in self._values:
                self._values.move_to_end((sha256, made))
            return self._values.get((sha256, made))

    def put(self, sha256: str, made: Hashable, value: V) -> None:
        """Remember a value."""
        with self._lock:
            self._drop((sha256, made))
            self._values[sha256, made] = value
            self._taken += self._size(value)
            while self._taken > self._limit:
                self._drop(next(iter(self._values)))

    def knows(self, sha256: str, made: Hashable) -> bool:
        """Whether `get` would give a value, which is not used by asking this."""
        with self._lock:
            return (sha256, made) in self._values

    def forget(self, digests: Collection[str]) -> None:
        """Drop all that was made of these contents."""
        with self._lock:
            for key in [key for key in self._values if key[0] in digests]:
                self._drop(key)

    def _drop(self, key: tuple[str, Hashable]) -> None:
        if key in self._values:
            self._taken -= self._size(self._values.pop(key))
