"""Erasing: what was in the workspace is on no disk any more, whatever happens meanwhile."""

import errno
import shutil
from pathlib import Path

import pytest

from odt_core.errors import WorkspaceError
from odt_core.workspace import CheckpointInfo, Kind, Part, Source, Workspace, Workspaces
from odt_core.workspace.revisions import Revisions
from tests.workspace.conftest import DIGITS
from tests.workspace.failing_disk import FailingDisk, SmallDisk


def fill(workspace, drawing) -> list[bytes]:
    """A workspace with something of everything, some of it only reachable by undo; its pictures."""
    workspace.set_model("Digits", DIGITS, bundled="digits")
    label = workspace.add_label("mug")
    for k in range(3):
        workspace.add_samples([drawing(k), drawing(10 + k)], label.id, Source.CAMERA, take=f"t{k}")
    pictures = [workspace.sample_file(s.id)[0] for s in workspace.manifest.samples]
    workspace.add_checkpoint(b"weights", CheckpointInfo(Kind.MANUAL, 5, 4), as_head=True)
    workspace.append_run(workspace.start_run(), [{"loss": 1.0}])
    workspace.delete_samples([workspace.manifest.samples[0].id])
    workspace.move_sample(workspace.manifest.samples[1].id, Part.TEST)
    workspace.undo()
    return pictures


def on_disk(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in root.rglob("*") if path.is_file()]


def reopened(workspace, root: Path) -> tuple[Workspace, Path]:
    """As another server finds the folder that this one left without closing anything."""
    copy = root.with_name(f"{root.name}-left")
    shutil.copytree(root, copy)
    return Workspaces(copy).open(workspace.token), copy


class TestErase:
    def test_erase_when_done_leaves_no_picture_no_weights_and_no_way_back(self, tmp_path, drawing):
        workspace = Workspaces(tmp_path).create()
        pictures = fill(workspace, drawing)
        assert set(pictures) <= set(on_disk(tmp_path))
        workspace.erase()
        left = on_disk(tmp_path)
        assert not set(pictures) & set(left)
        assert not any(b"weights" in data or b"mug" in data for data in left)
        assert workspace.undo_step is None
        assert workspace.redo_step is None
        assert workspace.manifest.samples == ()
        assert workspace.manifest.checkpoints == ()
        assert workspace.manifest.runs == ()
        assert [label.name for label in workspace.manifest.labels] == list("0123456789")
        assert workspace.manifest.model.name == "Digits"

    def test_workspace_when_erased_takes_samples_and_undo_again(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path)
        workspace = workspaces.create()
        fill(workspace, drawing)
        workspace.erase()
        label = workspace.manifest.labels[0].id
        workspace.add_samples([drawing(50)], label, Source.DRAW)
        workspace.undo()
        workspace.redo()
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert len(again.manifest.samples) == 1
        again.undo()
        assert again.undo_step is None

    def test_erase_when_the_disk_fails_changes_nothing_or_is_finished_at_the_next_opening(
        self, tmp_path, drawing
    ):
        outcomes = set()
        for calls in range(8):
            root = tmp_path / str(calls)
            disk = FailingDisk(errno.EIO)
            workspaces = Workspaces(root, disk=disk)
            workspace = workspaces.create()
            pictures = fill(workspace, drawing)
            seen = workspace.manifest
            disk.after = calls
            try:
                workspace.erase()
                outcomes.add("erased")
            except WorkspaceError:
                assert workspace.manifest == seen
                outcomes.add("refused")
            again, root = reopened(workspace, root)
            if again.manifest.samples:
                assert again.manifest.samples == seen.samples
                assert set(pictures[1:]) <= set(on_disk(root))
            else:
                assert not set(pictures) & set(on_disk(root))
        assert outcomes == {"erased", "refused"}

    def test_erase_when_cut_short_before_the_files_are_gone_is_finished_at_the_next_opening(
        self, tmp_path, drawing, monkeypatch
    ):
        workspaces = Workspaces(tmp_path)
        workspace = workspaces.create()
        pictures = fill(workspace, drawing)
        with monkeypatch.context() as died:
            died.setattr("odt_core.workspace.disk.Disk._unlink", _no_more)
            with pytest.raises(WorkspaceError, match="still on the disk"):
                workspace.erase()
        assert set(pictures) & set(on_disk(tmp_path))
        again, root = reopened(workspace, tmp_path)
        assert again.manifest.samples == ()
        assert again.undo_step is None
        assert not set(pictures) & set(on_disk(root))

    def test_erase_when_the_disk_is_full_makes_the_room_that_it_needs(self, tmp_path, drawing):
        disk = SmallDisk(tmp_path)
        workspace = Workspaces(tmp_path, disk=disk).create()
        pictures = fill(workspace, drawing)
        disk.fill()
        with pytest.raises(WorkspaceError, match=r"disk is full\. Ask .* or delete everything"):
            workspace.delete_samples([workspace.manifest.samples[0].id])
        workspace.erase()
        assert workspace.manifest.samples == ()
        assert not set(pictures) & set(on_disk(tmp_path))
        again, root = reopened(workspace, tmp_path)
        assert (again.manifest, again.problems) == (workspace.manifest, ())
        assert not set(pictures) & set(on_disk(root))

    def test_erase_when_the_disk_is_full_and_it_is_cut_short_has_lost_no_sample(
        self, tmp_path, drawing, monkeypatch
    ):
        workspace = Workspaces(tmp_path, disk=(disk := SmallDisk(tmp_path))).create()
        fill(workspace, drawing)
        seen = workspace.manifest
        disk.fill()

        def die(self):
            drop(self)
            raise KeyboardInterrupt

        drop = Revisions.drop_earlier
        with monkeypatch.context() as died:
            died.setattr(Revisions, "drop_earlier", die)
            with pytest.raises(KeyboardInterrupt):
                workspace.erase()
        again, _ = reopened(workspace, tmp_path)
        assert (again.manifest, again.problems, again.undo_step) == (seen, (), None)

    def test_erase_when_nothing_makes_room_says_so_and_costs_the_steps_alone(
        self, tmp_path, drawing
    ):
        disk = FailingDisk(errno.ENOSPC)
        workspace = Workspaces(tmp_path, disk=disk).create()
        fill(workspace, drawing)
        seen = workspace.manifest
        disk.after = 0
        with pytest.raises(WorkspaceError, match="Nothing is erased but the steps to undo"):
            workspace.erase()
        assert workspace.undo_step is None
        again, _ = reopened(workspace, tmp_path)
        assert (again.manifest, again.problems) == (seen, ())


def _no_more(self: object, path: Path) -> None:
    raise OSError(errno.EIO, "gone")
