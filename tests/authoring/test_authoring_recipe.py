"""The public recipe, the tutorial's flavour and the one-call conversions."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error

from odt_core.authoring import (
    BaseTFLiteModel,
    convert_saved_model,
    save_model,
    tflite_model_class,
    to_inference_tflite,
    to_trainable_tflite,
    to_tutorial_tflite,
)
from odt_core.authoring.agreement import Agreement, agreement_of
from odt_core.authoring.conversion import state_of
from odt_core.dialects import Task
from odt_core.errors import AuthoringError
from odt_core.graph import describe
from odt_core.runtime import load_model
from tests.converting import functions_of


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


def small_model(**compiled):
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.Dense(5, name="out"),
        ]
    )
    if compiled:
        model.compile(**compiled)
    return model


def trained_by_determinant():
    """A model whose train step holds an op that has no builtin form, and its infer none."""

    def loss(y, logits):
        fixed = tf.stop_gradient(logits)
        added = tf.linalg.det(tf.eye(5) + tf.matmul(fixed, fixed, transpose_a=True))
        return tf.reduce_mean(tf.square(logits - y)) + tf.reduce_mean(added)

    return small_model(optimizer="sgd", loss=loss)


def _tenfold(x):
    return tf.transpose(10.0 * x, [0, 2, 1])


def logits_loss():
    return keras.losses.CategoricalCrossentropy(from_logits=True)


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


@tflite_model_class
class Small(BaseTFLiteModel):
    X_SHAPE = [6]  # noqa: RUF012
    Y_SHAPE = [5]  # noqa: RUF012

    def __init__(self):
        self.model = small_model(optimizer="sgd", loss=logits_loss())


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, x):
        return self.dense(x)


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


class TestLostActivation:
    """TensorFlow's converter forgets a ReLU after a product of variables without a bias."""

    def layers(self, activation):
        return [
            keras.Input((6,)),
            keras.layers.Dense(6, activation=activation, use_bias=False),
            keras.layers.Reshape((2, 3)),
            keras.layers.Dense(4, activation=activation, use_bias=False),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
        ]

    @pytest.mark.parametrize("activation", ["relu", "relu6", "leaky_relu", "hard_sigmoid", "elu"])
    def test_layer_without_bias_when_converted_then_says_and_learns_what_keras_does(
        self, activation
    ):
        model = keras.Sequential(self.layers(activation))
        model.compile(optimizer="sgd", loss=logits_loss())
        batches = classification_batches((6,), 5, steps=4)
        device = LiteRT(to_trainable_tflite(model))
        said = device.run("infer", x=batches[0][0])["logits"]
        np.testing.assert_allclose(said, model(batches[0][0]), atol=1e-5)
        np.testing.assert_allclose(device.train(batches), train_eagerly(model, batches), rtol=1e-4)
        assert worst_error(device.parameters(), model.get_weights()) < 1e-4

    @pytest.mark.parametrize(
        "between",
        [keras.layers.Permute((2, 1)), keras.layers.Rescaling(1.0), keras.layers.Lambda(_tenfold)],
        ids=["permute", "rescaling", "lambda"],
    )
    def test_op_that_the_converter_folds_before_the_relu_then_both_stay(self, between):
        model = keras.Sequential(
            [
                keras.Input((6,)),
                keras.layers.Dense(6, use_bias=False),
                keras.layers.Reshape((2, 3)),
                between,
                keras.layers.ReLU(),
                keras.layers.Flatten(),
                keras.layers.Dense(5),
            ]
        )
        (x, _), *_ = classification_batches((6,), 5, steps=1)
        said = LiteRT(to_trainable_tflite(model)).run("infer", x=x)["logits"]
        np.testing.assert_allclose(said, model(x), atol=1e-5)

    def test_saved_model_of_nested_functions_when_converted_then_says_the_same(self, tmp_path):
        module = tf.Module()
        module.w = tf.Variable(np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32))
        product = tf.function(lambda x: x @ module.w)
        infer = tf.function(lambda x: {"output": tf.nn.relu(product(x))})
        train = tf.function(lambda w: {"w": module.w.assign(w)})
        signatures = {
            "infer": infer.get_concrete_function(tf.TensorSpec([None, 6])),
            "set": train.get_concrete_function(tf.TensorSpec([6, 5])),
        }
        tf.saved_model.save(module, str(tmp_path), signatures=signatures)
        (x, _), *_ = classification_batches((6,), 5, steps=1)
        said = LiteRT(convert_saved_model(tmp_path)).run("infer", x=x)["output"]
        assert said.min() == 0
        np.testing.assert_allclose(said, infer(x)["output"], atol=1e-5)

    def test_relu_that_only_a_gradient_misses_then_stays(self, tmp_path):
        module = tf.Module()
        module.w = tf.Variable(np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32))
        module.low = tf.Variable(0.0)

        @tf.function
        def train(x):
            with tf.GradientTape(persistent=True) as tape:
                h = tf.nn.relu(x @ module.w)  # without it the answers are the same
                h = tf.quantization.fake_quant_with_min_max_vars(h, module.low, 3.0)
                loss = tf.reduce_mean(h)
            for variable in (module.low, module.w):
                variable.assign_sub(tape.gradient(loss, variable))
            return {"loss": loss}

        signatures = {
            "train": train.get_concrete_function(tf.TensorSpec([None, 6], name="x")),
            "low": tf.function(lambda: {"low": module.low.read_value()}).get_concrete_function(),
        }
        tf.saved_model.save(module, str(tmp_path), signatures=signatures)
        device = LiteRT(convert_saved_model(tmp_path))
        device.run("train", x=np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32))
        assert device.run("low")["low"] == 0

    def test_model_that_no_conversion_agrees_with_then_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(
            "odt_core.authoring.conversion.agreement_of", lambda *_: Agreement(False, True)
        )
        save_model(Small(), tmp_path)
        with pytest.raises(AuthoringError, match="the file answers differently"):
            convert_saved_model(tmp_path)

    @pytest.mark.parametrize(
        "convert",
        [
            lambda: to_inference_tflite(small_model()),
            lambda: to_trainable_tflite(trained_by_determinant(), lowered=False),
        ],
    )
    def test_model_in_one_call_that_no_conversion_agrees_with_then_is_refused(
        self, convert, monkeypatch
    ):
        monkeypatch.setattr(
            "odt_core.authoring.conversion.agreement_of", lambda *_: Agreement(False, True)
        )
        with pytest.raises(AuthoringError, match="the file answers differently"):
            convert()

    def test_step_that_only_flex_does_when_not_lowered_then_the_rest_is_checked(self, monkeypatch):
        compared = []

        def counted(data, about, folder):
            compared.append(sorted(one.name for one in about.signatures))
            return agreement_of(data, about, folder)

        monkeypatch.setattr("odt_core.authoring.conversion.agreement_of", counted)
        data = to_trainable_tflite(trained_by_determinant(), lowered=False)
        assert "MatrixDeterminant" in describe(data).flex_ops
        assert "infer" in compared[0]
        assert "train" not in compared[0]

    def test_layer_that_is_a_function_of_its_own_then_says_what_to_do(self):
        class Own(keras.layers.Layer):
            def build(self, shape):
                self.k = self.add_weight(shape=(shape[-1], 6), name="k")

            @tf.function
            def call(self, x):
                return x @ self.k

        model = keras.Sequential([keras.Input((6,)), Own(), keras.layers.Dense(5)])
        with pytest.raises(AuthoringError, match=r"Leave @tf.function off a layer's call\(\)"):
            to_trainable_tflite(model)


