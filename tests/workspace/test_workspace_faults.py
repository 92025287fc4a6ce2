"""What survives full disks, power cuts, killed servers and damaged files."""

import errno
import hashlib
import os
import random
import signal
import time
from pathlib import Path

import pytest

from odt_core.errors import WorkspaceError
from odt_core.samples import Labels
from odt_core.workspace import CheckpointInfo, Kind, Limits, Part, Source, Workspace, Workspaces
from odt_core.workspace.disk import FullError
from tests.workspace.failing_disk import FailingDisk

LABELS = Labels(("a", "b", None, None))


CHANGES = {
    "add_samples": lambda w, draw: w.add_samples(
        [draw(k) for k in range(100, 103)], w.manifest.labels[0].id, Source.DRAW
    ),
    "delete_samples": lambda w, draw: w.delete_samples(["s1", "s2"]),
    "move_sample": lambda w, draw: w.move_sample("s1", Part.TEST),
    "add_label": lambda w, draw: w.add_label("heart"),
    "set_model": lambda w, draw: w.set_model("other", LABELS, data=b"other"),
    "add_checkpoint": lambda w, draw: w.add_checkpoint(
        b"weights", CheckpointInfo(Kind.END, 9, 4), as_head=True
    ),
    "forget": lambda w, draw: w.forget(
        b"weights", CheckpointInfo(Kind.MANUAL, 9, 4), ["s1", "s2"], None
    ),
    "delete_checkpoint": lambda w, draw: w.delete_checkpoint(w.manifest.checkpoints[0].id),
    "start_run": lambda w, draw: w.start_run(),
    "append_run": lambda w, draw: w.append_run(w.runs()[0].id, [{"step": 2}]),
    "undo": lambda w, draw: w.undo(),
}


def filled(workspaces: Workspaces, drawing) -> Workspace:
    """Seventy samples (more than one index file), a checkpoint and a run with one record."""
    workspace = workspaces.create()
    workspace.set_model("m", LABELS, bundled="m")
    label = workspace.manifest.labels[0].id
    workspace.add_samples([drawing(k) for k in range(70)], label, Source.DRAW)
    workspace.add_checkpoint(b"auto", CheckpointInfo(Kind.AUTO, 5, 4))
    workspace.append_run(workspace.start_run(), [{"step": 1}])
    return workspace


def listing(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _failure_of(change, workspace, drawing, disk: FailingDisk, calls: int) -> str | None:
    """What a change says when the disk fails after so many calls; None when it gets through."""
    disk.after = calls
    try:
        change(workspace, drawing)
    except WorkspaceError as error:
        return str(error)
    finally:
        disk.after = None
    return None


class TestFullDisk:
    @pytest.mark.parametrize("change", CHANGES)
    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
    def test_a_change_that_fails_at_any_call_changes_nothing(self, tmp_path, drawing, change, code):
        disk = FailingDisk(code)
        workspaces = Workspaces(tmp_path, disk=disk)
        workspace = filled(workspaces, drawing)
        before, files = workspace.manifest, listing(tmp_path)
        calls = 0
        while message := _failure_of(CHANGES[change], workspace, drawing, disk, calls):
            assert "Nothing was changed" in message
            assert workspace.manifest == before
            assert listing(tmp_path) == files
            calls += 1
        assert calls >= 2
        after = workspace.manifest
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert again.manifest == after
        assert again.problems == ()

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT], ids=["ENOSPC", "EDQUOT"])
    def test_newcomer_is_not_sent_to_empty_a_workspace_that_is_not_there(self, tmp_path, code):
        disk = FailingDisk(code)
        disk.after = 0
        with pytest.raises(FullError, match="disk is full: there is no room") as told:
            Workspaces(tmp_path, disk=disk).create()
        assert "Reset" not in str(told.value)

    def test_a_read_only_disk_can_be_read_but_not_changed(self, tmp_path, drawing):
        disk = FailingDisk(errno.EROFS)
        workspaces = Workspaces(tmp_path, disk=disk)
        token = filled(workspaces, drawing).token
        workspaces.close(token)
        disk.after = 0
        workspace = workspaces.open(token)
        assert len(workspace.raw_samples()) == 70
        with pytest.raises(WorkspaceError, match="read-only"):
            workspace.add_label("heart")
        with pytest.raises(WorkspaceError, match="read-only"):
            workspaces.create()
        assert len([path for path in tmp_path.iterdir()]) == 1


