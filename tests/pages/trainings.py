"""A training that is not over, for tests of what may be done meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pages.ui.desk import Desk


@contextmanager
def long_training(desk: Desk, *, paused: bool = True) -> Iterator[None]:
    """It goes on, or waits, within."""
    desk.train(replace(desk.settings, epochs=2000))
    if paused:
        desk.pause()
    try:
        yield
    finally:
        desk.stop()
        assert desk.run.wait(60)
