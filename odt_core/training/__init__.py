"""The training loop: settings, batches, history, callbacks."""

from odt_core.checkpoint.progress import Progress
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
