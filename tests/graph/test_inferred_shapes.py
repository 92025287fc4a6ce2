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


def test_tile_as_often_as_a_picture_has_channels_is_of_a_known_size():
    """SSIM's loss makes its kernel so; of the picture only the batch is open."""
    b = empty()
    picture = b.new((None, 16, 16, 3), np.float32)
    channels = b.slice(b.shape(picture), [3], [1])
    times = b.concat([b.constant([1, 1]), channels, b.constant([1])], 0)
    kernel = b.constant(np.ones((11, 11, 1, 1), np.float32))
    tiled = b.new((11, 11, None, 1), np.float32)
    b.emit("TILE", [kernel, times], [tiled])
    assert b.tensor(tiled.index).shape == (11, 11, 3, 1)


def test_tile_as_often_as_there_are_samples_is_of_an_open_size():
    b = empty()
    picture = b.new((None, 16, 16, 3), np.float32)
    samples = b.slice(b.shape(picture), [0], [1])
    times = b.concat([samples, b.constant([2])], 0)
    tiled = b.new((None, None), np.float32)
    b.emit("TILE", [b.constant(np.ones((4, 5), np.float32)), times], [tiled])
    assert b.tensor(tiled.index).shape == (None, 10)
