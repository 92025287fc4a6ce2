"""The training loop: settings, batches, history, callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.checkpoint.progress import Progress
from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.training.callbacks import Autosave, Callback, Reason
    from odt_core.training.control import Control
    from odt_core.training.history import EvaluationRecord, History, Outcome, Record, Score
    from odt_core.training.loop import Run, fit
    from odt_core.training.settings import Schedule, Settings

__all__ = [
    "Autosave",
    "Callback",
    "Control",
    "EvaluationRecord",
    "History",
    "Outcome",
    "Progress",
    "Reason",
    "Record",
    "Run",
    "Schedule",
    "Score",
    "Settings",
    "fit",
]

__getattr__ = lazily(
    __name__,
    {
        "callbacks": ("Autosave", "Callback", "Reason"),
        "control": ("Control",),
        "history": ("EvaluationRecord", "History", "Outcome", "Record", "Score"),
        "loop": ("Run", "fit"),
        "settings": ("Schedule", "Settings"),
    },
)
