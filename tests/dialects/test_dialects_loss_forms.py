"""Losses and last layers in the many forms that people write them in, read from their files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from odt_core import Choice, Labels, Samples, Settings, Task, fit, load_model
from odt_core.dialects.contract import Activation, LabelKind, OutputKind
from odt_core.errors import SampleError, SignatureError
from odt_core.evaluation import evaluate
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net, hardest, model_of

NUMBER = tf.TensorSpec([None], INTS)
LOG = tf.math.log


def floats(y: tf.Tensor) -> tf.Tensor:
    return tf.cast(y, FLOATS)[:, None]


def entropy(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.nn.sigmoid_cross_entropy_with_logits(y, z)


def pinball(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.maximum(0.9 * (y - z), -0.1 * (y - z))


def wing(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    off = tf.abs(y - tf.sigmoid(z))
    return tf.where(off < 0.1, 0.1 * LOG(1.0 + off / 0.05), off)


def negative_binomial(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return (y + 2.0) * LOG(2.0 + tf.exp(z)) - y * z


def chosen(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    p = tf.sigmoid(z)
    right = tf.where(tf.equal(y, 1.0), p, 1.0 - p)
    return -((1.0 - right) ** 2.0) * LOG(right + 1e-7)


def hinge(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(1.0 - (2.0 * y - 1.0) * z)


def capsules(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    p = tf.sigmoid(z)
    return y * tf.nn.relu(0.9 - p) ** 2.0 + 0.5 * (1.0 - y) * tf.nn.relu(p - 0.1) ** 2.0


def lead(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    right = tf.reduce_sum(z * y, -1, keepdims=True)
    return tf.nn.relu(1.0 + z - right) * (1.0 - y)


def mixed_up(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    share = tf.random.uniform([], 0.6, 1.0)
    other = tf.random.shuffle(tf.range(tf.shape(y)[0]))
    y = share * y + (1.0 - share) * tf.gather(y, other)
    return tf.nn.softmax_cross_entropy_with_logits(y, z)


def distilled(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return -tf.reduce_sum(tf.nn.softmax(y / 2.0) * tf.nn.log_softmax(z / 2.0), -1)


def divergence(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """Of another network's logits."""
    theirs, ours = tf.nn.log_softmax(y / 2.0), tf.nn.log_softmax(z / 2.0)
    return tf.reduce_sum(tf.nn.softmax(y / 2.0) * (theirs - ours), -1)


