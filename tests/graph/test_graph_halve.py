"""Weights as float16: half the file, nearly the same answers."""

import keras
import numpy as np
import pytest

from odt_core.authoring import to_inference_tflite, to_trainable_tflite
from odt_core.bundled import bundled_models
from odt_core.errors import ModelError
from odt_core.graph import halve, lower
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.halve import halve_weights
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.record import PASSES_VERSION, Record, write_record
from odt_core.runtime import load_model
from odt_core.runtime.interpreter import Interpreter


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.layers.Input((16, 16, 3)), keras.layers.Conv2D(16, 3, activation="relu"),
         keras.layers.DepthwiseConv2D(3), keras.layers.Flatten(), keras.layers.Dense(10)]
    )  # fmt: skip


def test_file_when_halved_is_about_half_and_answers_nearly_the_same(model):
    data = to_inference_tflite(model)
    half = halve_weights(data)
    assert len(half) < 0.6 * len(data)
    x = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
    want, got = (load_model(one).session().infer(x) for one in (data, half))
    assert got == pytest.approx(want, abs=2e-3 * float(np.abs(want).max()))
    assert (got != want).any()


def test_variables_when_halved_stay_float32_and_learn(model):
    session = load_model(halve_weights(to_trainable_tflite(model))).session()
    assert all(values.dtype == np.float32 for values in session.state().values())
    x = np.random.default_rng(0).random((8, 16, 16, 3), np.float32)
    y = np.eye(10, dtype=np.float32)[np.arange(8)]
    losses = [session.train_step(x, y) for _ in range(5)]
    assert losses[-1] < losses[0]


def kernels(data):
    """The dtype that the file has each depthwise convolution's kernel in."""
    tree = read(data)
    found = []
    for graph in tree.subgraphs:
        b = Builder(tree, graph)
        made = {outputs_of(one)[0]: one for one in graph.operators if outputs_of(one)}
        for operator in graph.operators:
            if name_of(tree, operator) == "DEPTHWISE_CONV_2D":
                kernel = inputs_of(operator)[1]
                source = made.get(kernel)
                found.append(b.tensor(kernel if source is None else inputs_of(source)[0]).dtype)
    return found


def test_depthwise_kernels_when_halved_stay_float32(model):
    assert kernels(halve_weights(to_inference_tflite(model))) == [np.float32]


@pytest.mark.parametrize("path", bundled_models(), ids=lambda path: path.stem)
def test_no_bundled_model_when_lowered_has_a_depthwise_kernel_that_some_runtimes_refuse(path):
    assert set(kernels(lower(path.read_bytes()).data)) <= {np.dtype(np.float32)}


def test_kernel_that_an_older_odt_halved_is_float32_when_loaded_and_gives_the_same(
    model, monkeypatch
):
    monkeypatch.setattr(halve, "_WEIGHTED", {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
    monkeypatch.setattr(halve, "finished", write)
    tree = read(to_inference_tflite(model))
    write_record(tree, Record(passes=PASSES_VERSION - 1))
    old = halve_weights(write(tree))
    monkeypatch.undo()
    new = lower(old).data
    assert kernels(old) == [np.float16]
    assert kernels(new) == [np.float32]
    x = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
    before, after = (
        next(iter(Interpreter(data).signature("infer")({"x": x}).values())) for data in (old, new)
    )
    np.testing.assert_array_equal(before, after)


def test_bytes_that_are_no_model_raise():
    with pytest.raises(ModelError):
        halve_weights(b"nothing")
