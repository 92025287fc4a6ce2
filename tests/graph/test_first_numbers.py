"""The number that a graph takes from an input before anything else."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.graph.first_numbers import first_numbers
from tests.graph.graphs import empty


@pytest.mark.parametrize(
    ("dtype", "number", "first"),
    [
        (np.int32, 1, 1),
        (np.float32, 2.0, 2),
        (np.float32, 0.5, 0),
        (np.float32, np.inf, 0),
        (np.float32, np.nan, 0),
    ],
)
def test_whole_number_alone_is_where_an_input_begins(dtype, number, first):
    b = empty()
    x = b.new((3,), dtype)
    b.graph.inputs = np.array([x.index], np.int32)
    y = b.sub(x, b.constant(number, dtype))
    b.graph.outputs = np.array([y.index], np.int32)
    b.graph.operators = b.operators
    assert first_numbers(b.model, b.graph) == ({x.index: first} if first else {})
