"""Trainings: one from its button to its end, and one that is not over."""

from __future__ import annotations

from collections.abc import Iterator
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
