"""Unrolls loops over lists of tensors, which LSTM and GRU layers and their gradients are, and
writes out both branches of conditions whose gradient is taken (optionals.py).

LiteRT has no ops on lists of tensors, and TensorFlow's are Flex ops. A recurrent layer over a
fixed number of time steps runs its loop a number of times that is known when the model is loaded:
its body is written out once per step, counters become constants, and the lists dissolve
(tensor_lists.py). What remains are builtin ops in a row, which XNNPACK also runs faster. Loops
without lists stay loops.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError, OpenSizeError
from odt_core.graph.building import Builder
from odt_core.graph.building.inferred_shapes import KEEPS_SHAPE
from odt_core.graph.loops.folding import folded, known
from odt_core.graph.loops.optionals import Either, chosen
from odt_core.graph.loops.tensor_lists import AT_RUN_TIME, Value, entries_read, list_rule
from odt_core.graph.operators import PRINTS, called_by, inputs_of, name_of, outputs_of
from odt_core.graph.signature import plain_name
from odt_core.graph.tensor import Tensor, declare_shape, dtype_of, has_dtype, shape_of

_MOST_OPS = 200_000  # written out by all loops of a subgraph; also the most steps of loops
_MOST_TAKEN = 2_000_000  # tensors that these take and give, and entries of lists they go through
TOO_LONG = (
    "its loops have too many steps to be written out. Convert the model with fewer time steps."
)


def holds_lists(graph: schema.SubGraphT) -> bool:
    """Whether ops of a subgraph use lists of tensors."""
    variant = [tensor.type == schema.TensorType.VARIANT for tensor in graph.tensors]
    return any(
        index >= 0 and variant[index]
        for operator in graph.operators
        for index in (*inputs_of(operator), *outputs_of(operator))
    )


def dissolve_lists(model: schema.ModelT, index: int) -> dict[str, str]:
    """Writes out the loops over lists of a subgraph, and does away with its lists.

    Returns the TensorFlow ops that are gone, each with the name of a node of it. Raises
    LoweringError, the subgraph being as it was, when a loop's number of steps or a list's length is
    not known, or for an op on lists that odt does not know.
    """
    graph = model.subgraphs[index]
    if not holds_lists(graph):
        return {}
    tensors, operators = list(graph.tensors), graph.operators
    outputs = graph.outputs
    entries = [
        entry
        for signature in model.signatureDefs or []
        if signature.subgraphIndex == index
        for entry in signature.outputs or []
    ]
    try:
        writing = _Writing(Builder(model, graph))
        scope = _Scope(graph)
        scope.values.update({i: writing.builder.tensor(i) for i in range(len(tensors))})
        writing.run(operators, scope)
        places = {i: scope.index(i) for i in map(int, [] if outputs is None else outputs)}
        places |= {entry.tensorIndex: scope.index(entry.tensorIndex) for entry in entries}
    except LoweringError:
        graph.tensors, graph.operators = tensors, operators
        raise
    graph.operators = writing.builder.operators
    if outputs is not None:
        graph.outputs = np.array([places[int(i)] for i in outputs], np.int32)
    for entry in entries:
        entry.tensorIndex = places[entry.tensorIndex]
    return writing.dissolved


@dataclass
class _Scope:
    """One run of a subgraph: what stands for each of its tensors in the graph written."""

    graph: schema.SubGraphT
    values: dict[int, Value] = field(default_factory=dict)

    def index(self, index: int) -> int:
        """The tensor that stands for one of the subgraph's."""
        value = self.values[index]
        if not isinstance(value, Tensor):
            raise LoweringError("A signature returns a list of tensors. Stack it in the model.")
        return value.index


