"""A person's workspace on disk: labels, samples, checkpoints, with undo, safe at any moment."""

from odt_core.workspace.arrivals import Elsewhere
from odt_core.workspace.limits import Limits
from odt_core.workspace.manifest import (
    CheckpointEntry,
    CheckpointInfo,
    Kind,
    LabelEntry,
    Manifest,
    ModelEntry,
    Part,
    SampleEntry,
    Score,
    Source,
)
from odt_core.workspace.workspace import Workspace
from odt_core.workspace.workspaces import Workspaces

__all__ = [
    "CheckpointEntry",
    "CheckpointInfo",
    "Elsewhere",
    "Kind",
    "LabelEntry",
    "Limits",
    "Manifest",
    "ModelEntry",
    "Part",
    "SampleEntry",
    "Score",
    "Source",
    "Workspace",
    "Workspaces",
]
