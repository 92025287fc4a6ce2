"""What a model learns, told by its loss: files made with TensorFlow, as people write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import odt_core as odt
from odt_core import Samples, Settings, Task, fit, load_model
from odt_core.dialects.contract import Activation, Contract
from odt_core.errors import TrainingError
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net, model_of, tagger


def log_cosh(y, z):
    return (z - y) + tf.nn.softplus(-2.0 * (z - y)) - np.log(2.0)


def squared_logs(y, z):
    return (tf.math.log(tf.nn.relu(z) + 1.0) - tf.math.log(tf.nn.relu(y) + 1.0)) ** 2


def sigmoid(y, z):
    return tf.nn.sigmoid_cross_entropy_with_logits(y, z)


def written_out(y, z):
    p = tf.sigmoid(z)
    return -(y * tf.math.log(p + 1e-7) + (1 - y) * tf.math.log(1 - p + 1e-7))


def poisson(y, z):
    rate = tf.nn.softplus(z)
    return rate - y * tf.math.log(rate + 1e-7)


def of_all_counts(y, z):
    return tf.nn.log_poisson_loss(y, z, compute_full_loss=True)


def squared_sigmoids(y, z):
    return (y - tf.sigmoid(z)) ** 2


def brier(y, z):
    return (y - tf.nn.softmax(z)) ** 2


def overlap(y, z):
    p = tf.sigmoid(z)
    return 1.0 - (2.0 * tf.reduce_sum(y * p) + 1.0) / (tf.reduce_sum(y) + tf.reduce_sum(p) + 1.0)


def focal(y, z):
    p = tf.nn.softmax(z)
    return -tf.reduce_sum(y * (1.0 - p) ** 2 * tf.math.log(p + 1e-7), -1)


def softmax(y, z):
    return tf.nn.softmax_cross_entropy_with_logits(y, z)


def squared(y, z):
    return (y - z) ** 2


@pytest.mark.parametrize(
    ("loss", "outputs", "task"),
    [
        (squared, 1, Task.VALUES),
        (squared, 3, Task.VALUES),
        (log_cosh, 1, Task.VALUES),
        (squared_logs, 1, Task.VALUES),
        (squared_logs, 2, Task.VALUES),
        (sigmoid, 1, Task.BINARY),
        (written_out, 1, Task.BINARY),
        (softmax, 3, Task.CLASSES),
        (softmax, WIDTH, Task.CLASSES),
        (sigmoid, WIDTH, Task.RECONSTRUCTION),
        (sigmoid, 3, Task.CLASSES),
        (overlap, 1, Task.BINARY),
        (poisson, 1, Task.VALUES),
        (poisson, 3, Task.VALUES),
        (of_all_counts, 1, Task.VALUES),
        (squared_sigmoids, 1, Task.VALUES),
        (log_cosh, 3, Task.VALUES),
        (brier, 3, Task.CLASSES),
        (focal, 3, Task.CLASSES),
    ],
)
def test_loss_tells_labels_from_numbers_whatever_the_output_is_called(
    loss, outputs, task, tmp_path
):
    model = model_of(loss, tmp_path, outputs=outputs)
    assert model.contract.task is task


def test_whole_numbers_that_a_sigmoid_comes_near_are_yes_and_no(tmp_path):
    y = tf.TensorSpec([None, 1], INTS)
    near = model_of(lambda y, z: squared_sigmoids(tf.cast(y, FLOATS), z), tmp_path, y=y)
    assert near.contract.task is Task.BINARY


@pytest.mark.parametrize("dtype", [tf.bool, FLOATS])
@pytest.mark.parametrize("name", ["label", "state", "mask"])
def test_labels_are_told_by_the_loss_whatever_they_are_called(name, dtype, tmp_path):
    net = Net(1)

    def train(x, y):
        return {"loss": net.step(lambda: sigmoid(tf.cast(y, FLOATS), net(x)))}

    specs = [tf.TensorSpec([None, WIDTH], FLOATS, "x"), tf.TensorSpec([None, 1], dtype, name)]

    @tf.function(input_signature=specs[:1])
    def infer(x):
        return {"output": net(x)}

    train = tf.function(train, input_signature=specs)
    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    assert (model.contract.train[0].labels, model.contract.task) == (name, Task.BINARY)
    x = np.random.default_rng(1).normal(size=(40, WIDTH)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    session = model.session()
    for _ in range(80):
        session.train_step(x, y)
    assert (session.predict_proba(x).argmax(axis=1) == y).mean() > 0.9


@pytest.mark.parametrize(("loss", "name"), [(sigmoid, "logits"), (overlap, "output")])
def test_mask_of_a_grey_picture_is_what_is_learnt(loss, name, tmp_path):
    """It has the picture's form, and a name of what says where to look."""
    draw = np.random.default_rng(0)

    class Pixels(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(draw.normal(0, 0.4, (3, 3, 1, 1)), dtype=FLOATS)

    pixels = Pixels()

    def answer(image):
        return tf.nn.conv2d(image, pixels.w, 1, "SAME")

    spec = tf.TensorSpec([None, 8, 8, 1], FLOATS)

    @tf.function(input_signature=[spec, spec])
    def train(image, mask):
        with tf.GradientTape() as tape:
            found = tf.reduce_mean(loss(mask, answer(image)))
        pixels.w.assign_sub(0.5 * tape.gradient(found, pixels.w))
        return {"loss": found}

    @tf.function(input_signature=[spec])
    def infer(image):
        return {name: answer(image)}

    contract = load_model(file_of(pixels, tmp_path, train=train, infer=infer)).contract
    assert (contract.train[0].labels, contract.task) == ("mask", Task.VALUES)
    assert contract.activation is Activation.SIGMOID


def test_where_a_network_looked_is_not_its_answer(tmp_path):
    net = Net(3)

    @tf.function(
        input_signature=[tf.TensorSpec([None, WIDTH], FLOATS), tf.TensorSpec([None, 3], FLOATS)]
    )
    def train(x, y):
        return {"loss": net.step(lambda: softmax(y, net(x)))}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {"kinds": tf.nn.softmax(net(x)), "peak": tf.argmax(x @ net.w, -1)}

    contract = load_model(file_of(net, tmp_path, train=train, infer=infer)).contract
    assert (contract.infer.prediction, contract.outputs) == ("kinds", 3)


def test_loss_kept_by_a_keras_metric_is_read(tmp_path):
    """The mean so far is read from a variable, in which the loss was added up."""
    net = Net(1)
    mean = tf.keras.metrics.Mean()
    net.kept = mean.variables

    @tf.function(
        input_signature=[tf.TensorSpec([None, WIDTH], FLOATS), tf.TensorSpec([None, 1], FLOATS)]
    )
    def train(x, y):
        mean.update_state(net.step(lambda: log_cosh(y, net(x))))
        return {"loss": mean.result()}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {"logits": net(x)}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    assert model.contract.task is Task.VALUES


def test_logarithm_in_the_network_does_not_hide_that_of_the_loss(tmp_path):
    """Such as the log energies of a wake-word model."""
    net = Net(1)

    def answer(x):
        return net(tf.math.log(tf.abs(x) + 1.0))

    @tf.function(
        input_signature=[tf.TensorSpec([None, WIDTH], FLOATS), tf.TensorSpec([None, 1], FLOATS)]
    )
    def train(x, y):
        return {"loss": net.step(lambda: sigmoid(y, answer(x)))}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {"output": tf.sigmoid(answer(x))}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    assert model.contract.task is Task.BINARY


def test_accuracy_before_the_loss_in_a_tuple_is_not_taken_for_it(tmp_path):
    net = Net(3)

    @tf.function(
        input_signature=[tf.TensorSpec([None, WIDTH], FLOATS), tf.TensorSpec([None], INTS)]
    )
    def train(x, y):
        right = tf.equal(tf.argmax(net(x), -1, output_type=INTS), y)
        loss = net.step(lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(x)))
        return tf.reduce_mean(tf.cast(right, FLOATS)), loss

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {"logits": net(x)}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    x = np.random.default_rng(1).normal(size=(12, WIDTH)).astype(np.float32)
    assert model.session().train_step(x, np.arange(12) % 3) == pytest.approx(1.1, abs=0.4)
    assert model.contract.train[0].loss == "output_1"


