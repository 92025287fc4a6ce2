"""A train step as two signatures, so that its batch can come in parts (gradient accumulation).

odt_gradients(what train takes, count) -> g0..gN: sums over the samples of a part, each divided by
what the whole batch divides it by. odt_apply(the rest of what train takes, count, g0..gN) -> loss:
what train does with these sums. Fed with the sums over all parts it does the same step as train,
up to the order in which numbers are added. Small parts stay in a core's cache.

A step that draws random numbers, as for dropout, draws them for its whole batch: that is a
signature of its own, odt_ahead(what train takes) -> r0..rM, and the other two take the rows of
their samples of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.accumulation.counted import take_count
from odt_core.graph.accumulation.roles import FIRST, Role, roles_of
from odt_core.graph.building import Builder
from odt_core.graph.checks.check import plain_errors
from odt_core.graph.finished import finished
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.signature import add_signature, copy_of, ends, find_signature

AHEAD, GRADIENTS, APPLY, COUNT = "odt_ahead", "odt_gradients", "odt_apply", "odt_count"

_EACH_PART = frozenset({Role.FIXED, Role.SIZES, Role.SAMPLES, Role.SUM})
_LATER = frozenset({Role.FIXED, Role.AFTER})


@plain_errors()
def accumulate(data: bytes, signature: str, loss: str | None) -> bytes:
    """A lowered model with these signatures as well, for one of its train signatures.

    loss: the output that odt_apply returns, if any. Raises LoweringError when the step cannot be
    done in parts, saying why.
    """
    model = read(data)
    entry = find_signature(model, signature)
    graph = copy_of(model.subgraphs[entry.subgraphIndex])
    feeds, results = ends(entry.inputs), ends(entry.outputs)
    graph.outputs = [results[loss]] if loss is not None else []
    feeds[COUNT] = take_count(model, graph)
    remove_dead_ops(model, graph)
    reader = roles_of(model, graph)
    builder, roles = reader.builder, reader.roles
    given = {} if loss is None else {loss: _ending(builder, roles, int(graph.outputs[0]))}
    graph.operators = builder.operators

    later = _kept(model, graph, roles, _LATER)
    read_later = {index for operator in later for index in inputs_of(operator)}
    sums = [index for index in sorted(read_later) if roles.get(index) is Role.SUM]
    if not sums:
        raise LoweringError("nothing is summed over its samples")
    if any(not graph.tensors[index].hasRank for index in (*sums, *reader.met)):
        raise LoweringError("the file does not tell how many axes a sum has")
    keyed = {f"g{at}": index for at, index in enumerate(sums)}
    ahead = {f"r{at}": index for at, index in enumerate(sorted(reader.met))}
    if ahead:
        _add(model, graph, AHEAD, _kept(model, graph, roles, FIRST), feeds, ahead)
    _add(model, graph, GRADIENTS, _kept(model, graph, roles, _EACH_PART), feeds | ahead, keyed)
    _add(model, graph, APPLY, later, feeds | ahead | keyed, given)
    return finished(model)


def _ending(builder: Builder, roles: dict[int, Role], loss: int) -> int:
    """The tensor that odt_apply returns as the loss: one that it computes itself."""
    if roles[loss] in (Role.SAMPLES, Role.SIZES, Role.AHEAD):
        raise LoweringError("its loss is one for each sample")
    if roles[loss] is Role.SUM:
        loss = builder.mul(builder.tensor(loss), 1).index
        roles[loss] = Role.AFTER
    return loss


def _kept(
    model: schema.ModelT, graph: schema.SubGraphT, roles: Mapping[int, Role], part: frozenset[Role]
) -> list[schema.OperatorT]:
    """The ops of one of the two signatures: what gives tensors of these roles, and what runs
    before a first call; what sets variables, with the later roles.
    """
    return [
        operator
        for operator in graph.operators
        if name_of(model, operator) == "CALL_ONCE"
        or (part is _LATER and not outputs_of(operator))
        or any(roles[index] in part for index in outputs_of(operator))
    ]


def _add(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    name: str,
    operators: list[schema.OperatorT],
    inputs: Mapping[str, int],
    outputs: Mapping[str, int],
) -> None:
    part = copy_of(graph)
    part.operators = [copy(operator) for operator in operators]
    part.outputs = list(outputs.values())
    remove_dead_ops(model, part)
    read = {index for operator in part.operators for index in inputs_of(operator)}
    used = {key: index for key, index in inputs.items() if index in read}
    add_signature(model, part, name, used, outputs)
