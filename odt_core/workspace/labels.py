"""Labels of a workspace: each stands for one output of the model."""

import contextlib

from odt_core.checkpoint.checkpoint import load_checkpoint
from odt_core.errors import CheckpointError, LabelError
from odt_core.samples import Labels
from odt_core.words import count
from odt_core.workspace import changes, outputs
from odt_core.workspace.manifest import CheckpointEntry, LabelEntry, Manifest
from odt_core.workspace.names import clean_label
from odt_core.workspace.store import Store
from odt_core.workspace.words import label_name, new_ids


class HasLabels(Store):
    """The part of a workspace that knows labels."""

    _trained: tuple[str, tuple[str | None, ...]] | None = None  # of the head that was asked last

    def labels(self) -> Labels:
        """The enabled labels at the model's outputs."""
        return Labels(self.manifest.output_names())

    def add_label(self, name: str) -> LabelEntry:
        """A new label on the next output of the model that is free and has learnt no other label
        (`outputs.free_output`), or the next that nobody has named. Raises LabelError.
        """
        text = clean_label(name)
        with self._changing() as manifest:
            self._check_label_count(manifest)
            changed = outputs.with_outputs_named(manifest, [text])
            if changed is manifest:
                trained = self._trained_names(manifest)
                changed = changes.with_label(manifest, next(new_ids()), text, trained)
            self._commit(changed, f"add the label '{text}'")
            return next(label for label in changed.labels if label.name == text)

    def rename_label(self, label_id: str, name: str) -> None:
        """Another name for a label. Raises LabelError."""
        text = clean_label(name)
        with self._changing() as manifest:
            changed = changes.with_label_name(manifest, label_id, text)
            self._commit(changed, f"rename '{label_name(manifest, label_id)}' to '{text}'")

    def enable_label(self, label_id: str, enabled: bool) -> None:
        """Use a label in training and predictions, or leave it out. Raises LabelError."""
        with self._changing() as manifest:
            trained = self._trained_names(manifest)
            changed = changes.with_label_enabled(manifest, label_id, enabled, trained)
            verb = "enable" if enabled else "disable"
            self._commit(changed, f"{verb} the label '{label_name(manifest, label_id)}'")

    def delete_label(self, label_id: str) -> None:
        """Delete a label and its samples. Raises LabelError."""
        with self._changing() as manifest:
            changed = changes.without_label(manifest, label_id)
            lost = len(manifest.samples) - len(changed.samples)
            also = f" and its {count(lost, 'sample')}" if lost else ""
            self._commit(changed, f"delete the label '{label_name(manifest, label_id)}'{also}")

    def _trained_names(self, manifest: Manifest) -> tuple[str | None, ...]:
        """What the outputs of your model were called when it was trained; empty: not known."""
        head = manifest.head_entry
        if head is None:
            return ()
        if self._trained is None or self._trained[0] != head.id:
            self._trained = head.id, self._names_in(head)
        return self._trained[1]

    def _names_in(self, entry: CheckpointEntry) -> tuple[str | None, ...]:
        data = self._file("checkpoints", f"{entry.id}.safetensors", entry.sha256)
        with contextlib.suppress(CheckpointError):
            return load_checkpoint(data).meta.labels if data is not None else ()
        return ()

    def _check_label_count(self, manifest: Manifest, more: int = 1) -> None:
        if len(manifest.labels) + more > self.limits.labels:
            raise LabelError(
                f"There are {len(manifest.labels)} labels; at most {self.limits.labels} are kept. "
                "Delete some, or use fewer."
            )
