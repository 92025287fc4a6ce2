"""Rows of a table that a batch looked up, updated without first finding out which they are.

Keras 2 sums up the gradients of an embedding's rows, one for each different id in the batch
(UNIQUE), works out what these rows are to be, and writes them among the others. How many ids differ
is known only once they are seen, so every shape behind it is planned anew in the middle of each
call, and XNNPACK cannot be used at all (Model.shaped_by_data). But a row whose id does not come has
no gradient, and what is made of that is nought: so the sums may as well be worked out for every row
of the table, and added to it. That takes fewer passes over the table than finding the rows did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.tensor import Shape, Tensor

# Ops that make nought of nought.
_KEEP_NOUGHT = frozenset({"ABS", "NEG", "SIGN", "SQRT", "SQUARE"})
_ROOTS = frozenset({"RSQRT", "SQRT"})
# Ops that put rows among noughts: which input holds them, and which their ids.
_PLACES = {"SCATTER_ND": (1, 0), "UNSORTED_SEGMENT_SUM": (0, 1)}
_MOST = 100  # ops between the sums and the table; optimisers have a dozen


def whole_tables(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Updates tables as a whole where only their looked-up rows were."""
    if not any(name_of(model, operator) == "UNIQUE" for operator in graph.operators):
        return
    rewrite(model, graph, _updated)
    remove_dead_ops(model, graph)


