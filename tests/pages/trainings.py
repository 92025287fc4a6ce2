"""Trainings: one from its button to its end, one that is not over, and a wait for what it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from pages.ui.desk import Desk


def train(app, desk, epochs=3):
    app.number_input(key="set_epochs").set_value(epochs)
    app.button(key="train").click().run()
    assert desk.run is not None, [error.value for error in app.error]
    assert desk.run.wait(60)
    return app.run()


@contextmanager
def long_training(desk: Desk, *, paused: bool = True) -> Iterator[None]:
    """It goes on, or waits, within: for tests of what may be done meanwhile."""
    desk.train(replace(desk.settings, epochs=2000))
    if paused:
        desk.pause()
    try:
        yield
    finally:
        desk.stop()
        assert desk.run.wait(60)


def until(condition: Callable[[], object]) -> None:
    """Wait for it, half a minute at most."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
