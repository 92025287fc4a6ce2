"""One real server, started as a user starts it, and tabs on it without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.load.server import DashboardServer
from benchmarks.load.tab import Tab


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardServer]:
    server = DashboardServer(tmp_path_factory.mktemp("dashboard")).start()
    server.tab().open().idle().close()  # the guard of the network stands from the first page on
    yield server
    server.stop()
    assert "Uncaught app" not in server.log  # what Streamlit says before a script's traceback


@pytest.fixture
def tab(dashboard: DashboardServer) -> Iterator[Callable[..., Tab]]:
    """Opens tabs: of a new visitor, or with the token of a workspace."""
    tabs: list[Tab] = []

    def open_tab(token: str = "", page: str = "") -> Tab:
        tabs.append(dashboard.tab(token, page).open().idle())
        return tabs[-1]

    yield open_tab
    for one in tabs:
        one.close()
