"""Training in two calls: one adds up gradients, the other applies them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from odt_core import Choice, Samples, Settings, fit, load_model
from odt_core.cli.main import main
from odt_core.runtime import Model
from tests.converting import file_of
from tests.dialects.small_nets import FLOATS, INTS, WIDTH, Net


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    net = Net(3)
    net.sum = tf.Variable(tf.zeros_like(net.v), name="sum")
    row = tf.TensorSpec([None, WIDTH], FLOATS)

    @tf.function(input_signature=[row, tf.TensorSpec([None], INTS)])
    def train_accumulate(x, y):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, net(x))
            loss = tf.reduce_mean(losses)
        net.sum.assign_add(tape.gradient(loss, net.v))
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([], FLOATS)])
    def train_apply(lr):
        net.v.assign_sub(lr * net.sum)
        net.sum.assign(tf.zeros_like(net.sum))
        return {"done": lr}

    @tf.function(input_signature=[row])
    def infer(x):
        return {"logits": net(x)}

    folder: Path = tmp_path_factory.mktemp("accumulation")
    signatures = {"train_accumulate": train_accumulate, "train_apply": train_apply, "infer": infer}
    return file_of(net, folder, **signatures)


@pytest.fixture(scope="module")
def model(file: bytes) -> Model:
    return load_model(file)


def test_signature_that_changes_no_weight_does_not_train_by_itself(model):
    assert not model.contract.trainable
    (note,) = model.contract.notes
    assert "'train_accumulate' changes nothing that predicting ('infer') computes with" in note
    assert "put to use by 'train_apply'" in note


def test_run_of_it_that_a_person_asks_for_ends_with_nothing_learnt(model):
    chosen = model.with_choice(Choice(train="train_accumulate"))
    assert any("changes nothing that predicting" in note for note in chosen.contract.notes)
    x = np.random.default_rng(0).normal(size=(9, WIDTH)).astype(np.float32)
    samples = Samples(x, np.arange(9) % 3, chosen.labels)
    history = fit(chosen.session(), samples, Settings(epochs=1, batch_size=9))
    assert not history.learnt
    assert history.message == (
        "Finished 1 step. Nothing was learnt: the signature 'train_accumulate' changes nothing "
        "that predicting computes with."
    )


@pytest.mark.parametrize("command", ["train", "report"])
def test_command_that_learnt_nothing_ends_with_code_1_and_writes_nothing(
    command, file, tmp_path, capsys
):
    model, samples = tmp_path / "m.tflite", tmp_path / "s.npz"
    out = tmp_path / ("c.safetensors" if command == "train" else "b.zip")
    model.write_bytes(file)
    np.savez(samples, x=np.ones((6, WIDTH), np.float32), y=np.arange(6) % 3)
    where = "--checkpoint" if command == "train" else "--out"
    quick = [] if command == "train" else ["--quick"]
    chosen = ["--use", "train=train_accumulate", "--samples", str(samples)]
    assert main([command, str(model), *chosen, where, str(out), *quick]) == 1
    assert "Nothing was learnt" in "".join(capsys.readouterr())
    assert not out.exists()
