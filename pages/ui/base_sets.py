"""The frozen base test sets of the model cards, read once for all visitors."""

from __future__ import annotations

import threading
from pathlib import Path

from odt_core.bundled import ModelCard
from odt_core.samples import Samples

_kept: dict[Path, Samples] = {}  # one a bundled model, about 3 MB
_lock = threading.Lock()


def base_test_of(card: ModelCard) -> Samples | None:
    """The base test set as model input, or None where the card has none."""
    if card.base_test is None:
        return None
    with _lock:
        if card.base_test not in _kept:
            samples = card.load_base_test()
            assert samples is not None
            _kept[card.base_test] = samples
        return _kept[card.base_test]