class TestPowerCut:
    @pytest.mark.parametrize("damage", [b"", b"\0" * 400, None], ids=["empty", "zeros", "half"])
    def test_a_damaged_newest_state_falls_back_to_the_one_before(self, tmp_path, drawing, damage):
        workspaces = Workspaces(tmp_path)
        workspace = filled(workspaces, drawing)
        before = workspace.manifest
        workspace.add_label("heart")
        workspaces.close(workspace.token)
        newest = max(tmp_path.glob("*/history/*"))
        whole = newest.read_bytes()
        newest.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
        again = workspaces.open(workspace.token)
        assert again.manifest == before
        assert again.problems == (
            "The last change was cut short on disk; this is the state before it.",
        )
        again.add_label("star")
        workspaces.close(workspace.token)
        assert workspaces.open(workspace.token).manifest.labels[-1].name == "star"

    def test_a_flipped_bit_in_a_state_is_noticed(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path)
        workspace = filled(workspaces, drawing)
        before = workspace.manifest
        workspace.add_label("heart")
        workspaces.close(workspace.token)
        newest = max(tmp_path.glob("*/history/*"))
        newest.write_bytes(newest.read_bytes().replace(b'"heart"', b'"hearu"'))
        assert workspaces.open(workspace.token).manifest == before

    def test_a_lost_index_file_costs_only_its_samples(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path)
        workspace = filled(workspaces, drawing)
        workspaces.close(workspace.token)
        next(tmp_path.glob("*/index/*")).unlink()
        again = workspaces.open(workspace.token)
        assert [sample.id for sample in again.manifest.samples] == [
            f"s{number}" for number in range(64, 71)
        ]
        assert "damaged on disk" in again.problems[0]

    def test_without_any_readable_state_it_says_so(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path)
        workspace = filled(workspaces, drawing)
        workspaces.close(workspace.token)
        for path in tmp_path.glob("*/history/*"):
            path.write_bytes(b"{}")
        with pytest.raises(WorkspaceError, match="start a new workspace"):
            workspaces.open(workspace.token)

    def test_a_newer_format_is_left_alone(self, tmp_path):
        workspaces = Workspaces(tmp_path)
        token = workspaces.create().token
        workspaces.close(token)
        body = '{"format":2,"number":1'
        seal = hashlib.sha256(body.encode()).hexdigest()
        next(tmp_path.glob("*/history/*")).write_text(f'{body},"sha256":"{seal}"}}')
        with pytest.raises(WorkspaceError, match="Update odt"):
            workspaces.open(token)

    def test_what_a_cut_short_write_left_is_removed(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path)
        workspace = filled(workspaces, drawing)
        workspaces.close(workspace.token)
        files = listing(tmp_path)
        samples = next(tmp_path.glob("*/samples"))
        (samples / "0123456789abcdef.tmp").write_bytes(b"half")
        (samples / f"{'0' * 64}.png").write_bytes(b"written, but its manifest never was")
        workspaces.open(workspace.token)
        assert listing(tmp_path) == files


class TestKilledServer:
    def test_everything_acknowledged_before_kill_9_is_there(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path, Limits(automatic_checkpoints=10_000))
        workspace = workspaces.create()
        workspace.set_model("m", LABELS, bundled="m")
        token = workspace.token
        workspaces.close(token)
        rng = random.Random(7)
        expected: set[str] = set()
        for life in range(40):
            changes, more = rng.randint(0, 6), rng.uniform(0, 0.02)
            expected |= set(_live_and_die(workspaces, token, drawing, life, changes, more))
            workspace = workspaces.open(token)
            manifest = workspace.manifest
            there = {sample.sha256 for sample in manifest.samples}
            there |= {entry.id for entry in manifest.checkpoints}
            assert expected <= there
            assert len(there - expected) <= 1  # what it had not answered yet
            assert workspace.problems == ()
            assert len(workspace.raw_samples()) == len(manifest.samples)
            for entry in manifest.checkpoints:
                assert workspace.checkpoint_bytes(entry.id) == b"weights" * 1000
            expected = there
            workspaces.close(token)


def _live_and_die(
    workspaces: Workspaces, token: str, drawing, life: int, changes: int, seconds: float
) -> list[str]:
    """A server that is killed so long after it made so many changes; all that had returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # should it hang
        try:
            _change_forever(workspaces.open(token), drawing, life, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        assert stream.readline() == b"ready\n"
        returned = b"".join(stream.readline() for _ in range(changes))
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return (returned + stream.read()).decode().splitlines()


def _change_forever(workspace: Workspace, drawing, life: int, writer: int) -> None:
    os.write(writer, b"ready\n")
    label = workspace.manifest.labels[0].id
    for turn in range(10_000):
        item = drawing(0).copy()
        item[:2, :2] = [[life, turn % 256], [turn // 256, 1]]
        for sample in workspace.add_samples([item], label, Source.DRAW).added:
            os.write(writer, f"{sample.sha256}\n".encode())
        if turn % 3 == 2:
            entry = workspace.add_checkpoint(b"weights" * 1000, CheckpointInfo(Kind.AUTO, turn, 1))
            os.write(writer, f"{entry.id}\n".encode())
