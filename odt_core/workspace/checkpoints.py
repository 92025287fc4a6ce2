"""Checkpoints of a workspace, and which of them is "your model" just now."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from odt_core.checkpoint.tempering import Tempering
from odt_core.errors import CheckpointError, WorkspaceError
from odt_core.workspace import changes, outputs, pictures
from odt_core.workspace.labels import HasLabels
from odt_core.workspace.manifest import CheckpointEntry, CheckpointInfo, Manifest
from odt_core.workspace.names import clean_label, clean_note
from odt_core.workspace.words import new_ids, samples_in_words, step_of


class HasCheckpoints(HasLabels):
    """The part of a workspace that knows checkpoints."""

    def checkpoint_bytes(self, checkpoint_id: str) -> bytes:
        """The safetensors file of a checkpoint. CheckpointError when missing or damaged."""
        entry = self.manifest.checkpoint(checkpoint_id)
        if entry is None:
            raise CheckpointError("That checkpoint is not there any more. Reload the page.")
        data = self._file("checkpoints", f"{entry.id}.safetensors", entry.sha256)
        if data is None:
            raise CheckpointError(
                f"The checkpoint of step {entry.info.steps} is missing or damaged on disk. "
                "Choose another one."
            )
        return data

    def add_checkpoint(
        self,
        data: bytes,
        info: CheckpointInfo,
        *,
        as_head: bool = False,
        labels: Mapping[int, str | None] = MappingProxyType({}),
    ) -> CheckpointEntry:
        """Keep a checkpoint; with `as_head` it becomes your model in the same step. labels: what
        outputs that have no label are called from then on (`outputs.with_labels_at`).

        One that neither becomes your model nor brings labels is no step to undo, and undoing other
        steps leaves it there. Where there is no room, older automatic ones go, and steps to undo
        before it is refused. Raises WorkspaceError when there are too many kept by hand, LabelError
        where a label cannot be.
        """
        names = {at: name and clean_label(name) for at, name in labels.items()}
        with self._changing() as manifest:
            entry = self._new_checkpoint(manifest, data, info)
            changed = changes.with_checkpoint(manifest, entry, as_head=as_head)
            changed = self._thinned(changed, len(data))
            step = "change your model"
            if info.kind.automatic:
                step = f"train to step {info.steps:,}"
            if names:
                changed = outputs.with_labels_at(changed, names, new_ids())
                self._check_label_count(changed, 0)
                step = step if as_head else "add the labels of a checkpoint"
            self._commit_checkpoint(changed, entry, data, step, fact=not (as_head or names))
            return entry

    def forget(
        self, data: bytes, info: CheckpointInfo, sample_ids: Collection[str], label_id: str | None
    ) -> CheckpointEntry:
        """Delete samples, and where a label is named all of it, and make a checkpoint that never
        saw them your model, in one step. Raises LabelError, and WorkspaceError as `add_checkpoint`
        and where a sample is not there.
        """
        ids = set(sample_ids)
        with self._changing() as manifest:
            left = changes.without_samples(manifest, ids)
            if label_id is not None:
                left = changes.without_label(left, label_id)
            entry = self._new_checkpoint(manifest, data, info)
            changed = self._thinned(changes.with_checkpoint(left, entry, as_head=True), len(data))
            step = f"forget {samples_in_words(manifest, ids)}"
            self._commit_checkpoint(changed, entry, data, step)
            return entry

    def _new_checkpoint(
        self, manifest: Manifest, data: bytes, info: CheckpointInfo
    ) -> CheckpointEntry:
        """A new one of these bytes. WorkspaceError where there can be no more."""
        if manifest.model is None:
            raise WorkspaceError("Choose a model before you save a checkpoint.")
        kept = sum(not entry.info.kind.automatic for entry in manifest.checkpoints)
        if not info.kind.automatic and kept >= self.limits.kept_checkpoints:
            raise WorkspaceError(
                f"There are {kept} saved checkpoints, the most that are kept. Delete one first."
            )
        return CheckpointEntry(
            id=f"c{self._history.present.next_number:07d}{secrets.token_hex(4)}",
            info=replace(info, note=clean_note(info.note, self.limits.note_length)),
            model=manifest.model.key,
            sha256=pictures.digest(data),
            bytes=len(data),
            added=self._clock(),
        )

    def _commit_checkpoint(
        self,
        changed: Manifest,
        entry: CheckpointEntry,
        data: bytes,
        step: str,
        *,
        fact: bool = False,
    ) -> None:
        """Write a manifest with one more checkpoint; the files of those that it lacks go."""
        before = self.manifest
        self._commit(
            changed,
            step,
            fact=fact,
            files={f"checkpoints/{entry.id}.safetensors": data},
            next_number=self._history.present.next_number + 1,
        )
        stay = {one.id for one in changed.checkpoints}
        for old in before.checkpoints:
            if old.id not in stay:
                self._disk.remove(self._folder / "checkpoints" / f"{old.id}.safetensors")
                self._stored -= old.bytes

    def _thinned(self, manifest: Manifest, more: int) -> Manifest:
        """Without the automatic checkpoints that are too many, or for which there is no room. more:
        bytes that are to be written.
        """
        limit, most = self.limits.automatic_checkpoints, self.limits.workspace_bytes
        heads = {revision.manifest.head for revision in self._history.kept}
        found = changes.thinned(manifest, limit, most, {head for head in heads if head})
        if found.bytes <= most:
            return found
        bare = changes.thinned(manifest, limit, most, ())
        if bare.bytes > most:  # it is refused in any case
            return found
        self._make_room(more)  # or it is refused while there still is something to undo
        self._history.forget_steps()  # they lead to checkpoints that have to go
        return bare

    def delete_checkpoint(self, checkpoint_id: str) -> None:
        """Delete a checkpoint that is not your model just now. Raises WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.without_checkpoint(manifest, checkpoint_id)
            self._commit(changed, f"delete the checkpoint {step_of(manifest, checkpoint_id)}")

    def note_checkpoint(self, checkpoint_id: str, note: str) -> None:
        """Write a note to a checkpoint. Raises WorkspaceError."""
        text = clean_note(note, self.limits.note_length)
        with self._changing() as manifest:
            changed = changes.with_note(manifest, checkpoint_id, text)
            self._commit(changed, f"note on the checkpoint {step_of(manifest, checkpoint_id)}")

    def set_temperature(self, checkpoint_id: str, temperature: Tempering | None) -> None:
        """What a checkpoint's scores are divided by from now on; None: nothing. WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.with_temperature(manifest, checkpoint_id, temperature)
            step = f"use temperature {temperature.value:.2f}" if temperature else "no temperature"
            self._commit(changed, f"{step} for the checkpoint {step_of(manifest, checkpoint_id)}")

    def set_head(self, checkpoint_id: str | None) -> None:
        """Your model is that checkpoint from now on, or the base model. Raises WorkspaceError."""
        with self._changing() as manifest:
            changed = changes.with_head(manifest, checkpoint_id)
            step = (
                "restore the base model"
                if checkpoint_id is None
                else f"restore the checkpoint {step_of(manifest, checkpoint_id)}"
            )
            self._commit(changed, step)