class AsInTheArticle(BaseTFLiteModel):
    """The four methods as the article types them, on Keras 2."""

    X_SHAPE = [6]  # noqa: RUF012
    Y_SHAPE = [5]  # noqa: RUF012

    def __init__(self):
        self.model = small_model(optimizer="sgd", loss=logits_loss())

    def train(self, x, y):
        return self.model.train_step((x, y))

    def infer(self, x):
        return {"logits": self.model(x)}

    def parameters(self):
        return {f"a{index}": weight for index, weight in enumerate(self.model.weights)}

    def restore(self, **parameters):
        for index, weight in enumerate(self.model.weights):
            parameter = parameters[f"a{index}"]
            weight.assign(parameter)
        assert self.parameters is not None
        return self.parameters()


def with_methods(**methods):
    """A model of the recipe of a class with these methods."""
    return tflite_model_class(type("Own", (Small,), methods))()


class TestOwnMethods:
    X, Y = classification_batches((6,), 5, steps=1)[0]

    def converted(self, model, folder):
        save_model(model, folder)
        return LiteRT(convert_saved_model(folder))

    def test_methods_of_the_article_when_typed_then_do_as_those_left_out(self, tmp_path):
        typed, left_out = tflite_model_class(AsInTheArticle)(), Small()
        left_out.model.set_weights(typed.model.get_weights())
        batches = classification_batches((6,), 5, steps=4)
        first, second = (
            self.converted(model, tmp_path / name)
            for model, name in ((typed, "typed"), (left_out, "left_out"))
        )
        np.testing.assert_array_equal(first.train(batches), second.train(batches))
        assert worst_error(first.parameters(), second.parameters()) == 0
        ones = {name: np.ones_like(value) for name, value in first.run("parameters").items()}
        assert all((value == 1).all() for value in first.run("restore", **ones).values())
        assert all((value == 1).all() for value in first.parameters())
        second.run("restore", **ones)
        said = first.run("infer", x=self.X)["logits"]
        np.testing.assert_array_equal(said, second.run("infer", x=self.X)["logits"])

    def test_methods_of_the_article_when_called_then_keras_has_the_weights(self):
        model = tflite_model_class(AsInTheArticle)()
        twin = keras.models.clone_model(model.model)
        twin.compile(optimizer="sgd", loss=logits_loss())
        twin.set_weights(model.model.get_weights())
        loss = float(model.train(self.X, self.Y)["loss"])
        assert loss == pytest.approx(twin.train_on_batch(self.X, self.Y), rel=1e-5)
        assert worst_error(model.model.get_weights(), twin.get_weights()) < 1e-5
        model.model.fit(self.X, self.Y, verbose=0)  # by a train_step of Keras again
        model.restore(**{name: 0 * value for name, value in model.parameters().items()})
        assert all(not weight.any() for weight in model.model.get_weights())

    def test_infer_that_calls_the_keras_model_when_converted_then_says_the_same(self, tmp_path):
        @tflite_model_class
        class Softmax(Small):
            @tf.function
            def infer(self, x):
                logits = self.model(x)
                return {"logits": logits, "output": tf.nn.softmax(logits)}

        model = Softmax()
        model.infer(self.X)
        said = self.converted(model, tmp_path).run("infer", x=self.X)
        np.testing.assert_allclose(said["logits"], model.model(self.X), atol=1e-5)
        np.testing.assert_allclose(said["output"].sum(axis=1), 1, atol=1e-5)

    def test_train_that_adds_to_its_parents_when_converted_then_sees_the_step(self, tmp_path):
        @tflite_model_class
        class Counting(Small):
            def __init__(self):
                super().__init__()
                self.steps, self.ten = tf.Variable(3.0), [tf.Variable(10.0)]

            def train(self, x, y, by=1.0):
                result = super().train(x, y)
                self.steps.assign_add(by)
                after = {"by_model": self.model(x), "by_infer": self.infer(x)["logits"]}
                return {**result, **after, "steps": self.steps, "ten": self.ten[0]}

        device = self.converted(Counting(), tmp_path)
        for steps in (4, 5):
            said = device.run("train", x=self.X, y=self.Y)
            assert (said["steps"], said["ten"]) == (steps, 10)
            now = device.run("infer", x=self.X)["logits"]
            np.testing.assert_allclose(said["by_model"], now, atol=1e-6)
            np.testing.assert_allclose(said["by_infer"], now, atol=1e-6)

    def test_step_of_ones_own_when_converted_then_learns_as_keras(self, tmp_path):
        @tflite_model_class
        class Descent(Small):
            def train(self, x, y):
                weights = self.model.trainable_weights
                with tf.GradientTape() as tape:
                    loss = self.model.loss(y, self.model(x, training=True))
                    loss += sum(self.model.losses)
                for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
                    weight.assign_sub(0.01 * gradient)
                return {"loss": loss}

        model, batches = Descent(), classification_batches((6,), 5, steps=4)
        model.model.add(keras.layers.ActivityRegularization(0.1))
        model.model.compile("sgd", logits_loss())
        device = self.converted(model, tmp_path)
        np.testing.assert_allclose(device.train(batches), train_eagerly(model.model, batches), 1e-5)
        assert worst_error(device.parameters(), model.model.get_weights()) < 1e-5

    def test_parameters_of_the_last_layer_when_converted_then_restore_takes_those(self, tmp_path):
        @tflite_model_class
        class Last(Small):
            def parameters(self):
                return {weight.name: weight for weight in self.model.layers[-1].weights}

            def restore(self, kernel, bias):
                self.model.layers[-1].kernel.assign(kernel)
                self.model.layers[-1].bias.assign(bias)
                return self.parameters()

        device = self.converted(Last(), tmp_path)
        found = device.run("parameters")
        assert {name: value.shape for name, value in found.items()} == {
            "kernel": (8, 5),
            "bias": (5,),
        }
        device.run("restore", **{name: 0 * value for name, value in found.items()})
        assert not device.run("infer", x=self.X)["logits"].any()

    @pytest.mark.parametrize(
        ("method", "message"),
        [
            ({"train": lambda self, x, y: None}, r"train\(\) returns nothing.*\{\"loss\": …\}"),
            ({"infer": lambda self, x: None}, r"infer\(\) returns nothing.*\{\"logits\": …\}"),
            ({"parameters": lambda self: None}, r"parameters\(\) returns nothing"),
            ({"parameters": lambda self: self.model.weights}, r"parameters\(\) returns a list"),
            ({"restore": lambda self, **all: None}, r"restore\(\) returns nothing.*self.param"),
            ({"train": lambda self, x, y: {"loss": None}}, r"returns a dict of other things than"),
            ({"infer": lambda self, x: {0: x}}, r"returns a dict of other things than"),
            ({"infer": lambda self, x: {"a": {"b": x}}}, r"returns a dict of other things than"),
            (
                {"infer": lambda self, x: {"a": x + np.ones(7)}},
                r"^infer\(\) cannot be traced \(NotImplementedError: C",
            ),
        ],
    )
    def test_method_with_no_tensors_when_saved_then_is_named(self, method, message, tmp_path):
        with pytest.raises(AuthoringError, match=message):
            save_model(with_methods(**method), tmp_path)

    @pytest.mark.parametrize(
        ("method", "message"),
        [
            ({"train": lambda self, x, y, lr: {}}, r"train\(self, x, y, lr\).*set_learning_rate"),
            ({"train": lambda self, x: {}}, r"train\(\) takes x and y only.*tf\.Module"),
            ({"infer": lambda self, x, mask: {}}, r"infer\(\) takes x only"),
            ({"parameters": lambda self, names: {}}, r"parameters\(\) takes no arguments"),
        ],
    )
    def test_method_with_other_arguments_when_decorated_then_says_which(self, method, message):
        with pytest.raises(AuthoringError, match=message):
            with_methods(**method)

    @pytest.mark.parametrize(
        "restore", [lambda self, parameters: {}, lambda self, checkpoint_path: {}]
    )
    def test_restore_with_other_arguments_when_saved_then_says_which(self, restore, tmp_path):
        with pytest.raises(AuthoringError, match=r"restore\(self, .*\*\*parameters.*to_tutorial"):
            save_model(with_methods(restore=restore), tmp_path)

    @pytest.mark.parametrize("loss", ["mse", keras.losses.Huber(), "binary_crossentropy"])
    @pytest.mark.parametrize("shape", [[7], [1], [], [5, 5]])
    def test_labels_of_another_shape_than_values_when_saved_then_says_which(
        self, shape, loss, tmp_path
    ):
        model = with_methods(Y_SHAPE=shape)
        model.model.compile("sgd", loss)
        with pytest.raises(AuthoringError, match=r"Y_SHAPE is \[.*Set Y_SHAPE = \[5\]"):
            save_model(model, tmp_path)

    @pytest.mark.parametrize(
        ("shape", "outputs", "loss"),
        [
            ([], 1, "mse"),
            ([1], 1, "binary_crossentropy"),
            ([5, 1], 5, "mse"),
            ([], 5, "sparse_categorical_crossentropy"),
            ([1], 5, lambda labels, output: tf.square(output - labels)),
        ],
    )
    def test_labels_that_keras_takes_when_called_then_train_as_there(self, shape, outputs, loss):
        model = with_methods(Y_SHAPE=shape)
        model.model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(outputs)])
        model.model.compile("sgd", loss)
        y = np.ones((len(self.X), *shape), np.float32)
        expected = model.model.test_on_batch(self.X, y)
        assert float(model.train(self.X, y)["loss"]) == pytest.approx(expected, rel=1e-5)

    def test_labels_that_the_loss_cannot_take_when_saved_then_says_so(self, tmp_path):
        model = Small()
        model.model.compile("sgd", "sparse_categorical_crossentropy")
        with pytest.raises(
            AuthoringError, match=r"train\(\) cannot be traced .* labels of Y_SHAPE"
        ):
            save_model(model, tmp_path)

    def test_optimiser_of_keras_in_train_when_saved_then_says_what_to_do(self, tmp_path):
        def train(self, x, y):
            with tf.GradientTape() as tape:
                loss = self.model.loss(y, self.model(x))
            weights = self.model.trainable_weights
            self.model.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

        with pytest.raises(AuthoringError, match=r"'train' uses .*leave Keras' optimisers .*super"):
            save_model(with_methods(train=train), tmp_path)

    @pytest.mark.parametrize("place", ["file", "file/folder"])
    def test_folder_that_is_a_file_when_saved_then_is_named_and_left(self, place, tmp_path):
        (tmp_path / "file").write_text("mine")
        with pytest.raises(AuthoringError, match=rf"{place} cannot be written.*Choose a folder"):
            save_model(Small(), tmp_path / place)
        assert (tmp_path / "file").read_text() == "mine"


