"""Removing what nobody needs: ops without readers, tensors, buffers and op codes without users."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import (
    call_others,
    has_effect,
    inputs_of,
    outputs_of,
    run_from,
)


def remove_dead_ops(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Drops ops whose outputs nobody reads and that have no effect."""
    outputs = map(int, [] if graph.outputs is None else graph.outputs)
    graph.operators = leading_to(
        graph, outputs, also=lambda operator: has_effect(model, graph, operator)
    )


def leading_to(
    graph: schema.SubGraphT, tensors: Iterable[int], *, also: Callable[[schema.OperatorT], bool]
) -> list[schema.OperatorT]:
    """The ops that tensors are computed by, and those that stay `also`, with what they read."""
    needed, kept = set(tensors), []
    for operator in reversed(graph.operators):
        if also(operator) or needed.intersection(outputs_of(operator)):
            needed.update(inputs_of(operator))
            kept.append(operator)
    return kept[::-1]


def drop_subgraphs(model: schema.ModelT, keep: Iterable[int]) -> None:
    """Drops subgraphs that neither `keep` nor what they call runs, and renumbers the rest."""
    reached = run_from(model, keep)
    place = {old: new for new, old in enumerate(sorted(reached))}
    model.subgraphs = [model.subgraphs[old] for old in sorted(reached)]
    for graph in model.subgraphs:
        for operator in graph.operators:
            call_others(model, operator, place)
    for signature in model.signatureDefs or []:
        signature.subgraphIndex = place[signature.subgraphIndex]


def share_buffers(model: schema.ModelT) -> None:
    """Has tensors of the same content share one buffer."""
    place: dict[bytes, int] = {}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            data = model.buffers[tensor.buffer].data if tensor.buffer else None
            if data is not None and len(data) and not tensor.isVariable:
                content = np.asarray(data, np.uint8).tobytes()
                tensor.buffer = place.setdefault(content, tensor.buffer)


def compact(model: schema.ModelT) -> None:
    """Drops tensors, buffers and op codes that are no longer used, and renumbers the rest."""
    for index, graph in enumerate(model.subgraphs):
        signatures = [s for s in model.signatureDefs or [] if s.subgraphIndex == index]
        _compact_tensors(graph, signatures)
    _compact_buffers(model)
    _compact_codes(model)


def _compact_tensors(graph: schema.SubGraphT, signatures: list[schema.SignatureDefT]) -> None:
    used = {int(i) for part in (graph.inputs, graph.outputs) if part is not None for i in part}
    for operator in graph.operators:
        used.update(inputs_of(operator), outputs_of(operator))
        if operator.intermediates is not None:
            used.update(int(index) for index in operator.intermediates)
    entries = [e for s in signatures for e in [*(s.inputs or []), *(s.outputs or [])]]
    used.update(entry.tensorIndex for entry in entries)
    used.discard(-1)
    place = {-1: -1} | {old: new for new, old in enumerate(sorted(used))}

    def moved(values: object) -> np.ndarray | None:
        if values is None:
            return None
        return np.array([place[int(v)] for v in values], np.int32)  # type: ignore[attr-defined]

    graph.tensors = [graph.tensors[old] for old in sorted(used)]
    graph.inputs, graph.outputs = moved(graph.inputs), moved(graph.outputs)
    for operator in graph.operators:
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
        operator.intermediates = moved(operator.intermediates)
    for entry in entries:
        entry.tensorIndex = place[entry.tensorIndex]


def _compact_buffers(model: schema.ModelT) -> None:
    used = {0} | {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used.update(entry.buffer for entry in model.metadata or [])
    if model.metadataBuffer is not None:
        used.update(int(index) for index in model.metadataBuffer)
    place = {old: new for new, old in enumerate(sorted(used))}
    model.buffers = [model.buffers[old] for old in sorted(used)]
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.buffer = place[tensor.buffer]
    for entry in model.metadata or []:
        entry.buffer = place[entry.buffer]
    if model.metadataBuffer is not None:
        moved = [place[int(index)] for index in model.metadataBuffer]
        model.metadataBuffer = np.array(moved, np.int32)


def _compact_codes(model: schema.ModelT) -> None:
    operators = [operator for graph in model.subgraphs for operator in graph.operators]
    used = sorted({operator.opcodeIndex for operator in operators})
    place = {old: new for new, old in enumerate(used)}
    model.operatorCodes = [model.operatorCodes[old] for old in used]
    for operator in operators:
        operator.opcodeIndex = place[operator.opcodeIndex]
