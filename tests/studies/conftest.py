"""The bundled model, a person's samples, and what trains it."""

from __future__ import annotations

import pytest

from odt_core.studies import WorkerTrainer
from tests.evaluation.evaluation_material import CARD, DIGITS, digits, person
from tests.studies.session_trainer import SessionTrainer


@pytest.fixture(scope="module")
def model():
    return digits()


@pytest.fixture(scope="module")
def samples(model):
    return person(model, "Coarse scan 1")


@pytest.fixture(scope="module")
def trainer(model):
    return SessionTrainer(model)


@pytest.fixture(scope="module")
def worker():
    with WorkerTrainer.start(DIGITS.read_bytes(), CARD) as started:
        yield started