class Shifting(tf.Module):
    def __init__(self):
        self.w = tf.Variable([1.0, 2.0], name="w")

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def train(self, x):
        self.w.assign_add(tf.reduce_sum(x, 0))
        return {"loss": tf.reduce_sum(self.w)}

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def serve(self, x):
        return {"y": x * self.w}


class TestSavedModelFromElsewhere:
    def test_weights_inside_a_keras_model_when_converted_then_are_the_saved_ones(self, tmp_path):
        """The official tutorial's module on Keras 3, whose weights TensorFlow's converter loses."""

        class Tutorial(tf.Module):
            def __init__(self):
                self.model = small_model()
                self.optimizer = keras.optimizers.SGD(0.1)
                self.optimizer.build(self.model.trainable_variables)

            @tf.function(input_signature=[tf.TensorSpec([None, 6]), tf.TensorSpec([None, 5])])
            def train(self, x, y):
                with tf.GradientTape() as tape:
                    loss = logits_loss()(y, self.model(x, training=True))
                weights = self.model.trainable_variables
                self.optimizer.apply(tape.gradient(loss, weights), weights)
                return {"loss": loss}

            @tf.function(input_signature=[tf.TensorSpec([None, 6])])
            def infer(self, x):
                return {"output": self.model(x)}

        module = Tutorial()
        signatures = functions_of(module, "train", "infer")
        tf.saved_model.save(module, str(tmp_path), signatures=signatures)
        (x, y), *_ = classification_batches((6,), 5, steps=1)
        device = LiteRT(convert_saved_model(tmp_path))
        np.testing.assert_allclose(device.run("infer", x=x)["output"], module.model(x), atol=1e-5)
        expected = [float(module.train(x, y)["loss"]) for _ in range(3)]
        np.testing.assert_allclose(device.train([(x, y)] * 3), expected, rtol=1e-4)

    def test_signature_called_serve_when_converted_then_is_one_of_all(self, tmp_path):
        module = Shifting()
        tf.saved_model.save(module, str(tmp_path), functions_of(module, "train", "serve"))
        device = LiteRT(convert_saved_model(tmp_path))
        x = np.ones((2, 2), np.float32)
        assert device.run("serve", x=x)["y"].tolist() == [[1, 2], [1, 2]]
        assert device.run("train", x=x)["loss"] == 7

    def test_archive_of_keras_when_converted_then_has_all_its_endpoints(self, tmp_path):
        model, archive = small_model(), keras.export.ExportArchive()
        archive.track(model)
        for name in ("serve", "train"):
            archive.add_endpoint(name, lambda x: model(x), [tf.TensorSpec([None, 6])])
        archive.write_out(str(tmp_path), verbose=False)
        names = {one.name for one in describe(convert_saved_model(tmp_path)).signatures}
        assert names == {"serve", "serving_default", "train"}

    def test_saved_model_without_signatures_when_converted_then_says_so(self, tmp_path):
        tf.saved_model.save(Shifting(), str(tmp_path))
        with pytest.raises(AuthoringError, match="has no signatures"):
            convert_saved_model(tmp_path)

    def test_module_that_is_not_saved_when_converted_then_says_so(self):
        with pytest.raises(AuthoringError, match=r"comes as its folder's path, not as Shifting\."):
            convert_saved_model(Shifting())

    def test_damaged_saved_model_when_converted_then_says_so(self, tmp_path):
        (tmp_path / "saved_model.pb").write_bytes(b"junk")
        with pytest.raises(AuthoringError, match="cannot read the SavedModel in"):
            convert_saved_model(tmp_path)


