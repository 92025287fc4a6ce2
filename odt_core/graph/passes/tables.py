"""Rows of a table that a batch looked up, updated without first finding out which they are.

Keras 2 sums up the gradients of an embedding's rows, one for each different id in the batch (UNIQUE),
works out what these rows are to be, and writes them among the others. How many ids differ is known
only once they are seen, so every shape behind it is planned anew in the middle of each call, and
XNNPACK cannot be used at all (Model.shaped_by_data). But a row whose id does not come has no
gradient, and what is made of that is nought: so the sums may as well be worked out for every row of
the table, and added to it. That takes fewer passes over the table than finding the rows did.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.builder import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.tensor import Tensor

# Ops that make nought of nought.
_KEEP_NOUGHT = frozenset({"ABS", "NEG", "SIGN", "SQRT", "SQUARE"})
_ROOTS = frozenset({"RSQRT", "SQRT"})


def whole_tables(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Updates tables as a whole where only their looked-up rows were."""
    if not any(name_of(model, operator) == "UNIQUE" for operator in graph.operators):
        return
    rewrite(model, graph, _updated)
    remove_dead_ops(model, graph)


def _updated(b: Builder, operator: schema.OperatorT) -> Tensor | None:
    """table · (1 − rows found) + rows as they are to be, as table + what is added to its rows."""
    parts = _inputs(b, operator, "ADD")
    for kept, written in (parts, parts[::-1]) if len(parts) == 2 else ():
        found = _kept(b, kept)
        if found is None:
            continue
        table, unique = found
        rows = _scattered(b, written, unique)
        added = None if rows is None else _added(b, rows, table, unique)
        if added is not None:
            return b.add(table, added)
    return None


def _kept(b: Builder, tensor: Tensor) -> tuple[Tensor, schema.OperatorT] | None:
    """The table, and the UNIQUE whose ids it is looked up with, of (1 − scattered ones) · table."""
    factors = _inputs(b, tensor, "MUL")
    for share, table in (factors, factors[::-1]) if len(factors) == 2 else ():
        terms = _inputs(b, share, "SUB")
        if len(terms) != 2 or not _is_one(terms[0]) or table.rank != 2 or None in table.shape:
            continue
        scatter = _inputs(b, terms[1], "SCATTER_ND")
        unique = _unique_of(b, scatter[0]) if scatter else None
        if unique is None or terms[1].shape != table.shape:
            continue
        ones = _inputs(b, scatter[1], "FILL")
        if ones and _is_one(ones[1]):
            return table, unique
    return None


def _scattered(b: Builder, tensor: Tensor, unique: schema.OperatorT) -> Tensor | None:
    """The rows that are written to a table of zeros."""
    scatter = _inputs(b, tensor, "SCATTER_ND")
    return scatter[1] if scatter and _unique_of(b, scatter[0]) is unique else None


def _added(b: Builder, rows: Tensor, table: Tensor, unique: schema.OperatorT) -> Tensor | None:
    """What rows of a table become more, for every row of it: nought where its id does not come."""
    terms = _inputs(b, rows, "ADD")
    for more, before in (terms, terms[::-1]) if len(terms) == 2 else ():
        if _looked_up(b, before, unique) == table:
            return _Whole(b, table, unique).noughts(more)
    return None


class _Whole:
    """Rows [U, D], one for each different id, as a table [T, D] of a row for every id."""

    def __init__(self, b: Builder, table: Tensor, unique: schema.OperatorT) -> None:
        self.b, self._table, self._unique = b, table, unique

    def noughts(self, rows: Tensor) -> Tensor | None:
        """The table of rows, where those whose id does not come are noughts; None where that is not
        known.
        """
        b, operator = self.b, self.b.producer(rows)
        if operator is None:
            return None
        name = name_of(b.model, operator)
        inputs = [b.tensor(index) for index in inputs_of(operator)]
        if name == "UNSORTED_SEGMENT_SUM":
            return self._sums(*inputs)
        if name in _KEEP_NOUGHT:
            whole = self.noughts(inputs[0])
            return None if whole is None else b.again(operator, [whole], self._table.shape)
        if name in ("ADD", "SUB"):
            both = [self.noughts(one) for one in inputs]
            return self._again(operator, both)
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
        return _looked_up(self.b, rows, self._unique) or self._positive(rows)

    def _positive(self, rows: Tensor) -> Tensor | None:
        """The same of √(table + ε) or √table + ε, or one over the former, as optimisers divide by:
        above nought in every row, where the table is not below it.
        """
        b, operator = self.b, self.b.producer(rows)
        name = name_of(b.model, operator) if operator is not None else ""
        inputs = [b.tensor(index) for index in inputs_of(operator)] if operator is not None else []
        if name in _ROOTS:
            terms = _inputs(b, inputs[0], "ADD")
            inner = self._plus(terms, lambda one: _looked_up(b, one, self._unique))
            return self._again(operator, [inner])
        if name == "ADD":
            return self._plus(inputs, self._root)
        return None

    def _root(self, rows: Tensor) -> Tensor | None:
        inputs = _inputs(self.b, rows, "SQRT")
        table = _looked_up(self.b, inputs[0], self._unique) if inputs else None
        return None if table is None else self.b.sqrt(table)

    def _plus(self, terms, whole) -> Tensor | None:  # type: ignore[no-untyped-def]
        for one, other in (terms, terms[::-1]) if len(terms) == 2 else ():
            if one.const is not None and one.const.size == 1 and float(one.const.max()) > 0:
                found = whole(other)
                return None if found is None else self.b.add(found, one)
        return None

    def _is_alike(self, tensor: Tensor) -> bool:
        """Whether it is the same for all rows."""
        wide = tensor.rank == 2 and tensor.shape[0] != 1
        return None not in tensor.shape and tensor.rank <= 2 and not wide

    def _again(
        self, operator: schema.OperatorT | None, inputs: list[Tensor | None]
    ) -> Tensor | None:
        given = [one for one in inputs if one is not None]
        if operator is None or len(given) < len(inputs):
            return None
        return self.b.again(operator, given, self._table.shape)

    def _sums(self, values: Tensor, places: Tensor, _: Tensor) -> Tensor | None:
        """The values of each id summed up; in the order in which they come, as before."""
        b = self.b
        unique = b.producer(places)
        if unique is not self._unique or places.index != outputs_of(unique)[1]:
            return None
        ids = b.cast(b.tensor(inputs_of(unique)[0]), np.int32)
        y = b.new(self._table.shape, values.dtype, "sums")
        count = b.constant(self._table.shape[0], np.int32)
        options = schema.UnsortedSegmentSumOptionsT()
        b.emit("UNSORTED_SEGMENT_SUM", [values, ids, count], [y], options)
        return y


def _looked_up(b: Builder, rows: Tensor, unique: schema.OperatorT) -> Tensor | None:
    """The table whose rows they are, one for each id that is different."""
    for name in ("GATHER_ND", "GATHER"):
        inputs = _inputs(b, rows, name)
        if inputs and _unique_of(b, inputs[1]) is unique:
            return inputs[0]
    return None


def _unique_of(b: Builder, ids: Tensor) -> schema.OperatorT | None:
    """The UNIQUE that gives these ids, [U] or [U, 1]."""
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


def _is_one(tensor: Tensor) -> bool:
    return tensor.const is not None and tensor.const.size == 1 and tensor.const.max() == 1
