"""Your model and its checkpoints: restore, reset, keep by hand, bring from elsewhere."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Literal

from odt_core.checkpoint import (
    Checkpoint,
    Tempering,
    load_checkpoint,
    same_origin,
    why_not_of,
    with_marks,
)
from odt_core.errors import CheckpointError, TrainingError
from odt_core.training.callbacks import Reason
from odt_core.workspace import CheckpointEntry, CheckpointInfo, Kind
from pages.ui.desk.checkpoint_labels import HasCheckpointLabels
from pages.ui.desk.worker import ELSEWHERE


class HasCheckpoints(HasCheckpointLabels):
    """The part of a desk that moves your model between checkpoints."""

    def reset_to_base(self) -> None:
        """Your model is the base model again; what it was stays as a checkpoint."""
        with self.changing("restore the base model"):
            self._save_before("before the reset to the base model")
            self.workspace.set_head(None)

    def restore(self, checkpoint_id: str | None) -> None:
        """Your model is that checkpoint from now on; None is the base model, and so is one with its
        weights, such as the start of a first run. Raises CheckpointError where its labels stand
        for other outputs here.
        """
        from odt_core.evaluation import state_digest  # here: the first page draws without it

        with self.changing("restore a checkpoint"):
            if checkpoint_id is not None:
                # Read it before anything changes: a damaged file must not become your model.
                checkpoint = load_checkpoint(self.workspace.checkpoint_bytes(checkpoint_id))
                self._check_restored(checkpoint)
                base = self.worker().state("base")
                if state_digest(checkpoint.state) == state_digest(base):
                    checkpoint_id = None
            self.workspace.set_head(checkpoint_id)

    def save_end(self) -> None:
        """Keep the end of the last training, which could not be saved, and make it your model.
        Raises CheckpointError as `restore`, WorkspaceError.
        """
        with self.changing("save the end of a training"):
            end = self.unsaved_end
            if end is not None:
                self._check_restored(end.checkpoint)
                end.save()
                self._worker_head = ELSEWHERE  # the run held it when it ended, not any more

    def use_temperature(self, temperature: Tempering | None) -> None:
        """Divide your model's scores by it wherever its confidences are shown; None: stop that."""
        with self.changing("change the temperature"):
            head = self.workspace.manifest.head
            if head is None:
                raise TrainingError("Your model is the base model still. Train it first.")
            self.workspace.set_temperature(head, temperature)

    def checkpoint_file(self, checkpoint_id: str) -> bytes:
        """The .safetensors file to take along, its temperature and note inside. CheckpointError."""
        entry = self.workspace.manifest.checkpoint(checkpoint_id)
        data = self.workspace.checkpoint_bytes(checkpoint_id)
        return with_marks(data, entry.info.note, entry.info.temperature) if entry else data

    def save_checkpoint(self, note: str) -> None:
        """Keep your model as it stands, by hand."""
        with self.changing("save a checkpoint"):
            entry = self.workspace.manifest.head_entry
            if entry is None:
                raise TrainingError("Your model is the base model still: there is nothing to save.")
            data = self.workspace.checkpoint_bytes(entry.id)
            self.workspace.add_checkpoint(data, entry.copied(Kind.MANUAL, note))

    def add_uploaded_checkpoint(self, data: bytes, name: str) -> None:
        """Keep an uploaded checkpoint after the worker has tried it on, and its labels where the
        workspace has none. Raises CheckpointError, LabelError.
        """
        checkpoint = load_checkpoint(data)
        with self.changing("upload a checkpoint"):
            worker = self.worker()
            than, variables = f"than '{self.model.name}'", worker.description.variables
            why_not = why_not_of(checkpoint, worker.sha256, variables, than)
            if why_not:
                raise CheckpointError(f"'{name}' {why_not}")
            labels = self._labels_brought(checkpoint, name)
            self._worker_head = ELSEWHERE
            worker.load_state(checkpoint.state)
            meta, known = checkpoint.meta, self._known_as(checkpoint)
            note = "" if meta.note == meta.made_as else meta.note
            note = note or (known.info.note if known else "") or name
            best = Kind.BEST if meta.made_as == Reason.BEST else None
            info = CheckpointInfo(Kind.UPLOADED, meta.step, 0, note=note, copied=best)
            info = known.copied(Kind.UPLOADED, note) if known else info
            info = replace(info, temperature=meta.temperature)
            self.workspace.add_checkpoint(data, info, labels=labels)

    def _known_as(self, checkpoint: Checkpoint) -> CheckpointEntry | None:
        """The checkpoint that was downloaded, whatever note and temperature it had then."""
        for one in self.workspace.manifest.checkpoints:
            if one.model == self.model.key and one.info.step == checkpoint.meta.step:
                with contextlib.suppress(CheckpointError):  # damaged on disk
                    here = load_checkpoint(self.workspace.checkpoint_bytes(one.id))
                    if same_origin(here, checkpoint):
                        return one
        return None

    def bake(self, *, inference_only: bool = False, which: Literal["own", "base"] = "own") -> bytes:
        """A .tflite that starts with your model's weights (or the base model's), made in the
        worker. Raises ModelError when that is not possible, and TrainingError while your model's
        weights are moving.
        """
        if which == "base":
            made_by = self._reach_worker()
            return made_by.bake(inference_only=inference_only, which=which, labels=self.card.labels)
        with self.changing("download your model"):
            worker = self.worker()
            return worker.bake(inference_only=inference_only, labels=self.labels)