class TestTime:
    def test_model_when_converted_then_is_not_parsed_again_for_each_check(self, monkeypatch):
        """Of a recurrent layer over many steps, parsing was half of the time."""
        parsed = []
        monkeypatch.setattr("odt_core.graph.inspect.read", parsed.append)
        to_trainable_tflite(small_model(optimizer="adam", loss=logits_loss()))
        assert parsed == []


class TestLearningRate:
    def test_learning_rate_when_scheduled_then_cannot_be_set_unless_one_is_given(self):
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
        model = small_model(optimizer=keras.optimizers.SGD(schedule), loss=logits_loss())
        own, given = to_trainable_tflite(model), to_trainable_tflite(model, learning_rate=0.25)
        assert "set_learning_rate" not in {one.name for one in describe(own).signatures}
        assert "set_learning_rate" in {one.name for one in describe(given).signatures}

    def test_learning_rate_when_set_then_counts_from_the_next_step(self):
        model = small_model(optimizer=keras.optimizers.SGD(0.1), loss=logits_loss())
        device = LiteRT(to_trainable_tflite(model, learning_rate=0.25))
        batches = classification_batches((6,), 5, steps=4)
        assert device.run("set_learning_rate", learning_rate=np.float32(0))["learning_rate"] == 0
        before = device.parameters()
        device.train(batches)
        assert worst_error(device.parameters(), before) == 0
        device.run("set_learning_rate", learning_rate=np.float32(0.1))
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)

    def test_learning_rate_when_given_then_what_is_kept_from_decay_still_is(self):
        optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["kernel"])
        model = small_model(optimizer=optimizer, loss=logits_loss())
        device = LiteRT(to_trainable_tflite(model, learning_rate=0.1))
        batches = classification_batches((6,), 5, steps=6)
        expected = train_eagerly(model, batches)
        np.testing.assert_allclose(device.train(batches), expected, rtol=1e-4)


