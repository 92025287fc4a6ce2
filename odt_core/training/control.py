"""Pause, resume and stop a run from another thread."""

from __future__ import annotations

import threading


class Control:
    """Handed to `fit`; every method may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = self._stopped = False

    def pause(self) -> None:
        """Wait before the next step."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run after the step that is running; wins over a pause, before it or after."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        """Whether a pause is asked for, and no stop."""
        return self._paused and not self._stopped

    @property
    def stopped(self) -> bool:
        """Whether a stop is asked for."""
        return self._stopped

    def proceed(self) -> bool:
        """Called by the loop before each step: waits while paused; False means stop."""
        if self.paused:
            with self._changed:
                self._changed.wait_for(lambda: not self.paused)
        return not self._stopped
