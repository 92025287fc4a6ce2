import json
from types import SimpleNamespace

import pytest

from odt_core.checkpoint import Tempering
from odt_core.errors import CheckpointError, LabelError, WorkspaceError
from odt_core.samples import Labels
from odt_core.workspace import CheckpointInfo, Kind, Limits, Score, Source, Workspaces


def auto(step: int, kind: Kind = Kind.AUTO) -> CheckpointInfo:
    return CheckpointInfo(kind, step, 4)


def steps(workspace) -> list[int]:
    return [entry.info.step for entry in workspace.manifest.checkpoints]


class TestAddCheckpoint:
    def test_bytes_and_facts_survive_a_restart(self, workspace, workspaces):
        info = CheckpointInfo(Kind.BEST, 240, 38, Score(0.9, 10), Score(0.985, 1000), "  mine ")
        entry = workspace.add_checkpoint(b"\x00weights", info)
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert again.checkpoint_bytes(entry.id) == b"\x00weights"
        (found,) = again.manifest.checkpoints
        assert found == entry
        assert found.info == CheckpointInfo(
            Kind.BEST, 240, 38, Score(0.9, 10), Score(0.985, 1000), "mine"
        )
        assert found.model == "bundled:digits"

    def test_copy_of_a_copy_names_the_original_also_after_a_restart(self, workspace, workspaces):
        best = workspace.add_checkpoint(b"weights", auto(5, Kind.BEST))
        copy = workspace.add_checkpoint(b"weights", best.copied(Kind.BEFORE, "before"))
        workspace.add_checkpoint(b"weights", copy.copied(Kind.MANUAL, "mine"))
        workspaces.close(workspace.token)
        *_, mine = workspaces.open(workspace.token).manifest.checkpoints
        assert mine.info == CheckpointInfo(
            Kind.MANUAL, 5, 4, note="mine", copy_of=best.id, copied=Kind.BEST
        )
        assert mine.original == best.id
        assert mine.info.chosen

    def test_labels_come_to_their_outputs_in_the_same_step(self, workspace):
        workspace.add_checkpoint(b"x", CheckpointInfo(Kind.UPLOADED, 1, 0), labels={11: "cross"})
        assert workspace.labels().names[9:13] == ("9", None, "cross", None)
        assert workspace.undo_step == "add the labels of a checkpoint"
        workspace.undo()
        assert workspace.labels().names[11] is None
        assert steps(workspace) == [1]

    def test_label_that_stands_for_another_output_is_refused_and_nothing_kept(self, workspace):
        workspace.add_label("Cross")
        with pytest.raises(LabelError, match="There is a label 'Cross' already"):
            workspace.add_checkpoint(b"x", auto(1), labels={11: "cross"})
        assert steps(workspace) == []

    def test_without_a_model_it_is_refused(self, workspaces):
        with pytest.raises(WorkspaceError, match="Choose a model"):
            workspaces.create().add_checkpoint(b"x", auto(1))

    def test_automatic_ones_are_thinned_oldest_autosave_first(self, tmp_path):
        workspace = _workspace(tmp_path, Limits(automatic_checkpoints=4))
        workspace.add_checkpoint(b"start", auto(0, Kind.START))
        for step in (10, 20, 30, 40):
            workspace.add_checkpoint(b"auto", auto(step))
        workspace.add_checkpoint(b"end", auto(50, Kind.END))
        assert steps(workspace) == [0, 30, 40, 50]
        assert len(list(tmp_path.glob("*/checkpoints/*"))) == 4

    def test_heads_that_undo_leads_to_and_those_kept_by_hand_are_not_thinned(self, tmp_path):
        workspace = _workspace(tmp_path, Limits(automatic_checkpoints=2))
        workspace.add_checkpoint(b"manual", CheckpointInfo(Kind.MANUAL, 1, 4))
        workspace.add_checkpoint(b"first", auto(2, Kind.END), as_head=True)
        workspace.add_checkpoint(b"second", auto(3, Kind.END), as_head=True)
        for step in (10, 20, 30):
            workspace.add_checkpoint(b"auto", auto(step))
        assert steps(workspace) == [1, 2, 3, 30]
        workspace.undo()
        assert workspace.checkpoint_bytes(workspace.manifest.head) == b"first"

    def test_however_many_runs_there_were_the_next_one_is_kept(self, tmp_path):
        limits = Limits(automatic_checkpoints=4, workspace_bytes=20_000, model_bytes=0)
        workspace = _workspace(tmp_path, limits)
        for run in range(200):  # 100 times what may be stored
            workspace.add_checkpoint(bytes([run]) * 10_000, auto(0, Kind.START))
            workspace.add_checkpoint(bytes([run]) * 9_000, auto(20, Kind.END), as_head=True)
            workspace.set_head(None)
        stored = sum(path.stat().st_size for path in tmp_path.glob("*/checkpoints/*"))
        assert stored <= 2 * limits.workspace_bytes
        assert workspace._stored == workspace._measure()
        assert len(workspace.manifest.checkpoints) == 2

    def test_full_disk_refuses_one_and_costs_no_step_to_undo(self, tmp_path, monkeypatch):
        workspace = _workspace(tmp_path, Limits(workspace_bytes=10_000))
        for step in (10, 20):
            workspace.add_checkpoint(b"x" * 4_000, auto(step, Kind.END), as_head=True)
        full = SimpleNamespace(free=0)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: full)
        with pytest.raises(WorkspaceError, match="no room"):
            workspace.add_checkpoint(b"x" * 4_000, auto(30, Kind.END), as_head=True)
        assert workspace.undo_step == "train to step 20"

    def test_large_ones_then_fewer_are_kept_and_steps_to_undo_go_before_one_is_refused(
        self, tmp_path
    ):
        workspace = _workspace(tmp_path, Limits(workspace_bytes=10_000))
        for step in (10, 20, 30):
            workspace.add_checkpoint(b"x" * 4_000, auto(step, Kind.END), as_head=True)
        assert steps(workspace) == [20, 30]
        workspace.add_checkpoint(b"x" * 4_000, CheckpointInfo(Kind.MANUAL, 40, 4))
        assert steps(workspace) == [30, 40]
        workspace.add_checkpoint(b"x" * 500, CheckpointInfo(Kind.MANUAL, 50, 4))
        with pytest.raises(WorkspaceError, match="full"):
            workspace.add_checkpoint(b"x" * 4_000, CheckpointInfo(Kind.MANUAL, 60, 4))
        assert steps(workspace) == [30, 40, 50]

    def test_too_many_kept_by_hand_are_refused(self, tmp_path):
        workspace = _workspace(tmp_path, Limits(kept_checkpoints=1))
        workspace.add_checkpoint(b"one", CheckpointInfo(Kind.MANUAL, 1, 4))
        with pytest.raises(WorkspaceError, match="Delete one first"):
            workspace.add_checkpoint(b"two", CheckpointInfo(Kind.UPLOADED, 2, 4))
        workspace.add_checkpoint(b"auto", auto(3))
        assert steps(workspace) == [1, 3]


