"""Variables read and assigned without copies: every op has a reading of its own, right before it.

XNNPACK copies what a variable holds to read it, and a result to assign it. It leaves the copy out,
and has the op work on the variable's own memory, where what is copied has one reader and nothing in
between uses the variable (`xnn_subgraph_fusion`, github.com/google/XNNPACK src/subgraph.c). That
saves Adam five of seventeen walks over the weights, and the cache as many arrays of that size.

Three things of that go wrong in ai-edge-litert 2.3.0. It dies (SIGSEGV) of an op with the same
variable's value on both sides, such as w·w in a penalty on weights; of two readings it makes the
same bits. An op that reads the variable to which its result is assigned, such as w ← wᵀ, overwrites
what it is still to read, unless it is elementwise. And a SUM or MEAN of a variable that the graph
assigns later is that of the new values. Products by 1 keep the memory apart in the last two cases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from copy import copy
from typing import NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.building.batch import ELEMENTWISE, UNARY
from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.variables import Key, handles_in, is_on_xnnpack

_READ, _ASSIGN = "READ_VARIABLE", "ASSIGN_VARIABLE"
_EACH_NUMBER = UNARY | ELEMENTWISE
# To other ops a reading more is a copy more: XNNPACK has a RESHAPE of a copy for nothing, but not
# of a variable, and does not run all of them.
_READS = _EACH_NUMBER | {"BATCH_MATMUL"}
_LATE = frozenset({"SUM", "MEAN"})  # read a variable's memory when it has been assigned already


class _Held(NamedTuple):
    """Where a value can be read again."""

    handle: int  # tensor
    key: Key
    age: int  # how often the variable had been assigned


def read_for_each_reader(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Has each op read variables itself, read again what was assigned, and assigns at once."""
    _read_for_each_side(model, graph)
    _assign_at_once(model, graph)
    rewriter = _Rewriter(model, graph)
    for operator in graph.operators:
        rewriter.add(operator)
    graph.operators = rewriter.operators


class _Rewriter:
    """Writes a graph's operators anew, with readings and products by 1 between them."""

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self._model, self._graph = model, graph
        self._b = Builder(model, graph)
        self._handles = handles_in(model, graph)
        self._written = {int(index) for index in graph.outputs}
        self._like: dict[Key, int] = {}  # a tensor with what is read of a variable
        self._assigned: set[Key] = set()
        self._summed: set[int] = set()
        for operator in graph.operators:
            name, key = name_of(model, operator), self._key(operator)
            if name == _READ and key is not None:
                self._like[key] = outputs_of(operator)[0]
            elif name == _ASSIGN and key is not None:
                self._assigned.add(key)
            elif name in _LATE:
                self._summed.update(inputs_of(operator))
        self._ages: Counter[Key] = Counter()
        self._held: dict[int, _Held] = {}
        self._apart: dict[int, int] = {}  # a copy of what was read, for sums
        # By tensor: the op that made it, and the variables that this op reads itself.
        self._made: dict[int, tuple[str, set[Key]]] = {}

    @property
    def operators(self) -> list[schema.OperatorT]:
        """Those that were added, and what came between them."""
        return self._b.operators

    def add(self, operator: schema.OperatorT) -> None:
        """The next operator."""
        name = name_of(self._model, operator)
        if name == _READ:
            self._read(operator)
        elif name == _ASSIGN:
            self._assign(operator)
        elif called_by(self._model, operator):
            self._held.clear()  # it may assign any variable
        else:
            self._use(name, operator)
        self._b.operators.append(operator)

    def _key(self, operator: schema.OperatorT) -> Key | None:
        """Of the variable that a reading or an assignment is of, where the graph tells."""
        return self._handles.get(inputs_of(operator)[0]) if inputs_of(operator) else None

    def _hold(self, value: int, operator: schema.OperatorT) -> None:
        """Note that the op's variable holds this value now."""
        key = self._key(operator)
        if key is not None and is_on_xnnpack(self._graph.tensors[value]):
            self._held[value] = _Held(inputs_of(operator)[0], key, self._ages[key])

    def _read(self, operator: schema.OperatorT) -> None:
        (value,) = outputs_of(operator)
        self._hold(value, operator)
        source = self._held.get(value)
        if source is not None and source.key in self._assigned and value in self._summed:
            self._apart[value] = self._copied(self._again(source, value))

    def _assign(self, operator: schema.OperatorT) -> None:
        key, (handle, value) = self._key(operator), inputs_of(operator)
        if key is None:
            self._held.clear()
            return
        self._ages[key] += 1
        name, own = self._made.get(value, ("", set()))
        if key in own and name not in _EACH_NUMBER:
            operator.inputs = np.array([handle, self._copied(value)], np.int32)
        elif value not in self._written:
            self._hold(value, operator)

    def _use(self, name: str, operator: schema.OperatorT) -> None:
        inputs, own = inputs_of(operator), set()
        for place, index in enumerate(inputs):
            source = self._held.get(index)
            if source is None:
                continue
            if name in _LATE and index in self._apart:
                inputs[place] = self._apart[index]
                continue
            own.add(source.key)
            if name in _READS and source.age == self._ages[source.key]:
                inputs[place] = self._again(source, index)
        operator.inputs = np.array(inputs, np.int32)
        self._made.update(dict.fromkeys(outputs_of(operator), (name, own)))

    def _again(self, source: _Held, value: int) -> int:
        """Another reading of what holds a value; its tensor."""
        b = self._b
        b.graph.tensors.append(copy(b.graph.tensors[self._like.get(source.key, value)]))
        made = b.tensor(len(b.graph.tensors) - 1)
        b.emit(_READ, [b.tensor(source.handle)], [made], schema.ReadVariableOptionsT())
        return made.index

    def _copied(self, value: int) -> int:
        """The same numbers in memory of their own."""
        return self._b.mul(self._b.tensor(value), 1.0).index


