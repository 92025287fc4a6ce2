"""Variants made ahead are those that are made when they are asked for."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from odt_core.dialects import Choice, Task
from odt_core.runtime import load_model
from odt_core.samples import Augmentation, Samples
from odt_core.training import Settings, fit, variants
from odt_core.training.batches import plan
from odt_core.training.variants import Variants

MODELS = Path(__file__).parents[1] / "oracle" / "models"
X = np.random.default_rng(0).random((10, 12, 12, 1), np.float32)
PLAN = plan(Settings(epochs=3, batch_size=4, replay=0.0, seed=5), len(X), 0)


@pytest.fixture(params=[1, 2], ids=["one core", "two cores"])
def made(request, monkeypatch) -> Variants:
    monkeypatch.setattr(variants, "usable_cores", lambda: request.param)
    return Variants(Augmentation(), X, PLAN)


def alone(step: int) -> np.ndarray:
    return Variants(Augmentation(), X, PLAN).of(step)


def test_every_step_has_its_own_whatever_was_asked_before(made):
    every = [made.of(step) for step in range(PLAN.total)]
    for step in (0, 1, PLAN.total - 1, 4, 4, 2):
        np.testing.assert_array_equal(made.of(step), every[step])
        np.testing.assert_array_equal(alone(step), every[step])
    assert len({one.tobytes() for one in every}) == PLAN.total


def test_next_step_is_made_while_this_one_trains_and_none_after_the_last(monkeypatch):
    monkeypatch.setattr(variants, "usable_cores", lambda: 2)
    made = Variants(Augmentation(), X, PLAN)
    asked: list[int] = []
    make = made._make
    monkeypatch.setattr(made, "_make", lambda step: asked.append(step) or make(step))
    made.of(PLAN.total - 2)
    made.of(PLAN.total - 1)
    assert asked == [PLAN.total - 2, PLAN.total - 1]


def test_what_goes_wrong_ahead_is_said_when_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(variants, "usable_cores", lambda: 2)
    made = Variants(Augmentation(), X, PLAN)
    make = made._make

    def fails_later(step: int) -> np.ndarray:
        if step:
            raise ValueError("no such picture")
        return make(step)

    monkeypatch.setattr(made, "_make", fails_later)
    assert made.of(0).shape == (PLAN.own_per_step, *X.shape[1:])
    with pytest.raises(ValueError, match="no such picture"):
        made.of(1)


def test_windows_of_numbers_and_photographs_with_masks_are_not_varied():
    """Else a turned photograph would be taught the mask of the upright one."""
    data = gzip.decompress((MODELS / "segmentation_keras2.tflite.gz").read_bytes())
    model = load_model(data).with_choice(Choice(task=Task.VALUES))
    assert model.preprocessing.kind != "none"
    x = np.random.default_rng(0).random((8, 8, 8, 1), np.float32)
    samples = Samples(x, (x > 0.5).astype(np.float32), model.labels)

    def trained(strength: float) -> dict[str, np.ndarray]:
        session = model.session()
        fit(session, samples, Settings(epochs=2, batch_size=4, augment=strength))
        return session.state()

    still, varied = trained(0.0), trained(1.0)
    assert all(np.array_equal(still[name], varied[name]) for name in still)
