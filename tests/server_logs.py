"""The log of a server that tests share: what goes wrong in it fails the test that it came with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest


@contextmanager
def server_log(folder: Path) -> Iterator[TextIO]:
    """The server's, in its folder; what was read once is not read again."""
    with (folder / "server.log").open("w+", errors="replace") as log:
        yield log


def without(failure: str, request: pytest.FixtureRequest, server: str, log: str) -> Iterator[None]:
    """For a fixture: a test that uses `server` must not have brought `failure` into its log.
    server, log: names of fixtures.
    """
    if server not in request.fixturenames:
        yield
        return
    file: TextIO = request.getfixturevalue(log)
    yield
    assert failure not in file.read()
