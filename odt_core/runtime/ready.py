"""The bundled models, loaded ahead of the workers that will ask for them.

They are ours, so the nursery may read them; the workers forked from it then find them in memory.
What people upload is read in its own worker and never comes here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from odt_core.bundled import bundled_models
from odt_core.errors import OdtError
from odt_core.runtime.model import Model, load_model

_ready: dict[str, Model] = {}  # by the digest of their file


def prepare() -> Iterator[Path]:
    """Load one bundled model at each step; gives its file."""
    for path in bundled_models():
        try:
            model = load_model(path.read_bytes())
        except (OdtError, OSError):
            continue  # whoever asks for it is told
        _ready[model.sha256] = model
        yield path


def load_ready(data: bytes, *, name: str) -> Model:
    """`load_model`, without work for a file that is ready."""
    model = _ready.get(hashlib.sha256(data).hexdigest())
    return load_model(data, name=name) if model is None else replace(model, name=name)
