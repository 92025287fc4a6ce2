"""A model to be judged."""

from __future__ import annotations

import pytest

from tests.pages.trainings import train


@pytest.fixture
def trained(person):
    """The app with your model after two epochs: judging it needs no more."""
    app, desk = person
    return train(app, desk, epochs=2), desk