def swapped(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.keras.losses.CategoricalCrossentropy(from_logits=True)(z, y)


def swapped_shares(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.keras.losses.CategoricalCrossentropy()(tf.nn.softmax(z), y)


def weighed(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return (1.0 + 4.0 * y) * entropy(y, z)


def chosen_weights(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return entropy(y, z) * tf.where(y > 0.5, 5.0, 1.0)


def balanced_focal(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    share = 0.25 * y + 0.75 * (1.0 - y)
    return share * (1.0 - tf.exp(-entropy(y, z))) ** 2.0 * entropy(y, z)


def of_first(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return (1.0 + 4.0 * y[:, 0]) * tf.nn.softmax_cross_entropy_with_logits(y, z)


def by_class(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    weights = tf.reduce_sum(y * tf.constant([1.0, 2.0, 3.0]), -1)
    return weights * tf.nn.softmax_cross_entropy_with_logits(y, z)


@pytest.mark.parametrize(
    ("loss", "outputs", "task"),
    [
        (pinball, 1, Task.VALUES),
        (wing, 1, Task.VALUES),
        (negative_binomial, 1, Task.VALUES),
        (distilled, 3, Task.VALUES),
        (divergence, 3, Task.VALUES),
        (swapped, 3, Task.CLASSES),
        (swapped_shares, 3, Task.CLASSES),
        (chosen, 1, Task.BINARY),
        (hinge, 1, Task.BINARY),
        (hinge, 3, Task.CLASSES),
        (capsules, 3, Task.CLASSES),
        (lead, 3, Task.CLASSES),
        (mixed_up, 3, Task.CLASSES),
        # labels that weigh their own loss
        (weighed, 1, Task.BINARY),
        (chosen_weights, 1, Task.BINARY),
        (balanced_focal, 1, Task.BINARY),
        (weighed, 3, Task.CLASSES),
        (of_first, 3, Task.CLASSES),
        (by_class, 3, Task.CLASSES),
    ],
)
def test_form_of_a_loss_tells_what_it_learns(loss, outputs, task, tmp_path):
    assert model_of(loss, tmp_path, outputs=outputs, name="output").contract.task is task


@pytest.mark.parametrize(
    ("loss", "outputs", "task"),
    [
        (lambda y, z: (floats(y) - z) ** 2.0, 1, Task.VALUES),
        (lambda y, z: tf.nn.log_poisson_loss(floats(y), z), 1, Task.VALUES),
        (lambda y, z: entropy(floats(y), z), 1, Task.BINARY),
        (lambda y, z: chosen(floats(y), z), 1, Task.BINARY),
        (lambda y, z: tf.nn.softplus(-(2.0 * floats(y) - 1.0) * z), 1, Task.BINARY),
        (lambda y, z: tf.keras.losses.hinge(floats(y), z), 1, Task.BINARY),
        (lambda y, z: (tf.one_hot(y, 3) - z) ** 2.0, 3, Task.CLASSES),
        (lambda y, z: tf.nn.sparse_softmax_cross_entropy_with_logits(y, z), 3, Task.CLASSES),
        (lambda y, z: LOG(tf.gather(tf.nn.softmax(z), y, axis=1, batch_dims=1)), 3, Task.CLASSES),
    ],
)
def test_whole_targets_are_labels_where_the_loss_takes_them_for_such(loss, outputs, task, tmp_path):
    model = model_of(loss, tmp_path, outputs=outputs, y=NUMBER, name="output")
    assert model.contract.task is task


@pytest.mark.parametrize("outputs", [1, 2, 4, 5])
def test_last_layer_without_bias_gives_logits_however_its_product_is_written(outputs, tmp_path):
    loss = entropy if outputs == 1 else tf.nn.softmax_cross_entropy_with_logits
    contract = model_of(loss, tmp_path, outputs=outputs, name="output").contract
    assert contract.task is (Task.BINARY if outputs == 1 else Task.CLASSES)
    assert contract.infer.kind is OutputKind.LOGITS


@pytest.mark.parametrize("loss", [weighed, chosen_weights, balanced_focal])
def test_pixels_that_weigh_their_own_loss_are_still_probabilities(loss, tmp_path):
    assert pixels(loss, tmp_path, y=mask(1)).activation is Activation.SIGMOID


@pytest.mark.parametrize(
    "loss", [lambda y, z: tf.nn.relu(1.0 - y * z), lambda y, z: tf.nn.softplus(-y * z)]
)
@pytest.mark.parametrize("dtype", [INTS, FLOATS])
def test_labels_of_a_hand_written_margin_are_signs(loss, dtype, tmp_path):
    def of_signs(y, z):
        return loss(tf.cast(y, FLOATS), z[:, 0])

    model = model_of(of_signs, tmp_path, y=tf.TensorSpec([None], dtype), name="score")
    (role,) = model.contract.train
    assert (model.contract.task, role.label_kind) == (Task.BINARY, LabelKind.SIGNS)
    x = np.random.default_rng(1).normal(size=(16, WIDTH)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    session = model.session()
    expected = tf.reduce_mean(loss(2.0 * y.astype(np.float32) - 1.0, session.infer(x)[:, 0]))
    assert session.train_step(x, y) == pytest.approx(float(expected), rel=1e-5)
    for _ in range(60):
        session.train_step(x, y)
    assert (session.predict_proba(x).argmax(axis=1) == y).all()
    with pytest.raises(SignatureError, match="0 and 1, or −1 and 1"):
        session.train_step(x, 3 * y)


def signs_of(
    folder: Any, *, batch: int | None = None, dtype: Any = INTS, name: str = "score",
    end: Callable[[tf.Tensor], tf.Tensor] = lambda z: z,
) -> Any:  # fmt: skip
    """A hinge of y · z whose `train` takes so many samples at a time."""
    net = Net(1)
    inputs = [tf.TensorSpec([batch, WIDTH], FLOATS), tf.TensorSpec([batch], dtype)]

    @tf.function(input_signature=inputs)
    def train(x, y):
        return {"loss": net.step(lambda: tf.nn.relu(1.0 - tf.cast(y, FLOATS) * end(net(x))[:, 0]))}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {name: end(net(x))}

    return load_model(file_of(net, folder, train=train, infer=infer))


X = np.random.default_rng(1).normal(size=(64, WIDTH)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize("batch", [None, 1, 8])
def test_signs_are_made_once_whatever_the_batches(batch, replay, tmp_path):
    model = signs_of(tmp_path, batch=batch)
    session, samples = model.session(), Samples(X, Y, Labels(("no", "yes")))
    old = Samples(X[:32], Y[:32], samples.labels) if replay else None
    fit(session, samples, Settings(epochs=12, batch_size=16), replay=old)
    assert evaluate(session, samples).accuracy > 0.9


def test_signs_are_made_after_a_run_as_before(tmp_path):
    model = signs_of(tmp_path)
    used, fresh = model.session(), model.session()
    fit(used, Samples(X, Y, Labels(("no", "yes"))), Settings(epochs=1, batch_size=8))
    used.load_state(fresh.state())
    numbers = Y[:8].astype(np.int32)  # of the input's own dtype
    assert used.train_step(X[:8], numbers) == fresh.train_step(X[:8], numbers)


@pytest.mark.parametrize("dtype", [tf.uint8, tf.bool])
def test_labels_that_cannot_be_minus_one_are_no_signs(dtype, tmp_path):
    model = signs_of(tmp_path, dtype=dtype)
    assert model.contract.train[0].label_kind is not LabelKind.SIGNS
    signs = model.with_choice(Choice(task=Task.BINARY, label_kind=LabelKind.SIGNS))
    with pytest.raises(SignatureError, match="cannot be −1"):
        signs.session().train_step(X[:8], Y[:8])


@pytest.mark.parametrize("name", ["score", "probability"])
def test_margin_above_zero_is_yes_whatever_it_is_called(name, tmp_path):
    contract = signs_of(tmp_path, name=name, end=tf.tanh).contract
    assert contract.infer.kind is OutputKind.LOGITS


def alike(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """Supervised contrastive learning."""
    z = tf.math.l2_normalize(z, -1)
    same = tf.cast(tf.equal(y[:, None], y[None]), FLOATS)
    return -tf.reduce_sum(same * tf.nn.log_softmax(z @ tf.transpose(z) / 0.1), -1)


def test_labels_that_tell_which_are_alike_are_not_compared_with_an_embedding(tmp_path):
    model = model_of(alike, tmp_path, outputs=8, y=NUMBER, name="embedding")
    assert model.contract.trainable
    assert not model.contract.scored
    with pytest.raises(SampleError, match="targets as float32"):
        Samples(X, Y, model.labels)
    numbers = Samples(X, Y.astype(np.float32), model.labels)
    losses = fit(model.session(), numbers, Settings(epochs=4, batch_size=16)).records
    assert losses[-1].loss < losses[0].loss


def in_order(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """RankNet."""
    leads = z[:, 0][:, None] - z[:, 0][None]
    return entropy(tf.cast(y[:, None] > y[None], FLOATS), leads)


@pytest.mark.parametrize("dtype", [INTS, FLOATS])
@pytest.mark.parametrize(("loss", "outputs"), [(hardest, 8), (in_order, 1), (in_order, 3)])
def test_labels_that_are_compared_with_each_other_score_no_answer(loss, outputs, dtype, tmp_path):
    y = tf.TensorSpec([None], dtype)
    model = model_of(loss, tmp_path, outputs=outputs, y=y, name="output")
    assert (model.contract.trainable, model.contract.scored) == (True, False)
    assert any("does not compare a prediction" in note for note in model.contract.notes)
    said = model.with_choice(Choice(task=Task.CLASSES if outputs > 1 else Task.VALUES))
    assert said.contract.scored


def correlation(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    y, z = y - tf.reduce_mean(y), z[:, 0] - tf.reduce_mean(z)
    return -y * z / tf.sqrt(tf.reduce_sum(y * y) * tf.reduce_sum(z * z))


def test_numbers_less_their_mean_are_still_compared_with_answers(tmp_path):
    y = tf.TensorSpec([None], FLOATS)
    contract = model_of(correlation, tmp_path, y=y, name="output").contract
    assert (contract.task, contract.scored) == (Task.VALUES, True)


def test_labels_of_more_classes_than_an_embedding_has_numbers_are_not_compared_with_it(tmp_path):
    table = tf.constant(np.eye(8, 20), FLOATS)

    def loss(y, z):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(y, z @ table)

    contract = model_of(loss, tmp_path, outputs=8, y=NUMBER, name="embedding").contract
    assert contract.trainable
    assert not contract.scored


class Pixels(Net):
    """A convolution of pictures [N, 8, 8, 3] that comes before what ends it."""

    def __init__(self, outputs: int, end: Callable[[tf.Tensor], tf.Tensor]) -> None:
        super().__init__(1)
        draw = np.random.default_rng(0)
        self.end = end
        self.w = tf.Variable(draw.normal(0, 0.4, (3, 3, 3, 4)), dtype=FLOATS)
        self.v = tf.Variable(draw.normal(0, 0.4, (3, 3, 4, outputs)), dtype=FLOATS)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        hidden = tf.nn.relu(tf.nn.conv2d(x, self.w, 1, "SAME"))
        return self.end(tf.nn.conv2d(hidden, self.v, 1, "SAME"))


def pixels(
    loss: Callable[..., tf.Tensor], folder: Any, *, outputs: int = 1, y: tf.TensorSpec,
    end: Callable[[tf.Tensor], tf.Tensor] = lambda z: z, beside: tuple[tf.TensorSpec, ...] = (),
) -> Any:  # fmt: skip
    net = Pixels(outputs, end)
    image = tf.TensorSpec([None, 8, 8, 3], FLOATS, "image")

    @tf.function(input_signature=[image, y, *beside])
    def train(image, mask, *beside):
        return {"loss": net.step(lambda: loss(mask, net(image), *beside))}

    @tf.function(input_signature=[image])
    def infer(image):
        return {"mask": net(image)}

    return load_model(file_of(net, folder, train=train, infer=infer)).contract


def mask(*sizes: int, dtype: Any = FLOATS) -> tf.TensorSpec:
    return tf.TensorSpec([None, 8, 8, *sizes], dtype, "mask")


def logarithms(y: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    return -(y * LOG(p + 1e-7) + (1.0 - y) * LOG(1.0 - p + 1e-7))


def enlarged(z: tf.Tensor) -> tf.Tensor:
    return tf.image.resize(z[:, ::2, ::2], (8, 8))


def boxes(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """Whether there is one, where, and of which kind: as YOLO's grids."""
    there = entropy(y[..., :1], z[..., :1])
    where = y[..., :1] * (y[..., 1:3] - tf.sigmoid(z[..., 1:3])) ** 2.0
    kind = tf.nn.softmax_cross_entropy_with_logits(y[..., 3:], z[..., 3:])
    return tf.reduce_mean(there) + tf.reduce_mean(where) + tf.reduce_mean(kind)


@pytest.mark.parametrize(
    ("loss", "outputs", "end", "activation"),
    [
        (entropy, 1, enlarged, Activation.SIGMOID),
        (entropy, 1, lambda z: 0.5 * z + 1.0, Activation.SIGMOID),
        (logarithms, 1, tf.sigmoid, Activation.NONE),
        (logarithms, 1, lambda z: enlarged(tf.sigmoid(z)), Activation.NONE),
        (logarithms, 1, lambda z: tf.clip_by_value(tf.sigmoid(z), 0.01, 0.99), Activation.NONE),
        (tf.keras.losses.categorical_crossentropy, 3, lambda z: enlarged(tf.nn.softmax(z)), None),
        (tf.nn.softmax_cross_entropy_with_logits, 3, lambda z: z, Activation.SOFTMAX),
        (lambda y, z: -y * z, 3, tf.nn.log_softmax, Activation.SOFTMAX),
        (boxes, 6, lambda z: z, Activation.NONE),
        (lambda y, z: tf.abs(y - z), 1, lambda z: z, Activation.NONE),
    ],
)
def test_mask_goes_through_what_its_network_has_not_applied_yet(
    loss, outputs, end, activation, tmp_path
):
    contract = pixels(loss, tmp_path, outputs=outputs, end=end, y=mask(outputs))
    assert contract.task is Task.VALUES
    assert contract.train[0].labels == "mask"
    assert contract.activation is (activation or Activation.NONE)


def test_softmax_of_which_a_loss_takes_a_part_is_still_one_of_several(tmp_path):
    def dice(y, p):
        y, p = y[..., 1:], p[..., 1:]  # without the background
        return 1.0 - (2.0 * tf.reduce_sum(y * p) + 1.0) / (tf.reduce_sum(y + p) + 1.0)

    contract = pixels(dice, tmp_path, outputs=3, end=tf.nn.softmax, y=mask(3))
    assert (contract.task, contract.rows_are_one_hot) == (Task.VALUES, True)


@pytest.mark.parametrize("sizes", [(8, 8), (3,)])
def test_weights_beside_a_mask_are_not_what_is_learnt(sizes, tmp_path):
    batch = [None] if sizes == (8, 8) else []
    beside = (tf.TensorSpec([*batch, *sizes], FLOATS, "class_weights"),)

    def loss(y, z, weights):
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(y, z)
        return each * (weights if batch else tf.gather(weights, y))

    contract = pixels(loss, tmp_path, outputs=3, y=mask(dtype=INTS), beside=beside)
    assert contract.train[0].labels == "mask"
    assert (contract.scores_each, contract.activation) == (3, Activation.SOFTMAX)


def test_sum_of_losses_is_the_one_that_is_watched(tmp_path):
    net = Net(1)

    @tf.function(input_signature=[tf.TensorSpec([None, n], FLOATS) for n in (WIDTH, 1)])
    def train(x, y):
        loss = net.step(lambda: (y - net(x)) ** 2.0)
        size = tf.reduce_sum(net.w**2.0)
        return {"fit_loss": loss, "size_loss": size, "total_loss": loss + size}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {"output": net(x)}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    assert model.contract.train[0].loss == "total_loss"


@pytest.mark.parametrize(
    ("loss", "task"), [(entropy, Task.CLASSES), (wing, Task.VALUES), (hinge, Task.CLASSES)]
)
def test_loss_inside_a_loop_of_epochs_is_read(loss, task, tmp_path):
    net = Net(3)

    @tf.function(input_signature=[tf.TensorSpec([None, n], FLOATS) for n in (WIDTH, 3)])
    def train(x, y):
        last = tf.constant(0.0)
        for _ in tf.range(tf.shape(x)[0]):
            last = net.step(lambda: loss(y, net(x)))
        return {"loss": last}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return {"output": net(x)}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    assert model.contract.task is task
    assert "WHILE" in {one.ends for one in model.description.signature("train").outputs}


def of_scores(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y, 4.0 * z)


def blended(z: tf.Tensor) -> tf.Tensor:
    return 0.5 * tf.nn.softmax(z) + 0.5 * tf.nn.softmax(3.0 * z)


def of_blend(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return -LOG(tf.gather(blended(z), y, batch_dims=1) + 1e-9)


@pytest.mark.parametrize(
    ("loss", "answer", "name", "kind"),
    [
        (of_scores, lambda z: 4.0 * z, "scores", OutputKind.LOGITS),
        (of_scores, lambda z: -2.0 * (-2.0 * z), "class_scores", OutputKind.LOGITS),
        (of_blend, blended, "probabilities", OutputKind.PROBABILITIES),
        (of_blend, blended, "y", OutputKind.PROBABILITIES),
        (of_scores, lambda z: 0.97 * tf.nn.softmax(z) + 0.01, "p", OutputKind.PROBABILITIES),
        (of_scores, lambda z: z + z * tf.sigmoid(z), "y", OutputKind.LOGITS),
        (of_scores, lambda z: 100.0 * tf.nn.softmax(z), "percent", OutputKind.PROBABILITIES),
    ],
)
def test_what_scores_are_is_told_by_the_graph_and_not_by_their_name(
    loss, answer, name, kind, tmp_path
):
    model = model_of(loss, tmp_path, outputs=3, y=NUMBER, answer=answer, name=name)
    session = model.session()
    assert session.output_kind is kind
    x = np.random.default_rng(1).normal(size=(8, WIDTH)).astype(np.float32)
    scores = session.infer(x)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = shares if kind is OutputKind.LOGITS else scores / scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(session.predict_proba(x), expected, rtol=1e-5)


def test_second_of_two_probabilities_is_yes_or_no(tmp_path):
    def of_two(y, z):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(y, z)

    model = model_of(
        of_two, tmp_path, outputs=2, y=NUMBER,
        answer=lambda z: tf.nn.softmax(z)[:, 1], name="score",
    )  # fmt: skip
    contract = model.contract
    assert (contract.task, contract.infer.kind) == (Task.BINARY, OutputKind.PROBABILITIES)
    assert contract.train[0].label_kind is LabelKind.INTEGER
    x = np.random.default_rng(1).normal(size=(24, WIDTH)).astype(np.float32)
    samples = Samples(x, (x[:, 0] > 0).astype(np.int64), model.labels)
    session = model.session()
    fit(session, samples, Settings(epochs=60, replay=0))
    assert evaluate(session, samples).accuracy > 0.9


def from_one(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(tf.cast(y, INTS) - 1, 3), z)


def from_nought(y: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y, z)


@pytest.mark.parametrize("dtype", [INTS, FLOATS, tf.uint8])
def test_labels_that_begin_at_one_are_given_as_such(dtype, tmp_path):
    model = model_of(from_one, tmp_path, outputs=3, y=tf.TensorSpec([None], dtype))
    assert model.contract.train[0].first_label == 1
    assert any("labels that begin at 1" in note for note in model.contract.notes)
    draw = np.random.default_rng(0)
    y = draw.integers(0, 3, 60)
    x = (3 * np.eye(3, WIDTH)[y] + draw.normal(0, 0.2, (60, WIDTH))).astype(np.float32)
    session = model.session()
    loss = session.train_step(x, y)
    shares = model.session().predict_proba(x)
    assert loss == pytest.approx(-np.log(shares[np.arange(60), y]).mean(), rel=1e-4)
    fit(session, Samples(x, y, model.labels), Settings(epochs=30, batch_size=16))
    assert evaluate(session, Samples(x, y, model.labels)).accuracy == 1


def test_labels_that_begin_at_nought_are_not_moved(tmp_path):
    model = model_of(from_nought, tmp_path, outputs=3, y=NUMBER)
    assert model.contract.train[0].first_label == 0
