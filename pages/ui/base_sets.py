"""The data sets of the model cards as model input, read once for all visitors of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from odt_core.bundled import ModelCard
from odt_core.dialects.contract import OutputKind
from odt_core.samples import Samples

_Scores = tuple[np.ndarray, OutputKind]
_kept: dict[Path, Samples | None] = {}  # two a bundled model, about 3 MB each
_lock = threading.Lock()
_scores: dict[Path, _Scores] = {}


def base_test_of(card: ModelCard) -> Samples | None:
    """The frozen base test set, or None where the card has none."""
    return _once(card.base_test, card.load_base_test)


def replay_of(card: ModelCard) -> Samples | None:
    """Base samples to mix into training, or None where the card has none."""
    return _once(card.replay, card.load_replay)


def base_scores_of(card: ModelCard, ask: Callable[[np.ndarray], _Scores]) -> _Scores:
    """What a bundled model, as it is in its file, gives for its base test set. ask: a process that
    runs it; asked by the first visitor for all. Those who come before it has answered ask their
    own: nobody waits for another visitor's process.
    """
    base_test, path = base_test_of(card), card.base_test
    assert base_test is not None
    assert path is not None
    if path not in _scores:
        _scores[path] = ask(base_test.x)
    return _scores[path]


def _once(path: Path | None, load: Callable[[], Samples | None]) -> Samples | None:
    if path is None:
        return None
    with _lock:
        if path not in _kept:
            _kept[path] = load()
        return _kept[path]
