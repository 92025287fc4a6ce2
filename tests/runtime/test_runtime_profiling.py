"""A profile says which ops a train step is made of, what each costs and who runs it."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from odt_core import load_model
from odt_core.errors import TrainingError
from odt_core.graph.alone import each_op
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.operators import name_of
from odt_core.graph.signature import add_signature
from odt_core.graph.tensor import shape_of
from odt_core.runtime.profiling import KERNELS, XNNPACK, profile_step
from odt_core.worker import Worker
from tests.graph.graphs import empty

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "assets" / "models" / "photos.tflite"
MODELS = Path(__file__).parent / "models"
VARIABLE_OPS = {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"}


@pytest.mark.parametrize("name", ["text_mean_keras2", "text_lstm_loop_keras2"])
def test_profile_when_samples_are_ids_then_gives_it_ids(name) -> None:
    path = ROOT / "tests" / "oracle" / "models" / f"{name}.tflite.gz"
    assert profile_step(load_model(gzip.decompress(path.read_bytes()))).step_ms > 0


def test_profile_when_model_trains_then_names_every_op_of_the_step() -> None:
    model = load_model(PHOTOS)
    profile = profile_step(model, 4)
    raw = read(model.data)
    (train,) = (s for s in raw.signatureDefs if s.signatureKey == profile.signature.encode())
    names = [name_of(raw, op) for op in raw.subgraphs[train.subgraphIndex].operators]
    expected = {name: names.count(name) for name in set(names) - VARIABLE_OPS}
    found: dict[str, int] = {}
    for cost in profile.ops:
        found[cost.op] = found.get(cost.op, 0) + cost.times
    assert found == expected
    assert profile.batch == 4
    assert profile.step_ms > 0
    total = sum(cost.ms for cost in profile.ops) + profile.rest_ms
    assert total >= profile.step_ms * 0.999
    assert [c.ms for c in profile.ops] == sorted((c.ms for c in profile.ops), reverse=True)
    assert sum(cost.share for cost in profile.ops) <= 1.001


@pytest.mark.parametrize(("asked", "measured"), [(5, 5), (16, 16), (32, 16)])
def test_profile_when_batch_sizes_are_fixed_then_is_of_the_one_asked_for_or_the_largest(
    asked: int, measured: int
) -> None:
    model = load_model(MODELS / "dialect_fixed_batches.tflite")
    profile = profile_step(model, asked)
    (role,) = (role for role in model.contract.train if role.batch == measured)
    assert (profile.batch, profile.signature) == (measured, role.signature)


def test_profile_when_ops_differ_then_says_who_runs_them_and_in_how_many_parts() -> None:
    profile = profile_step(load_model(PHOTOS), 4)
    by_op = {cost.op: cost.delegate for cost in profile.ops}
    assert by_op["BATCH_MATMUL"] == XNNPACK
    assert by_op["SHAPE"] == KERNELS
    assert profile.parts == 1  # the whole step


def test_reshapes_between_ops_of_the_step_are_told_from_those_that_copy() -> None:
    b = empty()
    x = b.new((4, 6), np.float32, "x")
    first = b.reshape(x, [2, 12])  # of what came from outside
    between = b.reshape(b.abs(first), [12, 2])
    shared = b.abs(between)
    twice = b.reshape(shared, [24])  # of what another op reads too
    last = b.reshape(b.add(b.abs(twice), b.sum(shared, [0, 1])), [3, 8])  # of what is given back
    b.graph.operators, b.model.subgraphs = b.operators, []
    add_signature(b.model, b.graph, "step", {"x": x.index}, {"y": last.index})
    shapes = {at: tuple(shape_of(tensor)) for at, tensor in enumerate(b.graph.tensors)}
    ops = each_op(write(b.model), "step", shapes)
    assert [one.in_place for one in ops if one.name == "RESHAPE"] == [False, True, False, False]
    assert not any(one.in_place for one in ops if one.name != "RESHAPE")


def test_profile_when_model_cannot_be_trained_then_says_so() -> None:
    with pytest.raises(TrainingError, match="no train step"):
        profile_step(load_model(MODELS / "tiny_inference.tflite"))


@pytest.mark.parametrize(
    "name",
    [
        "uninitialised_keras3",  # the file gives its variables no values
        "losses_keras3",  # a result whose size the data decide, and that comes out empty
    ],
)
def test_profile_when_a_step_is_unusual_then_it_is_looked_into_all_the_same(name) -> None:
    with gzip.open(ROOT / "tests" / "oracle" / "models" / f"{name}.tflite.gz") as file:
        profile = profile_step(load_model(file.read()), 4)
    assert len(profile.ops) > 5
    assert profile.step_ms > 0


def test_profile_when_measured_in_a_worker_then_weights_stay() -> None:
    with Worker.start((MODELS / "tiny_adam.tflite").read_bytes()) as worker:
        before = worker.state()
        profile = worker.profile(8)
        after = worker.state()
    assert profile.ops
    assert profile.batch == 8
    assert all(after[name].tobytes() == value.tobytes() for name, value in before.items())
