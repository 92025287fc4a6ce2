"""What constants do to numbers on their way: the first weights that samples meet, and how they are
scaled until there; how answers are scaled after the last weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flow import SIZES
from odt_core.graph.one_column import column_products
from odt_core.graph.operators import inputs_of, name_of, outputs_of, readers_of
from odt_core.graph.tensor import Shape, constant_of, dtype_of, has_dtype, shape_of
from odt_core.graph.variables import key_in, variable_name
from odt_core.scaling import MOST, Scaling

RESIZES = frozenset({"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})
_IN_ORDER = frozenset({"CAST", "EXPAND_DIMS", "RESHAPE", "SQUEEZE"})
# What leaves numbers as they are, in other places: windows of a picture, say, edges around it.
_ELSEWHERE = RESIZES | {"CONCATENATION", "PAD", "SLICE", "STRIDED_SLICE", "TRANSPOSE"}
_STEPS = 4_000  # that all looks at a subgraph take together: no file may take longer
_COMPARES = frozenset({"SQUARED_DIFFERENCE", "SUB"})
Line = tuple[np.ndarray, np.ndarray]  # factor and offset, each a number or one for each place


@dataclass(frozen=True)
class Entry:
    """Where numbers meet weights. variable: these; the last of several that an op reads. scaling:
    of an input that enters a layer, what the layer gets of it; of an answer, what became of what
    the layer gave; of an input that is compared with answers, what that has to be to be right.
    """

    variable: str
    scaling: Scaling


class Lines:
    """Of one subgraph."""

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self._model, self._graph = model, graph
        self._readers = readers_of(graph)
        self._made_by = {i: one for one in graph.operators or [] for i in outputs_of(one)}
        self._columns = column_products(model, graph)
        self._variables = _variables(model, graph)
        self._left = _STEPS

    def enters(self, tensor: int) -> tuple[Entry, ...]:
        """The weights that an input's numbers meet first, by each variable; without those that they
        meet in several ways.
        """
        found: dict[str, set[Scaling]] = {}
        for operator, at, scaling in self._meetings(tensor):
            reads = self._columns.get(id(operator), inputs_of(operator))
            for one in reads:
                if one != at and one in self._variables:
                    found.setdefault(self._variables[one], set()).add(scaling)
        return tuple(Entry(name, ways.pop()) for name, ways in found.items() if len(ways) == 1)

    def compared(self, tensor: int) -> Entry | None:
        """The answer that an input is compared with by their difference; None where there is none,
        or another one too.
        """
        found = set()
        for operator, at, scaling in self._meetings(tensor):
            if name_of(self._model, operator) not in _COMPARES:
                continue
            back = scaling.inverse()
            for one in inputs_of(operator):
                answer = self.answers(one) if one != at else None
                right = back.after(answer.scaling) if back and answer else None
                if answer and right:
                    found.add(Entry(answer.variable, right))
        return found.pop() if len(found) == 1 else None

    def answers(self, tensor: int) -> Entry | None:
        """The last weights that a tensor comes from; None where other than constants joins in after
        them.
        """
        scaling: Scaling | None = Scaling()
        while scaling is not None and (operator := self._made_by.get(tensor)) is not None:
            reads = self._columns.get(id(operator), inputs_of(operator))
            weights = [self._variables[one] for one in reads if one in self._variables]
            if weights:
                return Entry(weights[-1], scaling)
            data = [one for one in reads if one in self._made_by]
            if not data or name_of(self._model, operator) in _ELSEWHERE - {"TRANSPOSE"}:
                return None
            tensor = data[0]
            step = self._step(operator, tensor, len(scaling.factor))
            scaling = scaling.after(step) if step else None
        return None

    def _meetings(self, tensor: int) -> Iterator[tuple[schema.OperatorT, int, Scaling]]:
        """What computes with an input's numbers, the tensor it takes them as, and their scaling."""
        waiting = [(tensor, Scaling())]
        seen = set(waiting)
        while waiting:
            at, scaling = waiting.pop()
            for operator in self._readers.get(at, ()):
                step = self._step(operator, at, len(scaling.factor))
                then = step.after(scaling) if step else None
                if then is None:
                    yield operator, at, scaling
                    continue
                made = {(output, then) for output in outputs_of(operator)} - seen
                seen |= made
                waiting += made

    def _step(self, operator: schema.OperatorT, tensor: int, places: int) -> Scaling | None:
        """What an op does to a tensor's numbers that it only scales or moves; None where it does
        something else. places: how many lines they have so far.
        """
        self._left -= 1
        model, graph = self._model, self._graph
        name, reads, made = name_of(model, operator), inputs_of(operator), outputs_of(operator)
        if self._left < 0 or not made or not _is_float(graph.tensors[made[0]]):
            return None
        if name in _IN_ORDER or name in _ELSEWHERE or name == "CONV_2D":
            kept = tensor in reads if name == "CONCATENATION" else tensor == reads[0]
            kept = kept and (name in _IN_ORDER or self._stay(operator, places))
            return Scaling() if kept else None
        line, shape = line_of(model, graph, operator, tensor), shape_of(graph.tensors[made[0]])
        if line is None or shape != shape_of(graph.tensors[tensor]):
            return None
        factor, offset = (_row(one, shape) for one in line)
        return None if factor is None or offset is None else Scaling.made(factor, offset)

    def _stay(self, operator: schema.OperatorT, places: int) -> bool:
        """Whether numbers that are moved by it go by the same lines afterwards as before."""
        name, reads = name_of(self._model, operator), inputs_of(operator)
        if name == "CONV_2D":
            return self._picks(operator, places)
        if places == 1:
            return True
        data = reads if name == "CONCATENATION" else reads[:1]
        widths = {shape_of(self._graph.tensors[one])[-1] for one in data + outputs_of(operator)}
        if name == "SLICE":
            begin = constant_of(self._model, self._graph.tensors[reads[1]])
            widths |= {None if begin is None else int(begin[-1])}
        if name in ("CONCATENATION", "SLICE"):
            return all(width is not None and width % places == 0 for width in widths)
        return name != "TRANSPOSE" and widths == {places}

    def _picks(self, operator: schema.OperatorT, places: int) -> bool:
        """Whether a convolution only lays a picture's windows beside each other, as odt writes one
        whose filters are trained.
        """
        reads = inputs_of(operator)
        filters, *bias = (constant_of(self._model, self._graph.tensors[one]) for one in reads[1:])
        if filters is None or any(one is None or one.any() for one in bias):
            return False
        rows = filters.reshape(len(filters), -1)
        if ((rows == 1).sum(axis=1) != 1).any() or np.count_nonzero(rows) != len(rows):
            return False
        channel = rows.argmax(axis=1) % filters.shape[-1]
        return bool((channel % places == np.arange(len(rows)) % places).all())


