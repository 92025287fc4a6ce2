"""The public recipe: a class around a Keras model becomes a file that trains as Keras does."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error
from small_models import Small, Subclassed, small_model, with_methods

from odt_core.authoring import BaseTFLiteModel, convert_saved_model, save_model, tflite_model_class
from odt_core.errors import AuthoringError
from odt_core.graph import describe


@tflite_model_class
class CIFAR10Model(BaseTFLiteModel):
    """User code as people paste it: Keras under its tf.keras name, nothing but __init__."""

    X_SHAPE = [32, 32, 3]  # noqa: RUF012
    Y_SHAPE = [10]  # noqa: RUF012

    def __init__(self):
        self.model = tf.keras.models.Sequential(
            [
                tf.keras.Input(shape=tuple(self.X_SHAPE)),
                tf.keras.layers.Conv2D(6, 5, activation="relu"),
                tf.keras.layers.MaxPooling2D(pool_size=(2, 2)),
                tf.keras.layers.Conv2D(16, 5, activation="relu"),
                tf.keras.layers.MaxPooling2D(pool_size=(2, 2)),
                tf.keras.layers.Flatten(),
                tf.keras.layers.Dense(units=24, activation="relu"),
                tf.keras.layers.Dense(units=10, activation="softmax"),
            ]
        )
        self.model.compile(loss="categorical_crossentropy", metrics=["accuracy"], optimizer="sgd")


class TestRecipe:
    def test_pasted_user_code_when_converted_then_trains_as_keras(self, tmp_path):
        model = CIFAR10Model()
        save_model(model, tmp_path / "saved_model")
        data = convert_saved_model(str(tmp_path / "saved_model"))

        found = describe(data)
        ports = {
            s.name: ([t.name for t in s.inputs], [t.name for t in s.outputs])
            for s in found.signatures
            if not s.name.startswith("odt_")
        }
        a = [f"a{i}" for i in range(8)]
        assert {name: (sorted(i), sorted(o)) for name, (i, o) in ports.items()} == {
            "train": (["x", "y"], ["loss"]),
            "infer": (["x"], ["logits"]),
            "parameters": ([], a),
            "restore": (a, a),
            "set_learning_rate": (["learning_rate"], ["learning_rate"]),
        }
        assert found.signature("infer").inputs[0].shape == (None, 32, 32, 3)
        assert found.flex_ops == ()

        device, batches = LiteRT(data), classification_batches((32, 32, 3), 10, steps=6)
        expected = train_eagerly(model.model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)
        assert worst_error(device.parameters(), model.model.get_weights()) < 1e-4
        restored = device.run("restore", **{k: v + 1 for k, v in device.run("parameters").items()})
        assert worst_error([restored["a7"]], [model.model.get_weights()[7] + 1]) < 1e-4

    def test_uncompiled_model_when_converted_then_learns(self, tmp_path):
        @tflite_model_class
        class Plain(BaseTFLiteModel):
            X_SHAPE = [6]  # noqa: RUF012
            Y_SHAPE = [5]  # noqa: RUF012

            def __init__(self):
                self.model = small_model()

        save_model(Plain(), tmp_path)
        (x, y), *_ = classification_batches((6,), 5, steps=1)
        losses = LiteRT(convert_saved_model(tmp_path)).train([(x, y)] * 40)
        assert losses[-1] < 0.9 * losses[0]

    def test_wrong_shapes_when_saved_then_says_which(self, tmp_path):
        @tflite_model_class
        class Wrong(BaseTFLiteModel):
            X_SHAPE = [7]  # noqa: RUF012
            Y_SHAPE = [5]  # noqa: RUF012

            def __init__(self):
                self.model = small_model(loss="categorical_crossentropy")

        with pytest.raises(AuthoringError, match=r"X_SHAPE is \[7\].*Set X_SHAPE = \[6\]"):
            save_model(Wrong(), tmp_path)

    def test_class_without_shapes_when_decorated_then_says_so(self):
        with pytest.raises(AuthoringError, match="needs X_SHAPE"):
            tflite_model_class(type("Bare", (BaseTFLiteModel,), {}))

    def test_directory_without_saved_model_when_converted_then_says_so(self, tmp_path):
        with pytest.raises(AuthoringError, match="holds no SavedModel"):
            convert_saved_model(tmp_path)

    def test_class_without_the_base_when_decorated_then_says_so(self):
        with pytest.raises(AuthoringError, match="Stray must inherit from BaseTFLiteModel"):
            tflite_model_class(type("Stray", (), {"X_SHAPE": [6], "Y_SHAPE": [5]}))


class TestModelWithoutAnInput:
    """The class says what the Keras model takes."""

    @pytest.mark.parametrize(
        "make", [lambda: keras.Sequential([keras.layers.Dense(2)]), Subclassed]
    )
    def test_model_that_was_never_called_then_trains_as_keras(self, make, tmp_path):
        model = with_methods(Y_SHAPE=[2])
        model.model = make()
        model.model.compile("sgd", "mse")
        save_model(model, tmp_path)
        device = LiteRT(convert_saved_model(tmp_path))
        batches = classification_batches((6,), 2, 6)
        expected = train_eagerly(model.model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    def test_shape_that_it_cannot_take_then_is_told(self, tmp_path):
        model = with_methods()
        model.model = keras.Sequential([keras.layers.Conv2D(2, 3)])
        with pytest.raises(AuthoringError, match=r"self.model cannot be called .*takes X_SHAPE"):
            save_model(model, tmp_path)

    def test_subclass_without_a_loss_then_asks_for_one(self, tmp_path):
        model = with_methods(Y_SHAPE=[2])
        model.model = Subclassed()
        with pytest.raises(AuthoringError, match="Give it a loss"):
            save_model(model, tmp_path)


class TestOneSetOfWeights:
    """The recipe's methods and its Keras model, used in turns as in a notebook."""

    X, Y = classification_batches((6,), 5, steps=1)[0]

    def saved(self, model, folder):
        save_model(model, folder)
        return LiteRT(convert_saved_model(folder)).run("infer", x=self.X)["logits"]

    def test_model_trained_by_keras_after_a_save_when_saved_again_then_file_has_its_weights(
        self, tmp_path
    ):
        model = Small()
        before = self.saved(model, tmp_path / "one")
        model.model.fit(self.X, self.Y, epochs=3, verbose=0)
        after = self.saved(model, tmp_path / "two")
        assert np.abs(after - before).max() > 1e-3
        np.testing.assert_allclose(after, model.model(self.X), atol=1e-5)
        np.testing.assert_allclose(model.infer(self.X)["logits"], after, atol=1e-5)

    def test_method_that_trains_or_restores_when_called_then_keras_has_its_weights(self, tmp_path):
        model, twin = Small(), Small()
        twin.model.set_weights(model.model.get_weights())
        loss = model.train(self.X, self.Y)["loss"]
        assert float(loss) == pytest.approx(twin.model.train_on_batch(self.X, self.Y), rel=1e-5)
        assert worst_error(model.model.get_weights(), twin.model.get_weights()) < 1e-5
        np.testing.assert_allclose(self.saved(model, tmp_path), model.model(self.X), atol=1e-5)
        model.restore(**{name: 0 * value for name, value in model.parameters().items()})
        assert all(not weight.any() for weight in model.model.get_weights())

    def test_model_compiled_anew_after_use_then_trains_as_compiled(self, tmp_path):
        model = Small()
        model.infer(self.X)
        model.model.compile(optimizer="adam", loss="mse")
        save_model(model, tmp_path)
        variables = describe(convert_saved_model(tmp_path)).variables
        assert any("momentum" in variable.name for variable in variables)


class TestImport:
    def test_odt_core_when_imported_then_leaves_tensorflow_alone(self):
        import subprocess
        import sys

        code = "import sys, odt_core, odt_core.authoring; print('tensorflow' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "False"
