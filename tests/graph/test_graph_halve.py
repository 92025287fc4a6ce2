"""Weights as float16: half the file, nearly the same answers."""

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import empty

from odt_core.authoring import to_inference_tflite, to_trainable_tflite
from odt_core.bundled import bundled_models
from odt_core.errors import ModelError
from odt_core.graph import halve, lower
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.halve import halve_weights
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.wide_kernels import is_packed_apart, widen_kernels
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


def weights(data):
    """By op, the types that the file has a convolution's kernel and bias in."""
    tree = read(data)
    found = []
    for graph in tree.subgraphs:
        b = Builder(tree, graph)
        made = {outputs_of(one)[0]: one for one in graph.operators if outputs_of(one)}
        for operator in graph.operators:
            name = name_of(tree, operator)
            if name not in ("CONV_2D", "DEPTHWISE_CONV_2D") or not is_packed_apart(b, operator):
                continue
            sources = [
                inputs_of(made[index])[0] if index in made else index
                for index in inputs_of(operator)[1:]
            ]
            found.append((name, *(b.tensor(index).dtype for index in sources)))
    return found


def test_kernel_and_bias_when_halved_are_of_one_type_and_depthwise_ones_stay(model):
    assert weights(halve_weights(to_inference_tflite(model))) == [
        ("CONV_2D", np.float16, np.float16),
        ("DEPTHWISE_CONV_2D", np.float32, np.float32),
    ]


def test_kernel_without_a_bias_stays_as_it_is(model):
    tree = read(to_inference_tflite(model))
    (convolution,) = convolutions(tree)
    convolution.inputs = convolution.inputs[:2]
    halved = read(halve_weights(write(tree)))
    before, after = (
        Builder(one, one.subgraphs[0]).tensor(convolutions(one)[0].inputs[1])
        for one in (tree, halved)
    )
    np.testing.assert_array_equal(after.const, before.const)


def convolutions(tree):
    return [one for one in tree.subgraphs[0].operators if name_of(tree, one) == "CONV_2D"]


@pytest.mark.parametrize("path", bundled_models(), ids=lambda path: path.stem)
def test_no_bundled_model_when_lowered_has_a_kernel_that_some_runtimes_take_for_another(path):
    for _, kernel, bias in weights(lower(path.read_bytes()).data):
        assert kernel == bias == np.float32


def test_kernels_that_an_older_odt_halved_are_float32_when_loaded_and_give_the_same(
    model, monkeypatch
):
    monkeypatch.setattr(halve, "_WEIGHTED", {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
    monkeypatch.setattr(halve, "finished", write)
    monkeypatch.setattr(halve, "is_packed_apart", lambda *_: False)
    tree = read(to_inference_tflite(model))
    write_record(tree, Record(passes=PASSES_VERSION - 1))
    old = halve_weights(write(tree))
    monkeypatch.undo()
    new = lower(old).data
    assert [kernel for _, kernel, _ in weights(old)] == [np.float16, np.float16]
    assert [kernel for _, kernel, _ in weights(new)] == [np.float32, np.float32]
    x = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
    before, after = (
        next(iter(Interpreter(data).signature("infer")({"x": x}).values())) for data in (old, new)
    )
    np.testing.assert_array_equal(before, after)


def test_bytes_that_are_no_model_raise():
    with pytest.raises(ModelError):
        halve_weights(b"nothing")


def test_kernel_whose_shape_is_not_known_stays():
    b = empty()
    image, kernel, result = (b.new(shape, np.float32) for shape in ((1, 4, 4, 3), (), ()))
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = 1
    b.emit("CONV_2D", [image, kernel], [result], options)
    b.graph.operators = b.operators
    widen_kernels(b.model)
    assert list(inputs_of(b.graph.operators[0])) == [image.index, kernel.index]
