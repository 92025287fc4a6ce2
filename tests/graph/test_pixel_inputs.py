"""Inputs whose pixels, 0..255, a graph brings to 0..1 or −1..1."""

from __future__ import annotations

import numpy as np
import pytest

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
    assert pixel_inputs(b.model, b.graph) == ({x.index} if takes else set())


def test_input_that_something_else_reads_unscaled_takes_no_pixels():
    b = empty()
    x = b.new((1, 8, 8, 3), np.float32)
    b.graph.inputs = np.array([x.index], np.int32)
    scaled = b.mul(x, b.constant(1 / 255, np.float32))
    y = b.mul(scaled, x)
    b.graph.outputs = np.array([y.index], np.int32)
    b.graph.operators = b.operators
    assert pixel_inputs(b.model, b.graph) == set()
