"""Methods of one's own in the recipe's class: what they may do, and what is said of others."""

import numpy as np
import pytest
import tensorflow as tf
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error
from small_models import Small, logits_loss, small_model, with_methods

from odt_core.authoring import BaseTFLiteModel, convert_saved_model, save_model, tflite_model_class
from odt_core.errors import AuthoringError


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

    @pytest.mark.parametrize("call", ["apply", "apply_gradients"])
    @pytest.mark.parametrize(
        "optimizer",
        [
            keras.optimizers.SGD(0.1),
            keras.optimizers.AdamW(0.01, global_clipnorm=0.1),
        ],
    )
    def test_optimiser_of_compile_in_train_when_converted_then_learns_as_keras(
        self, optimizer, call, tmp_path
    ):
        def train(self, x, y):
            weights = self.model.trainable_weights
            with tf.GradientTape() as tape:
                loss = self.model.loss(y, self.model(x, training=True))
            gradients = tape.gradient(loss, weights)
            if call == "apply":
                self.model.optimizer.apply(gradients, weights)
            else:
                self.model.optimizer.apply_gradients(zip(gradients, weights, strict=True))
            return {"loss": loss}

        model, batches = with_methods(train=train), classification_batches((6,), 5, steps=4)
        model.model.compile(type(optimizer).from_config(optimizer.get_config()), logits_loss())
        device = self.converted(model, tmp_path)
        np.testing.assert_allclose(device.train(batches), train_eagerly(model.model, batches), 1e-5)
        assert worst_error(device.parameters(), model.model.get_weights()) < 1e-5
        device.run("set_learning_rate", learning_rate=np.float32(0))
        before = device.parameters()
        device.train(batches)
        assert worst_error(device.parameters(), before) == 0

    def test_root_of_nought_in_a_step_of_ones_own_when_converted_then_learns_as_keras(
        self, tmp_path
    ):
        def loss_of_lengths(y, output):
            return tf.square(tf.sqrt(tf.reduce_sum(tf.square(output), axis=-1)) - y[:, 0])

        def train(self, x, y):
            weights = self.model.trainable_weights
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self.model.loss(y, self.model(x, training=True)))
            self.model.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

        model, x = with_methods(train=train), np.eye(4, 6, -1, np.float32)
        model.model.compile("sgd", loss_of_lengths)
        batches = [(x, x[:, :5] + x[:, 1:])]  # of x = 0: √0, whose slope is infinite, and is right
        device = self.converted(model, tmp_path)
        np.testing.assert_allclose(device.train(batches), train_eagerly(model.model, batches), 1e-5)
        assert worst_error(device.parameters(), model.model.get_weights()) < 1e-5

    def test_optimiser_of_compile_when_given_some_weights_then_leaves_the_others(self):
        def train(self, x, y):
            weights = self.model.layers[-1].trainable_weights
            with tf.GradientTape() as tape:
                loss = self.model.loss(y, self.model(x))
            self.model.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

        model = with_methods(train=train)
        hidden, _, out, _ = model.model.get_weights()
        model.train(self.X, self.Y)
        assert np.array_equal(model.model.get_weights()[0], hidden)
        assert not np.array_equal(model.model.get_weights()[2], out)

    def test_optimiser_of_compile_when_given_another_weight_then_names_it(self):
        def train(self, x, y):
            other = tf.Variable(1.0, name="other")
            self.model.optimizer.apply([tf.ones([])], [other])
            return {"loss": tf.reduce_sum(x)}

        with pytest.raises(AuthoringError, match=r"gradient of .*other.* is no trainable weight"):
            with_methods(train=train).train(self.X, self.Y)

    def test_other_optimiser_in_train_when_saved_then_says_what_to_do(self, tmp_path):
        other = keras.optimizers.SGD(0.1)

        def train(self, x, y):
            with tf.GradientTape() as tape:
                loss = self.model.loss(y, self.model(x))
            weights = self.model.trainable_weights
            other.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

        with pytest.raises(AuthoringError, match=r"'train' uses .* given to compile.*super"):
            save_model(with_methods(train=train), tmp_path)

    @pytest.mark.parametrize("place", ["file", "file/folder"])
    def test_folder_that_is_a_file_when_saved_then_is_named_and_left(self, place, tmp_path):
        (tmp_path / "file").write_text("mine")
        with pytest.raises(AuthoringError, match=rf"{place} cannot be written.*Choose a folder"):
            save_model(Small(), tmp_path / place)
        assert (tmp_path / "file").read_text() == "mine"
