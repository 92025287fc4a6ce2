import numpy as np
import pytest

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.errors import LabelError, ModelError, WorkspaceError
from odt_core.samples import Labels, RawSamples
from odt_core.workspace import CheckpointInfo, Kind, Limits, Source, Workspaces


def listed(workspace) -> list[tuple[str, int | None, bool]]:
    return [(label.name, label.output, label.enabled) for label in workspace.manifest.labels]


class TestLabels:
    def test_a_new_label_takes_the_first_free_output(self, workspace):
        assert workspace.add_label("heart").output == 10
        assert workspace.add_label("star").output == 11
        assert workspace.labels().names[8:13] == ("8", "9", "heart", "star", None)

    def test_change_of_a_label_that_is_gone_says_what_to_do(self, workspace):
        gone = workspace.manifest.labels[3].id
        workspace.delete_label(gone)
        said = "That label is not there any more. Reload the page."
        with pytest.raises(LabelError, match=said):
            workspace.rename_label(gone, "three")
        with pytest.raises(LabelError, match=said):
            workspace.enable_label(gone, True)
        with pytest.raises(LabelError, match=said):
            workspace.delete_label(gone)

    def test_a_deleted_label_of_the_model_gets_its_own_output_back(self, workspace):
        workspace.delete_label(workspace.manifest.labels[3].id)
        assert workspace.labels().names[3] is None
        assert workspace.add_label("3").output == 3

    def test_the_output_of_a_deleted_label_of_the_model_is_not_free_for_others(self, workspace):
        workspace.delete_label(workspace.manifest.labels[3].id)
        assert workspace.add_label("heart").output == 10

    def test_the_output_of_a_deleted_label_is_free_where_the_file_names_none(self, workspace):
        workspace.set_model("own.tflite", Labels.numbered(2), data=b"a model")
        workspace.add_label("cat")
        gone = workspace.add_label("dog")
        workspace.delete_label(gone.id)
        assert workspace.add_label("cow").output == gone.output

    def test_a_new_label_takes_no_output_that_has_learnt_another_one_while_there_are_others(
        self, workspace
    ):
        cup, pen = workspace.add_label("cup"), workspace.add_label("pen")
        meta = CheckpointMeta("0" * 64, labels=workspace.labels().names)
        weights = save_checkpoint(Checkpoint({"w": np.zeros(1, np.float32)}, meta))
        workspace.add_checkpoint(weights, CheckpointInfo(Kind.END, 1, 4), as_head=True)
        workspace.delete_label(cup.id)
        assert workspace.add_label("phone").output == 12
        assert workspace.add_label("Cup").output == cup.output  # it has learnt this one
        workspace.delete_label(pen.id)
        given = RawSamples((np.zeros((28, 28), np.uint8),), ("key",), ("",), ())
        workspace.add_raw(given, Source.UPLOAD)
        outputs = {label.name: label.output for label in workspace.manifest.labels}
        assert outputs["key"] == 13
        for name in "ab":
            workspace.add_label(name)
        assert workspace.add_label("last").output == pen.output

    def test_without_a_free_output_a_label_is_refused(self, workspace):
        for name in "abcdef":
            workspace.add_label(name)
        with pytest.raises(LabelError, match="no output left for 'g'"):
            workspace.add_label("g")

    @pytest.mark.parametrize("name", ["Heart", "HEART", " heart "])
    def test_the_same_name_twice_is_refused(self, workspace, name):
        workspace.add_label("heart")
        with pytest.raises(LabelError, match="already"):
            workspace.add_label(name)

    def test_a_label_may_be_renamed_to_another_case_but_not_to_another_label(self, workspace):
        label = workspace.add_label("heart")
        workspace.rename_label(label.id, "Heart")
        assert listed(workspace)[-1] == ("Heart", 10, True)
        with pytest.raises(LabelError, match="already"):
            workspace.rename_label(label.id, "7")

    def test_a_disabled_label_is_no_output_of_the_model(self, workspace):
        workspace.enable_label(workspace.manifest.labels[0].id, False)
        assert workspace.labels().names[:2] == (None, "1")

    def test_deleting_a_label_deletes_its_samples_and_undo_brings_both_back(
        self, workspace, drawing
    ):
        label = workspace.add_label("heart")
        workspace.add_samples([drawing(0), drawing(1)], label.id, Source.DRAW)
        workspace.delete_label(label.id)
        assert workspace.manifest.samples == ()
        assert workspace.undo() == "delete the label 'heart' and its 2 samples"
        assert workspace.raw_samples().labels == ("heart", "heart")

    def test_labels_beyond_the_limit_are_refused(self, tmp_path):
        workspace = Workspaces(tmp_path, Limits(labels=2)).create()
        workspace.set_model("m", Labels(("a", None, None)), bundled="m")
        workspace.add_label("b")
        with pytest.raises(LabelError, match="2 labels; at most 2"):
            workspace.add_label("c")

    @pytest.mark.parametrize("label_id", ["", "../x", "l000000000000"])
    def test_an_unknown_label_id_is_refused(self, workspace, label_id):
        for change in (
            lambda: workspace.rename_label(label_id, "x"),
            lambda: workspace.enable_label(label_id, False),
            lambda: workspace.delete_label(label_id),
        ):
            with pytest.raises(LabelError):
                change()


