"""The smallest model that trains."""

from __future__ import annotations

import pytest

from odt_core.runtime import Model, load_model
from tests.runtime.tiny_models import OWN


@pytest.fixture
def model() -> Model:
    return load_model(OWN / "tiny_momentum.tflite")