def test_one_sample_a_call_trains_and_predicts_one_after_the_other(tmp_path):
    net = Net(3)

    @tf.function(input_signature=[tf.TensorSpec([WIDTH], FLOATS), tf.TensorSpec([], INTS)])
    def train(x, y):
        def losses():
            return tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(x[None])[0])

        return {"loss": net.step(losses)}

    @tf.function(input_signature=[tf.TensorSpec([WIDTH], FLOATS)])
    def infer(x):
        return {"logits": net(x[None])[0]}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    assert (model.contract.task, model.contract.input_shape) == (Task.CLASSES, (WIDTH,))
    x = np.random.default_rng(1).normal(size=(30, WIDTH)).astype(np.float32)
    y = x[:, :3].argmax(axis=1)
    session = model.session()
    history = fit(session, Samples(x, y, model.labels), Settings(epochs=30, batch_size=1, seed=0))
    assert history.steps == 900
    assert (session.predict_proba(x).argmax(axis=1) == y).mean() > 0.9


@pytest.mark.parametrize("labels", ["one-hot", "yes or no", "number", "numbers"])
def test_target_of_one_sample_a_call_may_have_any_form(labels, tmp_path):
    outputs = {"one-hot": 3, "numbers": 3}.get(labels, 1)
    loss = {"one-hot": softmax, "yes or no": sigmoid}.get(labels, squared)
    net = Net(outputs)
    form = [outputs] if outputs > 1 else []

    @tf.function(input_signature=[tf.TensorSpec([WIDTH], FLOATS), tf.TensorSpec(form, FLOATS)])
    def train(x, y):
        return {"loss": net.step(lambda: loss(y, tf.reshape(net(x[None]), form)))}

    @tf.function(input_signature=[tf.TensorSpec([WIDTH], FLOATS)])
    def infer(x):
        return {"output": tf.reshape(net(x[None]), form)}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    session = model.session()
    x = np.ones((1, WIDTH), np.float32)
    y = np.array([1]) if labels in ("one-hot", "yes or no") else np.ones((1, *form), np.float32)
    losses = [session.train_step(x, y) for _ in range(30)]
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("length", [7, None])
def test_tags_of_words_are_compared_with_their_scores(length, tmp_path):
    model = load_model(tagger(tmp_path, length))
    contract = model.contract
    assert (contract.task, contract.scores_each, contract.scored) == (Task.VALUES, 4, True)
    assert contract.target_shape == contract.input_shape
    assert contract.activation is Activation.SOFTMAX
    tokens = np.random.default_rng(1).integers(0, 20, (40, 7)).astype(np.float32)
    session = model.session()
    for _ in range(60):
        session.train_step(tokens, tokens % 4)
    assert (session.infer(tokens).argmax(axis=-1) == tokens % 4).mean() > 0.95