class TestUndoOfTraining:
    def test_undo_goes_back_to_the_base_model_and_keeps_the_trained_checkpoint(self, workspace):
        entry = workspace.add_checkpoint(b"end", auto(240, Kind.END), as_head=True)
        assert workspace.manifest.head == entry.id
        assert workspace.undo() == "train to step 240"
        assert workspace.manifest.head is None
        assert workspace.checkpoint_bytes(entry.id) == b"end"
        workspace.redo()
        assert workspace.manifest.head == entry.id

    @pytest.mark.parametrize("kind", [Kind.MANUAL, Kind.UPLOADED])
    def test_what_a_person_saves_is_no_step_and_outlives_undo_and_another_training(
        self, workspace, workspaces, kind
    ):
        workspace.add_label("heart")
        kept = workspace.add_checkpoint(b"before the meeting", CheckpointInfo(kind, 7, 4))
        assert workspace.undo() == "add the label 'heart'"
        workspace.add_checkpoint(b"end", auto(240, Kind.END), as_head=True)
        assert workspace.redo_step is None
        assert workspace.checkpoint_bytes(kept.id) == b"before the meeting"
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert again.checkpoint_bytes(kept.id) == b"before the meeting"
        again.delete_checkpoint(kept.id)
        again.undo()
        again.redo()
        assert steps(again) == [240]

    def test_autosaves_are_no_steps_and_outlive_undo_and_redo(self, workspace):
        workspace.add_label("heart")
        workspace.add_checkpoint(b"auto", auto(10))
        assert workspace.undo() == "add the label 'heart'"
        workspace.add_checkpoint(b"auto", auto(20))
        assert steps(workspace) == [10, 20]
        assert workspace.redo() == "add the label 'heart'"
        assert steps(workspace) == [10, 20]

    def test_a_deleted_autosave_stays_deleted_after_undo_and_redo(self, workspace):
        entry = workspace.add_checkpoint(b"auto", auto(10))
        workspace.add_label("heart")
        workspace.delete_checkpoint(entry.id)
        workspace.undo()
        assert steps(workspace) == [10]
        workspace.undo()
        assert steps(workspace) == [10]
        workspace.redo()
        workspace.redo()
        assert steps(workspace) == []


