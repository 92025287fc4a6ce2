"""Checkpoints from elsewhere: whose they have to be, and what becomes of their labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odt_core.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    Tempering,
    load_checkpoint,
    save_checkpoint,
)
from odt_core.errors import CheckpointError, LabelError
from odt_core.workspace import CheckpointInfo, Kind
from tests.pages.conftest import ROOT
from tests.pages.page_text import said


def my_checkpoint(desk) -> Checkpoint:
    return load_checkpoint(desk.workspace.checkpoint_bytes(desk.workspace.manifest.head))


def mine_with(desk, **meta) -> bytes:
    """Your model as a file that says something else about itself."""
    mine = my_checkpoint(desk)
    return save_checkpoint(replace(mine, meta=replace(mine.meta, **meta)))


def upload_with_labels(desk, *names: str | None) -> None:
    """Your model as from elsewhere, trained with these labels of one's own."""
    mine = my_checkpoint(desk).meta.labels
    labels = (*mine[:10], *names, *mine[10 + len(names) :])
    desk.add_uploaded_checkpoint(mine_with(desk, labels=labels), "other.safetensors")


def refused_upload(app, desk, data: bytes) -> str:
    """What the page says of a checkpoint that it takes nothing of."""
    before = desk.workspace.manifest
    app.switch_page("pages/checkpoints.py").run()
    app.file_uploader[0].upload("other.safetensors", data)
    app.run()
    assert desk.workspace.manifest == before
    return said(app)


