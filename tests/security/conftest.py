"""One real server, started as a user starts it, and tabs on it without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest

from benchmarks.load.server import DashboardServer
from benchmarks.load.tab import Tab
from tests.server_logs import server_log, without

FAILED = "Uncaught app"  # what Streamlit says before a script's traceback


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextIO]:
    with server_log(tmp_path_factory.mktemp("dashboard")) as log:
        yield log


@pytest.fixture(scope="session")
def dashboard(log: TextIO) -> Iterator[DashboardServer]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):  # whatever it asks for fails, and is logged
            environment.setenv(name, "http://127.0.0.1:9")
        server = DashboardServer(Path(log.name).parent).start()
    server.tab().open().idle().close()  # the guard of the network stands from the first page on
    yield server
    server.stop()
    assert FAILED not in log.read()


@pytest.fixture(autouse=True)
def no_traceback(request: pytest.FixtureRequest) -> Iterator[None]:
    yield from without(FAILED, request, "dashboard", "log")


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
