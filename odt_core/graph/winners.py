"""Which of a row of scores wins: the largest, as of logits, or the smallest, as of distances.

What picks from a row tells it, an ARG_MIN or a softmax of the negated row, or how it was computed:
what sums up differences is a distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flow import LAYOUT
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import constant_of, shape_of

# Ops that pick from a row, or make shares of it: 1 where the largest wins, −1 where the smallest.
PICKS = {"ARG_MAX": 1, "ARG_MIN": -1, "TOPK_V2": 1}
_SHARES = ("LOG_SOFTMAX", "SOFTMAX")
_SAME = frozenset(
    {
        "CAST", "DEQUANTIZE", "EXP", "EXPAND_DIMS", "LOG", "LOGISTIC", "LOG_SOFTMAX", "QUANTIZE",
        "RESHAPE", "SOFTMAX", "SQRT", "SQUEEZE",
    }
)  # fmt: skip
_TURNED = frozenset({"NEG", "RSQRT"})
_LIMITS = frozenset({"MAXIMUM", "RELU", "SQRT"})  # that a distance goes through
_SUMS = frozenset({"MEAN", "SUM"})

Row = tuple[str, int | None]  # the op that computes it, and how many scores it has


@dataclass(frozen=True)
class Winners:
    """Of one subgraph. wins: by output, 1 where it is a row of scores of which the largest wins, −1
    where the smallest does, 0 where ops do not tell; distances: rows that are sums of differences.
    """

    wins: dict[int, int]
    distances: frozenset[int]
    rows: tuple[Row, ...]  # in which the smallest wins, and the largest in none alike


def winners(model: schema.ModelT, graph: schema.SubGraphT) -> Winners:
    """Follow what is picked from back to where it was computed."""
    trail = _Trail(model, graph)
    found: dict[int, set[int]] = {1: set(), -1: set()}
    for scores, sign in trail.picked():
        for tensor, way in trail.back(scores, sign):
            if tensor in found[way]:
                break  # and so all before it: each is gone through once, however long the file
            found[way].add(tensor)
    largest, smallest = found[1] - found[-1], found[-1] - found[1]
    high = {trail.row(tensor) for tensor in largest}
    rows = {trail.row(tensor) for tensor in smallest} - high
    known = dict.fromkeys(largest, 1) | dict.fromkeys(smallest, -1)
    outputs = [] if graph.outputs is None else [int(one) for one in graph.outputs]
    return Winners(
        wins={one: trail.wins(one, known) for one in outputs},
        distances=frozenset(one for one in outputs if trail.is_distance(one)),
        rows=tuple(sorted(rows, key=repr)),
    )


def are_rows(scores: schema.TensorT, picked: schema.TensorT) -> bool:
    """Whether labels were picked along the last axis, from two scores or more."""
    shape, result = shape_of(scores), shape_of(picked)
    return (
        scores.type == schema.TensorType.FLOAT32
        and bool(shape)
        and (shape[-1] is None or shape[-1] >= 2)
        and (result == shape[:-1] or result[:-1] == shape[:-1])
    )


class _Trail:
    """What computes each tensor."""

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self._model, self._graph = model, graph
        self._made_by = {made: one for one in graph.operators or [] for made in outputs_of(one)}
        self._starts: dict[frozenset[str], dict[int, int]] = {}  # what `_moved` found

    def picked(self) -> Iterator[tuple[int, int]]:
        """The rows from which an op picks, or of which a softmax is made, and what wins there."""
        shifted = {
            (reads[0], reads[1])
            for one in self._made_by.values()
            if name_of(self._model, one) == "SUB" and len(reads := inputs_of(one)) == 2
        }
        for operator in self._graph.operators or []:
            name = name_of(self._model, operator)
            if name not in PICKS and name not in _SHARES and name != "REDUCE_MAX":
                continue
            scores, picked = inputs_of(operator)[0], outputs_of(operator)[0]
            if name in PICKS and are_rows(self._graph.tensors[scores], self._graph.tensors[picked]):
                yield scores, PICKS[name]
            elif name in _SHARES or (scores, picked) in shifted:  # a softmax written out
                yield scores, 1

    def back(self, tensor: int, sign: int) -> Iterator[tuple[int, int]]:
        """The tensor and those before it in the same order, 1, or in the opposite one, −1."""
        yield tensor, sign
        while (step := self._before(tensor)) is not None:
            tensor, way = step
            sign *= way
            yield tensor, sign

    def row(self, tensor: int) -> Row:
        tensor = self._moved(tensor)
        return self._name(tensor), (shape_of(self._graph.tensors[tensor])[-1:] or (None,))[0]

    def wins(self, tensor: int, known: dict[int, int]) -> int:
        """Of a tensor 1 where the largest wins, −1 where the smallest does, as of the first before
        it of which that is known: −log(softmax(z)) is smallest where z is largest. What is found of
        those on the way becomes known too.
        """
        passed, found = [], 0
        for one, sign in self.back(tensor, 1):
            if one in known:
                found = sign * known[one]
                break
            passed.append((one, sign))
        known.update({one: sign * found for one, sign in passed})
        return found

    def is_distance(self, tensor: int) -> bool:
        """Whether it sums up differences: their squares or absolute values."""
        tensor = self._moved(tensor, LAYOUT | _LIMITS)
        if self._name(tensor) not in _SUMS:
            return False
        each = self._moved(self._reads(tensor)[0])
        name, reads = self._name(each), self._reads(each)
        if name == "SQUARED_DIFFERENCE":
            return True
        squared = name in ("ABS", "SQUARE") or (name == "MUL" and reads[0] == reads[1])
        return squared and self._name(self._moved(reads[0])) == "SUB"

    def _before(self, tensor: int) -> tuple[int, int] | None:
        """The one that a tensor is computed from alone, and whether in the same order."""
        name, reads = self._name(tensor), self._reads(tensor)
        if name in _SAME:
            return reads[0], 1
        if name in _TURNED:
            return reads[0], -1
        if name not in ("ADD", "DIV", "MUL", "SUB") or len(reads) != 2:
            return None
        numbers = [self._number(one) for one in reads]
        if (numbers[0] is None) == (numbers[1] is None):
            return None
        at = 0 if numbers[0] is None else 1
        number = numbers[1 - at]
        assert number is not None
        sign = self._sign(name, number, first=at == 0)
        return (reads[at], sign) if sign else None

    @staticmethod
    def _sign(name: str, number: np.ndarray, *, first: bool) -> int:
        """Of what an op does with a row and a number in the file. first: the row comes first."""
        if name in ("ADD", "SUB"):  # the same number added to all
            return (1 if first or name == "ADD" else -1) if number.size == 1 else 0
        sign = 1 if (number > 0).all() else -1 if (number < 0).all() else 0
        return sign if first or name == "MUL" else -sign  # of what is above 0, as distances are

    def _number(self, tensor: int) -> np.ndarray | None:
        """What the file holds in a tensor, where that is a constant."""
        if tensor in self._made_by:
            return None
        return constant_of(self._model, self._graph.tensors[tensor])

    def _moved(self, tensor: int, through: frozenset[str] = LAYOUT) -> int:
        """The first of a row of such ops, from the last: each op is gone through once."""
        starts, passed = self._starts.setdefault(through, {}), []
        while tensor not in starts and self._name(tensor) in through:
            passed.append(tensor)
            tensor = self._reads(tensor)[0]
        start = starts.get(tensor, tensor)
        starts.update(dict.fromkeys(passed, start))
        return start

    def _name(self, tensor: int) -> str:
        operator = self._made_by.get(tensor)
        return "" if operator is None else name_of(self._model, operator)

    def _reads(self, tensor: int) -> list[int]:
        operator = self._made_by.get(tensor)
        return [] if operator is None else inputs_of(operator)
