"""Every change of a workspace as a pure function: the old manifest in, the new one out. Which label
stands for which output of the model is in `outputs`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from odt_core.checkpoint.tempering import Tempering
from odt_core.errors import LabelError, WorkspaceError
from odt_core.samples.labels import same_label
from odt_core.workspace.manifest import (
    CheckpointEntry,
    CheckpointInfo,
    Kind,
    LabelEntry,
    Manifest,
    Part,
    RunEntry,
    SampleEntry,
)
from odt_core.workspace.outputs import free_output


def with_label(
    manifest: Manifest, label_id: str, name: str, trained: Sequence[str | None]
) -> Manifest:
    """One more label, on the output that is free for it. trained: as of `free_output`."""
    _check_free_name(manifest, name)
    label = LabelEntry(label_id, name, free_output(manifest, name, trained))
    return replace(manifest, labels=(*manifest.labels, label))


def with_label_name(manifest: Manifest, label_id: str, name: str) -> Manifest:
    """The label under another name; its output and its samples stay."""
    label = _label(manifest, label_id)
    _check_free_name(manifest, name, but=label_id)
    return _with_label_entry(manifest, replace(label, name=name))


def with_label_enabled(
    manifest: Manifest, label_id: str, enabled: bool, trained: Sequence[str | None]
) -> Manifest:
    """The label switched on or off; off, it is neither trained nor predicted. trained: as of
    `free_output`.
    """
    label = _label(manifest, label_id)
    if enabled and label.output is None:
        label = replace(label, output=free_output(manifest, label.name, trained))
    return _with_label_entry(manifest, replace(label, enabled=enabled))


def without_label(manifest: Manifest, label_id: str) -> Manifest:
    """The label and its samples gone."""
    _label(manifest, label_id)
    return replace(
        manifest,
        labels=tuple(label for label in manifest.labels if label.id != label_id),
        samples=tuple(sample for sample in manifest.samples if sample.label != label_id),
    )


def with_samples(manifest: Manifest, samples: Iterable[SampleEntry]) -> Manifest:
    """More samples, newest last."""
    return replace(manifest, samples=(*manifest.samples, *samples))


def without_samples(manifest: Manifest, ids: Collection[str]) -> Manifest:
    """The samples with these ids gone."""
    _check_samples(manifest, ids)
    return replace(
        manifest, samples=tuple(sample for sample in manifest.samples if sample.id not in ids)
    )


def with_part(manifest: Manifest, ids: Collection[str], part: Part, moved: float = 0.0) -> Manifest:
    """The samples with these ids used for training or for testing from now on. moved: when a person
    said so, which each that changes notes; 0: nobody did.
    """
    _check_samples(manifest, ids)
    return replace(
        manifest,
        samples=tuple(
            replace(sample, part=part, moved=moved or sample.moved)
            if sample.id in ids and sample.part is not part
            else sample
            for sample in manifest.samples
        ),
    )


def with_settings(manifest: Manifest, settings: Mapping[str, Any]) -> Manifest:
    """Other training settings."""
    return replace(manifest, settings=MappingProxyType(dict(settings)))


def with_checkpoint(manifest: Manifest, entry: CheckpointEntry, *, as_head: bool) -> Manifest:
    """One more checkpoint, which may become your model at once."""
    head = entry.id if as_head else manifest.head
    return replace(manifest, checkpoints=(*manifest.checkpoints, entry), head=head)


def without_checkpoint(manifest: Manifest, checkpoint_id: str) -> Manifest:
    """The checkpoint gone. WorkspaceError when it is your model just now."""
    _checkpoint(manifest, checkpoint_id)
    if manifest.head == checkpoint_id:
        raise WorkspaceError(
            "This checkpoint is your model just now. Restore another one first, then delete it."
        )
    return replace(
        manifest,
        checkpoints=tuple(other for other in manifest.checkpoints if other.id != checkpoint_id),
        hidden=manifest.hidden | {checkpoint_id},
    )


def with_temperature(
    manifest: Manifest, checkpoint_id: str, temperature: Tempering | None
) -> Manifest:
    """The checkpoint with a temperature for its scores, or without one."""
    entry = _checkpoint(manifest, checkpoint_id)
    return _with_info(manifest, entry, replace(entry.info, temperature=temperature))


def with_note(manifest: Manifest, checkpoint_id: str, note: str) -> Manifest:
    """The checkpoint with another note."""
    entry = _checkpoint(manifest, checkpoint_id)
    return _with_info(manifest, entry, replace(entry.info, note=note))


def with_head(manifest: Manifest, checkpoint_id: str | None) -> Manifest:
    """Your model is that checkpoint, or with None the base model."""
    if checkpoint_id is not None:
        entry = _checkpoint(manifest, checkpoint_id)
        if manifest.model is None or entry.model != manifest.model.key:
            raise WorkspaceError(
                "This checkpoint belongs to another model. Choose that model first."
            )
    return replace(manifest, head=checkpoint_id)


def with_run(manifest: Manifest, run: RunEntry, limit: int) -> Manifest:
    """One more training run; beyond `limit` the oldest are dropped."""
    return replace(manifest, runs=(*manifest.runs, run)[-limit:])


def emptied(manifest: Manifest, ids: Iterable[str]) -> Manifest:
    """No samples, the model's own labels, the base model; checkpoints and runs stay."""
    bare = replace(
        manifest,
        samples=(),
        labels=(),
        resting=(),
        head=None,
        settings=MappingProxyType({}),
        left=(),
    )
    if manifest.model is None:
        return bare
    labels = (
        LabelEntry(label_id, name, output)
        for label_id, (output, name) in zip(
            ids,
            ((o, n) for o, n in enumerate(manifest.model.outputs) if n is not None),
            strict=False,
        )
    )
    return replace(bare, labels=tuple(labels))