class TestForget:
    def test_samples_and_the_model_that_saw_them_go_in_one_step(self, workspace, drawing):
        label = workspace.add_label("scribble")
        workspace.add_samples([drawing(k) for k in range(3)], label.id, Source.DRAW)
        before = workspace.manifest
        entry = workspace.forget(b"unlearnt", auto(9, Kind.MANUAL), ["s1", "s2"], None)
        assert [sample.id for sample in workspace.manifest.samples] == ["s3"]
        assert workspace.manifest.head == entry.id
        assert workspace.undo() == "forget 2 samples of 'scribble'"
        assert workspace.manifest.samples == before.samples
        assert workspace.manifest.head is None

    def test_label_that_is_named_goes_with_its_samples(self, workspace, drawing):
        label = workspace.add_label("scribble")
        workspace.add_samples([drawing(k) for k in range(3)], label.id, Source.DRAW)
        workspace.forget(b"unlearnt", auto(9, Kind.MANUAL), ["s1", "s2", "s3"], label.id)
        assert workspace.manifest.label(label.id) is None
        assert workspace.manifest.samples == ()

    def test_sample_that_is_not_there_is_refused_and_no_model_kept(self, workspace):
        before = workspace.manifest
        with pytest.raises(WorkspaceError):
            workspace.forget(b"unlearnt", auto(9, Kind.MANUAL), ["s1"], None)
        assert workspace.manifest == before


class TestHead:
    def test_the_head_cannot_be_deleted(self, workspace):
        entry = workspace.add_checkpoint(b"end", auto(1, Kind.END), as_head=True)
        with pytest.raises(WorkspaceError, match="Restore another one first"):
            workspace.delete_checkpoint(entry.id)

    def test_a_checkpoint_of_another_model_cannot_be_restored(self, workspace):
        entry = workspace.add_checkpoint(b"end", auto(1, Kind.END))
        workspace.set_model("other", Labels(("x",)), bundled="other")
        with pytest.raises(WorkspaceError, match="another model"):
            workspace.set_head(entry.id)

    @pytest.mark.parametrize("checkpoint_id", ["", "../c1", "c0000001"])
    def test_an_unknown_checkpoint_is_refused(self, workspace, checkpoint_id):
        workspace.add_checkpoint(b"end", auto(1))
        with pytest.raises(WorkspaceError):
            workspace.set_head(checkpoint_id)
        with pytest.raises(CheckpointError):
            workspace.checkpoint_bytes(checkpoint_id)

    def test_a_damaged_file_is_reported_and_the_others_work(self, workspace, tmp_path):
        one = workspace.add_checkpoint(b"one", auto(1))
        two = workspace.add_checkpoint(b"two", auto(2))
        next(tmp_path.glob(f"*/*/checkpoints/{one.id}.safetensors")).write_bytes(b"on")
        with pytest.raises(CheckpointError, match="step 1 is missing or damaged"):
            workspace.checkpoint_bytes(one.id)
        assert workspace.checkpoint_bytes(two.id) == b"two"


