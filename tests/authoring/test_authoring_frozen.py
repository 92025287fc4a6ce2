"""Models with frozen layers: these run once for each sample, and the rest learns the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pytest
from keras import layers

from odt_core import load_model
from odt_core.authoring import to_trainable_tflite
from odt_core.errors import SignatureError, TrainingError
from odt_core.graph import describe
from odt_core.graph.flatbuffer import read
from odt_core.graph.trunk.apart import EXTRACT, FEATURES
from odt_core.graph.variables import find_variables
from odt_core.runtime import bottlenecks, remembered
from odt_core.runtime.frozen import Trunk
from odt_core.runtime.model import Model
from odt_core.runtime.session import Session
from odt_core.samples import Labels, Samples
from odt_core.training import Settings, fit

OUTPUTS = 4
ROUNDING = 1e-6  # of numbers around 1: a call on another number of samples may add in another order


def frozen(inputs: keras.KerasTensor, outputs: keras.KerasTensor, learns: str) -> keras.Model:
    """A model of which only layers whose name has `learns` in it learn."""
    model = keras.Model(inputs, outputs)
    for layer in model.layers:
        layer.trainable = learns in layer.name
    return model


def _convolutions(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(16, 3, padding="same", activation="relu")(x)


def _head(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Dense(OUTPUTS, name="learns")(x)


def plain() -> keras.Model:
    x = layers.Input((16, 16, 1))
    return frozen(x, _head(layers.Flatten()(layers.MaxPooling2D()(_convolutions(x)))), "learns")


def normalised() -> keras.Model:
    x = layers.Input((16, 16, 3))
    y = layers.Conv2D(16, 3, padding="same", use_bias=False)(layers.Rescaling(2.0, -1)(x))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.DepthwiseConv2D(3, padding="same")(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(32, 1)(y)))
    return frozen(x, _head(layers.GlobalAveragePooling2D()(y)), "learns")


def dropout_after() -> keras.Model:
    x = layers.Input((16, 16, 1))
    y = layers.GlobalAveragePooling2D()(_convolutions(x))
    return frozen(x, _head(layers.Dropout(0.3, seed=1)(y)), "learns")


def dropout_inside() -> keras.Model:
    x = layers.Input((16, 16, 1))
    y = layers.Dropout(0.3, seed=1)(_convolutions(x))
    y = layers.Conv2D(8, 3, activation="relu")(y)
    return frozen(x, _head(layers.Flatten()(y)), "learns")


def two_heads() -> keras.Model:
    x = layers.Input((16, 16, 1))
    y = _convolutions(x)
    tops = layers.GlobalAveragePooling2D()(y), layers.GlobalMaxPooling2D()(y)
    outputs = [layers.Dense(OUTPUTS, name=f"learns{i}")(top) for i, top in enumerate(tops)]
    return frozen(x, layers.Add()(outputs), "learns")


def joined() -> keras.Model:
    x = layers.Input((16, 16, 1))
    parts = [layers.GlobalAveragePooling2D()(_convolutions(x)), layers.Flatten()(x)]
    return frozen(x, _head(layers.Concatenate()(parts)), "learns")


def sensor() -> keras.Model:
    x = layers.Input((32, 6))
    y = layers.Conv1D(64, 5, activation="relu")(x)
    y = layers.Conv1D(64, 5, activation="relu")(y)
    return frozen(x, _head(layers.GlobalAveragePooling1D()(y)), "learns")


def pointwise() -> keras.Model:
    """What learns takes all places of all samples as the rows of one matrix."""
    x = layers.Input((16, 16, 1))
    y = layers.Conv2D(4, 1, activation="relu", name="learns")(_convolutions(x))
    return frozen(x, layers.Dense(OUTPUTS, name="learns_too")(layers.Flatten()(y)), "learns")


def around() -> keras.Model:
    """The samples also go where it learns."""
    x = layers.Input((16, 16, 1))
    y = layers.GlobalAveragePooling2D()(_convolutions(x))
    z = layers.Dense(8, name="learns_too")(layers.Flatten()(x))
    return frozen(x, _head(layers.Concatenate()([y, z])), "learns")


def last_frozen() -> keras.Model:
    """What is frozen comes after what learns."""
    x = layers.Input((16, 16, 1))
    y = layers.Conv2D(8, 3, name="learns")(x)
    return frozen(x, layers.Dense(OUTPUTS)(layers.Flatten()(_convolutions(y))), "learns")


def small() -> keras.Model:
    """Computing it again takes no longer than looking it up."""
    x = layers.Input((16,))
    return frozen(x, _head(layers.Dense(128, activation="relu")(x)), "learns")


APART: dict[Callable[[], keras.Model], tuple[int, ...]] = {
    plain: (1024,),
    normalised: (32,),
    dropout_after: (16,),
    dropout_inside: (16, 16, 16),
    two_heads: (16, 16, 16),
    joined: (272,),
    pointwise: (16, 16, 16),
    sensor: (64,),
}
WHOLE = [around, last_frozen, small]


@cache
def made(build: Callable[[], keras.Model]) -> Model:
    keras.utils.set_random_seed(1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return load_model(
        to_trainable_tflite(build(), loss=loss, optimizer=keras.optimizers.SGD(0.05, 0.9))
    )


def own(model: Model, count: int = 40) -> Samples:
    rng = np.random.default_rng(2)
    x = rng.random((count, *model.contract.input_shape), np.float32)
    return Samples(x, np.arange(count) % OUTPUTS, Labels.numbered(OUTPUTS))


class Counting(Session):
    """Counts the samples that the frozen part is run on."""

    extracted = 0

    def _interpret(self) -> None:
        super()._interpret()
        if self._frozen is not None:
            compute = self._frozen._compute

            def counted(x: np.ndarray) -> np.ndarray:
                self.extracted += len(x)
                return compute(x)

            self._frozen._compute = counted


@pytest.mark.parametrize("build", APART, ids=lambda build: build.__name__)
class TestApart:
    def test_ends_where_learning_begins_and_the_model_says_what_it_said(self, build):
        model = made(build)
        assert model.apart.contract.feature_shape == APART[build]
        assert model.apart.contract.infer_features is not None
        assert model.apart.description.signature("odt_extract").assigns == ()
        assert model.contract.extract is None
        assert not [s.name for s in model.description.signatures if s.name == "odt_extract"]
        assert describe(model.data).signatures == model.description.signatures

    def test_run_learns_what_the_whole_model_learns(self, build):
        model = made(build)
        samples = own(model)
        settings = Settings(epochs=3, batch_size=8, augment=0.0, replay=0.0)
        found = []
        for whole in (True, False):
            session = Counting(model, whole=whole)
            history = fit(session, samples, settings, test=samples)
            losses = [record.loss for record in history.records]
            found.append((losses, session.state(), session.infer(samples.x)))
            if not whole:
                assert session.extracted <= len(samples.y)
        for one, other in zip(*found, strict=True):
            if isinstance(one, dict):
                assert one.keys() == other.keys()
                one, other = ([state[name] for name in one] for state in (one, other))
            for a, b in zip(one, other, strict=True):
                np.testing.assert_allclose(b, a, rtol=ROUNDING, atol=ROUNDING)

    def test_features_are_the_same_bits_alone_and_among_others(self, build):
        session, x = made(build).session(), own(made(build), 19).x
        alone = np.concatenate([session.extract(x[at : at + 1]) for at in range(len(x))])
        np.testing.assert_array_equal(session.extract(x), alone)

    def test_constants_make_the_features_that_the_variables_make(self, build):
        model = made(build)
        session, x = model.session(), own(model).x
        assert find_variables(read(model.apart.trunk.data)) == []
        assert len(model.apart.trunk.data) < len(model.apart.data)
        samples = model.contract.train[0].samples
        features = session.run(EXTRACT, **{samples: x})[FEATURES]
        np.testing.assert_allclose(session.extract(x), features, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("build", WHOLE, ids=lambda build: build.__name__)
def test_model_without_such_a_part_runs_whole(build: Callable[[], keras.Model]) -> None:
    assert made(build).apart is made(build)


class TestSessions:
    def test_samples_are_computed_once_for_all_sessions_of_a_model(self):
        model = load_model(made(plain).data)
        samples = own(model)
        one, other = Counting(model), Counting(model)
        one.infer(samples.x)
        other.train_step(samples.x[:8], samples.y[:8])
        assert (one.extracted, other.extracted) == (len(samples.y), 0)

    def test_other_weights_of_frozen_layers_give_other_features(self):
        model = made(plain)
        x, session, whole = own(model).x, model.session(), model.session(whole=True)
        before = session.infer(x)
        state = {name: value * 1.5 for name, value in session.state().items()}
        session.load_state(state)
        whole.load_state(state)
        assert not np.array_equal(session.infer(x), before)
        np.testing.assert_allclose(session.infer(x), whole.infer(x), rtol=1e-5, atol=1e-5)
        session.reset()
        np.testing.assert_array_equal(session.infer(x), before)

    @pytest.mark.parametrize("theirs", [True, False])
    def test_constants_are_used_where_they_are_the_weights_of_a_session(self, theirs):
        model = load_model(made(plain).data)
        x, session = own(model).x, model.session()
        expected = session.run(EXTRACT, x=x)[FEATURES]
        other = made(dropout_after).apart.trunk  # from the same samples other features
        weights = model.apart.trunk.weights if theirs else b"not theirs"
        model.apart.__dict__["trunk"] = Trunk(other.data, weights)
        features = model.session().extract(x)
        if theirs:
            assert features.shape == (len(x), *APART[dropout_after])
        else:
            np.testing.assert_array_equal(features, expected)

    def test_part_that_litert_does_not_take_with_constants_keeps_its_variables(self, monkeypatch):
        model = load_model(made(plain).data)
        x, broken = own(model).x, (made(small).data, ())
        monkeypatch.setattr("odt_core.runtime.frozen.as_constants", lambda *_: broken)
        session = model.session()
        features = session.extract(x)
        assert model.apart.trunk is None
        np.testing.assert_array_equal(features, session.run(EXTRACT, x=x)[FEATURES])

    def test_large_frozen_part_keeps_its_variables(self, monkeypatch):
        monkeypatch.setattr("odt_core.runtime.frozen._MOST", 4 * (9 * 16 + 16 + 9 * 16 * 16 + 16))
        assert load_model(made(plain).data).apart.trunk is not None
        monkeypatch.setattr("odt_core.runtime.frozen._MOST", 4 * (9 * 16 + 16 + 9 * 16 * 16 + 15))
        model = load_model(made(plain).data)
        assert model.apart.trunk is None
        x, session = own(model).x, model.session()
        np.testing.assert_array_equal(session.extract(x), session.run(EXTRACT, x=x)[FEATURES])

    def test_restoring_through_a_signature_gives_other_features(self):
        model = made(plain)
        x, session, whole = own(model).x, model.session(), model.session(whole=True)
        before = session.infer(x)
        for one in (session, whole):
            one.run("restore", **{k: v * 0.5 for k, v in one.run("parameters").items()})
        assert not np.array_equal(session.infer(x), before)
        np.testing.assert_allclose(session.infer(x), whole.infer(x), rtol=1e-5, atol=1e-5)

    def test_samples_are_taken_in_place_of_features(self):
        model = made(plain)
        samples, session, whole = own(model, 8), model.session(), model.session(whole=True)
        expected = whole.train_features(samples.x, samples.y)
        assert session.train_features(samples.x, samples.y) == pytest.approx(expected, rel=1e-6)
        one, other = session.state(), whole.state()
        for name in one:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-6, atol=1e-6)

    def test_features_of_some_of_the_samples_are_taken_as_they_lie(self, monkeypatch):
        monkeypatch.setattr(remembered, "LEAST", 1)
        monkeypatch.setattr(remembered, "PACE", 0.0)
        model = made(plain)
        session, x = model.session(), own(model).x
        expected = session.infer(session.bottlenecks(x)[::2].copy())
        np.testing.assert_array_equal(session.infer(session.bottlenecks(x)[::2]), expected)

    def test_samples_of_another_model_are_not_taken_for_features(self):
        model = made(plain)
        session, y = model.session(), np.arange(3)
        wrong = np.zeros((3, *model.apart.contract.feature_shape), np.float32)
        for ask in (session.infer, session.bottlenecks, lambda x: session.train_step(x, y)):
            with pytest.raises(SignatureError, match=r"takes samples of shape \[N, 16, 16, 1\]"):
                ask(wrong)
        with pytest.raises(TrainingError, match="have shape"):
            fit(session, Samples(wrong, y, Labels.numbered(OUTPUTS)))

    def test_features_are_taken_in_place_of_samples(self):
        model = made(plain)
        samples, session, other = own(model), Counting(model), model.session()
        features = session.bottlenecks(samples.x)
        np.testing.assert_array_equal(session.infer(features[:5]), other.infer(samples.x[:5]))
        settings = Settings(epochs=1, batch_size=8, replay=0.0)
        fit(session, replace(samples, x=features), settings)
        fit(other, samples, replace(settings, augment=0.0))
        for name, value in other.state().items():
            np.testing.assert_array_equal(session.state()[name], value)
        assert session.extracted <= len(samples.y)

    def test_more_samples_than_are_kept_go_through_the_whole_model(self, monkeypatch):
        model = load_model(made(plain).data)
        x, session = own(model).x, Counting(model)
        expected = model.session(whole=True).infer(x)
        monkeypatch.setattr("odt_core.runtime.frozen.MAX_BYTES", 39 * 1024 * 4)
        np.testing.assert_array_equal(session.infer(x), expected)
        assert session.extracted == 0
        assert len(session.bottlenecks(x)) == len(x)
        assert len(model.features) == 0

    def test_those_used_longest_ago_are_forgotten(self, monkeypatch):
        kept = bottlenecks.Bottlenecks()
        monkeypatch.setattr(bottlenecks, "MAX_BYTES", 3 * 8)
        asked: list[int] = []

        def twice(x: np.ndarray) -> np.ndarray:
            asked.append(len(x))
            return 2 * x

        x = np.arange(8, dtype=np.float32).reshape(4, 2)
        for rows in ([0, 1, 2], [0], [3], [0, 2, 3], [1]):
            np.testing.assert_array_equal(kept(b"w", x[rows], twice), 2 * x[rows])
        assert asked == [3, 1, 1]
        assert kept(b"other", x[:1], twice).shape == (1, 2)
        assert asked[-1] == 1

    @pytest.mark.parametrize("size", [6, 40])  # of which sets are kept, and are not
    def test_memory_that_is_kept_stays_within_the_limit_whatever_is_asked(self, monkeypatch, size):
        """Windows that slide over samples, each a set that shares most rows with the last."""
        kept = bottlenecks.Bottlenecks()
        monkeypatch.setattr(bottlenecks, "SET", 5)
        monkeypatch.setattr(bottlenecks, "MAX_BYTES", 30 * 8)
        x = np.arange(400, dtype=np.float32).reshape(200, 2)
        for start in range(0, 150, 2):
            window = x[start : start + size]
            np.testing.assert_array_equal(kept(b"w", window, lambda new: 2 * new), 2 * window)
            alive = [*kept._known.values(), *(rows for _, rows in kept._sets.values())]
            whole = {id(one if one.base is None else one.base): one for one in alive}
            held = sum((one if one.base is None else one.base).nbytes for one in whole.values())
            assert held == kept._bytes <= 30 * 8

    def test_set_that_was_asked_for_is_given_again_as_it_is(self, monkeypatch):
        kept = bottlenecks.Bottlenecks()
        monkeypatch.setattr(bottlenecks, "SET", 3)
        asked: list[int] = []

        def twice(x: np.ndarray) -> np.ndarray:
            asked.append(len(x))
            return 2 * x

        x = np.arange(10, dtype=np.float32).reshape(5, 2)
        kept(b"w", x[[1]], twice)
        first = kept(b"w", x[:4], twice)
        assert kept(b"w", x[:4], twice) is first
        assert not first.flags.writeable
        np.testing.assert_array_equal(kept(b"w", x[[2, 0]], twice), 2 * x[[2, 0]])
        np.testing.assert_array_equal(kept(b"w", x[[3, 4, 4, 3]], twice), 2 * x[[3, 4, 4, 3]])
        assert asked == [1, 3, 1]

    def test_exported_file_is_that_of_the_whole_model(self):
        model = made(plain)
        session, whole = model.session(), model.session(whole=True)
        assert session.bake() == whole.bake()
        assert session.bake(inference_only=True) == whole.bake(inference_only=True)
