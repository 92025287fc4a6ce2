"""Models and people that the tests of evaluation share."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

from odt_core.bundled import bundled_models, find_card
from odt_core.runtime import Model, load_model
from odt_core.samples import Samples, split
from odt_core.training import Settings

ZOO = Path(__file__).parents[1] / "oracle" / "models"
DIGITS = bundled_models()[0]
CARD = find_card(DIGITS)
assert CARD is not None
# Two fifths of the card's epochs: enough for the gain that the tests are about.
SETTINGS = replace(Settings.from_json(CARD.settings), epochs=10)
SHORT = replace(SETTINGS, epochs=2)  # where no gain is asked for


def zoo_model(name: str) -> bytes:
    """A model of the oracle's zoo."""
    return gzip.decompress((ZOO / f"{name}.tflite.gz").read_bytes())


def digits() -> Model:
    """The bundled model."""
    return load_model(DIGITS)


def person(model: Model, name: str) -> tuple[Samples, Samples]:
    """A bundled person's samples, (train, test), half and half."""
    return split(model.prepare(model.card.load_people()[name]), share=0.5)
