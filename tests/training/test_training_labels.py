"""Labels that a person added go with what was learnt: session, checkpoint, another session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.checkpoint import load_checkpoint, save_checkpoint
from odt_core.runtime import Model, load_model
from odt_core.samples import Labels, Samples
from odt_core.training import Control, Settings, fit

DIGITS = Path(__file__).parents[2] / "assets" / "models" / "digits.tflite"
SETTINGS = Settings(epochs=8, replay=0.3)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(DIGITS)


@pytest.fixture(scope="module")
def mine(model) -> Samples:
    """A cross on the first free output, beside ten digits."""
    digits = model.prepare(model.card.load_people()["Writer 1"]).take(np.arange(10))
    cross = np.maximum(np.eye(28), np.eye(28)[::-1]).astype(np.float32)[None, :, :, None]
    labels = digits.labels.extended(["cross"])
    y = np.append(digits.y, np.full(10, labels.index("cross")))
    return Samples(np.concatenate([digits.x, np.repeat(cross, 10, 0)]), y, labels)


class TestLabels:
    def test_checkpoint_of_the_session_says_them_and_another_session_takes_them_over(
        self, model, mine
    ):
        session, other = model.session(), model.session()
        nothing = mine.take(np.zeros(0, int))
        fit(session, mine, SETTINGS, base_test=nothing)
        assert session.labels == mine.labels
        data = save_checkpoint(session.checkpoint())
        other.restore(load_checkpoint(data, model))
        assert other.labels.names == other.checkpoint().meta.labels == mine.labels.names
        answer = other.predict_proba(mine.x[-1:])
        assert other.labels.names[int(answer.argmax())] == "cross"
        session.reset()
        assert session.labels == model.labels
        assert session.checkpoint().meta.labels == model.labels.names

    def test_a_run_that_learnt_nothing_leaves_those_of_before(self, model, mine):
        control, session = Control(), model.session()
        control.stop()
        nothing = mine.take(np.zeros(0, int))
        assert fit(session, mine, SETTINGS, base_test=nothing, control=control).steps == 0
        assert session.labels == model.labels

    @pytest.mark.parametrize("names", [(), ("a", "b"), ("a",) * 16])
    def test_checkpoints_without_names_that_can_be_go_by_the_models(self, model, mine, names):
        session = model.session()
        checkpoint = session.checkpoint()
        session.labels = mine.labels
        session.restore(replace(checkpoint, meta=replace(checkpoint.meta, labels=names)))
        assert session.labels == model.labels

    def test_labels_given_for_a_checkpoint_come_first(self, model):
        assert model.session().checkpoint(labels=("a",)).meta.labels == ("a",)
        assert Labels(model.session().checkpoint().meta.labels) == model.labels
