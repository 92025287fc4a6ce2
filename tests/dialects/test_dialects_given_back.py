"""Targets of the samples' shape: the samples again, or something else that must not be dropped."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.cli.sources import open_tests
from odt_core.errors import SampleError, SignatureError, TrainingError
from tests.dialects.small_nets import FLOATS, WIDTH, model_of

X = np.random.default_rng(3).normal(size=(16, WIDTH)).astype(np.float32)
NEXT = np.roll(X, -1, axis=1)  # of a series, the value that comes next
NAME = "--use task=values"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """What forecasts, reads like what gives its input back."""
    y = tf.TensorSpec([None, WIDTH], FLOATS)
    squared = lambda y, z: (y - z) ** 2  # noqa: E731
    folder = tmp_path_factory.mktemp("series")
    return model_of(squared, folder, outputs=WIDTH, y=y, name="output")


class TestTargetsOfTheSamplesShape:
    def test_step_refuses_them_where_they_differ(self, model):
        with pytest.raises(SignatureError, match=NAME):
            model.session().train_step(X, NEXT)

    def test_step_takes_the_samples_again_or_none_at_all(self, model):
        one, two = model.session(), model.session()
        assert one.train_step(X, X) == two.train_step(X, np.zeros((16, 0)))

    def test_fit_and_evaluate_refuse_them_where_they_differ(self, model):
        samples = odt.Samples(X, NEXT, odt.Labels(()))
        with pytest.raises(TrainingError, match=NAME):
            odt.fit(model.session(), samples, odt.Settings(epochs=1, replay=0))
        with pytest.raises(SampleError, match=NAME):
            odt.evaluate(model.session(), samples)

    def test_those_of_a_file_are_kept_unless_they_are_the_samples(self, model, tmp_path):
        np.savez(tmp_path / "next.npz", x=X, y=NEXT)
        np.savez(tmp_path / "same.npz", x=X, y=X)
        given = model.prepare(odt.read_samples(tmp_path / "next.npz"))
        np.testing.assert_array_equal(given.y, NEXT)
        assert model.prepare(odt.read_samples(tmp_path / "same.npz")).y.shape == (16, 0)
        given = open_tests([str(tmp_path / "next.npz")], model, model.labels)[0]
        np.testing.assert_array_equal(given.y, NEXT)

    def test_they_are_learnt_once_the_model_is_said_to_learn_them(self, model):
        chosen = model.with_choice(odt.Choice(task=odt.Task.VALUES))
        session = chosen.session()
        expected = np.mean((session.infer(X) - NEXT) ** 2)
        assert session.train_step(X, NEXT) == pytest.approx(expected, rel=1e-5)
