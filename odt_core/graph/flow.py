"""Where data flows inside a signature: which inputs reach what, and what they meet on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.loss_facts import LOOKUPS, PRODUCTS
from odt_core.graph.one_column import column_products
from odt_core.graph.operators import MOST_CALLS, called_by, inputs_of, name_of, outputs_of
from odt_core.graph.variables import key_in, variable_name

# Ops that hand on what they get: the op before them says what a number is.
LAYOUT = frozenset({"CAST", "DEQUANTIZE", "EXPAND_DIMS", "QUANTIZE", "RESHAPE", "SQUEEZE"})
_HANDED_ON = LAYOUT | {"TRANSPOSE"}  # also in another order
_BRANCHES = frozenset({"MUL", "SELECT", "SELECT_V2"})
_FAR = 8  # ops between an output and the division of a running mean

SIZES = frozenset({"RANK", "SHAPE"})  # that do not tell what a tensor holds
_COMPARE = frozenset(
    {"ARG_MAX", "ARG_MIN", "EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"}
)
_VARIABLE = 1  # the bit of "came from a variable"; input k has bit k + 1


@dataclass(frozen=True)
class Flow:
    """Facts about one subgraph; tensors by index."""

    reached_by: dict[int, tuple[int, ...]]  # output -> inputs whose data reach it
    producers: dict[int, str | None]  # output -> op that computes it, layout ops looked through
    running: frozenset[int]  # outputs that are a mean over more than this call
    used: frozenset[int]  # inputs that reach an output or a variable
    weighed: frozenset[int]  # inputs that meet weights before they meet another input
    counted: frozenset[int]  # outputs that only say what was equal or larger, such as an accuracy


def flow(model: schema.ModelT, graph: schema.SubGraphT) -> Flow:
    """Follow the data once through the operators, which are in order of execution."""
    inputs, outputs = _list(graph.inputs), _list(graph.outputs)
    run = _Run({tensor: 2 << at for at, tensor in enumerate(inputs)})
    run.through(model, graph)
    sources, made_by = run.sources, run.made_by
    kept, weighed = run.kept, run.weighed
    for tensor in outputs:
        kept |= sources.get(tensor, 0)
    return Flow(
        reached_by={
            tensor: tuple(i for at, i in enumerate(inputs) if sources.get(tensor, 0) & (2 << at))
            for tensor in outputs
        },
        producers={tensor: _producer(tensor, made_by) for tensor in outputs},
        running=frozenset(tensor for tensor in outputs if _running(tensor, made_by, sources)),
        used=frozenset(i for at, i in enumerate(inputs) if kept & (2 << at)),
        weighed=frozenset(i for at, i in enumerate(inputs) if weighed & (2 << at)),
        counted=frozenset(run.counted.intersection(outputs)),
    )


class _Run:
    """Data on its way through a subgraph, and through a round of the loops in it.

    sources: what each tensor comes from, a bit for each. rounds: what `_round` found, by a loop's
    body and what reaches it. A body that holds two of the next, and so on, would else be followed
    twice as often with each level.
    """

    def __init__(
        self, sources: dict[int, int], rounds: dict[tuple[int, ...], int] | None = None
    ) -> None:
        self.sources, self.rounds = sources, {} if rounds is None else rounds
        self.made_by: dict[int, tuple[str, list[int]]] = {}
        self.counted: set[int] = set()
        self.weighed = self.kept = 0

    def through(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        sources, counted = self.sources, self.counted
        columns = column_products(model, graph)
        for operator in graph.operators or []:
            name, reads = name_of(model, operator), [t for t in inputs_of(operator) if t >= 0]
            if id(operator) in columns:
                name, reads = "BATCH_MATMUL", columns[id(operator)]
            got = [sources.get(tensor, 0) for tensor in reads]
            if name in PRODUCTS and len(got) > 1:
                self.weighed |= _alone(got[0], got[1]) | _alone(got[1], got[0])
            elif name in LOOKUPS and len(got) > 1:
                table, index = (got[1], got[0]) if name == "EMBEDDING_LOOKUP" else (got[0], got[1])
                self.weighed |= _alone(index, table) if table & _VARIABLE else 0
            elif name == "ASSIGN_VARIABLE":
                self.kept |= got[-1] if got else 0
            reach = 0
            for mask in got:
                reach |= mask
            if name == "READ_VARIABLE":
                reach |= _VARIABLE
            elif name in SIZES:
                reach = 0
            if name in ("WHILE", "IF", "CALL"):  # may assign what reaches it
                self.kept |= reach
            if name == "WHILE":
                self.weighed |= self._round(model, called_by(model, operator)[1], got)
            says = name in _COMPARE or (
                any(t in counted for t in reads)
                and all(t in counted or not sources.get(t, 0) for t in reads)
            )
            for tensor in outputs_of(operator):
                sources[tensor] = reach
                self.made_by[tensor] = (name, reads)
                if says:
                    counted.add(tensor)

    def _round(self, model: schema.ModelT, body: int, got: list[int]) -> int:
        """The inputs that are weighed in one round of a loop."""
        known = (body, *got)
        if known not in self.rounds and len(self.rounds) < MOST_CALLS:
            places = _list(model.subgraphs[body].inputs)
            inner = _Run(dict(zip(places, got, strict=False)), self.rounds)
            inner.through(model, model.subgraphs[body])
            self.rounds[known] = inner.weighed
        return self.rounds.get(known, 0)


def variables_of(model: schema.ModelT, index: int) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the variables that a subgraph reads, and of those it assigns, called subgraphs
    included; what CALL_ONCE does at first use does not count.
    """
    reads: set[str] = set()
    assigns: set[str] = set()
    _collect(model, index, {}, reads, assigns, set())
    return frozenset(reads), frozenset(assigns)


