"""The pass "reads": the readings and assignments it leaves, and that LiteRT's numbers are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import empty, run_graph

from odt_core.graph import resources
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.passes.reads import read_for_each_reader
from odt_core.graph.signature import add_signature
from odt_core.graph.tensor import Tensor
from odt_core.runtime.interpreter import Interpreter

SIDE = 40  # LiteRT gets small ones right
READ, ASSIGN = "READ_VARIABLE", "ASSIGN_VARIABLE"


class Weights:
    """One variable of a graph, [SIDE, SIDE] unless said otherwise."""

    def __init__(self, b: Builder, shape: tuple[int, ...] = (SIDE, SIDE), dtype=np.float32) -> None:
        self._b, self._shape, self._dtype = b, shape, dtype
        self.handle = resources.handle(b, (b"", b"w"))

    def read(self) -> Tensor:
        value = self._b.new(self._shape, self._dtype, "read")
        self._b.emit(READ, [self.handle], [value], schema.ReadVariableOptionsT())
        return value

    def assign(self, value: Tensor) -> None:
        resources.assign(self._b, self.handle, value)


# From a builder, its weights and x [SIDE, SIDE] to what the graph gives.
Body = Callable[[Builder, Weights, Tensor], Tensor]


def passed(body: Body, *, passes: bool = True, **weights) -> Builder:
    """A graph that does what `body` says with a variable and x."""
    b = empty()
    x = b.new((SIDE, SIDE), np.float32, "x")
    y = body(b, Weights(b, **weights), x)
    b.graph.operators = b.operators
    b.graph.inputs, b.graph.outputs = (np.array([one.index], np.int32) for one in (x, y))
    if passes:
        read_for_each_reader(b.model, b.graph)
        remove_dead_ops(b.model, b.graph)
    return b


def names(b: Builder) -> list[str]:
    """The ops in order, without handles."""
    found = [name_of(b.model, one) for one in b.graph.operators]
    return [name for name in found if name != "VAR_HANDLE"]


def x_of(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(SIDE, SIDE)).astype(np.float32)


def computed(body: Body) -> np.ndarray:
    """What the graph gives for x_of(0) when x_of(1) is what the variable holds."""
    b = passed(body)
    model, graph = b.model, b.graph
    model.subgraphs = []  # each comes with its signature
    add_signature(model, graph, "f", {"x": graph.inputs[0]}, {"y": graph.outputs[0]})
    setter = schema.SubGraphT()
    setter.tensors, setter.operators = [], []
    first = Builder(model, setter)
    w = first.new((SIDE, SIDE), np.float32, "w")
    resources.assign(first, resources.handle(first, (b"", b"w")), w)
    setter.operators, done = first.operators, first.constant(np.array(1, np.int32))
    add_signature(model, setter, "set", {"w": w.index}, {"done": done.index})
    interpreter = Interpreter(write(model))
    interpreter.signature("set")({"w": x_of(1)})
    return interpreter.signature("f")({"x": x_of()})["y"]


class TestForm:
    def test_every_op_reads_the_variable_itself_right_before(self):
        def body(b, w, x):
            value = w.read()
            return b.sub(value, b.matmul(x, b.tanh(value)))

        assert names(passed(body)) == [READ, "TANH", "BATCH_MATMUL", READ, "SUB"]

    def test_what_was_assigned_is_read_again(self):
        def body(b, w, x):
            new = b.add(x, 2.0)
            w.assign(new)
            return b.tanh(new)

        assert names(passed(body)) == ["ADD", ASSIGN, READ, "TANH"]

    def test_a_result_is_assigned_as_soon_as_it_is_there(self):
        def body(b, w, x):
            new = b.sub(w.read(), x)
            y = b.tanh(b.square(x))
            w.assign(new)
            return b.mul(y, new)

        expected = [READ, "SUB", ASSIGN, "SQUARE", "TANH", READ, "MUL"]
        assert names(passed(body)) == expected

    def test_a_result_waits_while_others_need_what_was_there_before(self):
        def body(b, w, x):
            old = w.read()
            new = b.add(x, 1.0)
            y = b.tanh(old)
            w.assign(new)
            return b.mul(y, new)

        assert names(passed(body)) == ["ADD", READ, "TANH", ASSIGN, READ, "MUL"]

    def test_a_value_from_before_an_assignment_is_not_read_again(self):
        def body(b, w, x):
            old = w.read()
            w.assign(b.add(x, 1.0))
            return b.add(old, w.read())

        assert names(passed(body)) == [READ, "ADD", ASSIGN, READ, "ADD"]
        assert np.allclose(computed(body), x_of(1) + x_of() + 1)

    def test_what_the_graph_gives_is_not_read_again(self):
        def body(b, w, x):
            new = b.add(x, 2.0)
            w.assign(new)
            b.tanh(new)
            return new

        assert names(passed(body)) == ["ADD", ASSIGN]
        assert np.allclose(computed(body), x_of() + 2)

    @pytest.mark.parametrize(("shape", "dtype"), [((), np.float32), ((SIDE,), np.int32)])
    def test_variables_that_xnnpack_does_not_take_stay_as_they_are(self, shape, dtype):
        def body(b, w, x):
            value = w.read()
            return b.add(b.cast(b.max(b.neg(b.add(value, value)), []), np.float32), x)

        before = passed(body, passes=False, shape=shape, dtype=dtype)
        after = passed(body, shape=shape, dtype=dtype)
        reads = [
            [name_of(b.model, o) for o in b.graph.operators].count(READ) for b in (before, after)
        ]
        assert reads == [1, 2]  # one for each side of the sum, none for the rest

    def test_a_graph_that_was_passed_stays(self):
        def body(b, w, x):
            value = w.read()
            w.assign(b.transpose(value, [1, 0]))
            y = b.sum(w.read(), [1])
            w.assign(b.sub(value, x))
            return b.add(y, w.read())

        b = passed(body)
        before = names(b)
        read_for_each_reader(b.model, b.graph)
        remove_dead_ops(b.model, b.graph)
        assert names(b) == before

    def test_every_reading_is_of_the_variable_it_was_of(self):
        b = empty()
        x = b.new((SIDE, SIDE), np.float32, "x")
        handles = [resources.handle(b, (b"", name)) for name in (b"u", b"v")]
        for handle, factor in zip(handles, (2.0, 3.0), strict=True):
            resources.assign(b, handle, b.mul(x, factor))
        values = []
        for handle in handles:
            value = b.new((SIDE, SIDE), np.float32, "read")
            b.emit(READ, [handle], [value], schema.ReadVariableOptionsT())
            values.append(value)
        y = b.sub(b.mul(values[0], values[1]), b.mul(values[1], values[1]))
        b.graph.operators = b.operators
        b.graph.inputs, b.graph.outputs = (np.array([one.index], np.int32) for one in (x, y))
        read_for_each_reader(b.model, b.graph)
        assert np.allclose(run_graph(b, [x_of()]), -3 * x_of() ** 2)
        read = {
            outputs_of(o)[0]: inputs_of(o)[0]
            for o in b.graph.operators
            if name_of(b.model, o) == READ
        }
        products = [o for o in b.graph.operators if name_of(b.model, o) == "MUL"][2:]
        assert [[read[i] for i in inputs_of(o)] for o in products] == [
            [one.index for one in handles],
            [handles[1].index] * 2,
        ]


class TestNumbers:
    """What LiteRT gets wrong of graphs as they come: memory that is read after it was written."""

    @pytest.mark.parametrize(
        ("step", "expected"),
        [
            (lambda b, w, x: b.transpose(w, [1, 0]), lambda w, x: w.T),
            (lambda b, w, x: b.matmul(w, x), lambda w, x: w @ x),
            (lambda b, w, x: b.matmul(w, x, transpose_a=True), lambda w, x: w.T @ x),
            (lambda b, w, x: b.softmax(w), lambda w, x: np.exp(w) / np.exp(w).sum(1)[:, None]),
            (lambda b, w, x: b.sub(w, b.matmul(x, w)), lambda w, x: w - x @ w),
        ],
        ids=["transposed", "product", "turned product", "softmax", "difference"],
    )
    def test_variable_that_becomes_a_function_of_itself(self, step, expected):
        def body(b, w, x):
            w.assign(step(b, w.read(), x))
            return b.mul(w.read(), 1.0)

        assert np.allclose(computed(body), expected(x_of(1), x_of()), rtol=1e-5, atol=1e-5)

    def test_variable_that_becomes_a_function_of_what_it_held_before_the_last_assignment(self):
        def body(b, w, x):
            old = w.read()
            w.assign(b.sub(w.read(), x))
            w.assign(b.transpose(old, [1, 0]))
            return b.mul(w.read(), 1.0)

        assert np.array_equal(computed(body), x_of(1).T)

    @pytest.mark.parametrize("reduction", ["sum", "mean", "max"])
    @pytest.mark.parametrize("later", [True, False], ids=["after", "before"])
    def test_sum_of_what_a_variable_held(self, reduction, later):
        def body(b, w, x):
            old = w.read()
            y = None if later else getattr(b, reduction)(old, [1])
            w.assign(b.square(x))
            y = getattr(b, reduction)(old, [1]) if later else y
            return b.maximum(x, y)

        expected = np.maximum(x_of(), getattr(np, reduction)(x_of(1), 1))
        assert np.allclose(computed(body), expected, rtol=1e-5, atol=1e-5)
