"""Drawings become model input in a process of their own: beside, not within, who waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import WorkerError
from odt_core.samples import Preprocessing

if TYPE_CHECKING:
    from odt_core.worker.link import Link


class Preparer:
    """A process that holds no model, so that many may share it. Thread-safe.

    It takes milliseconds to redraw a drawing, in which the interpreter serves nobody else; what is
    quick, or lets others work by itself (Pillow resizing a photograph), is done where it is asked
    for.
    """

    def __init__(self, meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """meanwhile: entered by whoever waits for the process."""
        self._meanwhile = meanwhile
        self._link: Link | None = None
        self._lock = threading.Lock()

    def apply(self, preprocessing: Preprocessing, item: np.ndarray) -> np.ndarray:
        """What Preprocessing.apply gives: float32 [*shape], or SampleError.

        Without a process, as on a machine that is out of memory, it is done here.
        """
        if preprocessing.kind != "ink" or item.dtype != np.uint8:
            return preprocessing.apply(item)
        try:
            answer = self._process().call(
                "prepare", {"preprocessing": preprocessing.to_json()}, {"item": item}
            )
        except WorkerError:
            return preprocessing.apply(item)
        return answer.arrays["input"]

    def close(self) -> None:
        """End the process; another one starts when it is needed again."""
        with self._lock:
            if self._link is not None:
                self._link.close()
                self._link = None

    def _process(self) -> Link:
        from odt_core.worker.link import Link  # a page need not wait for it

        with self._lock:
            if self._link is None or not self._link.alive:
                self._link = Link(self._meanwhile, nice=0)
            return self._link