class TestInferenceOnly:
    @pytest.mark.parametrize("suffix", [None, ".keras", ".h5"])
    def test_model_or_file_when_converted_then_predicts_as_keras(self, suffix, tmp_path):
        model, source = small_model(), None
        if suffix:
            source = tmp_path / f"model{suffix}"
            model.save(source)
        data = to_inference_tflite(source or model)
        assert [s.name for s in describe(data).signatures] == ["infer"]
        assert describe(data).variables == ()
        x = classification_batches((6,), 5, steps=1)[0][0]
        logits = LiteRT(data).run("infer", x=x)["logits"]
        assert worst_error([logits], [model(x)]) < 1e-5

    def test_lambda_layer_when_loaded_then_is_refused(self, tmp_path):
        model = keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x * 2)])
        model.add(keras.layers.Dense(2))
        model.save(tmp_path / "model.keras")
        with pytest.raises(AuthoringError, match="Lambda layer"):
            to_inference_tflite(tmp_path / "model.keras")

    @pytest.mark.parametrize("name", ["none.keras", "text.keras", "picture.png"])
    def test_file_that_is_no_model_when_loaded_then_says_so(self, name, tmp_path):
        (tmp_path / "text.keras").write_text("not a model")
        with pytest.raises(AuthoringError, match=r"no file|cannot read|no Keras model"):
            to_inference_tflite(tmp_path / name)

    @pytest.mark.parametrize("convert", [to_inference_tflite, convert_saved_model])
    def test_path_that_the_system_refuses_when_read_then_says_why(self, convert):
        with pytest.raises(AuthoringError, match="cannot be read: File name too long"):
            convert("a" * 300 + ".keras")

    @pytest.mark.parametrize("convert", [to_inference_tflite, to_trainable_tflite])
    def test_what_is_neither_model_nor_path_when_converted_then_says_so(self, convert):
        with pytest.raises(AuthoringError, match=r"a keras.Model of Keras 3 .*, not as Module\."):
            convert(tf.Module())

    def test_file_that_keras_refuses_without_a_word_then_says_of_which_kind_its_error_was(
        self, monkeypatch, tmp_path
    ):
        def refuse(*given, **named):
            raise AssertionError

        monkeypatch.setattr(keras.saving, "load_model", refuse)
        (tmp_path / "model.keras").touch()
        with pytest.raises(AuthoringError, match=r"Keras cannot read .*: AssertionError"):
            to_inference_tflite(tmp_path / "model.keras")