class _Writing:
    """Writes the ops of subgraphs, one after another, into one."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.dissolved: dict[str, str] = {}
        self._constants: dict[tuple[int, int], Tensor] = {}
        self._runs = 0
        self._taken = 0

    def run(self, operators: Sequence[schema.OperatorT], scope: _Scope) -> None:
        """Writes ops whose tensors `scope` knows, or are constants."""
        self._runs += 1
        for operator in operators:
            written = max(len(self.builder.operators), self._runs)
            if written > _MOST_OPS or self._taken > _MOST_TAKEN:
                raise LoweringError(TOO_LONG)
            self._operator(operator, scope)

    def _operator(self, operator: schema.OperatorT, scope: _Scope) -> None:
        model = self.builder.model
        name = name_of(model, operator).removeprefix("Flex")
        inputs = [self._value(index, scope) for index in inputs_of(operator) if index >= 0]
        self._taken += len(inputs) + len(outputs_of(operator)) + entries_read(name, inputs)
        listed = any(not isinstance(value, Tensor) for value in inputs)
        if name == "WHILE" and listed:
            results = self._loop(operator, inputs)
            scope.values.update(zip(outputs_of(operator), results, strict=True))
            return
        if name == "IF" and (listed or any(self._wrapped(operator, scope))):
            results = self._branches(operator, inputs, self._wrapped(operator, scope))
            scope.values.update(zip(outputs_of(operator), results, strict=True))
            return
        rule = list_rule(name, inputs)
        if rule is not None:
            outputs = [self._like(index, scope) for index in outputs_of(operator)]
            results = rule(self.builder, inputs, outputs)
            node = scope.graph.tensors[outputs_of(operator)[0]].name
            self.dissolved.setdefault(name, plain_name(node))
            scope.values.update(zip(outputs_of(operator), results, strict=True))
            return
        if listed:
            raise LoweringError(f"odt knows no builtin form of {name} on a list of tensors.")
        self._copy(operator, [value for value in inputs if isinstance(value, Tensor)], scope)

    def _copy(self, operator: schema.OperatorT, inputs: Sequence[Tensor], scope: _Scope) -> None:
        written = copy.copy(operator)
        if called_by(self.builder.model, operator):  # renumbered later, one by one
            written.builtinOptions = copy.copy(operator.builtinOptions)
        rest = iter(inputs)
        written.inputs = np.array(
            [next(rest).index if index >= 0 else -1 for index in inputs_of(operator)], np.int32
        )
        outputs = [self._place(index, scope) for index in outputs_of(operator)]
        written.outputs = np.array(outputs, np.int32)
        constant = folded(self.builder, written, inputs)
        if constant is not None:
            scope.values[outputs_of(operator)[0]] = constant
            return
        self._rank(written, inputs)
        self.builder.keep(written)
        for index, place in zip(outputs_of(operator), outputs, strict=True):
            scope.values[index] = self.builder.tensor(place)

    def _rank(self, operator: schema.OperatorT, inputs: Sequence[Tensor]) -> None:
        """Declares how many dimensions an output has where the file does not say.

        Converters before 2.8 leave out the shapes of what loop bodies take from lists.
        """
        name, outputs = name_of(self.builder.model, operator), outputs_of(operator)
        raw = self.builder.graph.tensors[outputs[0]] if len(outputs) == 1 else None
        if raw is None or raw.hasRank or shape_of(raw) or not inputs:
            return
        rank = 0
        if name in KEEPS_SHAPE or name == "CONCATENATION":
            rank = max(part.rank for part in inputs)
        elif name == "TRANSPOSE":
            rank = inputs[0].rank
        elif name == "RESHAPE" and len(inputs) > 1 and inputs[1].rank == 1:
            rank = inputs[1].shape[0] or 0
        if rank:
            declare_shape(raw, (None,) * rank)
            raw.hasRank = True

    def _loop(self, operator: schema.OperatorT, carried: Sequence[Value]) -> Sequence[Value]:
        options = operator.builtinOptions
        graphs = self.builder.model.subgraphs
        condition = graphs[options.condSubgraphIndex]
        body = graphs[options.bodySubgraphIndex]
        while self._holds(condition, carried):
            carried = self._call(body, carried)
        return carried

    @staticmethod
    def _wrapped(operator: schema.OperatorT, scope: _Scope) -> list[bool]:
        """Which outputs are optionals or lists."""
        types = [scope.graph.tensors[index].type for index in outputs_of(operator)]
        return [one == schema.TensorType.VARIANT for one in types]

    def _branches(
        self, operator: schema.OperatorT, inputs: Sequence[Value], wrapped: Sequence[bool]
    ) -> Sequence[Value]:
        """Both branches of a condition, one after the other, and a choice of their results."""
        condition, arguments = inputs[0], inputs[1:]
        if not isinstance(condition, Tensor):
            raise LoweringError("its condition is a list of tensors.")
        options, graphs = operator.builtinOptions, self.builder.model.subgraphs
        branches = [graphs[options.thenSubgraphIndex], graphs[options.elseSubgraphIndex]]
        found = known(self.builder, condition)
        if found is not None:
            return self._call(branches[not found.reshape(-1)[0]], arguments)
        if _writes(self.builder.model, *branches):
            raise LoweringError(
                "a branch of its tf.cond sets variables, and its gradient is taken. Set them "
                "outside of the condition."
            )
        results = [
            self._call(
                branch,
                [
                    value.where(condition, holds=holds) if isinstance(value, Either) else value  # type: ignore[misc]
                    for value in arguments
                ],
            )
            for branch, holds in zip(branches, (True, False), strict=True)
        ]
        return [
            chosen(self.builder, condition, then, other, wrapped=late)  # type: ignore[misc]
            for then, other, late in zip(*results, wrapped, strict=True)
        ]

    def _holds(self, graph: schema.SubGraphT, carried: Sequence[Value]) -> bool:
        (result,) = self._call(graph, carried)
        value = known(self.builder, result) if isinstance(result, Tensor) else None
        if value is None:
            raise OpenSizeError(f"how often its loop runs {AT_RUN_TIME}")
        return bool(value.reshape(-1)[0])

    def _call(self, graph: schema.SubGraphT, arguments: Sequence[Value]) -> list[Value]:
        scope = _Scope(graph)
        scope.values.update(zip(map(int, graph.inputs), arguments, strict=True))
        self.run(graph.operators, scope)
        return [self._value(int(index), scope) for index in graph.outputs]

    def _value(self, index: int, scope: _Scope) -> Value:
        """What stands for a tensor: what was computed, or a copy of the subgraph's constant."""
        if index not in scope.values:
            key = (id(scope.graph), index)
            if key not in self._constants:
                self._constants[key] = self.builder.tensor(self._place(index, scope))
            scope.values[index] = self._constants[key]
        return scope.values[index]

    def _place(self, index: int, scope: _Scope) -> int:
        """A tensor for an op's output: the graph's own where it is written in its own place."""
        if scope.graph is self.builder.graph:
            return index
        self.builder.graph.tensors.append(copy.copy(scope.graph.tensors[index]))
        return len(self.builder.graph.tensors) - 1

    def _like(self, index: int, scope: _Scope) -> Tensor:
        """Shape and dtype that the file declares for an op's output."""
        raw = scope.graph.tensors[index]
        dtype = dtype_of(raw.type) if has_dtype(raw.type) else np.dtype(object)
        return Tensor(index, shape_of(raw), dtype)


def _writes(model: schema.ModelT, *graphs: schema.SubGraphT) -> bool:
    """Whether subgraphs, or those that they call, set a variable: an op that returns nothing."""
    waiting, seen = list(graphs), set()
    while waiting:
        graph = waiting.pop()
        if id(graph) in seen:
            continue
        seen.add(id(graph))
        for operator in graph.operators:
            if not outputs_of(operator) and name_of(model, operator) not in PRINTS:
                return True
            waiting += [model.subgraphs[called] for called in called_by(model, operator)]
    return False
