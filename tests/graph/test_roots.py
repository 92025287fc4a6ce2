"""1 / √x: of 0 too it is on XNNPACK what TensorFlow makes of it."""

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import empty

from odt_core.authoring import to_trainable_tflite
from odt_core.graph.building import Builder
from odt_core.graph.finished import finished
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import name_of
from odt_core.graph.signature import add_signature
from odt_core.runtime import load_model
from odt_core.runtime.interpreter import Interpreter

X = np.array([0.0, 0.25, 1.0, 4.0, np.inf, -1.0, np.nan], np.float32)
ROOTS = np.array([np.finfo(np.float32).max, 2.0, 1.0, 0.5, 0.0, np.nan, np.nan], np.float32)


def file_of_one(build) -> bytes:
    b = empty()
    x = b.new(X.shape, np.float32, "x")
    y = build(b, x)
    graph = b.model.subgraphs[0]
    graph.operators = b.operators
    b.model.subgraphs = []
    add_signature(b.model, graph, "run", {"x": x.index}, {"y": y.index})
    return finished(b.model)


def ops_of(data: bytes) -> list[str]:
    model = read(data)
    return [name_of(model, one) for graph in model.subgraphs for one in graph.operators]


@pytest.mark.parametrize("delegates", [False, True])
def test_root_of_nought_is_as_large_as_numbers_are(delegates):
    data = file_of_one(lambda b, x: b.rsqrt(x))
    found = Interpreter(data, delegates=delegates).signature("run")({"x": X})["y"]
    largest = np.finfo(np.float32).max  # LiteRT's own kernel of DIV gives no infinity
    np.testing.assert_allclose(np.minimum(found, largest), ROOTS, rtol=1e-6)


@pytest.mark.parametrize("op", [Builder.add, Builder.maximum])
def test_root_of_what_a_number_keeps_above_nought_is_one_op(op):
    assert "RSQRT" in ops_of(file_of_one(lambda b, x: b.rsqrt(op(b, x, 1e-3))))


@pytest.mark.parametrize("number", [0.0, 1e-40])
def test_number_that_kernels_take_for_nought_keeps_nothing_above_it(number):
    assert "RSQRT" not in ops_of(file_of_one(lambda b, x: b.rsqrt(b.maximum(x, number))))


def test_relu_fused_into_a_sum_makes_it_nought():
    def root_of_relu(b, x):
        shifted = b.add(x, 1.0)
        b.operators[-1].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU
        return b.rsqrt(shifted)

    found = Interpreter(file_of_one(root_of_relu)).signature("run")({"x": X})["y"]
    assert found[X == -1] >= np.finfo(np.float32).max


def test_rows_of_noughts_train_as_in_keras():
    x = np.array([[0, 0, 0], [1, 2, 2]], np.float32)
    y = np.array([[0, 0], [3, 4]], np.float32)
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.layers.UnitNormalization(), keras.layers.Dense(2)])
    network.build((None, 3))
    network.compile("sgd", "cosine_similarity")
    network.layers[-1].bias.assign([0.1, 0.2])
    session = load_model(to_trainable_tflite(network)).session()
    for _ in range(5):
        ours = float(session.run("train", x=x, y=y)["loss"])
        assert ours == pytest.approx(float(network.train_on_batch(x, y)), rel=1e-5)
    (answers,) = session.run("infer", x=x).values()
    np.testing.assert_allclose(answers, network.predict_on_batch(x), rtol=1e-4)
