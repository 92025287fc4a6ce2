"""What Keras' compile and train step ask for: done as there, or refused in words."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras, train_eagerly
from small_models import Subclassed, logits_loss, small_model

from odt_core.authoring import to_trainable_tflite
from odt_core.dialects import Task
from odt_core.errors import AuthoringError
from odt_core.runtime import load_model


class OwnStep(keras.Model):
    def train_step(self, data):
        return {"loss": 0.0}


class TestWhatOdtWouldTrainOtherwise:
    """Models that odt would train, but not as Keras does, are refused in words."""

    def test_own_train_step_is_named(self):
        x = keras.Input((6,))
        model = OwnStep(x, keras.layers.Dense(2)(x))
        with pytest.raises(AuthoringError, match=r"has a train_step of its own.*compile"):
            to_trainable_tflite(model, loss="mse")

    def test_weight_that_a_layer_sets_is_named(self):
        layer = keras.layers.SpectralNormalization(keras.layers.Dense(2))
        model = keras.Sequential([keras.Input((6,)), layer])
        with pytest.raises(AuthoringError, match=r"sets its weight .*kernel while it computes"):
            to_trainable_tflite(model, loss="mse")

    def test_subclass_says_how_to_wrap_it_and_can_be(self):
        own = Subclassed()
        own(np.zeros((1, 6), np.float32))
        with pytest.raises(AuthoringError, match=r"keras.Model\(x, model\(x\)\)"):
            to_trainable_tflite(own, loss="mse")
        x = keras.Input((6,))
        model = load_model(to_trainable_tflite(keras.Model(x, own(x)), loss="mse"))
        assert model.contract.task is Task.VALUES

    def test_loss_without_a_name_trains(self):
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
        data = to_trainable_tflite(model, loss=lambda a, b: tf.reduce_mean(tf.abs(a - b), -1))
        x = np.ones((4, 6), np.float32)
        session = load_model(data).session()
        losses = [session.train_step(x, x[:, :2]) for _ in range(40)]
        assert losses[-1] < losses[0]

    def test_loss_of_class_numbers_takes_them_and_trains_as_keras(self):
        model = small_model(optimizer="sgd", loss=keras.losses.CategoricalGeneralizedCrossEntropy())
        device = LiteRT(to_trainable_tflite(model))
        batches = [
            (x, y.argmax(-1).astype(np.int32)) for x, y in classification_batches((6,), 5, 6)
        ]
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    @pytest.mark.parametrize("loss", [["mse"], {"out": "mse"}])
    def test_one_loss_in_a_list_or_under_its_output_trains_as_keras(self, loss):
        x = keras.Input((6,))
        model = keras.Model(x, keras.layers.Dense(5, name="out")(x))
        model.compile("sgd", loss)
        device = LiteRT(to_trainable_tflite(model))
        batches = classification_batches((6,), 5, steps=6)
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    @pytest.mark.parametrize("weights", [0.1, [0.1], {"out": 0.1}])
    def test_weight_of_the_loss_trains_as_keras(self, weights):
        model = small_model(optimizer="sgd", loss=logits_loss(), loss_weights=weights)
        device = LiteRT(to_trainable_tflite(model))
        batches = classification_batches((6,), 5, steps=6)
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    def test_more_weights_than_losses_are_refused(self):
        model = small_model(optimizer="sgd", loss="mse", loss_weights=[0.1, 0.2])
        with pytest.raises(AuthoringError, match="2 loss_weights for one loss"):
            to_trainable_tflite(model)

    def test_loss_that_fails_with_a_batch_alone_is_told_before_a_file_is_made(self):
        def of_class_numbers(labels, output):
            return keras.losses.categorical_generalized_cross_entropy(labels, output, 0.5)

        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, "softmax")])
        with pytest.raises(AuthoringError, match=r"cannot take a step .*labels of the given shape"):
            to_trainable_tflite(model, loss=of_class_numbers)

    def test_error_of_keras_is_told_from_its_beginning_without_colours(self):
        model = keras.Sequential(
            [keras.Input((6,)), keras.layers.Dense(8, "glu"), keras.layers.Dense(2)]
        )
        with pytest.raises(AuthoringError) as error:
            to_trainable_tflite(model, loss="mse")
        assert "calling Sequential.call(). Input 0 with name" in str(error.value)
        assert "\x1b" not in str(error.value)
        assert "Arguments received" not in str(error.value)

    def test_loss_that_cannot_take_the_labels_says_so_in_words(self):
        def of_pairs(labels, output):
            return keras.ops.mean(keras.ops.concatenate([labels, output[:, :6]], axis=2))

        model = keras.Sequential([keras.Input((12, 4)), keras.layers.Dense(5)])
        with pytest.raises(AuthoringError, match=r"cannot be traced .*labels of the given shape"):
            to_trainable_tflite(model, loss=of_pairs)

    @pytest.mark.parametrize("loss", ["ctc", keras.losses.CTC(), keras.losses.ctc])
    def test_loss_for_texts_of_any_length_is_refused_by_name(self, loss):
        model = keras.Sequential([keras.Input((12, 4)), keras.layers.Dense(5, "softmax")])
        with pytest.raises(AuthoringError, match=r"The loss CTC is not available"):
            to_trainable_tflite(model, loss=loss)
