"""A frozen backbone and a trainable head in one file, beside the same head in Keras."""

import keras
import numpy as np
import pytest

from odt_core.authoring import to_transfer_tflite
from odt_core.errors import AuthoringError
from odt_core.runtime import load_model
from odt_core.samples import Labels, Samples
from odt_core.training import Settings, fit

OUTPUTS = 4


def build(seed: int = 0):
    keras.utils.set_random_seed(seed)
    backbone = keras.Sequential(
        [keras.layers.Input((8, 8, 3)), keras.layers.Conv2D(8, 3, 2, activation="relu"),
         keras.layers.GlobalAveragePooling2D()], name="backbone",
    )  # fmt: skip
    head = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(OUTPUTS)], name="head")
    classifier = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(5)], name="own")
    return backbone, head, classifier


@pytest.fixture(scope="module")
def parts():
    backbone, head, classifier = build()
    data = to_transfer_tflite(
        backbone, head, classifier=classifier, optimizer=keras.optimizers.SGD(0.5)
    )
    return backbone, head, classifier, data


@pytest.fixture
def session(parts):
    return load_model(parts[3]).session()


def material(n: int = 12):
    rng = np.random.default_rng(1)
    return rng.random((n, 8, 8, 3), np.float32), np.arange(n) % 2


class TestSignatures:
    def test_file_has_the_signatures_of_the_personalisation_sample(self, parts):
        model = load_model(parts[3])
        assert {s.name for s in model.description.signatures} == {
            "load", "train", "infer", "infer_bottleneck", "classify", "initialize",
            "set_learning_rate", "odt_get_state", "odt_set_state",
        }  # fmt: skip
        contract = model.contract
        assert contract.extract is not None
        assert contract.extract.frozen
        assert contract.keeps_features
        assert contract.infer_features.signature == "infer_bottleneck"
        assert contract.feature_shape == (8,)

    def test_load_and_classify_compute_what_keras_computes(self, parts, session):
        backbone, _, classifier, _ = parts
        x, _ = material()
        features = session.bottlenecks(x)
        assert features == pytest.approx(backbone.predict(x, verbose=0), abs=2e-3)
        scores = session.run("classify", bottleneck=features)["scores"]
        assert scores == pytest.approx(classifier.predict(features, verbose=0), abs=2e-3)

    def test_models_that_do_not_fit_together_raise(self, parts):
        other = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(2)], name="other")
        with pytest.raises(AuthoringError, match="'other'"):
            to_transfer_tflite(parts[0], other)


class TestLearning:
    def test_step_when_all_labels_are_shown_is_that_of_keras(self, parts, session):
        _, head, _, _ = parts
        x, _ = material()
        y = np.arange(len(x)) % OUTPUTS
        features = session.bottlenecks(x)
        twin = keras.models.clone_model(head)
        twin.set_weights(head.get_weights())
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        twin.compile(keras.optimizers.SGD(0.5), loss)
        expected = twin.train_on_batch(features, y)
        got = session.train_step(x, np.eye(OUTPUTS, dtype=np.float32)[y])
        assert got == pytest.approx(float(expected), abs=1e-5)
        logits = session.run("infer_bottleneck", bottleneck=features)["logits"]
        assert logits == pytest.approx(twin.predict(features, verbose=0), abs=1e-5)

    def test_output_without_samples_never_wins_and_keeps_its_weights(self, session):
        x, y = material()
        labels = Labels(("a", "b", None, None))
        before = session.state()
        fit(session, Samples(x, y, labels), Settings(epochs=10, learning_rate=0.5, replay=0))
        outputs = session.run("infer", feature=x)["output"]
        assert outputs[:, 2:].max() < 1e-6
        after = session.state()
        kernel = next(n for n in before if before[n].shape == (8, OUTPUTS) and "head" not in n)
        changed = np.abs(after[kernel] - before[kernel]).max(axis=0)
        assert (changed[:2] > 0).all()
        assert (changed[2:] == 0).all()

    def test_initialize_puts_the_head_back(self, session):
        x, y = material()
        before = session.state()
        session.train_step(x, np.eye(OUTPUTS, dtype=np.float32)[y])
        session.run("initialize")
        for name, values in session.state().items():
            assert (values == before[name]).all(), name

    def test_features_may_stand_for_samples_in_training_and_predicting(self, parts, session):
        x, y = material()
        labels = Labels(("a", "b", None, None))
        features = session.bottlenecks(x)
        settings = Settings(epochs=3, learning_rate=0.5, replay=0)
        fit(session, Samples(x, y, labels), settings)
        expected = session.infer(x)
        again = load_model(parts[3]).session()
        fit(again, Samples(features, y, labels), settings)
        assert again.infer(features) == pytest.approx(expected, abs=1e-6)
