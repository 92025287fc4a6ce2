"""Ops that write in place: on LiteRT's own kernels, every reader finds what was written for it."""

from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import empty

from odt_core import bake
from odt_core.authoring import to_trainable_tflite
from odt_core.bundled import bundled_models
from odt_core.graph import lower
from odt_core.graph.building import Builder
from odt_core.graph.finished import finished
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import name_of
from odt_core.graph.passes.in_place import Planner
from odt_core.graph.signature import add_signature
from odt_core.graph.tensor import Tensor
from odt_core.runtime import load_model
from odt_core.runtime.interpreter import Interpreter
from tests.zoo_models import NAMES, zoo_model

FILES = [*bundled_models(), *sorted((Path(__file__).parents[1] / "models").glob("*.tflite"))]
X = np.arange(1, 49, dtype=np.float32).reshape(4, 12)


def chain(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """2·x in two more shapes, and the double of the last; 2·x is read once."""
    y = b.reshape(b.add(x, x), (8, 6))
    return y, b.mul(b.reshape(y, (2, 24)), 2.0)


def in_place_twice(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """4·x, made in the memory of 2·x, and its double in another shape."""
    y = b.mul(b.add(x, x), 2.0)
    return y, b.mul(b.reshape(y, (2, 24)), 2.0)


def second_factor(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """2·x in two more shapes, and the last as the second factor of a product."""
    y = b.reshape(b.add(x, x), (8, 6))
    return y, b.mul(b.constant(np.full((2, 24), 2, np.float32)), b.reshape(y, (2, 24)))


def softmax(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """2·x in two more shapes, and the last's SOFTMAX."""
    y = b.reshape(b.add(x, x), (8, 6))
    last = b.reshape(y, (2, 24))
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    result = b.new(last.shape, np.float32)
    b.emit("SOFTMAX", [last], [result], options)
    return y, result


def read_later(build) -> bytes:
    """A model that reads the first result after the second has been computed."""
    b = empty()
    x = b.new(X.shape, np.float32, "x")
    first, second = build(b, x)
    outputs = {"second": b.abs(second).index, "first": b.abs(first).index}
    graph = b.model.subgraphs[0]
    graph.operators = b.operators
    b.model.subgraphs = []
    add_signature(b.model, graph, "run", {"x": x.index}, outputs)
    return finished(b.model)


def readers_only(data: bytes) -> int:
    """How many SHAPE ops there are whose result nobody reads."""
    model = read(data)
    count = 0
    for graph in model.subgraphs:
        needed = {int(i) for one in graph.operators for i in one.inputs} | set(graph.outputs)
        for operator in graph.operators:
            count += name_of(model, operator) == "SHAPE" and not needed & set(operator.outputs)
    return count


def overwritten(data: bytes) -> list[str]:
    model = read(data)
    return [
        name_of(model, operator)
        for graph in model.subgraphs
        for planner in [Planner(model, graph)]
        for operator in graph.operators
        for _ in planner.written_over(operator)
    ]


def few_channels() -> keras.Model:
    x = keras.Input((16, 16, 1))
    y = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, use_bias=False)(x))
    y = keras.layers.Flatten()(keras.layers.MaxPooling2D()(keras.layers.ReLU()(y)))
    return keras.Model(x, keras.layers.Dense(2, activation="softmax")(y))


def residual() -> keras.Model:
    x = keras.Input((16, 16, 1))
    y = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    y = first = keras.layers.ReLU()(keras.layers.BatchNormalization()(y))
    y = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(y)
    y = keras.layers.Add()([keras.layers.BatchNormalization(scale=False)(y), first])
    y = keras.layers.GlobalMaxPooling2D()(keras.layers.ReLU()(y))
    return keras.Model(x, keras.layers.Dense(2, activation="softmax")(y))


@cache
def authored(build) -> bytes:
    keras.utils.set_random_seed(0)
    model = build()
    model.compile("sgd", "categorical_crossentropy")
    return to_trainable_tflite(model)


class TestKernels:
    @pytest.mark.parametrize("build", [chain, in_place_twice, second_factor, softmax])
    def test_numbers_that_are_read_later_are_not_written_over(self, build):
        data = read_later(build)
        own, other = (
            Interpreter(data, delegates=delegates).signature("run")({"x": X})
            for delegates in (False, True)
        )
        np.testing.assert_array_equal(own["first"].ravel(), other["first"].ravel())
        assert own["first"].ravel()[-1] == {in_place_twice: 192}.get(build, 96)
        assert readers_only(data) == 1

    def test_numbers_that_only_the_op_reads_are_written_over_as_ever(self):
        def build(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, b.mul(b.reshape(b.reshape(b.add(x, x), (8, 6)), (2, 24)), 2.0)

        assert readers_only(read_later(build)) == 0

    @pytest.mark.parametrize("build", [few_channels, residual])
    def test_authored_model_learns_the_same_on_litert_s_own_kernels(self, build):
        data = authored(build)
        rng = np.random.default_rng(0)
        y = np.eye(2, dtype=np.float32)[np.arange(8) % 2]
        steps = [Interpreter(data, delegates=d).signature("train") for d in (False, True)]
        x = rng.normal(size=(8, 16, 16, 1)).astype(np.float32)
        losses = [[float(step({"x": x, "y": y})["loss"]) for _ in range(8)] for step in steps]
        np.testing.assert_allclose(*losses, rtol=2e-4)


class TestFiles:
    @pytest.mark.parametrize("name", NAMES)
    def test_no_lowered_model_of_the_zoo_writes_over_what_is_still_read(self, name):
        assert overwritten(zoo_model(name).data) == []

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_no_model_that_ships_or_is_tested_writes_over_what_is_still_read(self, path):
        assert overwritten(lower(path.read_bytes()).data) == []

    @pytest.mark.parametrize("build", [few_channels, residual])
    def test_no_authored_or_baked_model_writes_over_what_is_still_read(self, build):
        model = load_model(authored(build))
        state = model.session().state()
        baked = [bake(model.data, state, inference_only=only) for only in (False, True)]
        for data in (model.data, *baked):
            assert overwritten(data) == []

    def test_model_that_trains_as_before_gets_no_op_more(self):
        (digits,) = (path for path in FILES if path.stem == "digits")
        assert readers_only(lower(digits.read_bytes()).data) == 0
