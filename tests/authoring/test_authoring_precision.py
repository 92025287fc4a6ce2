"""A model of mixed precision trains and answers in float32, as its weights are."""

import numpy as np
import pytest
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error

from odt_core.authoring import to_inference_tflite, to_trainable_tflite


def small_of(policy):
    layers = keras.layers
    hidden = layers.TimeDistributed(layers.Dense(3, "relu", dtype=policy), dtype=policy)
    inner = keras.Sequential([keras.Input((4, 5)), hidden, layers.Flatten()])
    model = keras.Sequential(
        [
            keras.Input((4, 5)),
            layers.BatchNormalization(dtype=policy),
            inner,
            layers.Dense(5, "softmax", dtype="float32", name="out"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01)
    if policy != "float32":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(optimizer, "categorical_crossentropy")
    return model


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
class TestMixedPrecision:
    def test_file_when_built_then_trains_as_the_same_model_of_float32(self, policy, tmp_path):
        mixed, twin = small_of(policy), small_of("float32")
        twin.set_weights(mixed.get_weights())
        mixed.save(tmp_path / "mixed.keras")
        device = LiteRT(to_trainable_tflite(tmp_path / "mixed.keras"))
        batches = classification_batches((4, 5), 5, steps=4)
        expected = train_eagerly(twin, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    def test_model_when_built_then_is_left_as_it_was(self, policy):
        model = small_of(policy)
        data = to_inference_tflite(model)
        inner = [layer.compute_dtype for layer in model._flatten_layers()]
        assert policy.removeprefix("mixed_") in inner
        twin = small_of("float32")
        twin.set_weights(model.get_weights())
        x = classification_batches((4, 5), 5, steps=1)[0][0]
        assert worst_error([LiteRT(data).run("infer", x=x)["logits"]], [twin(x)]) < 1e-5
