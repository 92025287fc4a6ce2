"""A train step in parts does what the whole does, or is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from graphs import difference, empty, run_graph

from odt_core.errors import LoweringError
from odt_core.graph.accumulation.accumulation import AHEAD, APPLY, COUNT, GRADIENTS, accumulate
from odt_core.graph.accumulation.counted import take_count
from odt_core.graph.accumulation.roles import Role, roles_of
from odt_core.graph.building import Builder
from odt_core.graph.tensor import Tensor
from odt_core.runtime.interpreter import Interpreter
from tests.zoo_models import NAMES, zoo_drill, zoo_model

STEPS = 4
ROUNDING = 2e-5  # relative to the largest of an array
# Models whose batch must stay whole, and the words that say why.
WHOLE = {
    "attention_static_keras2": "nothing is summed",  # one batch size, in all its shapes
    "cnn_batch_norm_dropout_keras3": "SQUARED_DIFFERENCE",  # from the mean of a batch
    "cnn_batch_norm_static_keras2": "nothing is summed",
    "coloured_pictures_module": "MIRROR_PAD",
    "conditions_module": "SELECT_V2",  # by the sum of a batch
    "dilated_keras3": "SPACE_TO_BATCH_ND",
    "losses_keras3": "REDUCE_ALL",
    "memory_module": "REDUCE_MAX",  # of the labels of a batch
    "metric_learning_module": "CUMSUM",  # over samples
    "mlp_accumulated_keras3": "IF",
    "mlp_rmsprop_static_keras2": "nothing is summed",
    "normalised_keras3": "SQUARED_DIFFERENCE",  # from the mean of a batch
    "regression_mae_keras2": "IF",
    "residual_keras3": "SQUARED_DIFFERENCE",
    "sensor_conv1d_keras2": "SPACE_TO_BATCH_ND",
    "sensor_separable_keras3": "SQUARED_DIFFERENCE",
    "several_batch_sizes_keras2": "nothing is summed",
    "spectrogram_keras3": "STRIDED_SLICE",  # of as many frames as there are samples
    "text_adagrad_keras3": "GATHER_ND",
    "text_lstm_unrolled_static_keras3": "nothing is summed",
    "trace_module": "FULLY_CONNECTED",  # of scores with one another
    "transformer_keras3": "how many axes",
    "turned_pictures_keras2": "STABLEHLO_RNG_BIT_GENERATOR",
    "turned_pictures_keras3": "STABLEHLO_RNG_BIT_GENERATOR",
}
TRAINED = [name for name in NAMES if name != "determinant_module"]  # which has no train signature


@pytest.mark.parametrize("name", [name for name in TRAINED if name not in WHOLE])
def test_a_step_in_parts_is_the_step(name: str) -> None:
    role = zoo_model(name).contract.train[-1]
    whole = Interpreter(zoo_model(name).data)
    parts = Interpreter(accumulate(zoo_model(name).data, role.signature, role.loss))

    def run_whole(signature: str, inputs: dict[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return whole.signature(signature)(inputs)

    def run_parts(signature: str, inputs: dict[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        if signature != role.signature:
            return parts.signature(signature)(inputs)
        return in_parts(parts, inputs)

    results = []
    for run in (run_whole, run_parts):
        if zoo_drill(name).start:  # a file without initial values
            run("odt_set_state", starting_state(name))
        zoo_drill(name).prepare(run)
        found = [np.array(zoo_drill(name).losses(run, STEPS)), *zoo_drill(name).outputs(run)]
        results.append(found + [value for _, value in sorted(run("odt_get_state", {}).items())])
    for given, expected in zip(*results, strict=True):
        assert difference(given, expected) < ROUNDING


@pytest.mark.parametrize("name", WHOLE)
def test_a_step_that_must_stay_whole_is_refused(name: str) -> None:
    role = zoo_model(name).contract.train[-1]
    with pytest.raises(LoweringError, match=WHOLE[name]):
        accumulate(zoo_model(name).data, role.signature, role.loss)


def in_parts(interpreter: Interpreter, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A train step, by twos where the batch is even, else one by one."""
    gradients, apply = interpreter.signature(GRADIENTS), interpreter.signature(APPLY)
    batched = [key for key, (_, shape) in gradients.inputs.items() if shape[:1] == (-1,)]
    count = len(next(inputs[key] for key in batched if key in inputs))
    given = inputs | {COUNT: np.array(count, np.float32)}
    if AHEAD in interpreter.names:
        ahead = interpreter.signature(AHEAD)
        given |= ahead({key: given[key] for key in ahead.inputs})
    rows = {key: len(given[key]) // count for key in batched}
    size, sums = (1 if count % 2 else 2), {}
    for at in range(0, count, size):
        cut = {key: given[key][at * rows[key] : (at + size) * rows[key]] for key in batched}
        found = gradients({key: cut.get(key, given[key]) for key in gradients.inputs})
        sums = {key: sums.get(key, 0) + value for key, value in found.items()}
    return apply({key: sums.get(key, given.get(key)) for key in apply.inputs})


def starting_state(name: str) -> dict[str, np.ndarray]:
    """Small weights, and for the optimiser what it starts from."""
    about = zoo_model(name).description.signature("infer")
    assert about is not None
    draw, state = np.random.default_rng(1), {}
    for at, variable in enumerate(zoo_model(name).variables):
        value = zoo_model(name).starting_state[variable]
        drawn = draw.normal(size=value.shape).astype(value.dtype)
        state[f"v{at}"] = drawn if variable in about.reads else value
    return state


# --- ops ------------------------------------------------------------------------------------------


def graph_of(
    build: Callable[[Builder, Tensor], Tensor], shape: tuple[int | None, ...]
) -> tuple[Builder, Tensor, Tensor]:
    b = empty()
    x = b.new(shape, np.float32, "x")
    b.graph.inputs = np.array([x.index], np.int32)
    b = Builder(b.model, b.graph)  # which now knows the input's batch
    y = build(b, x)
    b.graph.operators, b.graph.outputs = b.operators, np.array([y.index], np.int32)
    return b, x, y


WEIGHTS = np.arange(12, dtype=np.float32).reshape(3, 4) / 7
IMAGES = (None, 4, 4, 2)
APART: dict[str, tuple[Callable[[Builder, Tensor], Tensor], tuple[int | None, ...]]] = {
    "each number": (lambda b, x: b.mul(b.add(x, 1.0), x), (None, 3)),
    "a row against a row": (lambda b, x: b.sub(x, b.max(x, [1], True)), (None, 3)),
    "softmax": (lambda b, x: b.softmax(x), (None, 3)),
    "dense": (lambda b, x: b.matmul(x, b.constant(WEIGHTS)), (None, 3)),
    "flattened": (lambda b, x: b.reshape(x, [None, 8]), IMAGES),
    "pixels as rows": (lambda b, x: b.reshape(x, [None, 2]), IMAGES),
    "a leading one": (lambda b, x: b.reshape(x, [1, None, 32]), IMAGES),
    "channels in front": (lambda b, x: b.transpose(x, [3, 0, 1, 2]), IMAGES),
    "sums of a sample": (lambda b, x: b.sum(x, [1, 2]), IMAGES),
    "side by side": (lambda b, x: b.concat([x, b.neg(x)], 1), (None, 3)),
    "columns": (lambda b, x: b.slice(x, [0, 1], [None, 2]), (None, 3)),
    "padded columns": (lambda b, x: b.pad(x, [(0, 0), (1, 2)]), (None, 3)),
    "products of each": (
        lambda b, x: b.matmul(x, b.transpose(x, [0, 2, 1])),
        (None, 4, 3),
    ),
    "blocks": (lambda b, x: in_blocks(b, x), IMAGES),
    "repeated in each": (
        lambda b, x: b.broadcast_to(b.reshape(x, [None, 1, 3]), sized(b, x, 2, 3), (None, 2, 3)),
        (None, 3),
    ),
}
SUMMED: dict[str, tuple[Callable[[Builder, Tensor], Tensor], tuple[int | None, ...]]] = {
    "over samples": (lambda b, x: b.sum(x, [0]), (None, 3)),
    "over everything": (lambda b, x: b.sum(x, [0, 1, 2, 3]), IMAGES),
    "weights' gradient": (lambda b, x: b.matmul(x, b.square(x), transpose_a=True), (None, 3)),
    "filters' gradient": (
        lambda b, x: b.matmul(
            b.reshape(x, [None, 2]), b.square(b.reshape(x, [None, 2])), transpose_a=True
        ),
        IMAGES,
    ),
}
MIXED: dict[str, tuple[Callable[[Builder, Tensor], Tensor], tuple[int | None, ...]]] = {
    "largest of all": (lambda b, x: b.max(x, [0]), (None, 3)),
    "every pair": (lambda b, x: b.matmul(x, x, transpose_b=True), (None, 3)),
    "softmax over samples": (lambda b, x: b.softmax(b.transpose(x, [1, 0])), (None, 3)),
    "less the mean": (lambda b, x: b.sub(x, b.mean(x, [0])), (None, 3)),
    "samples inside": (
        lambda b, x: b.reshape(b.transpose(x, [1, 0]), [None, 1]),
        (None, 3),
    ),
    "some samples": (lambda b, x: b.slice(x, [1, 0], [None, 3]), (None, 3)),
    "a sample more": (lambda b, x: b.pad(x, [(1, 0), (0, 0)]), (None, 3)),
    "one after the other": (lambda b, x: b.concat([x, x], 0), (None, 3)),
    "as often as there are samples": (
        lambda b, x: b.mul(b.cast(x, np.int32), first_size(b, x)),
        (None, 3),
    ),
    "repeated for each": (
        lambda b, x: b.broadcast_to(x, b.concat([size := sized(b, x), size], 0), (None, None)),
        (None, 1),
    ),
    "filled with their number": (
        lambda b, x: b.fill(b.reshape(first_size(b, x), [1]), first_size(b, x), (None,), np.int32),
        (None, 3),
    ),
    "numbered": (
        lambda b, x: b.mul(
            b.reshape(b.cast(b.range(0, first_size(b, x)), np.float32), (None, 1)), x
        ),
        (None, 3),
    ),
}


def first_size(b: Builder, x: Tensor) -> Tensor:
    shape = b.shape(x)
    return b.reshape(b.slice(shape, [0], [1]), [])


def sized(b: Builder, x: Tensor, *others: int) -> Tensor:
    """The shape [N, *others], N the number of samples of x."""
    return b.concat([b.reshape(first_size(b, x), [1]), b.constant(np.array(others, np.int32))], 0)


def in_blocks(b: Builder, x: Tensor) -> Tensor:
    """[N, 4, 4, 2] as [N, 2, 2, 8]: what lies in squares of 2 × 2 beside each other."""
    options = schema.SpaceToDepthOptionsT()
    options.blockSize = 2
    y = b.new((None, 2, 2, 8), x.dtype, "blocks")
    b.emit("SPACE_TO_DEPTH", [x], [y], options)
    return y


def role_of(b: Builder, y: Tensor) -> Role:
    return roles_of(b.model, b.graph).roles[y.index]


@pytest.mark.parametrize("what", APART)
def test_samples_stay_apart(what: str) -> None:
    b, x, y = graph_of(*APART[what])
    assert role_of(b, y) is Role.SAMPLES
    whole, parts = whole_and_parts(b, x)
    axis = b.tensor(y.index).shape.index(None)
    np.testing.assert_allclose(np.concatenate(parts, axis), whole, rtol=1e-6)


@pytest.mark.parametrize("what", SUMMED)
def test_parts_add_up(what: str) -> None:
    b, x, y = graph_of(*SUMMED[what])
    assert role_of(b, y) is Role.SUM
    whole, parts = whole_and_parts(b, x)
    np.testing.assert_allclose(np.sum(parts, axis=0), whole, rtol=1e-5)


@pytest.mark.parametrize("what", MIXED)
def test_samples_that_meet_are_noticed(what: str) -> None:
    b, _, _ = graph_of(*MIXED[what])
    with pytest.raises(LoweringError):
        roles_of(b.model, b.graph)


def whole_and_parts(b: Builder, x: Tensor) -> tuple[np.ndarray, list[np.ndarray]]:
    sizes = [size or 6 for size in x.shape]
    array = np.random.default_rng(0).random(sizes, dtype=np.float32)
    return run_graph(b, [array]), [run_graph(b, [part]) for part in (array[:2], array[2:])]


@pytest.mark.parametrize("keep", [False, True])
def test_a_mean_over_samples_divides_by_their_number(keep: bool) -> None:
    b, _, _ = graph_of(lambda b, x: b.mean(x, [0, 1], keep), (None, 3))
    take_count(b.model, b.graph)
    array = np.random.default_rng(0).random((6, 3), dtype=np.float32)
    parts = [run_graph(b, [part, np.array(6, np.float32)]) for part in (array[:2], array[2:])]
    np.testing.assert_allclose(np.sum(parts, axis=0).item(), array.mean(), rtol=1e-6)


def test_a_batch_in_numbers_is_the_whole_one() -> None:
    def build(b: Builder, x: Tensor) -> Tensor:
        return b.div(b.sum(x, [0, 1]), b.cast(first_size(b, x), np.float32))

    b, _, _ = graph_of(build, (None, 3))
    take_count(b.model, b.graph)
    ones = np.ones((2, 3), np.float32)
    assert run_graph(b, [ones, np.array(6, np.float32)]) == 1.0
