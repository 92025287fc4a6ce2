"""Where the time of a train step goes, by op.

LiteRT's own profiler is not in its Python wheel. So every op of the step is run alone, on what it
was given in a real step, and timed without the cost of the call itself; the rest of the measured
step (variables, planning, moving between parts) is a row of its own.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from odt_core.errors import OdtError, TrainingError
from odt_core.graph.alone import OneOp, as_primary, cheapest_call, each_op, subgraph_of
from odt_core.graph.flatbuffer import read
from odt_core.graph.tensor import dtype_of, has_dtype, shape_of
from odt_core.runtime.examples import example_batch
from odt_core.runtime.model import Model
from odt_core.runtime.profile import OpCost, Profile

XNNPACK, KERNELS = "XNNPACK", "LiteRT's own kernels"
_ROUNDS = 15
_ROUND = 3e-4  # seconds
_DELEGATE = "DELEGATE"


def profile_step(model: Model, batch: int = 32, *, threads: int = 1) -> Profile:
    """Measure a train step of `batch` samples, and each of its ops alone; about a second.

    A model of static batch sizes is measured at the largest of them, if `batch` is none. Raises
    TrainingError when the model cannot be trained, ModelError when its weights are not set.
    """
    if not model.contract.train:
        raise TrainingError("This model cannot be trained: there is no train step to look into.")
    fixed = [role.batch for role in model.contract.train if role.batch is not None]
    if fixed and batch not in fixed:
        batch = fixed[0]
    session = model.session(threads=threads, whole=True)
    x, y = example_batch(model.contract, batch)
    name, feeds = session.train_feeds(session.bottlenecks(x), y)
    step_ms = _best_ms(lambda: session.run(name, **feeds))
    data = model.data
    if not all(variable.has_initial_value for variable in model.description.variables):
        data = session.bake()
    values = _values(data, name, feeds)
    floor = _floor(threads)
    costs: dict[tuple, tuple[float, bool]] = {}
    kinds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in each_op(data, name, {i: value.shape for i, value in values.items()}):
        if one.key not in costs:
            costs[one.key] = _cost(one, values, threads, delegates=not model.shaped_by_data)
        ms, taken = costs[one.key]
        free = taken and one.in_place
        kinds[one.name, XNNPACK if taken else KERNELS].append(0 if free else max(0.0, ms - floor))
    total = sum(sum(each) for each in kinds.values())
    whole = max(step_ms, total)
    ops = [
        OpCost(op, len(each), sum(each), sum(each) / whole, delegate)
        for (op, delegate), each in kinds.items()
    ]
    return Profile(
        name,
        batch,
        threads,
        step_ms,
        0 if model.shaped_by_data else _parts(data, name, feeds),
        tuple(sorted(ops, key=lambda cost: -cost.ms)),
        max(0.0, step_ms - total),
    )


def _litert(data: bytes, **options: Any) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    if not options.pop("delegates", True):
        options["experimental_op_resolver_type"] = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return Interpreter(model_content=data, **options)


def _values(data: bytes, signature: str, feeds: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    """What every tensor of a signature held after one call."""
    litert = _litert(data, delegates=False, experimental_preserve_all_tensors=True)
    litert.get_signature_runner(signature)(**feeds)
    model, found = read(data), {}
    index = subgraph_of(model, signature)
    for number, tensor in enumerate(model.subgraphs[index].tensors):
        if not has_dtype(tensor.type):  # a variable's handle holds no numbers
            continue
        try:
            found[number] = litert.get_tensor(number, index)
        except ValueError:  # a result whose size the data decide, and that came out empty
            shape = [size or 0 for size in shape_of(tensor)]
            found[number] = np.zeros(shape, dtype_of(tensor.type))
    return found


def _cost(
    one: OneOp, values: dict[int, np.ndarray], threads: int, *, delegates: bool
) -> tuple[float, bool]:
    """(milliseconds of one call, whether XNNPACK runs it)."""
    litert = _litert(one.data, num_threads=threads, delegates=delegates)
    try:
        litert.allocate_tensors()
        for detail, index in zip(litert.get_input_details(), one.inputs, strict=True):
            litert.set_tensor(detail["index"], values[index])
        ms = _best_ms(litert.invoke)
    except (ValueError, RuntimeError) as error:
        raise OdtError(f"The op {one.name} cannot be measured alone: {error}") from error
    return ms, _delegated(litert) > 0


def _parts(data: bytes, signature: str, feeds: dict[str, np.ndarray]) -> int:
    """How many pieces of a signature's graph XNNPACK takes."""
    litert = _litert(as_primary(data, signature), num_threads=1)
    litert.get_signature_runner(signature)(**feeds)
    return _delegated(litert)


def _delegated(litert: Any) -> int:
    return sum(_DELEGATE in one["op_name"].upper() for one in litert._get_ops_details())


def _floor(threads: int) -> float:
    """Milliseconds that a call takes whose op has nothing to do."""
    litert = _litert(cheapest_call(), num_threads=threads)
    litert.allocate_tensors()
    return _best_ms(litert.invoke)


def _best_ms(call: Callable[[], object]) -> float:
    """The fastest of a few rounds, each long enough for the clock: what else the machine does only
    ever adds, and adds more to a whole step than to one op.
    """
    call()
    began = time.perf_counter()
    call()
    each = max(time.perf_counter() - began, 1e-7)
    count = min(200, max(1, int(_ROUND / each)))
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(count):
            call()
        best = min(best, (time.perf_counter() - began) / count)
    return 1000 * best