class TestRuns:
    def test_records_survive_a_restart_in_order(self, workspace, workspaces):
        run = workspace.start_run("first")
        workspace.append_run(run, [{"step": 1, "loss": 2.5}, {"step": 2, "loss": 2.25}])
        workspace.append_run(run, [{"step": 3, "loss": None}])
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert [entry.note for entry in again.runs()] == ["first"]
        assert [record["step"] for record in again.run_records(run)] == [1, 2, 3]

    def test_a_line_cut_short_by_a_power_cut_loses_only_itself(self, workspace, tmp_path):
        run = workspace.start_run()
        workspace.append_run(run, [{"step": 1}, {"step": 2}])
        path = next(tmp_path.glob("*/*/runs/*.jsonl"))
        path.write_bytes(path.read_bytes()[:-4])
        workspace.append_run(run, [{"step": 3}])
        assert workspace.run_records(run) == [{"step": 1}, {"step": 3}]
        assert json.loads(path.read_text().splitlines()[-1]) == {"step": 3}

    def test_a_record_that_the_disk_does_not_give_is_a_workspace_error(self, workspace, tmp_path):
        run = workspace.start_run()
        workspace.append_run(run, [{"step": 1}])
        path = next(tmp_path.glob("*/*/runs/*.jsonl"))
        path.unlink()
        path.mkdir()
        for ask in (lambda: workspace.append_run(run, [{}]), lambda: workspace.run_records(run)):
            with pytest.raises(WorkspaceError, match="could not be saved"):
                ask()

    def test_undo_leaves_runs_alone(self, workspace):
        workspace.add_label("heart")
        run = workspace.start_run()
        workspace.undo()
        assert [entry.id for entry in workspace.runs()] == [run]

    def test_a_full_record_says_so_and_keeps_what_it_has(self, tmp_path):
        workspace = _workspace(tmp_path, Limits(run_bytes=30))
        run = workspace.start_run()
        assert workspace.append_run(run, [{"step": 1}]) is True
        assert workspace.append_run(run, [{"step": 22222222222}]) is False
        assert workspace.run_records(run) == [{"step": 1}]

    def test_beyond_the_limit_the_oldest_run_goes(self, tmp_path):
        workspace = _workspace(tmp_path, Limits(runs=2))
        runs = [workspace.start_run() for _ in range(3)]
        assert [entry.id for entry in workspace.runs()] == runs[1:]

    @pytest.mark.parametrize("run_id", ["", "../../x", "r0"])
    def test_an_unknown_run_is_refused(self, workspace, run_id):
        with pytest.raises(WorkspaceError):
            workspace.append_run(run_id, [{}])
        with pytest.raises(WorkspaceError):
            workspace.run_records(run_id)


class TestReset:
    def test_reset_empties_samples_and_keeps_checkpoints(self, workspace, drawing):
        workspace.add_label("heart")
        workspace.add_samples([drawing(0)], workspace.manifest.labels[0].id, Source.DRAW)
        workspace.add_checkpoint(b"end", auto(5, Kind.END), as_head=True)
        workspace.reset()
        assert workspace.manifest.samples == ()
        assert workspace.labels().names == (*"0123456789", None, None, None, None, None, None)
        assert workspace.manifest.head is None
        assert steps(workspace) == [5]


def _workspace(root, limits: Limits):
    workspace = Workspaces(root, limits).create()
    workspace.set_model("Digits", Labels(("a", "b", None)), bundled="digits")
    return workspace


class TestTemperature:
    def test_it_survives_a_restart_and_undo_takes_it_back(self, workspace, workspaces):
        entry = workspace.add_checkpoint(b"weights", auto(3), as_head=True)
        heat = Tempering(2.25, 12, "your test samples")
        workspace.set_temperature(entry.id, heat)
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert again.manifest.checkpoint(entry.id).info.temperature == heat
        again.set_temperature(entry.id, None)
        assert again.manifest.checkpoint(entry.id).info.temperature is None
        again.undo()
        assert again.manifest.checkpoint(entry.id).info.temperature == heat

    def test_checkpoint_that_is_not_there_is_refused(self, workspace):
        with pytest.raises(WorkspaceError):
            workspace.set_temperature("nothing", Tempering(2.0))
