"""Sizes that the file leaves open and the op's inputs tell."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.graph.building.inferred_shapes import inferred
from tests.graph.graphs import empty


@pytest.mark.parametrize("name", ["FlexLeakyReluGrad", "FlexEluGrad", "FlexTanhGrad", "ADD_N"])
def test_gradient_of_an_activation_has_the_time_steps_of_its_inputs(name):
    """A list of what an LSTM gave is taken apart by them, behind such a gradient."""
    b = empty()
    parts = [b.new((None, 7, 24), np.float32) for _ in range(2)]
    output = b.new((None, None, 24), np.float32)
    assert inferred(b, name, parts, output, None) == (None, 7, 24)
