"""Pictures of one burst stay together: all trained on, or all tested."""

import numpy as np
import pytest

from odt_core.workspace import Part, Source, Workspaces


@pytest.fixture
def burst(workspace, drawing):
    """burst(take, *which) adds those drawings as pictures of one take to the first label."""
    label = workspace.manifest.labels[0].id

    def add(take: str, *which: int):
        items = [drawing(k) for k in which]
        return workspace.add_samples(items, label, Source.CAMERA, take=take)

    return add


def parts(workspace, take: str) -> set[Part]:
    return {s.part for s in workspace.manifest.samples if s.take == take}


class TestPartOfATake:
    def test_takes_when_three_of_a_label_the_third_is_tested_whole(self, workspace, burst):
        for k, take in enumerate(("a", "b", "c")):
            burst(take, *range(10 * k, 10 * k + 6))
        assert parts(workspace, "a") == parts(workspace, "b") == {Part.TRAIN}
        assert parts(workspace, "c") == {Part.TEST}

    def test_takes_when_many_about_a_fifth_is_tested(self, workspace, burst):
        for k in range(20):
            burst(f"take{k}", *range(4 * k, 4 * k + 4))
        tested = {s.take for s in workspace.manifest.samples if s.part is Part.TEST}
        assert len(tested) == 4

    def test_take_when_it_comes_in_several_calls_stays_whole(self, workspace, burst):
        burst("a", 0, 1, 2)
        burst("b", 3, 4, 5)
        for k in range(4):
            burst("c", 10 + k)
        assert parts(workspace, "c") == {Part.TEST}
        assert sum(s.take == "c" for s in workspace.manifest.samples) == 4

    def test_take_when_tests_would_outnumber_training_samples_is_trained_on(self, workspace, burst):
        burst("a", 0)
        burst("b", 1)
        burst("c", 2)
        assert parts(workspace, "c") == {Part.TEST}
        burst("c", *range(10, 20))
        assert parts(workspace, "c") == {Part.TRAIN}

    def test_single_samples_when_a_burst_came_before_count_it_as_one(
        self, workspace, burst, drawing
    ):
        label = workspace.manifest.labels[0].id
        burst("a", *range(8))
        for k in (20, 21):
            workspace.add_samples([drawing(k)], label, Source.DRAW)
        assert [s.part for s in workspace.manifest.samples[8:]] == [Part.TRAIN, Part.TEST]


class TestMoving:
    def test_move_when_one_picture_is_chosen_takes_its_whole_burst_along(self, workspace, burst):
        burst("a", 0, 1, 2)
        burst("b", 3)
        workspace.move_sample(workspace.manifest.samples[1].id, Part.TEST)
        assert parts(workspace, "a") == {Part.TEST}
        assert parts(workspace, "b") == {Part.TRAIN}
        assert workspace.undo_step is not None
        assert "3 samples" in workspace.undo_step


class TestUndo:
    def test_undo_when_a_burst_came_in_several_calls_takes_all_of_it_back(self, workspace, burst):
        burst("a", 0)
        for k in range(3):
            burst("b", 10 + 2 * k, 11 + 2 * k)
        assert workspace.undo() == "add 6 samples to '0'"
        assert [s.take for s in workspace.manifest.samples] == ["a"]


def test_take_when_the_workspace_is_opened_again_is_still_known(tmp_path, drawing):
    workspaces = Workspaces(tmp_path)
    workspace = workspaces.create()
    token = workspace.token
    workspace.add_samples([drawing(0), drawing(1)], "", Source.CAMERA, take="a")
    workspaces.close(token)
    again = workspaces.open(token)
    assert [s.take for s in again.manifest.samples] == ["a", "a"]
    assert np.array_equal(again.sample_array(again.manifest.samples[0].id), drawing(0))
