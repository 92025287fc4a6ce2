"""Labels of a workspace: each stands for one output of the model."""

from odt_core.errors import LabelError
from odt_core.samples import Labels
from odt_core.words import count
from odt_core.workspace import changes, outputs
from odt_core.workspace.manifest import LabelEntry, Manifest
from odt_core.workspace.names import clean_label
from odt_core.workspace.store import Store
from odt_core.workspace.words import label_name, new_ids


class HasLabels(Store):
    """The part of a workspace that knows labels."""

    def labels(self) -> Labels:
        """The enabled labels at the model's outputs."""
        return Labels(self.manifest.output_names())

    def add_label(self, name: str) -> LabelEntry:
        """A new label on the next free output of the model, or the next that nobody has named.
        Raises LabelError.
        """
        text = clean_label(name)
        with self._changing() as manifest:
            self._check_label_count(manifest)
            changed = outputs.with_outputs_named(manifest, [text])
            if changed is manifest:
                changed = changes.with_label(manifest, next(new_ids()), text)
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
            changed = changes.with_label_enabled(manifest, label_id, enabled)
            verb = "enable" if enabled else "disable"
            self._commit(changed, f"{verb} the label '{label_name(manifest, label_id)}'")

    def delete_label(self, label_id: str) -> None:
        """Delete a label and its samples. Raises LabelError."""
        with self._changing() as manifest:
            changed = changes.without_label(manifest, label_id)
            lost = len(manifest.samples) - len(changed.samples)
            also = f" and its {count(lost, 'sample')}" if lost else ""
            self._commit(changed, f"delete the label '{label_name(manifest, label_id)}'{also}")

    def _check_label_count(self, manifest: Manifest, more: int = 1) -> None:
        if len(manifest.labels) + more > self.limits.labels:
            raise LabelError(
                f"There are {len(manifest.labels)} labels; at most {self.limits.labels} are kept. "
                "Delete some, or use fewer."
            )
