"""The app in Streamlit's AppTest, on a workspace folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.desk import Desk
from pages.ui.desks import all_desks, close_all_desks
from tests.pages.own_models import OURS, RNG, drop, give, table
from tests.pages.trainings import train

ROOT = Path(__file__).resolve().parents[2]
APP = str(ROOT / "app.py")


@pytest.fixture(autouse=True)
def _own_workspaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ODT_WORKSPACES", str(tmp_path / "workspaces"))
    close_all_desks()
    yield
    close_all_desks()


@pytest.fixture(autouse=True)
def _same_numbers_whatever_ran_before():
    RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state


@pytest.fixture
def app() -> AppTest:
    """The first page, as a new visitor sees it."""
    return AppTest.from_file(APP, default_timeout=60).run()


@pytest.fixture
def desk_of() -> Callable[[AppTest], Desk]:
    """The desk behind an app."""
    return lambda app: all_desks().open(app.session_state["odt_workspace"])


@pytest.fixture
def person(app, desk_of):
    """The app with an example person's samples, and its desk."""
    app.button(key="example").click().run()
    return app, desk_of(app)


@pytest.fixture
def trained(person):
    """The app with your model, and its desk."""
    app, desk = person
    return train(app, desk), desk


@pytest.fixture
def regression(app, desk_of):
    """A model of two numbers from three, with 30 samples."""
    drop(app, OURS / "dialect_regression.tflite")
    x = RNG.normal(size=(30, 3)).round(3)
    give(app, "mine.csv", table(x, x[:, :2] * 2))
    return app, desk_of(app)