@pytest.mark.parametrize("length", [3, 40])
def test_tags_of_texts_of_any_length_are_learnt_and_judged(length, tmp_path):
    model = load_model(tagger(tmp_path))
    tokens = np.random.default_rng(1).integers(0, 20, (40, length)).astype(np.float32)
    raw = odt.RawSamples(tuple(tokens), ("",) * 40, ("",) * 40, tuple(tokens % 4))
    taken = replace(model.preprocessing, shape=(length,))
    samples, session = model.prepare(raw, preprocessing=taken), model.session()
    assert samples.y.shape == tokens.shape
    fit(session, samples, Settings(epochs=60, batch_size=40))
    assert odt.evaluate(session, samples).places.mean_iou > 0.9
    assert model.contract.sized((5,)).target_shape == (5,)
    with pytest.raises(TrainingError, match=rf"this model learns \['N', {length}\]"):
        fit(session, replace(samples, y=samples.y[:, 1:]), Settings(epochs=1))


class TestTargetsThatCannotBeLearnt:
    SCORED = Contract((), None, (8, 8), None, None, True, task=Task.VALUES, scores_each=3)
    SHARES = Contract(
        (), None, (8, 8), None, None, True, task=Task.VALUES, targets_are_probabilities=True
    )

    @pytest.mark.parametrize("fine", [[0, 2], [1, 255], [-1, 0], [-100, 2]])
    def test_numbers_of_classes_or_of_none(self, fine):
        assert self.SCORED.why_not_learnt(np.array(fine, np.float32)) is None

    @pytest.mark.parametrize(("wrong", "said"), [([0, 3], "class 3"), ([0.5, 1], "class 0.5")])
    def test_classes_beyond_the_models_are_said(self, wrong, said):
        why = self.SCORED.why_not_learnt(np.array(wrong, np.float32))
        assert why is not None
        assert why.startswith(f"{said}; this model tells 3 apart, 0 to 2")

    @pytest.mark.parametrize(("wrong", "said"), [([0, 5], "5;"), ([-0.5, 1], "-0.5;")])
    def test_numbers_beyond_probabilities_are_said(self, wrong, said):
        why = self.SHARES.why_not_learnt(np.array(wrong, np.float32))
        assert why is not None
        assert why.startswith(said)
        assert self.SHARES.why_not_learnt(np.array([0, 0.3, 1], np.float32)) is None

    def test_training_refuses_them_and_changes_nothing(self, tmp_path):
        def pixels(y, z):
            return sigmoid(tf.reshape(y, [-1, 8]), z)

        y = tf.TensorSpec([None, 2, 4], FLOATS)

        def squares(z):
            return tf.reshape(z, [-1, 2, 4])

        model = model_of(pixels, tmp_path, outputs=8, y=y, answer=squares)
        assert (model.contract.targets_are_probabilities, model.contract.activation) == (
            True,
            Activation.SIGMOID,
        )
        session = model.session()
        before = session.state()
        x = np.ones((4, WIDTH), np.float32)
        samples = Samples(x, np.full((4, 2, 4), 7, np.float32), model.labels)
        with pytest.raises(
            TrainingError,
            match=r"number 1 of the own samples has 7; this model learns probabilities",
        ):
            fit(session, samples, Settings(epochs=1, batch_size=4))
        assert all(np.array_equal(before[name], array) for name, array in session.state().items())


def test_training_that_divides_by_what_is_filled_with_zeros_names_it(tmp_path):
    net = Net(1)
    row = tf.TensorSpec([None, WIDTH], FLOATS)
    specs = [row, tf.TensorSpec([None, 1], FLOATS), tf.TensorSpec([], FLOATS, "horizon")]

    @tf.function(input_signature=specs)
    def train(x, y, horizon):
        return {"loss": net.step(lambda: (y - net(x)) ** 2 / horizon)}

    @tf.function(input_signature=[row])
    def infer(x):
        return {"output": net(x)}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    samples = Samples(np.ones((4, WIDTH), np.float32), np.ones((4, 1), np.float32), model.labels)
    history = fit(model.session(), samples, Settings(epochs=1, batch_size=4))
    assert "Perhaps what is filled with zeros may not be 0: 'horizon'." in history.message
