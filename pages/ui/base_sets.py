"""The data sets of the model cards as model input, prepared once for all visitors of this process.

Redrawing the ink of 2,000 pictures takes seconds: it happens in the background, after the first
page is on the screen, so that Train need not wait for it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from odt_core.bundled import ModelCard
from odt_core.samples import Samples

_AFTER = 2.0  # seconds that the first page gets for itself
_kept: dict[tuple[Path, str], Samples] = {}  # two a bundled model, about 3 MB each
_lock = threading.Lock()
_warmed: set[str] = set()


def base_test_of(card: ModelCard) -> Samples | None:
    """The frozen base test set, or None where the card has none."""
    return _once(card, card.base_test, "base test")


def replay_of(card: ModelCard) -> Samples | None:
    """Base samples to mix into training, or None where the card has none."""
    return _once(card, card.replay, "replay")


def prepare_soon(card: ModelCard) -> None:
    """Prepare both in the background; the second call for a card does nothing."""
    if card.name not in _warmed:
        _warmed.add(card.name)
        threading.Thread(target=_prepare, args=(card,), name="odt-base-sets", daemon=True).start()


def _prepare(card: ModelCard) -> None:
    time.sleep(_AFTER)
    replay_of(card)
    base_test_of(card)


def _once(card: ModelCard, path: Path | None, what: str) -> Samples | None:
    if path is None:
        return None
    with _lock:
        if (path, what) not in _kept:
            samples = card.load_replay() if what == "replay" else card.load_base_test()
            assert samples is not None
            _kept[path, what] = samples
        return _kept[path, what]
