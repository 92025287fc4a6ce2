"""What a checkpoint calls a model's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.samples.labels import Labels

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint
    from odt_core.runtime.model import Model


def labels_in(checkpoint: Checkpoint, model: Model) -> Labels:
    """The labels that a checkpoint was trained with; the model's own where it has none, or none
    that can be.
    """
    return Labels.said(checkpoint.meta.labels, model.labels)