def _updated(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """table · (1 − rows found) + rows as they are to be, as table + what is added to its rows; and
    rows put in their places among noughts.
    """
    if name_of(b.model, operator) in _PLACES:
        return _placed(b, operator)
    for kept, written in _either_way(b, operator, "ADD"):
        found = _kept(b, kept)
        if found is None:
            continue
        table, unique = found
        rows = _scattered(b, written, unique)
        new = None if rows is None else _written(b, rows, table, unique)
        if new is not None:
            return new
    return None


def _placed(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    rows, ids = (b.tensor(inputs_of(operator)[at]) for at in _PLACES[name_of(b.model, operator)])
    unique, shape = _unique_of(b, ids), b.tensor(outputs_of(operator)[0]).shape
    if unique is None or not shape or None in shape or rows.rank != len(shape):
        return None
    return _Whole(b, shape, unique).noughts(rows)


def _kept(b: Builder, tensor: Tensor) -> tuple[Tensor, schema.OperatorT] | None:
    """The table, and the UNIQUE whose ids it is looked up with, of (1 − scattered ones) · table."""
    for share, table in _either_way(b, tensor, "MUL"):
        terms = _inputs(b, share, "SUB")
        if len(terms) != 2 or not _is_one(terms[0]) or None in table.shape or not table.rank:
            continue
        scatter = _inputs(b, terms[1], "SCATTER_ND")
        unique = _unique_of(b, scatter[0]) if scatter else None
        if unique is None or terms[1].shape != table.shape:
            continue
        filled = _inputs(b, scatter[1], "FILL")[1:] or _inputs(b, scatter[1], "BROADCAST_TO")[:1]
        if filled and _is_one(filled[0]):
            return table, unique
    return None


def _scattered(b: Builder, tensor: Tensor, unique: schema.OperatorT) -> Tensor | None:
    """The rows that are written to a table of zeros."""
    scatter = _inputs(b, tensor, "SCATTER_ND")
    return scatter[1] if scatter and _unique_of(b, scatter[0]) is unique else None


def _written(b: Builder, rows: Tensor, table: Tensor, unique: schema.OperatorT) -> Tensor | None:
    """The table with rows that are those of before and more, or less."""
    whole = _Whole(b, table.shape, unique)
    for before, more in _either_way(b, rows, "ADD"):
        if _is(table, _looked_up(b, before, unique)):
            found = whole.noughts(more)
            return None if found is None else b.add(table, found)
    terms = _inputs(b, rows, "SUB")
    if len(terms) == 2 and _is(table, _looked_up(b, terms[0], unique)):
        found = whole.noughts(terms[1])
        return None if found is None else b.sub(table, found)
    return None


def _is(one: Tensor, other: Tensor | None) -> bool:
    return other is not None and one.index == other.index


class _Whole:
    """Rows [U, …], one for each different id, as a table [T, …] of a row for every id."""

    def __init__(self, b: Builder, shape: Shape, unique: schema.OperatorT) -> None:
        """shape: of the table."""
        self.b, self._shape, self._unique = b, shape, unique
        self._noughts: dict[int, Tensor | None] = {}  # what was found out, by the tensor of rows

    def noughts(self, rows: Tensor) -> Tensor | None:
        """The table of rows, where those whose id does not come are noughts; None where that is not
        known.
        """
        if rows.index not in self._noughts and len(self._noughts) < _MOST:
            self._noughts[rows.index] = None
            self._noughts[rows.index] = self._of_noughts(rows)
        return self._noughts.get(rows.index)

    def _of_noughts(self, rows: Tensor) -> Tensor | None:
        b, operator = self.b, self.b.producer(rows)
        if operator is None:
            return None
        name = name_of(b.model, operator)
        inputs = [b.tensor(index) for index in inputs_of(operator)]
        if name == "UNSORTED_SEGMENT_SUM":
            return self._sums(*inputs)
        if name in _KEEP_NOUGHT or name in ("ADD", "SUB"):
            return self._again(operator, [self.noughts(one) for one in inputs])
        if name == "MUL":
            for one, other in (inputs, inputs[::-1]):
                whole = self.noughts(one)
                if whole is not None:
                    return self._again(operator, [whole, self.noughts(other) or self.any(other)])
        if name == "DIV":
            below = inputs[1] if self._is_alike(inputs[1]) else self._positive(inputs[1])
            return self._again(operator, [self.noughts(inputs[0]), below])
        return None

    def any(self, rows: Tensor) -> Tensor | None:
        """The same of rows that may be anything where no id comes, but are finite there; None where
        that is not known.
        """
        if self._is_alike(rows):
            return rows
        return self._looked_up(rows) or self._positive(rows)

    def _positive(self, rows: Tensor) -> Tensor | None:
        """The same of what optimisers divide by, √(table + ε) and √table + ε, or multiply with, one
        over the former: above nought in every row of a table that is not below it.
        """
        b, operator = self.b, self.b.producer(rows)
        if operator is None or len(inputs_of(operator)) == 0:
            return None
        if name_of(b.model, operator) in _ROOTS:
            inner = b.tensor(inputs_of(operator)[0])
            table = self._looked_up(inner)
            if table is None or _raised(b, table) is None:
                table = self._raised(inner, self._looked_up)
            return self._again(operator, [table])
        return self._raised(rows, self._root)

    def _root(self, rows: Tensor) -> Tensor | None:
        inputs = _inputs(self.b, rows, "SQRT")
        table = self._looked_up(inputs[0]) if inputs else None
        return None if table is None else self.b.sqrt(table)

    def _raised(self, rows: Tensor, whole: Callable[[Tensor], Tensor | None]) -> Tensor | None:
        """The same of rows that a positive number was added to."""
        found = _raised(self.b, rows)
        table = whole(found[0]) if found is not None else None
        return None if found is None or table is None else self.b.add(table, found[1])

    def _looked_up(self, rows: Tensor) -> Tensor | None:
        return _looked_up(self.b, rows, self._unique)

    def _is_alike(self, tensor: Tensor) -> bool:
        """Whether it is the same for all rows."""
        rank = len(self._shape)
        wide = tensor.rank == rank and tensor.shape[0] != 1
        return None not in tensor.shape and tensor.rank <= rank and not wide

    def _again(
        self, operator: schema.OperatorT | None, inputs: list[Tensor | None]
    ) -> Tensor | None:
        given = [one for one in inputs if one is not None]
        if operator is None or len(given) < len(inputs):
            return None
        return self.b.again(operator, given, self._shape)

    def _sums(self, values: Tensor, places: Tensor, _: Tensor) -> Tensor | None:
        """The values of each id summed up; in the order in which they come, as before."""
        b = self.b
        unique = b.producer(places)
        if unique is not self._unique or places.index != outputs_of(unique)[1]:
            return None
        ids = b.cast(b.tensor(inputs_of(unique)[0]), np.int32)
        y = b.new(self._shape, values.dtype, "sums")
        count = b.constant(np.array(self._shape[0], np.int32))
        options = schema.UnsortedSegmentSumOptionsT()
        b.emit("UNSORTED_SEGMENT_SUM", [values, ids, count], [y], options)
        return y


def _raised(b: Builder, tensor: Tensor) -> tuple[Tensor, Tensor] | None:
    """What a positive number was added to, and that number."""
    for one, other in _either_way(b, tensor, "ADD"):
        if other.const is not None and other.const.size == 1 and float(other.const.max()) > 0:
            return one, other
    return None


def _looked_up(b: Builder, rows: Tensor, unique: schema.OperatorT) -> Tensor | None:
    """The table whose rows they are, one for each id that is different."""
    for name in ("GATHER_ND", "GATHER"):
        inputs = _inputs(b, rows, name)
        if inputs and rows.rank == inputs[0].rank and _unique_of(b, inputs[1]) is unique:
            options = b.producer(rows).builtinOptions  # type: ignore[union-attr]
            return None if getattr(options, "axis", 0) else inputs[0]
    return None


def _unique_of(b: Builder, ids: Tensor) -> schema.OperatorT | None:
    """The UNIQUE that gives these ids, [U] or [U, 1]; None for others, or in another form."""
    if ids.shape not in ((None,), (None, 1)):
        return None
    operator = b.producer(ids)
    while operator is not None and name_of(b.model, operator) in ("EXPAND_DIMS", "RESHAPE", "CAST"):
        ids = b.tensor(inputs_of(operator)[0])
        operator = b.producer(ids)
    if operator is None or name_of(b.model, operator) != "UNIQUE":
        return None
    return operator if ids.index == outputs_of(operator)[0] else None


def _inputs(b: Builder, of: Tensor | schema.OperatorT, name: str) -> list[Tensor]:
    """What an op of that name takes, or the one that a tensor comes from; empty for any other, or
    one with an activation.
    """
    operator = b.producer(of) if isinstance(of, Tensor) else of
    if operator is None or name_of(b.model, operator) != name:
        return []
    if getattr(operator.builtinOptions, "fusedActivationFunction", 0):
        return []
    return [b.tensor(index) for index in inputs_of(operator)]


def _either_way(
    b: Builder, of: Tensor | schema.OperatorT, name: str
) -> Iterator[tuple[Tensor, Tensor]]:
    """The two inputs of an op for which their order does not matter, in both orders."""
    inputs = _inputs(b, of, name)
    if len(inputs) == 2:
        yield inputs[0], inputs[1]
        yield inputs[1], inputs[0]


def _is_one(tensor: Tensor) -> bool:
    return tensor.const is not None and tensor.const.size == 1 and tensor.const.max() == 1
