"""What a loss does with what a network answers: the ops after the last layer, and how each input of
the signature meets them there.

Gradients, metrics and the network's own layers are not part of it: only what a loss is computed
from, as far back as the last product with weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import shape_of
from odt_core.graph.variables import key_in, variable_name

LINEAR = "LINEAR"  # stands for a product with weights, with or without its bias, or sums of such
CONSTANT = "CONSTANT"
# Ops in which samples meet weights. Labels never do alone: they meet predictions.
PRODUCTS = frozenset(
    {
        "BATCH_MATMUL",
        "CONV_2D",
        "CONV_3D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "RNN",
        "SVDF",
        "TRANSPOSE_CONV",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_RNN",
    }
)
_MOVES = frozenset(
    {
        "CAST", "EXPAND_DIMS", "RESHAPE", "SLICE", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE",
    }
)  # fmt: skip
_SIZES = frozenset({"RANK", "SHAPE", "ZEROS_LIKE"})  # that do not tell what a tensor holds
_UNKNOWN = frozenset({"CALL", "IF", "READ_VARIABLE", "WHILE"})
_SEVERAL = -1  # stands for more than one input, or a variable
_SUMS = frozenset({"ADD", "CONCATENATION", "PACK", "PAD", "SUB"})  # of which linear stays linear


@dataclass(frozen=True)
class LossFacts:
    """ops: names of those after the last layer, but not of what labels alone go through. meets:
    (input, op, what it meets): the op that made the other operand, LINEAR for the network's last
    layer, CONSTANT for a number in the file where the op is SUB.
    """

    ops: tuple[str, ...] = ()
    meets: tuple[tuple[int, str, str], ...] = ()


class Facts:
    """Of one subgraph, for each of its outputs."""

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self._made_by: dict[int, int] = {}
        self._ops: list[tuple[str, list[int]]] = []
        self._alone = {int(tensor): int(tensor) for tensor in graph.inputs}
        self._meetings: dict[int, list[tuple[int, str, str]]] = {}
        self._linear: set[int] = set()  # what a layer without activation gives
        self._weights: set[int] = set()  # what is read from variables
        self._mixed: set[int] = set()  # ops whose results come from variables or several inputs
        for at, (operator, name, reads) in enumerate(_steps(model, graph)):
            self._ops.append((name, reads))
            single = self._meet(at, name, reads)
            if single == _SEVERAL:
                self._mixed.add(at)
            if self._is_linear(name, reads):
                self._linear.update(outputs_of(operator))
            elif name == "READ_VARIABLE" or (name in _MOVES and reads[0] in self._weights):
                self._weights.update(outputs_of(operator))
            for tensor in outputs_of(operator):
                self._made_by[tensor] = at
                if single is not None:
                    self._alone[tensor] = single

    def of(self, output: int) -> LossFacts:
        """What an output is computed from after the last layer."""
        seen: set[int] = set()
        waiting = [output]
        while waiting:
            at = self._made_by.get(waiting.pop())
            if at is None or at in seen or self._ops[at][0] in PRODUCTS:
                continue
            seen.add(at)
            waiting += self._ops[at][1]
        meets = {one for at in seen for one in self._meetings.get(at, [])}
        names = {self._ops[at][0] for at in seen if at in self._mixed}
        return LossFacts(tuple(sorted(names)), tuple(sorted(meets)))

    def _meet(self, at: int, name: str, reads: list[int]) -> int | None:
        """The one input that an op's result comes from, beside constants; _SEVERAL where it comes
        from more or from variables, None where it is constant.
        """
        if name in _SIZES:
            return None
        if name in _UNKNOWN:
            return _SEVERAL
        found = {self._alone[tensor] for tensor in reads if tensor in self._alone}
        if len(found) > 1:
            for tensor in reads:
                one = self._alone.get(tensor)
                if one is not None and one != _SEVERAL:
                    others = [other for other in reads if self._alone.get(other) not in (None, one)]
                    self._meetings.setdefault(at, []).extend(
                        (one, name, self._kind(other)) for other in others
                    )
            return _SEVERAL
        single = next(iter(found), None)
        if name == "SUB" and single not in (None, _SEVERAL) and reads[0] not in self._alone:
            assert single is not None
            self._meetings.setdefault(at, []).append((single, name, CONSTANT))
        return single

    def _is_linear(self, name: str, reads: list[int]) -> bool:
        if name in PRODUCTS:
            return True
        if name in _MOVES:
            return reads[0] in self._linear
        beside = [tensor for tensor in reads if tensor not in self._linear]
        kept = all(one in self._weights or one not in self._alone for one in beside)
        return name in _SUMS and len(beside) < len(reads) and kept

    def _kind(self, tensor: int) -> str:
        """The op that made it, what only moves numbers looked through."""
        if tensor in self._linear:
            return LINEAR
        at = self._made_by.get(tensor)
        while at is not None and self._ops[at][0] in _MOVES:
            at = self._made_by.get(self._ops[at][1][0])
        return "INPUT" if at is None else self._ops[at][0]


def _steps(
    model: schema.ModelT, graph: schema.SubGraphT
) -> Iterator[tuple[schema.OperatorT, str, list[int]]]:
    """Each operator with its op and what it reads. A single number read from a variable after it
    was put there is that number, as in a metric that gives the mean loss so far.
    """
    handles: dict[int, str] = {}
    held: dict[str, int] = {}
    for operator in graph.operators or []:
        name = name_of(model, operator)
        reads = [tensor for tensor in inputs_of(operator) if tensor >= 0]
        variable = handles.get(reads[0], "") if reads else ""
        if name == "VAR_HANDLE":
            handles[outputs_of(operator)[0]] = variable_name(key_in(operator.builtinOptions))
        elif name == "ASSIGN_VARIABLE" and variable and not shape_of(graph.tensors[reads[1]]):
            held[variable] = reads[1]
        elif name == "READ_VARIABLE" and variable in held:
            name, reads = "RESHAPE", [held[variable]]
        yield operator, name, reads
