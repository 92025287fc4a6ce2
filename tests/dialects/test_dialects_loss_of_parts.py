"""Which output is the loss where a step returns its parts too, and what is said of others."""

from __future__ import annotations

import pytest
import tensorflow as tf

from odt_core import load_model
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, WIDTH, Net


class Parts(Net):
    """Of an error, and of a penalty of the weights."""

    def __init__(self) -> None:
        super().__init__(3)
        self.share = tf.Variable(0.5, name="share", trainable=False)
        self.mean = tf.Variable(0.0, name="mean", trainable=False)

    def smoothed(self, error):
        self.mean.assign(0.9 * self.mean + 0.1 * error)
        return self.mean + 0.0 * error


def loss_of(form, names, folder) -> tuple[str | None, list[str]]:
    """Name of the loss that was taken, and what is said of it. form: of what train returns under
    the names.
    """
    net = Parts()
    given = [tf.TensorSpec([None, WIDTH], FLOATS), tf.TensorSpec([None, 3], FLOATS)]

    @tf.function(input_signature=given)
    def train(x, y):
        answer = net(x)
        error = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, answer))
        net.step(lambda: tf.nn.softmax_cross_entropy_with_logits(y, net(x)))
        penalty = tf.nn.l2_loss(net.w) + tf.reduce_mean(tf.square(answer))
        return dict(zip(names, (form(net, error, penalty), error, penalty), strict=True))

    @tf.function(input_signature=given[:1])
    def infer(x):
        return {"logits": net(x)}

    contract = load_model(file_of(net, folder, train=train, infer=infer)).contract
    return contract.train[0].loss, [note for note in contract.notes if "loss" in note]


class TestSum:
    @pytest.mark.parametrize(
        "form",
        [
            lambda net, error, penalty: 0.7 * error + net.share * penalty,
            lambda net, error, penalty: tf.reduce_sum(tf.stack([error, 0.1 * penalty])),
            lambda net, error, penalty: tf.reshape(error - 0.1 * penalty, [1, 1]),
        ],
        ids=["weighted", "stacked", "less a bonus"],
    )
    def test_sum_of_parts_is_the_loss_whatever_it_is_called(self, form, tmp_path):
        names = ("optimized", "cls_loss", "extra")
        assert loss_of(form, names, tmp_path) == ("optimized", [])

    @pytest.mark.parametrize(
        "form",
        [
            lambda net, error, penalty: -(error + penalty),
            lambda net, error, penalty: 1024.0 * error,
            lambda net, error, penalty: net.smoothed(error),
        ],
        ids=["negative", "scaled", "running mean"],
    )
    def test_what_is_no_sum_of_parts_to_be_made_small_is_not(self, form, tmp_path):
        assert loss_of(form, ("other", "cls_loss", "extra"), tmp_path)[0] == "cls_loss"

    def test_output_that_is_called_loss_is_the_loss(self, tmp_path):
        names = ("objective", "loss", "extra")
        assert loss_of(lambda _, error, penalty: error + penalty, names, tmp_path) == ("loss", [])


class TestSeveral:
    def test_which_was_taken_is_said_and_how_to_take_another(self, tmp_path):
        names = ("scaled_loss", "cls_loss", "reg_loss")
        taken, said = loss_of(lambda _, error, penalty: 1024.0 * error, names, tmp_path)
        assert taken == "cls_loss"
        assert said == [
            "Several outputs may be the loss: 'cls_loss' was taken, not 'scaled_loss'. Choose "
            "another if that is wrong (--use loss=scaled_loss)."
        ]

    def test_figure_beside_a_loss_is_not_spoken_of(self, tmp_path):
        names = ("mae", "cls_loss", "extra")
        assert loss_of(lambda _, error, penalty: 2.0 * error, names, tmp_path) == ("cls_loss", [])