class TestTutorialFlavour:
    def test_checkpoint_when_lowered_then_is_tensors(self):
        data = to_tutorial_tflite(small_model(optimizer="adam", loss=logits_loss()))
        found = describe(data)
        assert found.flex_ops == ()
        save = next(c for c in found.checkpoints if c.kind == "save")
        assert (save.version, save.path) == (1, "checkpoint_path")
        assert [t.name for t in save.tensors] == [
            "hidden/kernel:0",
            "hidden/bias:0",
            "out/kernel:0",
            "out/bias:0",
        ]
        device = LiteRT(data)
        batches = classification_batches((6,), 5, steps=3)
        device.train(batches)
        x = batches[0][0]
        trained = device.run("infer", x=x)
        assert worst_error([trained["output"].sum(-1)], [np.ones(len(x))]) < 1e-6
        fresh = LiteRT(data)
        fresh.run("restore", **device.run("save"))
        np.testing.assert_array_equal(fresh.run("infer", x=x)["logits"], trained["logits"])

    def test_checkpoint_when_not_lowered_then_is_a_path(self):
        data = to_tutorial_tflite(small_model(), lowered=False)
        found = describe(data)
        assert {"Save", "Restore"} <= set(found.flex_ops)
        (path,) = found.signature("save").inputs
        assert (path.name, path.dtype) == ("checkpoint_path", "string")

    @pytest.mark.parametrize(
        ("loss", "squashed"),
        [
            (logits_loss(), lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True)),
            (
                keras.losses.CategoricalFocalCrossentropy(from_logits=True),
                lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
            ),
            (keras.losses.BinaryCrossentropy(from_logits=True), lambda z: 1 / (1 + np.exp(-z))),
            (
                keras.losses.BinaryFocalCrossentropy(from_logits=True),
                lambda z: 1 / (1 + np.exp(-z)),
            ),
        ],
    )
    def test_output_is_what_the_loss_makes_of_logits(self, loss, squashed):
        x = classification_batches((6,), 5, steps=1)[0][0]
        model = small_model(loss=loss, optimizer="sgd")
        said = LiteRT(to_tutorial_tflite(model)).run("infer", x=x)
        logits = np.asarray(model(x))
        assert worst_error([said["logits"]], [logits]) < 1e-5
        assert worst_error([said["output"]], [squashed(logits)]) < 1e-5

    @pytest.mark.parametrize("loss", ["mse", "mae", lambda y, z: keras.ops.mean((y - z) ** 2, -1)])
    def test_output_of_a_model_of_values_is_its_own_and_called_no_logits(self, loss):
        x = classification_batches((6,), 5, steps=1)[0][0]
        model = small_model(loss=loss, optimizer="sgd")
        said = LiteRT(to_tutorial_tflite(model)).run("infer", x=x)
        assert said.keys() == {"output"}
        assert worst_error([said["output"]], [model(x)]) < 1e-5

    @pytest.mark.parametrize(
        ("activation", "loss"),
        [("softmax", "categorical_crossentropy"), ("sigmoid", "binary_crossentropy")],
    )
    @pytest.mark.parametrize("further", [[], [keras.layers.Reshape((5,))]])
    def test_probabilities_are_the_models_own_and_never_squashed_again(
        self, activation, loss, further
    ):
        last = keras.layers.Dense(5, activation=activation)
        model = keras.Sequential([keras.Input((6,)), last, *further])
        model.compile(loss=loss, optimizer="sgd")
        x = classification_batches((6,), 5, steps=1)[0][0]
        said = LiteRT(to_tutorial_tflite(model)).run("infer", x=x)
        assert ("logits" in said) == (not further)  # Keras tells them of a last layer alone
        assert worst_error([said["output"]], [model(x)]) < 1e-5


