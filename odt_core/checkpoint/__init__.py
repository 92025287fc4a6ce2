"""Checkpoints as safetensors, and TensorFlow's own formats."""

from odt_core.checkpoint.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    check_belongs,
    load_checkpoint,
    load_checkpoint_file,
    same_origin,
    save_checkpoint,
    save_checkpoint_file,
    why_not_of,
    with_marks,
)
from odt_core.checkpoint.progress import Progress
from odt_core.checkpoint.tempering import Tempering

__all__ = [
    "Checkpoint",
    "CheckpointMeta",
    "Progress",
    "Tempering",
    "check_belongs",
    "load_checkpoint",
    "load_checkpoint_file",
    "same_origin",
    "save_checkpoint",
    "save_checkpoint_file",
    "why_not_of",
    "with_marks",
]
