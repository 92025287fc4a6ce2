"""Looked-up rows of tables, updated with the whole table: passes/tables.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from odt_core.graph import lower
from odt_core.graph.lowering import lower_with
from odt_core.graph.passes.optimise import PASSES
from odt_core.runtime import load_model
from odt_core.runtime.interpreter import Interpreter
from tests.converting import file_of

ROWS, WIDTH = 9, 3
IDS = [np.array(ids, np.int32) for ids in ([1, 4, 1, 1], [0, 0, 8, 2], [5, 5, 5, 5], [7, 3, 8, 1])]
OTHERS = tuple(one for one in PASSES if one.name != "whole tables")

Update = Callable[[Any, Any, Any, Any], None]  # two tables, different ids, their gradients


class Step(tf.Module):
    """A step that sums up gradients by id, as Keras 2 does, before it updates two tables."""

    def __init__(self, update: Update) -> None:
        super().__init__()
        draw = np.random.default_rng(0)
        self.table = tf.Variable(draw.normal(size=(ROWS, WIDTH)), dtype=tf.float32)
        self.slot = tf.Variable(draw.uniform(0.1, 1, (ROWS, WIDTH)), dtype=tf.float32)
        self.update = update

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, WIDTH], tf.float32)]
    )
    def train(self, ids: Any, gradients: Any) -> dict[str, Any]:
        different, places = tf.unique(ids)
        sums = tf.math.unsorted_segment_sum(gradients, places, tf.shape(different)[0])
        self.update(self.table, self.slot, different, sums)
        return {"table": self.table.read_value(), "slot": self.slot.read_value()}


@pytest.fixture
def converted(tmp_path: Path) -> Callable[[Update], bytes]:
    def convert(update: Update) -> bytes:
        step = Step(update)
        return file_of(step, tmp_path / update.__name__, train=step.train)

    return convert


def more(table: Any, ids: Any, rows: Any) -> None:
    """As Keras' optimisers add to rows; the converter writes it as scattered ones and rows."""
    table.scatter_add(tf.IndexedSlices(rows, ids))


def sgd(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    more(table, ids, -0.1 * sums)


def less(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    table.scatter_sub(tf.IndexedSlices(0.1 * sums, ids))


def adagrad(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    more(slot, ids, sums * sums)
    root = tf.sqrt(tf.gather(slot, ids) + 1e-7)
    more(table, ids, -0.1 * sums / root)


def outside(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    more(slot, ids, tf.square(sums) * 0.5)
    more(table, ids, sums / (tf.sqrt(tf.gather(slot, ids)) + 0.01) * -0.1)


def inverse(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    slot.assign(slot * 0.9)
    more(table, ids, sums * 0.1 * tf.math.rsqrt(tf.gather(slot + 1e-3, ids)))


def placed(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    dense = tf.math.unsorted_segment_sum(-sums, ids, ROWS)
    table.assign_add(dense * tf.math.rsqrt(slot))


def one_more(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    more(table, ids, sums + 1.0)  # also where there is no gradient


def shared_norm(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    more(table, ids, sums / tf.reduce_sum(sums * sums))  # over all rows


def not_raised(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    more(table, ids, sums / tf.sqrt(tf.gather(slot, ids)))  # what may be nought elsewhere


def replaced(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    table.scatter_update(tf.IndexedSlices(sums, ids))  # whatever was there before


def of_another(table: Any, slot: Any, ids: Any, sums: Any) -> None:
    table.scatter_update(tf.IndexedSlices(tf.gather(slot, ids) + sums, ids))


def run(data: bytes) -> list[np.ndarray]:
    call, found = Interpreter(data, delegates=False).signature("train"), []
    for at, ids in enumerate(IDS):
        gradients = np.random.default_rng(at).normal(size=(len(ids), WIDTH)).astype(np.float32)
        given = call({"ids": ids, "gradients": gradients})
        found += [np.array(given["table"]), np.array(given["slot"])]
    return found


def expected(update: Update) -> list[np.ndarray]:
    step, found = Step(update), []
    for at, ids in enumerate(IDS):
        gradients = np.random.default_rng(at).normal(size=(len(ids), WIDTH)).astype(np.float32)
        given = step.train(ids, gradients)
        found += [given["table"].numpy(), given["slot"].numpy()]
    return found


@pytest.mark.parametrize("update", [sgd, less, adagrad, outside, inverse, placed])
def test_rows_are_updated_with_the_table_and_the_numbers_stay(converted, update):
    file = converted(update)
    assert "UNIQUE" in lower_with(file, OTHERS).describe().operators
    lowered = lower(file)
    assert "UNIQUE" not in lowered.describe().operators
    assert "SCATTER_ND" not in lowered.describe().operators
    for mine, theirs in zip(run(lowered.data), expected(update), strict=True):
        assert np.allclose(mine, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("update", [sgd, less, adagrad, outside])
def test_what_only_adds_gives_the_same_bits(converted, update):
    file = converted(update)
    before, after = run(lower_with(file, OTHERS).data), run(lower(file).data)
    assert all(np.array_equal(one, two) for one, two in zip(before, after, strict=True))


@pytest.mark.parametrize("update", [one_more, shared_norm, not_raised, replaced, of_another])
def test_rows_that_mean_something_without_a_gradient_stay_rows(converted, update):
    lowered = lower(converted(update))
    assert "UNIQUE" in lowered.describe().operators
    for mine, theirs in zip(run(lowered.data), expected(update), strict=True):
        assert np.allclose(mine, theirs, rtol=1e-6, atol=1e-6)


def test_model_is_no_longer_shaped_by_its_data(converted):
    assert not load_model(converted(sgd)).shaped_by_data
    assert load_model(converted(replaced)).shaped_by_data