def thinned(
    manifest: Manifest, limit: int, most_bytes: int, protected: Collection[str]
) -> Manifest:
    """At most `limit` automatic checkpoints, and fewer where `manifest.bytes` would be more than
    `most_bytes`: plain autosaves go first, then the oldest others.

    Never the newest one, never one whose id is in `protected`, never one kept by hand.
    """
    automatic = [entry for entry in manifest.checkpoints if entry.info.kind.automatic]
    spare = [
        entry for entry in automatic[:-1] if entry.id not in protected and entry.id != manifest.head
    ]
    spare.sort(key=lambda entry: entry.info.kind is not Kind.AUTO)  # stable: oldest first in each
    gone, excess = set(), manifest.bytes - most_bytes
    for place, entry in enumerate(spare):
        if place >= len(automatic) - limit and excess <= 0:
            break
        gone.add(entry.id)
        excess -= entry.bytes
    return replace(
        manifest, checkpoints=tuple(entry for entry in manifest.checkpoints if entry.id not in gone)
    )


def travelled(present: Manifest, target: Manifest, exists: Collection[str]) -> Manifest:
    """What undo or redo shows: `target`, but no model that was kept is taken back.

    Runs, and checkpoints that `target` does not know and has not deleted, come from `present`.
    Checkpoints that were thinned out since (not in `exists`) do not come back.
    """
    known = {entry.id for entry in target.checkpoints} | target.hidden
    made_since = [entry for entry in present.checkpoints if entry.id not in known]
    checkpoints = [entry for entry in (*target.checkpoints, *made_since) if entry.id in exists]
    checkpoints.sort(key=lambda entry: entry.id)  # ids count upwards
    return replace(
        target,
        checkpoints=tuple(checkpoints),
        head=target.head if target.head in exists else None,
        runs=present.runs,
    )


def _label(manifest: Manifest, label_id: str) -> LabelEntry:
    label = manifest.label(label_id)
    if label is None:
        raise LabelError("That label is not there any more. Reload the page.")
    return label


def _checkpoint(manifest: Manifest, checkpoint_id: str) -> CheckpointEntry:
    entry = manifest.checkpoint(checkpoint_id)
    if entry is None:
        raise WorkspaceError("That checkpoint is not there any more. Reload the page.")
    return entry


def _with_info(manifest: Manifest, entry: CheckpointEntry, info: CheckpointInfo) -> Manifest:
    said = replace(entry, info=info)
    return replace(
        manifest,
        checkpoints=tuple(said if other is entry else other for other in manifest.checkpoints),
    )


def _with_label_entry(manifest: Manifest, changed: LabelEntry) -> Manifest:
    return replace(
        manifest,
        labels=tuple(changed if label.id == changed.id else label for label in manifest.labels),
    )


def _check_free_name(manifest: Manifest, name: str, but: str | None = None) -> None:
    for label in manifest.labels:
        if label.id != but and same_label(label.name, name):
            raise LabelError(f"There is a label {label.name!r} already. Use another name.")


def _check_samples(manifest: Manifest, ids: Collection[str]) -> None:
    if not set(ids) <= {sample.id for sample in manifest.samples}:
        raise WorkspaceError("Some of these samples are not there any more. Reload the page.")
