"""Where a frozen part ends, in small graphs made by hand; whole models are in tests/authoring."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import empty

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write
from odt_core.graph.signature import add_signature
from odt_core.graph.tensor import Tensor
from odt_core.graph.trunk.apart import EXTRACT, FEATURES, TRAIN, set_apart
from odt_core.graph.trunk.constant import as_constants
from odt_core.runtime.interpreter import Interpreter

X = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
Y = np.random.default_rng(1).random((5, 36), np.float32)


def step(*, gives: str = "loss", number: bool = False) -> schema.ModelT:
    """loss = Σ y · features(x), and what else it `gives`; number: over the number of samples."""
    b = empty()
    model = b.model
    model.subgraphs, model.signatureDefs = [], []
    x, y = b.new((None, 8, 8, 1), np.float32, "x"), b.new((None, 36), np.float32, "y")
    b.graph.inputs = np.array([x.index, y.index], np.int32)
    b = Builder(model, b.graph)
    filters = b.constant(np.ones((3, 3), np.float32).reshape(1, 3, 3, 1))
    features = b.reshape(_convolution(b, x, filters), [None, 36])
    loss = b.sum(b.mul(features, y), [0, 1])
    if number:
        count = b.new((1,), np.float32, "count")
        size = b.slice(b.shape(features), [0], [1])
        b.emit("CAST", [size], [count], schema.CastOptionsT())
        loss = b.div(loss, b.reshape(count, []))
    b.graph.operators = b.operators
    results = {"loss": loss, "features": features, "x": x}
    outputs = {name: results[name].index for name in dict.fromkeys(("loss", gives))}
    add_signature(model, b.graph, "train", {"x": x.index, "y": y.index}, outputs)
    return model


def _convolution(b: Builder, x: Tensor, filters: Tensor) -> Tensor:
    options = schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.VALID, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    result = b.new((None, 6, 6, 1), np.float32, "convolved")
    b.emit("CONV_2D", [x, filters, b.constant(np.zeros(1, np.float32))], [result], options)
    return result


def told(model: schema.ModelT) -> float:
    """The loss of X and Y, as the train signature tells it."""
    return float(Interpreter(write(model)).signature("train")({"x": X, "y": Y})["loss"])


@pytest.mark.parametrize("number", [False, True], ids=["a sum", "a mean"])
def test_step_on_features_tells_the_loss_of_the_step_on_samples(number):
    expected = told(step(number=number))
    apart = set_apart(step(number=number), ("train", "x"), None, (), least=0)
    assert apart.feature_shape == (36,)
    interpreter = Interpreter(apart.data)
    features = interpreter.signature(EXTRACT)({"x": X})[FEATURES]
    loss = interpreter.signature(TRAIN)({"x": features, "y": Y})["loss"]
    assert float(loss) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("gives", ["features", "x"])
def test_step_that_gives_what_it_is_fed_stays_whole(gives):
    with pytest.raises(LoweringError, match="samples go around"):
        set_apart(step(gives=gives), ("train", "x"), None, (), least=0)


def test_part_whose_variables_the_file_gives_no_values_has_no_constants():
    model = step()
    set_apart(model, ("train", "x"), None, (), least=0)
    with pytest.raises(LoweringError, match="some of its frozen weights have no value"):
        as_constants(model, EXTRACT, ["nobody sets it"])
