"""The bundled models, loaded ahead of the workers that will ask for them.

They are ours, so the nursery may read them, and ask them what every run asks the base model first;
the workers forked from it then find all that in memory. What people upload is read and run in its
own worker and never comes here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from odt_core.bundled import bundled_models, find_card
from odt_core.errors import OdtError
from odt_core.runtime.model import Model, load_model

_ready: dict[str, Model] = {}  # by the digest of their file


def prepare() -> Iterator[Path]:
    """At each step load a bundled model, or have it remember its answers to the base test set or
    to what is replayed; gives the model's file.
    """
    for path in bundled_models():
        try:
            model = load_model(path.read_bytes())
            _ready[model.sha256] = model
            yield path
            card = find_card(path)
            for load in (card.load_base_test, card.load_replay) if card else ():
                samples = load()
                if samples is not None:
                    model.session().infer(samples.x)
                    yield path
        except (OdtError, OSError):
            continue  # whoever asks for it is told


def load_ready(data: bytes, *, name: str) -> Model:
    """`load_model`, without work for a file that is ready."""
    model = _ready.get(hashlib.sha256(data).hexdigest())
    return load_model(data, name=name) if model is None else model.with_name(name)
