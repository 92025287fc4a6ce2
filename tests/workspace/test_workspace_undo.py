import pytest

from odt_core.errors import WorkspaceError
from odt_core.samples import Labels, RawSamples
from odt_core.workspace import CheckpointInfo, Kind, Limits, Part, Source, Workspaces

OPERATIONS = {
    "add 1 sample to '1'": lambda w, draw: w.add_samples(
        [draw(50)], w.manifest.labels[1].id, Source.DRAW
    ),
    "add 2 samples to 2 labels": lambda w, draw: w.add_raw(
        RawSamples((draw(60), draw(61)), ("1", "new"), ("", "")), Source.EXAMPLE
    ),
    "delete 2 samples of '0'": lambda w, draw: w.delete_samples(["s1", "s3"]),
    "use 1 sample of '0' for testing": lambda w, draw: w.move_sample("s1", Part.TEST),
    "use 1 sample of '0' for training": lambda w, draw: w.move_sample("s3", Part.TRAIN),
    "add the label 'heart'": lambda w, draw: w.add_label("heart"),
    "rename '0' to 'nought'": lambda w, draw: w.rename_label(w.manifest.labels[0].id, "nought"),
    "disable the label '0'": lambda w, draw: w.enable_label(w.manifest.labels[0].id, False),
    "delete the label '0' and its 5 samples": lambda w, draw: w.delete_label(
        w.manifest.labels[0].id
    ),
    "change the settings": lambda w, draw: w.set_settings({"epochs": 3}),
    "choose the model 'other.tflite'": lambda w, draw: w.set_model(
        "other.tflite", Labels(("a", None)), data=b"other"
    ),
    "empty the workspace": lambda w, draw: w.reset(),
    "delete the checkpoint of step 20": lambda w, draw: w.delete_checkpoint(
        w.manifest.checkpoints[1].id
    ),
    "delete the checkpoint of step 10": lambda w, draw: w.delete_checkpoint(
        w.manifest.checkpoints[0].id
    ),
    "note on the checkpoint of step 10": lambda w, draw: w.note_checkpoint(
        w.manifest.checkpoints[0].id, "good"
    ),
    "restore the checkpoint of step 20": lambda w, draw: w.set_head(w.manifest.checkpoints[1].id),
}


@pytest.fixture
def filled(workspace, drawing):
    """Five samples of '0', the third for testing, an automatic and a manual checkpoint."""
    label = workspace.manifest.labels[0].id
    workspace.add_samples([drawing(k) for k in range(5)], label, Source.DRAW)
    workspace.add_checkpoint(b"auto", CheckpointInfo(Kind.AUTO, 10, 4))
    workspace.add_checkpoint(b"manual", CheckpointInfo(Kind.MANUAL, 20, 4))
    return workspace


class TestUndo:
    @pytest.mark.parametrize("step", OPERATIONS)
    def test_undo_and_redo_of_a_step_show_the_state_before_and_after_it(
        self, filled, workspaces, drawing, step
    ):
        before = filled.manifest
        OPERATIONS[step](filled, drawing)
        after = filled.manifest
        assert after != before
        for _ in range(2):
            assert filled.undo_step == step
            assert filled.undo() == step
            assert filled.manifest == before
            assert filled.redo_step == step
            workspaces.close(filled.token)
            filled = workspaces.open(filled.token)
            assert filled.manifest == before
            assert filled.redo() == step
            assert filled.manifest == after

    def test_all_steps_are_undone_and_redone_in_order(self, filled, drawing):
        states = [filled.manifest]
        for step in ("add the label 'heart'", "delete 2 samples of '0'", "empty the workspace"):
            OPERATIONS[step](filled, drawing)
            states.append(filled.manifest)
        for state in reversed(states[:-1]):
            filled.undo()
            assert filled.manifest == state
        for state in states[1:]:
            filled.redo()
            assert filled.manifest == state
        assert filled.redo_step is None

    def test_a_new_step_after_undo_ends_redo(self, workspace):
        workspace.add_label("heart")
        workspace.undo()
        workspace.add_label("star")
        assert workspace.redo_step is None
        with pytest.raises(WorkspaceError, match="nothing to redo"):
            workspace.redo()

    def test_nothing_to_undo_is_said_so(self, workspace):
        with pytest.raises(WorkspaceError, match="nothing to undo"):
            workspace.undo()

    def test_a_change_that_changes_nothing_is_no_step(self, filled):
        revision = filled.revision
        filled.move_sample("s1", Part.TRAIN)
        filled.set_head(None)
        filled.set_settings({})
        assert filled.revision == revision

    def test_only_so_many_steps_are_kept_and_their_files_are_removed(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path, Limits(undo_steps=3))
        workspace = workspaces.create()
        workspace.set_model("m", Labels(("a",)), bundled="m")
        label = workspace.manifest.labels[0].id
        for k in range(80):
            workspace.add_samples([drawing(k)], label, Source.DRAW)
        for _ in range(3):
            workspace.undo()
        assert len(workspace.manifest.samples) == 77
        assert workspace.undo_step is None
        workspaces.close(workspace.token)
        assert len(list(tmp_path.glob("*/history/*"))) <= 8
        assert len(list(tmp_path.glob("*/index/*"))) == 1

    def test_undo_survives_the_collection_of_garbage(self, filled, drawing):
        filled.delete_samples(["s1", "s2", "s3", "s4", "s5"])
        filled.collect_garbage()
        filled.undo()
        assert len(filled.raw_samples()) == 5

    def test_files_that_no_step_leads_to_are_collected(self, tmp_path, drawing):
        workspaces = Workspaces(tmp_path, Limits(undo_steps=1))
        workspace = workspaces.create()
        workspace.set_model("m", Labels((None,) * 9), bundled="m")
        workspace.add_samples([drawing(0)], workspace.add_label("a").id, Source.DRAW)
        workspace.delete_samples(["s1"])
        for name in "bcd":
            workspace.add_label(name)
        assert len(list(tmp_path.glob("*/samples/*"))) == 1
        workspaces.close(workspace.token)
        assert list(tmp_path.glob("*/samples/*")) == []
