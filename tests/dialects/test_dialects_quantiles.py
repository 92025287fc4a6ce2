"""Models that answer with several numbers for one target: quantiles, a mean and what is around."""

from __future__ import annotations

import pytest
import tensorflow as tf

import odt_core as odt
from odt_core.dialects.vocabulary import is_middle
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, WIDTH, Net

LEVELS = (0.1, 0.5, 0.9)


def model_of(folder, *names):
    """Learnt by a pinball loss; names: of the outputs for LEVELS."""
    net = Net(len(LEVELS))

    @tf.function(
        input_signature=[tf.TensorSpec([None, WIDTH], FLOATS), tf.TensorSpec([None, 1], FLOATS)]
    )
    def train(x, y):
        def losses():
            away, levels = y - net(x), tf.constant(LEVELS)
            return tf.maximum(levels * away, (levels - 1) * away)

        return {"pinball": net.step(losses)}

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTH], FLOATS)])
    def infer(x):
        return dict(zip(names, tf.split(net(x), len(LEVELS), -1), strict=True))

    return odt.load_model(file_of(net, folder, train=train, infer=infer))


@pytest.mark.parametrize(
    "names",
    [
        ("low", "median", "high"),
        ("lower", "mid", "upper"),
        ("a_min", "y_mean", "z_max"),
        ("p10", "p50", "p90"),
        ("q0.1", "q0.5", "q0.9"),
        ("quantile_10", "quantile_50", "quantile_90"),
    ],
)
def test_the_middle_is_compared_with_the_target_and_the_others_are_named(names, tmp_path):
    contract = model_of(tmp_path, *names).contract
    low, middle, high = names
    assert contract.infer.prediction == middle
    (note,) = contract.notes
    assert f"'{middle}' was taken for the prediction, not" in note
    assert f"'{low}'" in note
    assert f"'{high}'" in note


def test_choice_between_outputs_alike_is_told_of_until_it_is_made(tmp_path):
    model = model_of(tmp_path, "a", "b", "c")
    assert "'a' was taken for the prediction, not 'b', 'c'" in model.contract.notes[0]
    assert "(--use prediction=b)" in model.contract.notes[0]
    chosen = model.with_choice(odt.Choice(prediction="b"))
    assert chosen.contract.infer.prediction == "b"
    assert not chosen.contract.notes


@pytest.mark.parametrize("name", ["p05", "q0.05", "p95", "q_0.95", "loss", "group_50", "amid"])
def test_other_quantiles_are_not_the_middle(name):
    assert not is_middle(name)
