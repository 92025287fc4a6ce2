"""Clocks that are set, forwards and backwards, while odt runs."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from odt_core.workspace import Kind, Workspaces
from pages.ui.desk import Desk
from tests.faults.player import SETTINGS, Player, save_often

LONG = replace(SETTINGS, epochs=1000)  # so that it saves itself before it ends
DAY = 24 * 3600.0


class Clock:
    """What a machine tells, and what has truly passed."""

    def __init__(self) -> None:
        self.told, self.passed = 1_800_000_000.0, 0.0

    def wait(self, seconds: float) -> None:
        self.told += seconds
        self.passed += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def workspaces(tmp_path, clock):
    return Workspaces(tmp_path, clock=lambda: clock.told, steady=lambda: clock.passed)


def used_and_left(workspaces: Workspaces) -> str:
    token = workspaces.create().token
    workspaces.close(token)
    return token


class TestSweep:
    def test_sweep_when_the_time_has_truly_passed_then_deletes(self, workspaces, clock):
        token = used_and_left(workspaces)
        clock.wait(61 * DAY)
        assert workspaces.sweep(60 * DAY) == 1
        assert not workspaces.has(token)

    @pytest.mark.parametrize("jump", [61 * DAY, -61 * DAY, 10 * 365 * DAY])
    def test_sweep_when_the_clock_was_set_then_deletes_nothing_until_the_time_has_passed(
        self, workspaces, clock, jump
    ):
        token = used_and_left(workspaces)
        clock.wait(DAY)
        clock.told += jump
        assert workspaces.sweep(60 * DAY) == 0
        clock.wait(59 * DAY)
        assert workspaces.sweep(60 * DAY) == 0
        assert workspaces.has(token)
        clock.wait(2 * DAY)
        assert workspaces.sweep(60 * DAY) == 1

    def test_sweep_when_used_while_the_clock_was_wrong_then_keeps_it(self, workspaces, clock):
        clock.told -= 100 * DAY
        token = used_and_left(workspaces)
        assert workspaces.sweep(60 * DAY) == 0
        clock.told += 100 * DAY
        assert workspaces.sweep(60 * DAY) == 0
        assert workspaces.has(token)

    def test_sweep_when_open_for_long_then_its_age_begins_when_it_is_closed(
        self, workspaces, clock
    ):
        token = workspaces.create().token
        clock.wait(61 * DAY)
        assert workspaces.sweep(60 * DAY) == 0
        workspaces.close(token)
        assert workspaces.sweep(60 * DAY) == 0
        assert workspaces.has(token)

    def test_clock_that_is_corrected_a_little_then_changes_nothing(self, workspaces, clock):
        used_and_left(workspaces)
        clock.wait(61 * DAY)
        clock.told += 60
        assert workspaces.sweep(60 * DAY) == 1


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY])
def test_training_while_the_clock_is_set_then_saves_itself_all_the_same(
    tmp_path, monkeypatch, jump
):
    monkeypatch.setattr("odt_core.worker.Worker.fit", save_often())
    real, turns = time.time, iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: real() + (next(turns) % 2) * jump)
    workspaces = Workspaces(tmp_path)
    desk = Desk(workspaces.create())
    try:
        Player(desk, 1, lambda said: None).add()
        run = desk.train(LONG)
        assert run.wait(60)
        checkpoints = desk.workspace.manifest.checkpoints
        kinds = [entry.info.kind for entry in checkpoints]
        assert kinds[0] is Kind.START
        assert Kind.AUTO in kinds
        assert checkpoints[-1].info.kind is Kind.END
        assert desk.workspace.manifest.head == checkpoints[-1].id
        steps = [entry.info.step for entry in checkpoints if entry.info.kind is not Kind.BEST]
        assert steps == sorted(steps)
    finally:
        desk.close()
        workspaces.close(desk.workspace.token)
