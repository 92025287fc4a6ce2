"""The data sets of the model cards as model input, read once for all visitors of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from odt_core.bundled import ModelCard
from odt_core.samples import Samples

_kept: dict[Path, Samples | None] = {}  # two a bundled model, about 3 MB each
_lock = threading.Lock()


def base_test_of(card: ModelCard) -> Samples | None:
    """The frozen base test set, or None where the card has none."""
    return _once(card.base_test, card.load_base_test)


def replay_of(card: ModelCard) -> Samples | None:
    """Base samples to mix into training, or None where the card has none."""
    return _once(card.replay, card.load_replay)


def _once(path: Path | None, load: Callable[[], Samples | None]) -> Samples | None:
    if path is None:
        return None
    with _lock:
        if path not in _kept:
            _kept[path] = load()
        return _kept[path]
