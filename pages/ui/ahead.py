"""What later clicks need, imported in the background when the first page is on its way."""

from __future__ import annotations

import gc
import importlib
import threading

_WAIT = 1.0  # seconds, in which the first visitor's browser draws the page
_MODULES = (
    "odt_core.worker.remote",
    "odt_core.evaluation",
    "odt_core.evidence",
    "pages.ui.evaluate.parts",
    "pages.ui.timeline",
    "pages.ui.compare",
    "pages.ui.checkpoint_tools",
    "pages.ui.model_facts",
    "pages.ui.mapping",
    "pages.ui.input_card",
    "pages.ui.names_card",
)
_begun = threading.Event()


def import_ahead() -> None:
    """Begin once in this process; returns at once."""
    if not _begun.is_set():
        _begun.set()
        timer = threading.Timer(_WAIT, _import)
        timer.daemon = True
        timer.start()


def _import() -> None:
    for name in _MODULES:
        importlib.import_module(name)
    # All that stands now stays: later collections need not look at it again.
    gc.collect()
    gc.freeze()
