"""The training loop: settings, batches, history, callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odt_core.lazy import lazily

if TYPE_CHECKING:
    from odt_core.training.callbacks import Autosave, Callback, Reason
    from odt_core.training.control import Control
    from odt_core.training.history import EvaluationRecord, History, Outcome, Record
    from odt_core.training.loop import Run, fit
    from odt_core.training.settings import Settings

__all__ = [
    "Autosave",
    "Callback",
    "Control",
    "EvaluationRecord",
    "History",
    "Outcome",
    "Reason",
    "Record",
    "Run",
    "Settings",
    "fit",
]

__getattr__ = lazily(
    __name__,
    {
        "callbacks": ("Autosave", "Callback", "Reason"),
        "control": ("Control",),
        "history": ("EvaluationRecord", "History", "Outcome", "Record"),
        "loop": ("Run", "fit"),
        "settings": ("Settings",),
    },
)