def _read_for_each_side(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Has every op take a value that it takes twice from two readings, one after the other."""
    reads: dict[int, schema.OperatorT] = {}
    again: dict[int, list[schema.OperatorT]] = defaultdict(list)  # by id of the first reading
    for operator in graph.operators:
        if name_of(model, operator) == _READ:
            reads[outputs_of(operator)[0]] = operator
            continue
        inputs, seen = inputs_of(operator), set()
        for place, index in enumerate(inputs):
            if index in seen and index in reads:
                graph.tensors.append(copy(graph.tensors[index]))
                second = copy(reads[index])
                second.outputs = np.array([len(graph.tensors) - 1], np.int32)
                again[id(reads[index])].append(second)
                inputs[place] = len(graph.tensors) - 1
            seen.add(index)
        if inputs != inputs_of(operator):
            operator.inputs = np.array(inputs, np.int32)
    graph.operators = [
        one for operator in graph.operators for one in (operator, *again.get(id(operator), ()))
    ]


def _assign_at_once(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Moves assignments up to right behind the op that makes what they assign, where nothing in
    between has to do with the variable.
    """
    handles = handles_in(model, graph)
    place: dict[int, int] = {}  # of the op that makes a tensor
    read: dict[int, Key] = {}  # tensors that hold what was read of a variable
    used: dict[Key | None, list[int]] = defaultdict(list)  # places of ops that have to do with it
    early: dict[int, list[schema.OperatorT]] = defaultdict(list)
    moved: set[int] = set()
    for at, operator in enumerate(graph.operators):
        name, inputs = name_of(model, operator), inputs_of(operator)
        if called_by(model, operator):
            used[None].append(at)
        if name in (_READ, _ASSIGN):
            key = handles.get(inputs[0])
            if name == _ASSIGN and key is not None and is_on_xnnpack(graph.tensors[inputs[1]]):
                since = place.get(inputs[1], at)
                last = max(used[key][-1:] + used[None][-1:], default=-1)
                if last <= since < at - 1 and place.get(inputs[0], at) < since:
                    early[since].append(operator)
                    moved.add(id(operator))
            used[key].append(at)
            read.update((index, key) for index in outputs_of(operator) if key is not None)
        for index in inputs:
            if index in read:
                used[read[index]].append(at)
        place.update(dict.fromkeys(outputs_of(operator), at))
    graph.operators = [
        one
        for at, operator in enumerate(graph.operators)
        if id(operator) not in moved
        for one in (operator, *early.get(at, ()))
    ]
