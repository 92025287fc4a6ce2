"""odt_core: personalise an on-device .tflite model through its own signatures, and prove it helped.

>>> import odt_core as odt
>>> model = odt.load_model("assets/models/digits.tflite")
>>> session = model.session()

The names below are the public surface; everything else is private to its room. Each is imported
when first used, so that `import odt_core` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

__version__ = "0.2.0"

if TYPE_CHECKING:
    from odt_core.baking import bake
    from odt_core.bundled import ModelCard, bundled_models
    from odt_core.checkpoint import (
        Checkpoint,
        Progress,
        load_checkpoint,
        load_checkpoint_file,
        save_checkpoint,
        save_checkpoint_file,
    )
    from odt_core.dialects import Choice, Task
    from odt_core.errors import OdtError
    from odt_core.evaluation import Comparison, Evaluation, compare, evaluate, mcnemar, wilson
    from odt_core.graph import describe, lower
    from odt_core.runtime import Model, Session, load_model
    from odt_core.samples import (
        Augmentation,
        Labels,
        Preprocessing,
        RawSamples,
        Samples,
        Subset,
        decode_image,
        prepare,
        read_samples,
        split,
    )
    from odt_core.training import (
        Autosave,
        Callback,
        Control,
        History,
        Outcome,
        Settings,
        fit,
    )
    from odt_core.worker import Worker
    from odt_core.workspace import Workspace, Workspaces

_ROOMS = {
    "baking": ("bake",),
    "bundled": ("ModelCard", "bundled_models"),
    "checkpoint": (
        "Checkpoint",
        "Progress",
        "load_checkpoint",
        "load_checkpoint_file",
        "save_checkpoint",
        "save_checkpoint_file",
    ),
    "errors": ("OdtError",),
    "evaluation": ("Comparison", "Evaluation", "compare", "evaluate", "mcnemar", "wilson"),
    "graph": ("describe", "lower"),
    "dialects": ("Choice", "Task"),
    "runtime": ("Model", "Session", "load_model"),
    "samples": (
        "Augmentation",
        "Labels",
        "Preprocessing",
        "RawSamples",
        "Samples",
        "Subset",
        "decode_image",
        "prepare",
        "read_samples",
        "split",
    ),
    "training": ("Autosave", "Callback", "Control", "History", "Outcome", "Settings", "fit"),
    "worker": ("Worker",),
    "workspace": ("Workspace", "Workspaces"),
}

__all__ = [
    "Augmentation",
    "Autosave",
    "Callback",
    "Checkpoint",
    "Choice",
    "Comparison",
    "Control",
    "Evaluation",
    "History",
    "Labels",
    "Model",
    "ModelCard",
    "OdtError",
    "Outcome",
    "Preprocessing",
    "Progress",
    "RawSamples",
    "Samples",
    "Session",
    "Settings",
    "Subset",
    "Task",
    "Worker",
    "Workspace",
    "Workspaces",
    "bake",
    "bundled_models",
    "compare",
    "decode_image",
    "describe",
    "evaluate",
    "fit",
    "load_checkpoint",
    "load_checkpoint_file",
    "load_model",
    "lower",
    "mcnemar",
    "prepare",
    "read_samples",
    "save_checkpoint",
    "save_checkpoint_file",
    "split",
    "wilson",
]

__getattr__ = lazily("odt_core", _ROOMS)


def __dir__() -> list[str]:
    return sorted(__all__)
