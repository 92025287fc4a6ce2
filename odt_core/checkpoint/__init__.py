"""Checkpoints as safetensors, and TensorFlow's own formats."""

from odt_core.checkpoint.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    load_checkpoint,
    load_checkpoint_file,
    save_checkpoint,
    save_checkpoint_file,
)

__all__ = [
    "Checkpoint",
    "CheckpointMeta",
    "load_checkpoint",
    "load_checkpoint_file",
    "save_checkpoint",
    "save_checkpoint_file",
]