class TestInitialWeights:
    @pytest.mark.parametrize(
        ("convert", "lowered"), [(to_trainable_tflite, True), (to_tutorial_tflite, False)]
    )
    def test_weights_when_lost_in_conversion_then_no_file_is_returned(
        self, convert, lowered, monkeypatch
    ):
        def emptied(*given):
            return {name: np.zeros_like(value) for name, value in state_of(*given).items()}

        monkeypatch.setattr("odt_core.authoring.one_call.state_of", emptied)
        with pytest.raises(AuthoringError, match="lost the initial value of hidden/kernel"):
            convert(small_model(), lowered=lowered)

    def test_tutorial_flavour_when_converted_then_a_fresh_one_holds_the_weights(self):
        model = small_model()
        data = to_tutorial_tflite(model)
        state = state_of(data, describe(data))
        for variable in model.weights:
            name = variable.path.removeprefix(f"{model.name}/")
            np.testing.assert_array_equal(state[name], variable.numpy())


class TestErrors:
    def test_unbuilt_model_then_says_how_to_build(self):
        model = keras.Sequential([keras.layers.Dense(3)])
        with pytest.raises(AuthoringError, match="has no weights yet"):
            to_trainable_tflite(model)

    def test_compiled_without_loss_then_says_so(self):
        with pytest.raises(AuthoringError, match="compiled without a loss"):
            to_trainable_tflite(small_model(optimizer="sgd"))

    @pytest.mark.parametrize(
        ("optimizer", "message"),
        [
            ("adafactor", "Adafactor is not available"),
            ("nonsense", "knows no optimiser"),
            (keras.optimizers.SGD(0.1, use_ema=True), "use_ema is not available"),
        ],
    )
    def test_optimiser_that_cannot_be_taken_over_then_is_named(self, optimizer, message):
        with pytest.raises(AuthoringError, match=message):
            to_trainable_tflite(small_model(), optimizer=optimizer)

    @pytest.mark.parametrize("convert", [to_trainable_tflite, to_inference_tflite])
    @pytest.mark.parametrize(
        ("policy", "message"),
        [
            ("mixed_float16", "layer 'out' computes in float16"),
            ("mixed_bfloat16", "layer 'out' computes in bfloat16"),
            ("float64", "weight .*kernel is float64"),
        ],
    )
    def test_precision_other_than_float32_then_says_so(self, policy, message, convert):
        out = keras.layers.Dense(5, dtype=policy, name="out")
        model = keras.Sequential([keras.Input((6,)), keras.Sequential([out])])
        model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop()), "mse")
        with pytest.raises(AuthoringError, match=f"{message}.*Build the model with float32"):
            convert(model)

    @pytest.mark.parametrize("dtype", ["uint8", "float16", "float64"])
    def test_input_of_another_dtype_is_trained(self, dtype):
        layers = [keras.Input((6,), dtype=dtype), keras.layers.Rescaling(0.1)]
        model = keras.Sequential([*layers, keras.layers.Dense(5)])
        model.compile("sgd", "mse")
        session = load_model(to_trainable_tflite(model)).session()
        x, y = np.arange(12).reshape(2, 6).astype(dtype), np.ones((2, 5), np.float32)
        assert session.train_step(x, y) == pytest.approx(model.train_on_batch(x, y), rel=1e-4)

    def test_unknown_layer_to_train_then_lists_the_layers(self):
        with pytest.raises(
            AuthoringError, match=r"no layer last\. Layers with weights: hidden, out"
        ):
            to_trainable_tflite(small_model(), trainable=["last"])

    def test_op_without_builtin_form_then_is_named(self):
        class Bessel(keras.layers.Layer):
            def call(self, inputs):
                return tf.math.special.bessel_j0(inputs)

        dense = keras.layers.Dense(4)
        model = keras.Sequential([keras.Input((6,)), dense, Bessel(), keras.layers.Dense(2)])
        with pytest.raises(AuthoringError, match=r"BesselJ0\b"):
            to_trainable_tflite(model)

    def test_grouped_convolution_is_trained(self):
        grouped = keras.layers.Conv2D(4, 3, groups=2)
        layers = [keras.Input((6, 6, 4)), grouped, keras.layers.Flatten(), keras.layers.Dense(3)]
        model = load_model(to_trainable_tflite(keras.Sequential(layers)))
        x = np.random.default_rng(0).normal(size=(12, 6, 6, 4)).astype(np.float32)
        session, y = model.session(), np.arange(12) % 3
        first = session.train_step(x, y)
        assert min(session.train_step(x, y) for _ in range(20)) < first

    @pytest.mark.parametrize("named", [False, True])
    def test_several_inputs_train_as_in_keras(self, named):
        keras.utils.set_random_seed(1)
        person = keras.Input((1,), name="person", dtype="int32")
        mood = keras.Input((3,), name="mood")
        taste = keras.layers.Flatten()(keras.layers.Embedding(9, 4)(person))
        joined = keras.layers.Concatenate()([taste, mood])
        answer = keras.layers.Dense(1)(keras.layers.Dense(5, "tanh")(joined))
        given = {"mood": mood, "person": person} if named else [person, mood]
        model = keras.Model(given, answer)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        draw = np.random.default_rng(0)
        x, y = draw.normal(size=(16, 3)).astype(np.float32), draw.normal(size=(16, 1))
        ids = draw.integers(0, 9, (16, 1))
        mine = load_model(to_trainable_tflite(model))
        assert [part.name for part in mine.contract.sample_inputs] == ["mood", "person"]
        session, rows = mine.session(), np.hstack([x, ids])
        fed = {"mood": x, "person": ids} if named else [ids, x]
        for _ in range(5):
            expected = model.train_on_batch(fed, y)
            assert session.train_step(rows, y) == pytest.approx(expected, rel=1e-5)
        expected = model.predict(fed, verbose=0)
        assert np.allclose(session.infer(rows), expected, atol=1e-6)
        fixed = load_model(to_inference_tflite(model))
        assert np.allclose(fixed.session().infer(rows), expected, atol=1e-6)

    def test_input_called_like_the_labels_says_so(self):
        a, b = keras.Input((3,), name="x"), keras.Input((3,), name="y")
        model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Add()([a, b])))
        with pytest.raises(AuthoringError, match=r"named x, y\. Give each a name of its own"):
            to_trainable_tflite(model)

    def test_recipe_takes_one_input_and_says_what_takes_more(self):
        @tflite_model_class
        class Two(BaseTFLiteModel):
            X_SHAPE = [3]  # noqa: RUF012
            Y_SHAPE = [2]  # noqa: RUF012

            def __init__(self):
                a, b = keras.Input((3,)), keras.Input((3,))
                self.model = keras.Model([a, b], keras.layers.Dense(2)(keras.layers.Add()([a, b])))
                self.model.compile("sgd", "mse")

        with pytest.raises(AuthoringError, match="has 2 inputs, and this takes one"):
            save_model(Two(), "unused")


class TestImport:
    def test_odt_core_when_imported_then_leaves_tensorflow_alone(self):
        import subprocess
        import sys

        code = "import sys, odt_core, odt_core.authoring; print('tensorflow' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "False"


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
        model = keras.Sequential([keras.Input((12, 4)), keras.layers.Dense(5)])
        with pytest.raises(AuthoringError, match=r"cannot be traced .*labels of the given shape"):
            to_trainable_tflite(model, loss=keras.losses.CTC())
