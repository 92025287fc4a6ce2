"""Where a train step's frozen part ends: the one tensor through which it sees its samples."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.accumulation.roles import Role, RoleReader
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor
from odt_core.graph.trunk.count import counts_of
from odt_core.graph.variables import variable_name

# Features are kept in the samples' place, so they may not be much larger: numbers for each of a
# sample, or as many as this.
_TIMES, _FEW = 2, 4096
_OF_SAMPLES = (Role.SAMPLES, Role.SIZES)


def find_cuts(
    model: schema.ModelT, graph: schema.SubGraphT, samples: int, trained: Collection[str]
) -> list[Tensor]:
    """Tensors float32 [N, …] of a subgraph through each of which everything goes that it makes of
    its samples, computed from each sample alone and from what is not trained; the last one last.

    samples: the input's tensor, [N, …] with all but N known. trained: names of variables.
    """
    reader = RoleReader(model, graph)
    given = reader.builder.tensor(samples)
    if not given.shape or given.shape[0] is not None or None in given.shape[1:]:
        return []
    reader.roles.update(dict.fromkeys(map(int, graph.inputs), Role.AFTER))
    reader.roles[samples] = Role.SAMPLES
    counts = counts_of(model, graph, samples)  # and what is made of them alone
    last = _last_read(graph, counts)
    alive = {samples}  # made of the samples alone, and read later
    taken: set[int] = set()  # of these, what was read by what is not frozen
    found = []
    for at, operator in enumerate(graph.operators):
        reader.builder.keep(operator)
        role = _role(reader, model, operator, trained)
        reader.roles.update(dict.fromkeys(outputs_of(operator), role))
        of = {index for index in inputs_of(operator) if reader.roles.get(index) in _OF_SAMPLES}
        if role not in _OF_SAMPLES:
            taken |= of - counts
        elif of <= counts:
            counts.update(outputs_of(operator))
        elif not counts.intersection(outputs_of(operator)):
            alive.update(outputs_of(operator))
        alive = {index for index in alive if last.get(index, -1) > at}
        if len(alive) == 1 and taken <= alive:
            tensor = reader.builder.tensor(*alive)
            by_sample = reader.builder.batch_source(tensor) == (samples, 1)
            if by_sample and reader.roles[tensor.index] is Role.SAMPLES:
                found.append(tensor)
    return [one for one in dict.fromkeys(found) if _can_be_kept(one, given)]


def _last_read(graph: schema.SubGraphT, counts: Collection[int]) -> dict[int, int]:
    """Which op reads a tensor last; one that counts samples reads none."""
    last = {
        index: at
        for at, operator in enumerate(graph.operators)
        if not set(outputs_of(operator)).intersection(counts)
        for index in inputs_of(operator)
    }
    return last | {int(index): len(graph.operators) for index in graph.outputs}


def _role(
    reader: RoleReader, model: schema.ModelT, operator: schema.OperatorT, trained: Collection[str]
) -> Role:
    """What an op gives; AFTER for all that does not belong to the frozen part."""
    if name_of(model, operator) == "READ_VARIABLE":
        key = reader.variable(operator)
        if key is None or variable_name(key) in trained:
            return Role.AFTER
    try:
        role = reader.role(operator)
    except LoweringError:
        return Role.AFTER
    return Role.AFTER if role is Role.AHEAD else role


def _can_be_kept(tensor: Tensor, samples: Tensor) -> bool:
    shape, sample = tensor.shape, samples.shape[1:]
    if tensor.dtype != np.float32 or len(shape) < 2 or shape[0] is not None or None in shape[1:]:
        return False
    most = max(_TIMES * math.prod(size or 0 for size in sample), _FEW)
    # else nobody could tell features from samples
    return shape[1:] != sample and math.prod(size or 0 for size in shape[1:]) <= most
