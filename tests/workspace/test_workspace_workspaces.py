import os
import re
import signal
import threading
import time

import pytest

from odt_core.errors import WorkspaceError
from odt_core.samples import Labels
from odt_core.workspace import CheckpointInfo, Kind, Limits, Source, Workspaces


def age(tmp_path, seconds: float) -> None:
    for folder in tmp_path.glob("**/history"):
        os.utime(folder, (time.time() - seconds,) * 2)


class TestTokens:
    def test_a_token_has_128_random_bits_and_opens_its_workspace(self, workspaces):
        tokens = {workspaces.create().token for _ in range(20)}
        assert len(tokens) == 20
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)
        assert all(workspaces.open(token).token == token for token in tokens)

    @pytest.mark.parametrize(
        "token",
        ["", ".", "..", "../" * 7 + "x", "a" * 22, "a" * 21, "a" * 23, "a" * 21 + "/", "é" * 22,
         "a" * 22 + "\n", "a" * 21 + "\0", None, 7, b"a" * 22],
    )  # fmt: skip
    def test_a_token_that_is_none_opens_nothing(self, workspaces, tmp_path, token):
        with pytest.raises(WorkspaceError, match="no workspace behind this link"):
            workspaces.open(token)
        assert list((tmp_path / "workspaces").iterdir()) == []

    def test_the_name_of_a_folder_opens_nothing(self, workspace, workspaces, tmp_path):
        (folder,) = (tmp_path / "workspaces").iterdir()
        for guess in (folder.name, folder.name[:22]):
            with pytest.raises(WorkspaceError):
                workspaces.open(guess)

    def test_the_token_is_nowhere_on_disk_and_not_in_the_repr(self, workspace, tmp_path, drawing):
        workspace.add_samples([drawing(0)], workspace.manifest.labels[0].id, Source.DRAW)
        workspace.add_checkpoint(b"x", CheckpointInfo(Kind.MANUAL, 1, 1))
        for path in tmp_path.rglob("*"):
            assert workspace.token not in str(path)
            assert path.is_dir() or workspace.token.encode() not in path.read_bytes()
        assert workspace.token not in repr(workspace)

    def test_only_the_owner_may_look_into_a_folder(self, workspace, tmp_path):
        (folder,) = (tmp_path / "workspaces").iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700


class TestOpen:
    def test_the_same_token_gives_the_same_object(self, workspace, workspaces, tmp_path):
        assert workspaces.open(workspace.token) is workspace
        assert Workspaces(tmp_path / "workspaces").open(workspace.token) is workspace

    def test_a_closed_workspace_says_so_and_can_be_opened_again(self, workspace, workspaces):
        workspaces.close(workspace.token)
        with pytest.raises(WorkspaceError, match="was closed"):
            workspace.add_label("heart")
        workspaces.open(workspace.token).add_label("heart")

    def test_too_many_workspaces_are_refused(self, tmp_path):
        workspaces = Workspaces(tmp_path, Limits(workspaces=1))
        workspaces.create()
        with pytest.raises(WorkspaceError, match="no room for another"):
            workspaces.create()

    def test_a_second_server_is_refused_until_the_first_one_is_gone(self, tmp_path):
        workspaces = Workspaces(tmp_path)
        token = workspaces.create().token
        workspaces.close(token)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                workspaces.open(token)
                os.write(writer, b"open")
                time.sleep(60)
            finally:
                os._exit(1)
        os.close(writer)  # so that nothing is waited for when the other one is gone
        try:
            assert os.read(reader, 4) == b"open"
            with pytest.raises(WorkspaceError, match="open in another server"):
                workspaces.open(token)
            age(tmp_path, 1000)
            assert workspaces.sweep(500) == 0
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert workspaces.open(token).token == token


class TestSweep:
    def test_old_ones_go_and_young_and_open_ones_stay(self, tmp_path):
        workspaces = Workspaces(tmp_path)
        old, opened, young = (workspaces.create().token for _ in range(3))
        workspaces.close(old)
        age(tmp_path, 1000)
        workspaces.close(young)
        workspaces.open(young)
        workspaces.close(young)
        assert workspaces.sweep(500) == 1
        assert len(list(tmp_path.iterdir())) == 2
        workspaces.open(young)
        workspaces.open(opened).set_model("m", Labels(("a",)), bundled="m")
        with pytest.raises(WorkspaceError, match="swept"):
            workspaces.open(old)

    def test_those_in_which_nobody_did_anything_go_sooner(self, tmp_path):
        workspaces = Workspaces(tmp_path)
        empty, labelled = (workspaces.create() for _ in range(2))
        for workspace in (empty, labelled):
            workspace.set_model("m", Labels(("a", None)), bundled="m")
        labelled.add_label("b")
        workspaces.close(empty.token)
        workspaces.close(labelled.token)
        age(tmp_path, 1000)
        assert workspaces.sweep(5000, empty_age=2000) == 0
        assert workspaces.sweep(5000, empty_age=500) == 1
        assert not workspaces.has(empty.token)
        assert workspaces.has(labelled.token)
        assert workspaces.open(labelled.token).labels().names == ("a", "b")

    def test_folders_that_are_no_workspaces_are_left_alone(self, tmp_path):
        (tmp_path / "notes" / "history").mkdir(parents=True)
        age(tmp_path, 1000)
        assert Workspaces(tmp_path).sweep(500) == 0
        assert (tmp_path / "notes").is_dir()


class TestThreads:
    def test_changes_from_many_threads_are_all_there(self, workspace, workspaces, drawing):
        labels = [label.id for label in workspace.manifest.labels[:4]]
        failures: list[BaseException] = []

        def visitor(place: int) -> None:
            try:
                for k in range(10):
                    workspace.add_samples([drawing(place * 10 + k)], labels[place], Source.DRAW)
                    workspace.add_checkpoint(b"x", CheckpointInfo(Kind.AUTO, k, 1))
                    assert len(workspace.raw_samples().items) > k
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=visitor, args=(place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        workspaces.close(workspace.token)
        manifest = workspaces.open(workspace.token).manifest
        assert [len(manifest.samples_of(label)) for label in labels] == [10, 10, 10, 10]
        assert len({sample.id for sample in manifest.samples}) == 40
        assert len(manifest.checkpoints) == 20