def _collect(
    model: schema.ModelT,
    index: int,
    given: dict[int, str],
    reads: set[str],
    assigns: set[str],
    seen: set[tuple[int, frozenset[tuple[int, str]]]],
) -> None:
    call = (index, frozenset(given.items()))
    if call in seen or len(seen) >= MOST_CALLS:
        return
    seen.add(call)
    handles = dict(given)
    for operator in model.subgraphs[index].operators or []:
        name, inputs = name_of(model, operator), inputs_of(operator)
        if name == "VAR_HANDLE":
            handles[outputs_of(operator)[0]] = variable_name(key_in(operator.builtinOptions))
        elif name == "READ_VARIABLE" and inputs[0] in handles:
            reads.add(handles[inputs[0]])
        elif name == "ASSIGN_VARIABLE" and inputs[0] in handles:
            assigns.add(handles[inputs[0]])
        elif name != "CALL_ONCE":
            handed = inputs[1:] if name == "IF" else inputs  # the first says which way
            for called in called_by(model, operator):
                places = _list(model.subgraphs[called].inputs)
                inner = {
                    place: handles[tensor]
                    for place, tensor in zip(places, handed, strict=False)
                    if tensor in handles
                }
                _collect(model, called, inner, reads, assigns, seen)


def _alone(data: int, weights: int) -> int:
    """The bit of the one input in `data` where it meets what came from no input; 0 otherwise."""
    data &= ~_VARIABLE
    single = data and data & (data - 1) == 0
    return data if single and not weights & ~_VARIABLE else 0


def _producer(tensor: int, made_by: dict[int, tuple[str, list[int]]]) -> str | None:
    first = made_by.get(tensor)
    while (step := made_by.get(tensor)) is not None and step[0] in _HANDED_ON and step[1]:
        tensor = step[1][0]
    return (step or first or (None,))[0]


def _running(
    tensor: int, made_by: dict[int, tuple[str, list[int]]], sources: dict[int, int]
) -> bool:
    """Whether it is a sum kept in a variable, divided by a count kept in one (a Keras metric)."""
    front = [tensor]
    for _ in range(_FAR):
        behind: list[int] = []
        for at in front:
            name, reads = made_by.get(at, ("", []))
            if name in ("DIV", "FLOOR_DIV") and len(reads) == 2:
                total, count = (sources.get(operand, 0) for operand in reads)
                if total & _VARIABLE and count == _VARIABLE:
                    return True
            elif name in LAYOUT or name in _BRANCHES:
                behind += reads
        front = behind
    return False


def _list(indices: Iterable[int] | None) -> list[int]:
    return [] if indices is None else [int(index) for index in indices]