class TestSetModel:
    def test_labels_with_samples_move_to_the_new_model(self, workspace, drawing):
        seven, heart, star = (
            workspace.manifest.labels[7],
            workspace.add_label("heart"),
            workspace.add_label("star"),
        )
        for k, label in enumerate((seven, heart, star)):
            workspace.add_samples([drawing(k)], label.id, Source.DRAW)
        workspace.set_model("new.tflite", Labels(("7", "8", None)), data=b"model")
        assert listed(workspace) == [
            ("7", 0, True),
            ("8", 1, True),
            ("heart", 2, True),
            ("star", None, False),
        ]
        assert workspace.raw_samples().labels == ("7", "heart")
        assert workspace.undo() == "choose the model 'new.tflite'"
        assert workspace.raw_samples().labels == ("7", "heart", "star")

    def test_a_label_without_an_output_can_be_enabled_once_one_is_free(self, workspace, drawing):
        for k, name in enumerate("ab"):
            workspace.add_samples([drawing(k)], workspace.add_label(name).id, Source.DRAW)
        workspace.set_model("new.tflite", Labels(("x", None)), data=b"model")
        a, b = workspace.manifest.labels[1:]
        with pytest.raises(LabelError, match="no output left"):
            workspace.enable_label(b.id, True)
        workspace.delete_label(a.id)
        workspace.enable_label(b.id, True)
        assert listed(workspace)[1:] == [("b", 1, True)]

    def test_an_uploaded_model_survives_a_restart(self, workspace, workspaces):
        workspace.set_model("../../my.tflite", Labels(("x",)), data=b"\x00model\xff")
        workspaces.close(workspace.token)
        again = workspaces.open(workspace.token)
        assert again.model_bytes() == b"\x00model\xff"
        assert again.manifest.model.name == "my.tflite"

    def test_the_first_model_is_no_step_to_undo(self, workspace):
        assert workspace.undo_step is None

    def test_a_damaged_model_file_is_reported(self, workspace, tmp_path):
        workspace.set_model("my.tflite", Labels(("x",)), data=b"model")
        next(tmp_path.glob("workspaces/*/models/*")).write_bytes(b"other")
        with pytest.raises(ModelError, match="Upload the model again"):
            workspace.model_bytes()

    def test_a_model_that_is_too_large_is_refused(self, tmp_path):
        workspace = Workspaces(tmp_path, Limits(model_bytes=10)).create()
        with pytest.raises(ModelError, match="smaller model"):
            workspace.set_model("my.tflite", Labels(("x",)), data=b"x" * 11)
        assert workspace.manifest.model is None


class TestSettings:
    def test_settings_survive_a_restart(self, workspace, workspaces):
        workspace.set_settings({"epochs": 20, "learning_rate": 0.01, "augment": None})
        workspaces.close(workspace.token)
        assert dict(workspaces.open(workspace.token).manifest.settings) == {
            "epochs": 20,
            "learning_rate": 0.01,
            "augment": None,
        }

    def test_several_changes_in_a_row_are_undone_as_one(self, workspace):
        for epochs in (1, 2, 3):
            workspace.set_settings({"epochs": epochs})
        workspace.undo()
        assert dict(workspace.manifest.settings) == {}
        workspace.redo()
        assert dict(workspace.manifest.settings) == {"epochs": 3}

    @pytest.mark.parametrize(
        "settings", [{"a": float("nan")}, {"a": object()}, {"a": "x" * 20_000}]
    )
    def test_settings_that_are_no_short_json_are_refused(self, workspace, settings):
        with pytest.raises(WorkspaceError):
            workspace.set_settings(settings)

    def test_settings_cannot_be_changed_from_outside(self, workspace):
        workspace.set_settings({"epochs": 1})
        with pytest.raises(TypeError):
            workspace.manifest.settings["epochs"] = 2