class TestCheckpoints:
    def test_upload_when_downloaded_before_is_kept(self, trained):
        app, desk = trained
        data = desk.workspace.checkpoint_bytes(desk.workspace.manifest.head)
        app.switch_page("pages/checkpoints.py").run()
        app.file_uploader[0].upload("mine.safetensors", data)
        app.run()
        assert not app.error, said(app)
        assert desk.workspace.manifest.checkpoints[-1].info.kind is Kind.UPLOADED

    def test_upload_of_what_was_downloaded_here_keeps_what_it_was_trained_on(self, trained):
        _, desk = trained
        head, seen = desk.workspace.manifest.head_entry, desk.trained_on()
        desk.use_temperature(Tempering(2.0))
        desk.add_uploaded_checkpoint(desk.checkpoint_file(head.id), "mine.safetensors")
        again = desk.workspace.manifest.checkpoints[-1]
        desk.restore(again.id)
        assert desk.trained_on() == seen
        assert (again.info.steps, again.info.own) == (head.info.steps, head.info.own)
        assert desk.temperature == Tempering(2.0)

    def test_note_goes_along_with_a_download_and_comes_back(self, trained):
        _, desk = trained
        head = desk.workspace.manifest.head_entry
        plain = desk.checkpoint_file(head.id)
        desk.workspace.note_checkpoint(head.id, "the good one")
        noted = desk.checkpoint_file(head.id)
        mine = load_checkpoint(noted)
        assert (mine.meta.note, mine.meta.made_as) == ("the good one", "end")
        assert all(np.array_equal(mine.state[k], v) for k, v in my_checkpoint(desk).state.items())
        desk.workspace.note_checkpoint(head.id, "a better name")
        for data, note in ((noted, "the good one"), (plain, "a better name")):
            desk.add_uploaded_checkpoint(data, "mine.safetensors")
            again = desk.workspace.manifest.checkpoints[-1].info
            assert (again.note, again.copy_of) == (note, head.id)

    def test_best_of_a_run_elsewhere_is_known_to_be_chosen_and_its_file_names_it(self, trained):
        _, desk = trained
        for note, reason in (("best", ""), ("mine", "best")):
            data = mine_with(desk, note=note, reason=reason, seed=99)
            desk.add_uploaded_checkpoint(data, "other.safetensors")
            info = desk.workspace.manifest.checkpoints[-1].info
            assert (info.note, info.chosen) == ("mine" if reason else "other.safetensors", True)

    @pytest.mark.parametrize("data", [b"", b"hello", b"\x08\0\0\0\0\0\0\0{}      "])
    def test_upload_when_no_checkpoint_says_so_and_keeps_nothing(self, trained, data):
        assert refused_upload(*trained, data)

    def test_upload_when_of_another_model_says_so_and_keeps_nothing(self, trained):
        app, desk = trained
        mine = my_checkpoint(desk)
        state = {name: np.zeros(3, np.float32) for name in mine.state}
        other = replace(mine, state=state, meta=replace(mine.meta, model_sha256="0" * 64))
        told = refused_upload(app, desk, save_checkpoint(replace(other, progress=None)))
        assert f"belongs to another model than '{desk.model.name}'. Choose that model" in told

    def test_upload_when_of_another_file_of_the_same_variables_says_so_and_keeps_nothing(
        self, trained
    ):
        app, desk = trained
        told = refused_upload(app, desk, mine_with(desk, model_sha256="0" * 64))
        assert f"was made with another file than '{desk.model.name}', of the same variables" in told
        assert "Choose the file that it was made with, or another checkpoint." in told

    def test_upload_when_its_labels_are_swapped_says_so_and_keeps_nothing(self, trained):
        app, desk = trained
        other = mine_with(desk, labels=("1", "0", *my_checkpoint(desk).meta.labels[2:]))
        told = refused_upload(app, desk, other)
        assert "was trained with '1' where '0' is here, '0' where '1' is here" in told

    def test_upload_when_it_has_more_labels_brings_them_to_their_outputs(self, trained):
        _, desk = trained
        upload_with_labels(desk, "heart", "cross")
        assert desk.labels.names[10:14] == ("heart", "cross", None, None)
        upload_with_labels(desk, "heart", "cross", None, "star")
        assert desk.labels.names[10:14] == ("heart", "cross", None, "star")
        checkpoints = desk.workspace.manifest.checkpoints
        desk.workspace.undo()
        assert desk.labels.names[10:14] == ("heart", "cross", None, None)
        assert desk.workspace.manifest.checkpoints == checkpoints

    def test_checkpoint_when_a_label_of_its_is_another_output_here_is_refused(self, trained):
        _, desk = trained
        desk.workspace.add_label("Cross")
        before = desk.workspace.manifest
        with pytest.raises(CheckpointError, match="'cross' where no label is here"):
            upload_with_labels(desk, None, "cross")
        assert desk.workspace.manifest == before
        mine = load_checkpoint(desk.workspace.checkpoint_bytes(before.head))
        labels = (*mine.meta.labels[:10], None, "cross", *mine.meta.labels[12:])
        other = replace(mine, meta=replace(mine.meta, labels=labels))
        info = CheckpointInfo(Kind.MANUAL, 1, 1)
        kept = desk.workspace.add_checkpoint(save_checkpoint(other), info)
        with pytest.raises(CheckpointError, match="'cross' where no label is here"):
            desk.restore(kept.id)

    def test_upload_when_a_label_of_its_cannot_be_shown_keeps_nothing(self, trained):
        _, desk = trained
        before = desk.workspace.manifest
        with pytest.raises(LabelError, match="needs a name"):
            upload_with_labels(desk, "heart", "\u0301")
        assert desk.workspace.manifest == before

    def test_upload_when_some_outputs_are_named_names_the_others(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_uploaded(
            (ROOT / "tests/runtime/models/tiny_momentum.tflite").read_bytes(), "mine.tflite"
        )
        desk.workspace.rename_label(desk.workspace.manifest.labels[0].id, "a")
        worker = desk.worker()
        labels = ("a", "1", "0", None)
        checkpoint = Checkpoint(worker.state(), CheckpointMeta(worker.sha256, labels=labels))
        desk.add_uploaded_checkpoint(save_checkpoint(checkpoint), "other.safetensors")
        assert desk.labels.names == labels

    def test_upload_when_nobody_named_the_outputs_names_them(self, app, desk_of):
        desk = desk_of(app)
        desk.choose_uploaded(
            (ROOT / "tests/runtime/models/tiny_momentum.tflite").read_bytes(), "mine.tflite"
        )
        names = tuple("abcdefghij"[: len(desk.model.outputs)])
        worker = desk.worker()
        checkpoint = Checkpoint(worker.state(), CheckpointMeta(worker.sha256, labels=names))
        desk.add_uploaded_checkpoint(save_checkpoint(checkpoint), "other.safetensors")
        assert desk.labels.names == names

    def test_restore_when_its_labels_are_other_outputs_by_now_says_so(self, trained):
        app, desk = trained
        head, zero, one, *_ = desk.workspace.manifest.head, *desk.workspace.manifest.labels
        desk.workspace.rename_label(zero.id, "zero")
        desk.restore(None)
        desk.restore(head)  # renamed, and nothing more
        desk.workspace.rename_label(one.id, "0")
        desk.restore(None)
        app.switch_page("pages/checkpoints.py").run()
        app.button(key=f"restore_{head}").click().run()
        assert "was trained with '0' where 'zero' is here" in said(app)
        assert desk.workspace.manifest.head is None
