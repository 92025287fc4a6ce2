"""Servers that are killed in the middle of everything."""

from __future__ import annotations

import pytest

from odt_core.workspace import Workspaces
from tests.faults.player import LIMITS
from tests.faults.sessions import check, create, play_and_kill, session


@pytest.fixture
def workspaces(tmp_path):
    return Workspaces(tmp_path, LIMITS)


def test_server_killed_in_five_lives_then_all_that_was_acknowledged_is_there(workspaces, tmp_path):
    token = create(workspaces)
    reports = [session(tmp_path, token, seed) for seed in range(5)]
    assert all(report.acknowledged for report in reports)
    assert any(report.resumed for report in reports)


def test_server_killed_with_thirty_workspaces_in_use_then_every_one_opens_again(
    workspaces, tmp_path
):
    tokens = [create(workspaces) for _ in range(30)]
    lines = play_and_kill(tmp_path, tokens, seed=5)
    reports = [
        check(workspaces, token, lines, go_on=place % 10 == 0) for place, token in enumerate(tokens)
    ]
    assert sum(report.acknowledged for report in reports) > 30
