"""Pause, resume and stop a run from another thread."""

from __future__ import annotations

import threading


class Control:
    """Handed to `fit`; every method may be called from any thread."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()

    def pause(self) -> None:
        """Wait before the next step."""
        self._go.clear()

    def resume(self) -> None:
        """Go on after a pause."""
        self._go.set()

    def stop(self) -> None:
        """End the run after the step that is running; wins over a pause."""
        self._stop.set()
        self._go.set()

    @property
    def paused(self) -> bool:
        """Whether a pause is asked for."""
        return not self._go.is_set()

    @property
    def stopped(self) -> bool:
        """Whether a stop is asked for."""
        return self._stop.is_set()

    def proceed(self) -> bool:
        """Called by the loop before each step: waits while paused; False means stop."""
        if not self._go.is_set():
            self._go.wait()
        return not self._stop.is_set()
