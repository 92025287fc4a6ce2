"""Inputs whose pixels, 0..255, a graph brings to 0..1 or −1..1."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.first_numbers import first_numbers
from odt_core.graph.pixel_inputs import pixel_inputs
from tests.graph.graphs import empty


@pytest.mark.parametrize(
    ("steps", "takes"),
    [
        ([("mul", 1 / 127.5), ("add", -1.0)], True),
        ([("div", 255.0)], True),
        ([("div", 128.0), ("sub", 1.0)], True),  # to 0.992
        ([("sub", 127.5), ("div", 127.5)], True),
        ([("mul", 255.0), ("div", 127.5), ("sub", 1.0)], False),  # 0..1 to −1..1
        ([("mul", 2.0), ("sub", 1.0)], False),
        ([("mul", 1 / 255), ("mul", 255.0)], False),
        ([("div", 0.0)], False),
        ([], False),
    ],
)
def test_input_takes_pixels_where_constants_bring_these_to_one(steps, takes):
    b = empty()
    x = b.new((1, 8, 8, 3), np.float32)
    b.graph.inputs = np.array([x.index], np.int32)
    y = x
    for name, number in steps:
        y = getattr(b, name)(y, b.constant(number, np.float32))
    y = b.mul(y, y)
    b.graph.outputs = np.array([y.index], np.int32)
    b.graph.operators = b.operators
    assert pixel_inputs(b.model, b.graph) == ({x.index: (0, 255)} if takes else {})


def test_input_that_something_else_reads_unscaled_takes_no_pixels():
    b = empty()
    x = b.new((1, 8, 8, 3), np.float32)
    b.graph.inputs = np.array([x.index], np.int32)
    scaled = b.mul(x, b.constant(1 / 255, np.float32))
    y = b.mul(scaled, x)
    b.graph.outputs = np.array([y.index], np.int32)
    b.graph.operators = b.operators
    assert pixel_inputs(b.model, b.graph) == {}


def test_tensors_that_are_moved_and_say_how_others_are_moved_are_gone_through_once():
    b = empty()
    x = y = b.new((4,), np.int32)
    b.graph.inputs = np.array([x.index], np.int32)
    for _ in range(40):  # 2**40 ways from the first to the last
        ways = [b.reshape(y, (2, 2)), b.reshape(y, (4, 1))]
        y = b.new((4,), np.int32)
        b.emit("RESHAPE", ways, [y], schema.ReshapeOptionsT())
    y = b.sub(y, b.constant(1, np.int32))
    b.graph.outputs = np.array([y.index], np.int32)
    b.graph.operators = b.operators
    assert first_numbers(b.model, b.graph) == {x.index: 1}
    assert pixel_inputs(b.model, b.graph) == {}
