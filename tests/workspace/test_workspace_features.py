"""Features that are kept with the workspace."""

import numpy as np
import pytest

from odt_core.workspace import Source

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
SHAPE = (5,)


@pytest.fixture
def sample(workspace, drawing):
    label = workspace.manifest.labels[0].id
    return workspace.add_samples([drawing(0)], label, Source.DRAW).added[0]


def values(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)


def files(workspace) -> list:
    return sorted((workspace._folder / "features").iterdir())


class TestFeatures:
    def test_they_come_back_after_a_restart_for_their_model_alone(
        self, workspace, workspaces, sample
    ):
        workspace.keep_features(KEY, {sample.sha256: values()})
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        found = again.features(KEY, [sample.sha256], SHAPE)
        np.testing.assert_array_equal(found[sample.sha256], values())
        assert again.features(OTHER, [sample.sha256], SHAPE) == {}
        assert again.features(KEY, [sample.sha256], (6,)) == {}

    @pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
    def test_damaged_ones_are_not_there(self, workspace, sample, damage):
        workspace.keep_features(KEY, {sample.sha256: values()})
        (file,) = files(workspace)
        data = bytearray(file.read_bytes())
        if damage == "flip":
            data[-1] ^= 1
        file.write_bytes({"cut": data[:-4], "flip": data, "empty": b""}[damage])
        assert workspace.features(KEY, [sample.sha256], SHAPE) == {}

    def test_of_samples_that_are_gone_nothing_is_kept(self, workspace, sample):
        workspace.keep_features(KEY, {"0" * 64: values()})
        assert files(workspace) == []

    def test_they_stay_while_undo_could_bring_the_sample_back_and_go_when_all_is_erased(
        self, workspace, workspaces, sample
    ):
        workspace.keep_features(KEY, {sample.sha256: values()})
        workspace.delete_samples([sample.id])
        workspace.collect_garbage()
        assert len(files(workspace)) == 1
        workspace.undo()
        assert sample.sha256 in workspace.features(KEY, [sample.sha256], SHAPE)
        workspace.erase()
        assert files(workspace) == []

    def test_workspace_of_an_older_odt_gets_the_folder(self, workspace, sample):
        (workspace._folder / "features").rmdir()
        assert workspace.features(KEY, [sample.sha256], SHAPE) == {}
        workspace.keep_features(KEY, {sample.sha256: values()})
        assert len(files(workspace)) == 1

    def test_when_there_is_no_room_those_of_other_models_go_first(
        self, workspace, sample, monkeypatch
    ):
        one = 32 + values().nbytes
        monkeypatch.setattr("odt_core.workspace.features._MOST", 2 * one)
        for key in (OTHER, KEY, "a" * 16):
            workspace.keep_features(key, {sample.sha256: values()})
            assert key in [file.name.split(".")[1] for file in files(workspace)]
        assert len(files(workspace)) == 2

    def test_key_that_is_none_is_refused(self, workspace):
        with pytest.raises(ValueError, match="16 hex digits"):
            workspace.keep_features("../../etc", {})
