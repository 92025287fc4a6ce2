"""Checkpoints as safetensors, and TensorFlow's own formats."""

from odt_core.checkpoint.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    check_belongs,
    load_checkpoint,
    load_checkpoint_file,
    save_checkpoint,
    save_checkpoint_file,
)
from odt_core.checkpoint.progress import Progress

__all__ = [
    "Checkpoint",
    "CheckpointMeta",
    "Progress",
    "check_belongs",
    "load_checkpoint",
    "load_checkpoint_file",
    "save_checkpoint",
    "save_checkpoint_file",
]
