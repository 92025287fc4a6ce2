"""Rows parted, and put together again, are TensorFlow's."""

import numpy as np
import pytest
import tensorflow as tf
from one_op import normal, run_lowered

import odt_core.graph.rules  # noqa: F401 (declares the rules)


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize(
    "partitions", [[2, 0, 2, 3, 0], [[2, 0], [0, 0], [3, 3], [0, 2], [2, 2]]], ids=str
)
def test_partition_of_which_one_is_empty_then_equals_tensorflow(partitions, opened):
    inputs = {"data": normal(0, 5, 2, 3), "partitions": np.array(partitions, np.int32)}
    actual = run_lowered(
        "DynamicPartition", inputs, {"num_partitions": 4}, dynamic=list(inputs) if opened else []
    )
    expected = tf.dynamic_partition(**inputs, num_partitions=4)
    assert [part.tolist() for part in actual] == [part.numpy().tolist() for part in expected]


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@pytest.mark.parametrize("row", [(), (3,)], ids=str)
@pytest.mark.parametrize(
    "indices", [[[1, 4], [0, 3, 2], []], [[1, 1], [0, 3, 2], [0]], [[[0, 2]], [[1], [3]]]], ids=str
)
def test_stitch_at_computed_places_then_equals_tensorflow(indices, row, dtype, opened):
    """DynamicStitch; of a place that comes twice the last wins."""
    places = [np.array(part, np.int32) for part in indices]
    data = [normal(i, *part.shape, *row).astype(dtype) for i, part in enumerate(places)]
    inputs = {f"i{n}": part for n, part in enumerate(places)}
    inputs |= {f"d{n}": part for n, part in enumerate(data)}
    (actual,) = run_lowered("DynamicStitch", inputs, {}, dynamic=list(inputs) if opened else [])
    assert actual.tolist() == tf.dynamic_stitch(places, data).numpy().tolist()