def line_of(
    model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT, tensor: int
) -> Line | None:
    """What an op makes of a tensor with one constant; None where it does something else."""
    name, reads = name_of(model, operator), inputs_of(operator)
    if name not in ("ADD", "DIV", "MUL", "SUB") or len(reads) != 2:
        return None
    first = reads[0] == tensor
    constant = constant_of(model, graph.tensors[reads[1] if first else reads[0]])
    if constant is None or constant.size == 0 or operator.builtinOptions.fusedActivationFunction:
        return None
    number, one, none = constant.astype(np.float64), np.ones(()), np.zeros(())
    if name == "ADD":
        return one, number
    if name == "MUL":
        return number, none
    if name == "SUB":
        return (one, -number) if first else (-one, number)
    return (1 / number, none) if first and number.all() else None


def _row(numbers: np.ndarray, shape: Shape) -> np.ndarray | None:
    """What they are to the numbers of a tensor of this shape, in C order, until they repeat; None
    where that is too many or the shape is not known.
    """
    if numbers.size == 1:
        return numbers.reshape(1)
    numbers = numbers.reshape(
        numbers.shape[int(numbers.shape[0] == 1 and len(shape) == numbers.ndim) :]
    )
    rest = shape[len(shape) - numbers.ndim :]
    if numbers.shape == rest:
        return numbers.ravel()
    if None in rest or math.prod(size or 0 for size in rest) > MOST:
        return None
    return np.broadcast_to(numbers, [size or 0 for size in rest]).ravel()


def _is_float(tensor: schema.TensorT) -> bool:
    return has_dtype(tensor.type) and dtype_of(tensor.type).kind == "f"


def _variables(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, str]:
    """Tensors that are made of one variable and constants, such as a filter in another order, with
    its name.
    """
    inputs = [] if graph.inputs is None else graph.inputs
    handles: dict[int, str] = {}
    made_of: dict[int, str | None] = dict.fromkeys(map(int, inputs))  # None: of more, or of inputs
    for operator in graph.operators or []:
        name, reads = name_of(model, operator), inputs_of(operator)
        sources = {made_of[one] for one in reads if one in made_of}
        if name == "VAR_HANDLE":
            handles[outputs_of(operator)[0]] = variable_name(key_in(operator.builtinOptions))
        elif name == "READ_VARIABLE":
            made_of[outputs_of(operator)[0]] = handles.get(reads[0])
        elif sources and name not in SIZES:
            source = sources.pop() if len(sources) == 1 else None
            made_of |= dict.fromkeys(outputs_of(operator), source)
    return {tensor: name for tensor, name in made_of.items() if name is not None}
