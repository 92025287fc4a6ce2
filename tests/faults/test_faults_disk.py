"""Disks that are full, broken or read-only while a run saves itself."""

from __future__ import annotations

import errno
import time
from dataclasses import replace

import pytest

from odt_core.checkpoint import load_checkpoint
from odt_core.errors import OdtError, WorkspaceError
from odt_core.workspace import Kind, Part, Workspaces
from pages.ui.desk import Desk
from pages.ui.run import Phase
from tests.faults.player import LIMITS, SETTINGS, Player, save_often
from tests.faults.sessions import uninterrupted
from tests.workspace.failing_disk import FailingDisk

LONG = replace(SETTINGS, epochs=1000)  # so that no run ends before what is to befall it


@pytest.fixture(autouse=True)
def _saved_often(monkeypatch):
    monkeypatch.setattr("odt_core.worker.Worker.fit", save_often())


@pytest.mark.parametrize(
    ("code", "saved"),
    [(errno.ENOSPC, 1), (errno.EIO, 3), (errno.EROFS, 2)],
    ids=["ENOSPC", "EIO", "EROFS"],
)
def test_disk_that_fails_from_some_save_on_then_all_before_is_there_and_training_goes_on(
    tmp_path, code, saved
):
    disk = FailingDisk(code)
    workspaces = Workspaces(tmp_path, LIMITS, disk=disk)
    desk = Desk(workspaces.create())
    token = desk.workspace.token
    try:
        Player(desk, 3, lambda said: None).add()
        run = desk.train(LONG)
        while len(desk.workspace.manifest.checkpoints) < saved and run.phase.active:
            time.sleep(0.002)
        disk.after = 1  # the next save is cut in the middle
        kept = desk.workspace.manifest
        assert run.wait(60)
        snapshot = run.snapshot()
        assert snapshot.phase is Phase.FAILED
        assert "could not be saved" in snapshot.message
        with pytest.raises(WorkspaceError):
            desk.workspace.add_label("heart")
        desk.close()
        workspaces.close(token)

        disk.after = None
        workspace = workspaces.open(token)
        desk = Desk(workspace)
        there = {entry.id for entry in workspace.manifest.checkpoints}
        assert {entry.id for entry in kept.checkpoints} <= there
        assert workspace.manifest.samples == kept.samples
        assert workspace.problems == ()
        found = desk.interrupted()
        assert found is not None
        first = next(e.id for e in workspace.manifest.checkpoints if e.info.kind is Kind.START)
        assert desk.go_on(found[1]).wait(60)
        ended = load_checkpoint(workspace.checkpoint_bytes(workspace.manifest.head)).state
        begin = load_checkpoint(workspace.checkpoint_bytes(first)).progress
        alone = uninterrupted(desk.samples(Part.TRAIN), begin, LONG)
        assert {name: array.tobytes() for name, array in ended.items()} == alone
    finally:
        disk.after = None
        desk.close()
        workspaces.close(token)


def test_disk_that_fails_only_for_a_moment_then_the_run_ends_well(tmp_path):
    disk = FailingDisk(errno.ENOSPC)
    workspaces = Workspaces(tmp_path, LIMITS, disk=disk)
    desk = Desk(workspaces.create())
    try:
        Player(desk, 3, lambda said: None).add()
        run = desk.train(LONG)
        while not desk.workspace.manifest.checkpoints and run.phase.active:
            time.sleep(0.002)
        desk.pause()
        disk.after = 0
        with pytest.raises(OdtError):
            desk.workspace.add_label("heart")
        disk.after = None
        desk.resume()
        assert run.wait(60)
        assert run.phase is Phase.FINISHED
        assert desk.workspace.manifest.head is not None
    finally:
        desk.close()
        workspaces.close(desk.workspace.token)
