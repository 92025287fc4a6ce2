"""What studies found, kept with the workspace."""

import pytest

from odt_core.errors import WorkspaceError
from odt_core.workspace import Limits, Source, Workspaces


@pytest.fixture
def studied(workspace, drawing):
    """A workspace with a sample, and what a study of it found."""
    label = workspace.manifest.labels[0].id
    workspace.add_samples([drawing(0)], label, Source.DRAW)
    workspace.keep_study("the-cost", b"one")
    return workspace


class TestStudies:
    def test_what_was_found_last_is_there_again_after_a_restart(self, studied, workspaces):
        studied.keep_study("the-cost", b"two")
        workspaces.close(studied.token)
        again = workspaces.open(studied.token)
        assert again.study("the-cost") == b"two"
        assert again.study("another") is None

    def test_what_was_found_goes_when_all_is_erased(self, studied):
        studied.erase()
        assert studied.study("the-cost") is None
        assert list((studied._folder / "studies").iterdir()) == []

    def test_what_was_found_counts_once_towards_what_the_workspace_may_hold(self, studied):
        before = studied._stored
        studied.keep_study("the-cost", b"two, too")
        assert studied._stored - before == 5
        studied.collect_garbage()
        assert studied._stored - before == 5

    def test_workspace_of_an_older_odt_keeps_what_is_found_from_now_on(self, workspace):
        (workspace._folder / "studies").rmdir()
        assert workspace.study("the-cost") is None
        workspace.keep_study("the-cost", b"one")
        assert workspace.study("the-cost") == b"one"

    def test_what_is_too_large_is_refused_and_what_was_there_stays(self, tmp_path):
        workspace = Workspaces(tmp_path, Limits(study_bytes=3)).create()
        workspace.keep_study("the-cost", b"one")
        with pytest.raises(WorkspaceError, match="too large"):
            workspace.keep_study("the-cost", b"three")
        assert workspace.study("the-cost") == b"one"
