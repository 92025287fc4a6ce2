"""Wording of undo steps and messages, and the ids that labels get."""

import secrets
from collections.abc import Iterator

from odt_core.words import count
from odt_core.workspace.manifest import Manifest


def new_ids() -> Iterator[str]:
    """Ids for new labels, without end."""
    while True:
        yield f"l{secrets.token_hex(6)}"


def label_name(manifest: Manifest, label_id: str) -> str:
    """What the person calls a label; "?" for one that is not there."""
    known = (*manifest.labels, *manifest.resting)
    return next((label.name for label in known if label.id == label_id), "?")


def step_of(manifest: Manifest, checkpoint_id: str) -> str:
    """ "of step 240" for a checkpoint."""
    entry = manifest.checkpoint(checkpoint_id)
    return f"of step {entry.info.steps}" if entry else "?"


def samples_in_words(manifest: Manifest, ids: set[str]) -> str:
    """ "3 samples of 'cat'"; only how many, where some have no label."""
    said = count(len(ids), "sample")
    labels = {sample.label for sample in manifest.samples if sample.id in ids}
    if "" in labels:
        return said
    of = f"'{label_name(manifest, labels.pop())}'" if len(labels) == 1 else f"{len(labels)} labels"
    return f"{said} of {of}"
