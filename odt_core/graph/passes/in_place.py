"""Results that LiteRT must not write over while others are still to read them.

LiteRT's own kernels save memory in two ways (`ArenaPlanner`, github.com/google-ai-edge/LiteRT
tflite/arena_planner.cc): a RESHAPE and its like give the memory that they get, and sums, products
and SOFTMAX write into an input that they alone read. Whether they alone do is told by two counts:
the readers of that input, and those of the tensor that had the memory first. Who reads what lies
between the two is forgotten: of x → RESHAPE → y → RESHAPE → z, the product 2·z is written into x,
and whoever reads y after that reads the product. It is so from TensorFlow Lite 2.14 to
ai-edge-litert 2.3.0; in newer ones it seldom shows, as XNNPACK, which keeps count, takes more ops.

A SHAPE that nobody reads makes one reader more of z. It reads no numbers, so it costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Tensor, entries

_ALIASES = frozenset({"BITCAST", "EXPAND_DIMS", "RESHAPE", "SQUEEZE"})
# Ops that write in place, and how many of their inputs they may write into.
_WRITERS = {"ADD": 2, "DIV": 2, "DYNAMIC_UPDATE_SLICE": 1, "MUL": 2, "SOFTMAX": 1, "SUB": 2}
_SMALL = 4  # bytes: LiteRT does not share so few


def read_once_more(model: schema.ModelT) -> None:
    """Gives each tensor that would be written over too early one reader more."""
    for graph in model.subgraphs:
        b, planner = Builder(model, graph), Planner(model, graph)
        for operator in graph.operators:
            for index in planner.written_over(operator):
                _read(b, b.tensor(index))
            b.operators.append(operator)
        graph.operators = b.operators


class Planner:
    """What LiteRT counts before it has ops write in place.

    Sizes may be open, and XNNPACK may take any of the ops: what might be in place is taken to be.
    """

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self._model, self._b = model, Builder(model, graph)
        self._inputs, self._outputs = _indices(graph.inputs), _indices(graph.outputs)
        self._reads = Counter([*self._inputs, *self._outputs])
        self._numbers: dict[int, int] = {}  # tensor -> the first with the same in the same memory
        self._readers: Counter[int] = Counter()  # of such numbers
        self._single: dict[int, bool] = {}  # whether the first in its memory has one reader
        for operator in graph.operators:
            given = [index for index in inputs_of(operator) if index >= 0]
            self._reads.update(given)
            if self._hands_on(operator):
                self._numbers[outputs_of(operator)[0]] = self._first(given[0])
                given = given[1:]
            self._readers.update({self._first(index) for index in given})

    def written_over(self, operator: schema.OperatorT) -> list[int]:
        """The inputs whose numbers others than the op read, and which it might write into. To be
        asked of a graph's ops in their order.
        """
        found = []
        if self._hands_on(operator):
            self._single[outputs_of(operator)[0]] = self._is_single(inputs_of(operator)[0])
        for index in self._in_place(operator):
            if self._readers[self._first(index)] > 1:
                found.append(index)
            else:
                self._single[outputs_of(operator)[0]] = True
        return found

    def _hands_on(self, operator: schema.OperatorT) -> bool:
        """Whether an op gives the memory that it gets."""
        if name_of(self._model, operator) not in _ALIASES:
            return False
        return self._is_free(inputs_of(operator)[0], outputs_of(operator)[0])

    def _in_place(self, operator: schema.OperatorT) -> list[int]:
        """The inputs that an op might write into."""
        many = _WRITERS.get(name_of(self._model, operator), 0)
        return [
            index
            for index in dict.fromkeys(inputs_of(operator)[:many])
            if self._reads[index] == 1
            and self._is_free(index, outputs_of(operator)[0])
            and self._is_single(index)
            and self._may_fit(index, outputs_of(operator)[0])
        ]

    def _is_free(self, given: int, result: int) -> bool:
        """Whether memory may go from an op's input to its result."""
        fixed = given in self._inputs or self._b.tensor(given).const is not None
        return not fixed and result not in self._outputs

    def _first(self, index: int) -> int:
        return self._numbers.get(index, index)

    def _is_single(self, index: int) -> bool:
        return self._single.get(index, self._reads[index] == 1)

    def _may_fit(self, given: int, result: int) -> bool:
        known = {self._bytes(given), self._bytes(result)} - {None}
        return len(known) < 2 and not any(size <= _SMALL for size in known if size is not None)

    def _bytes(self, index: int) -> int | None:
        tensor = self._b.tensor(index)
        known = tensor.shape or self._b.graph.tensors[index].hasRank
        count = entries(tensor.shape) if known else None
        return None if count is None else count * tensor.dtype.itemsize


def _indices(values: Iterable[int] | None) -> set[int]:
    return set() if values is None else {int(value) for value in values}


def _read(b: Builder, x: Tensor) -> None:
    options = schema.ShapeOptionsT()
    options.outType = schema.TensorType.INT32
    b.emit("SHAPE", [x], [b.new((x.rank,), np.int32, "shape")], options)
