"""What a loss does with what a network answers: the ops after the last layer, and how each input of
the signature meets them there.

Gradients, metrics and the network's own layers are not part of it: only what a loss is computed
from, as far back as the last product with weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.one_column import column_products
from odt_core.graph.operators import MOST_CALLS, called_by, inputs_of, name_of, outputs_of
from odt_core.graph.tensor import constant_of, dtype_of, has_dtype, shape_of
from odt_core.graph.variables import key_in, variable_name

CONSTANT = "CONSTANT"  # stands for a number in the file, where it is less the input (1 - y)
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
LOOKUPS = frozenset({"EMBEDDING_LOOKUP", "GATHER", "GATHER_ND"})
CHOICES = frozenset({"SELECT", "SELECT_V2"})
LOGS = frozenset({"LOG", "LOG_SOFTMAX"})
# Ops that move numbers, clip or blend them: what was a probability before is one after.
_MOVES = frozenset(
    {
        "AVERAGE_POOL_2D", "BATCH_TO_SPACE_ND", "BROADCAST_TO", "CAST", "CONCATENATION",
        "DEPTH_TO_SPACE", "DEQUANTIZE", "EXPAND_DIMS", "GATHER", "GATHER_ND", "MAXIMUM", "MINIMUM",
        "PACK", "PAD", "PADV2", "QUANTIZE", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR",
        "REVERSE_V2", "SLICE", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUEEZE",
        "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip
_BENDS = frozenset({"EXP", "LOGISTIC"})
_SLICES = frozenset({"SLICE", "SPLIT", "SPLIT_V", "STRIDED_SLICE", "UNPACK"})
_JOINS = frozenset({"CONCATENATION", "PACK"})
_COMPARISONS = frozenset(
    {"EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL", "SUB"}
)
_ACTIVATIONS = {
    number: name
    for name, number in vars(schema.ActivationFunctionType).items()
    if isinstance(number, int)
}
_SIZES = frozenset({"RANK", "SHAPE", "ZEROS_LIKE"})  # that do not tell what a tensor holds


@dataclass(frozen=True)
class Meeting:
    """Where an input and an answer are computed with together.

    input: its name. op: by which. kind: the op that made the answer, what only moves or clips
    numbers looked through; CONSTANT where the input is taken from a number in the file (1 − y).
    way: the ops that the input went through; on: those that the result goes through, while nothing
    but answers comes in. width: the size of the answer's last axis, None where it is open.
    log: a logarithm was taken of the answer, or of what the result is multiplied with.
    shares: of what sums to 1, or log(Σ exp(answer)) is computed beside: a softmax.
    softplus: log(1 + exp(answer)) is computed beside, or log(sigmoid(answer)).
    chooses: the input says which of two is taken. part: only some of its numbers meet this.
    pairs: the ops by which the input's numbers are compared with each other on the way.
    mixed: another input, such as labels, is in the answer already; again: this one is.
    """

    input: str
    op: str
    kind: str = ""
    way: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    width: int | None = None
    log: bool = False
    shares: bool = False
    softplus: bool = False
    chooses: bool = False
    part: bool = False
    pairs: tuple[str, ...] = ()
    mixed: bool = False
    again: bool = False


@dataclass(frozen=True)
class _Step:
    name: str
    reads: list[int]
    makes: list[int]
    body: int | None = None  # the subgraph that a loop runs again and again


class Facts:
    """Of one subgraph, for each of its outputs. names: of its inputs. rounds: those of the bodies
    of loops in it, by what each is and is called, so that a body which holds two of the next, and
    so on, is looked at once.
    """

    def __init__(
        self,
        model: schema.ModelT,
        graph: schema.SubGraphT,
        names: dict[int, str],
        rounds: dict[tuple[int, frozenset[tuple[int, str]]], Facts] | None = None,
    ) -> None:
        self._model, self._graph, self._names = model, graph, names
        self._rounds: dict[tuple[int, frozenset[tuple[int, str]]], Facts] = (
            {} if rounds is None else rounds
        )
        self._met: dict[int, tuple[Meeting, ...]] = {}  # by output
        self._steps = list(_steps(model, graph))
        self._made_by = {made: at for at, one in enumerate(self._steps) for made in one.makes}
        self._read_by: dict[int, list[int]] = {}
        for at, one in enumerate(self._steps):
            for tensor in one.reads:
                self._read_by.setdefault(tensor, []).append(at)
        self._reach: dict[int, frozenset[int]] = {int(i): frozenset([int(i)]) for i in graph.inputs}
        self._answers: set[int] = set()  # what comes out of a layer, and all that is made of it
        self._samples: set[int] = set()  # inputs that go into a layer
        layered = any(one.name in PRODUCTS for one in self._steps)
        for one in self._steps:
            self._follow(one, layered)

    def ends(self, output: int) -> str | None:
        """The op that made it, what only moves or clips numbers looked through."""
        return self._kind(output) if output in self._made_by else None

    def tail(self, output: int) -> tuple[str, ...]:
        """Ops that an output is computed with after the last layer, but not of labels alone."""
        steps = [self._steps[at] for at in self._behind(output)]
        return tuple(sorted({one.name for one in steps if self._answers.intersection(one.makes)}))

    def meets(self, output: int) -> tuple[Meeting, ...]:
        """How inputs join in there; inside a loop where the loss is what its last round gave."""
        if output not in self._met:
            tail = self._behind(output)
            found = {one for at in tail for one in self._meetings(at, tail)}
            if not found:
                loops = self._loops(output, tail)
                found = {one for facts, made in loops for one in facts.meets(made)}
            self._met[output] = tuple(sorted(found, key=repr))
        return self._met[output]

    def sums(self, output: int, outputs: Mapping[str, int]) -> tuple[str, ...]:
        """Names of the outputs that an output of one number is a sum of beside others, each with a
        weight above 0 as far as the file tells: a loss of its parts. None of what goes on with a
        number from the step before, as a running mean does.
        """
        parts: set[int] = set()
        seen: set[int] = set()
        waiting = [(output, 1, False)]
        while waiting:
            tensor, sign, beside = waiting.pop()
            if tensor in seen or not self._is_single(tensor):
                continue
            seen.add(tensor)
            if beside and sign > 0:
                parts.add(tensor)
            terms = self._terms(tensor)
            waiting += [(term, sign * its, beside or len(terms) > 1) for term, its in terms]
        if any(self._is_variable(tensor) for tensor in seen) and self._is_kept(seen):
            return ()
        return tuple(sorted(name for name, one in outputs.items() if self._unmoved(one) in parts))

    def _is_kept(self, tensors: set[int]) -> bool:
        """Whether one of them is put into a variable."""
        return any(one.name == "ASSIGN_VARIABLE" and one.reads[1] in tensors for one in self._steps)

    def _terms(self, tensor: int) -> list[tuple[int, int]]:
        """What a number is a weighted sum of, with the signs of the weights; constants left out."""
        at = self._made_by.get(tensor)
        if at is None:
            return []
        name, reads = self._steps[at].name, self._steps[at].reads
        if name in ("SUM", "MEAN") and (inner := self._made_by.get(reads[0])) is not None:
            joined = self._steps[inner]
            return [(one, 1) for one in self._computed(joined.reads) if joined.name in _JOINS]
        if name in ("ADD", "ADD_N") or self._moves(at):
            return [(one, 1) for one in self._computed(reads)]
        if name == "SUB":
            return [(one, 1 if one == reads[0] else -1) for one in self._computed(reads)]
        if name == "NEG":
            return [(reads[0], -1)]
        return self._weighted(name, reads) if name in ("DIV", "MUL") else []

    def _weighted(self, name: str, reads: list[int]) -> list[tuple[int, int]]:
        """The one factor that is an answer, or that is no constant."""
        factors = self._computed(reads[:1] if name == "DIV" else reads)
        answers = [one for one in factors if one in self._answers]
        if len(answers or factors) != 1:
            return []
        weights = [constant_of(self._model, self._graph.tensors[one]) for one in reads]
        below = [one for one in weights if one is not None and (one < 0).any()]
        return [((answers or factors)[0], -1 if below else 1)]

    def _computed(self, tensors: Iterable[int]) -> list[int]:
        return [one for one in tensors if one in self._made_by or one in self._reach]

    def _is_single(self, tensor: int) -> bool:
        return tensor >= 0 and all(size == 1 for size in shape_of(self._graph.tensors[tensor]))

    def _unmoved(self, tensor: int) -> int:
        """The tensor whose numbers one holds as they are."""
        at = self._made_by.get(tensor)
        while at is not None and self._moves(at) and self._is_single(self._steps[at].reads[0]):
            tensor = self._steps[at].reads[0]
            at = self._made_by.get(tensor)
        return tensor

    def _follow(self, one: _Step, layered: bool) -> None:
        if one.name in _SIZES:
            return
        reach: frozenset[int] = frozenset().union(*(self._reach.get(t, ()) for t in one.reads))
        table = one.name in LOOKUPS and any(self._is_variable(t) for t in one.reads)
        if one.name in PRODUCTS or table:
            fresh = [t for t in one.reads if t not in self._answers]
            self._samples.update(*(self._reach.get(t, ()) for t in fresh))
        loop = one.name == "WHILE" and bool(reach)  # but not one that shuffles
        starts = one.name in PRODUCTS or table or loop
        starts = starts or (not layered and self._reads_weights(one))
        if starts or self._answers.intersection(one.reads):
            self._answers.update(one.makes)
        self._reach |= dict.fromkeys(one.makes, reach)

    def _reads_weights(self, one: _Step) -> bool:
        """Whether a variable is read that a network may answer with: whole numbers are the state of
        a random generator, such as a shuffle's, or counted steps.
        """
        if one.name != "READ_VARIABLE":
            return False
        raw = self._graph.tensors[one.makes[0]]
        return has_dtype(raw.type) and dtype_of(raw.type).kind == "f"

    def _loops(self, output: int, tail: set[int]) -> Iterator[tuple[Facts, int]]:
        """The rounds of loops that an output comes from, and which of their outputs it is there."""
        read = {output, *(tensor for at in tail for tensor in self._steps[at].reads)}
        for one in (self._steps[at] for at in tail):
            if one.body is None:
                continue
            body = self._model.subgraphs[one.body]
            given = zip(body.inputs, one.reads, strict=True)
            names = {int(inner): name for inner, outer in given if (name := self._name_of(outer))}
            facts = self._round(one.body, names)
            if facts is not None:
                made = zip(body.outputs, one.makes, strict=True)
                yield from ((facts, int(inner)) for inner, outer in made if outer in read)

    def _round(self, body: int, names: dict[int, str]) -> Facts | None:
        known = (body, frozenset(names.items()))
        if known not in self._rounds and len(self._rounds) < MOST_CALLS:
            graph = self._model.subgraphs[body]
            self._rounds[known] = Facts(self._model, graph, names, self._rounds)
        return self._rounds.get(known)

    def _name_of(self, tensor: int) -> str | None:
        """Of the input that a tensor is, or is made of alone, such as its rows in another order."""
        if tensor in self._answers:
            return None
        reach = self._reach.get(tensor, frozenset())
        return self._names.get(next(iter(reach))) if len(reach) == 1 else None

    def _is_variable(self, tensor: int) -> bool:
        at = self._made_by.get(tensor)
        return at is not None and self._steps[at].name == "READ_VARIABLE"

    def _behind(self, tensor: int) -> set[int]:
        """The steps that a tensor is computed in after the last layer."""
        seen: set[int] = set()
        waiting = [tensor]
        while waiting:
            at = self._made_by.get(waiting.pop())
            if at is not None and at not in seen and self._steps[at].name not in PRODUCTS:
                seen.add(at)
                waiting += self._steps[at].reads
        return seen

    def _ahead(self, tensors: Iterable[int], tail: set[int]) -> set[int]:
        """The steps of the tail that go on from tensors, while nothing but answers comes in."""
        seen: set[int] = set()
        waiting = list(tensors)
        while waiting:
            for at in self._read_by.get(waiting.pop(), ()):
                if at in tail and at not in seen and not self._beside(at):
                    seen.add(at)
                    waiting += self._steps[at].makes
        return seen

    def _beside(self, at: int) -> list[int]:
        """What a step reads that comes from inputs, but from no layer."""
        reads = self._steps[at].reads
        return [t for t in reads if self._reach.get(t) and t not in self._answers]

    def _meetings(self, at: int, tail: set[int]) -> Iterator[Meeting]:
        one = self._steps[at]
        answers = [tensor for tensor in one.reads if tensor in self._answers]
        for tensor in self._beside(at):
            if one.name == "SUB" and not answers and not self._reach.get(one.reads[0]):
                for index in self._reach[tensor] & self._names.keys():
                    yield Meeting(self._names[index], one.name, CONSTANT)
            for answer in answers:
                yield from self._meeting(one, tensor, answer, tail)

    def _meeting(self, one: _Step, tensor: int, answer: int, tail: set[int]) -> Iterator[Meeting]:
        before, ahead = self._behind(answer), self._ahead(one.makes, tail)
        factors = {at for t in self._factors(ahead, one) for at in self._behind(t)}
        logs = [self._steps[at] for at in before | factors if self._steps[at].name in LOGS]
        logarithm = bool(logs)
        between = None if logarithm else self._until_logarithm(answer, tail)
        inside = frozenset().union(*(self._reach[t] for at in before for t in self._beside(at)))
        for index in self._reach[tensor] & self._names.keys():
            way = [
                step
                for step in map(self._steps.__getitem__, self._behind(tensor))
                if any(index in self._reach.get(made, ()) for made in step.makes)
            ]
            yield Meeting(
                self._names[index],
                one.name,
                self._kind(answer),
                way=tuple(sorted({step.name for step in way})),
                on=tuple(sorted({self._steps[at].name for at in ahead})),
                width=(shape_of(self._graph.tensors[answer])[-1:] or (None,))[0],
                log=logarithm,
                shares=any(self._of_shares(step) for step in logs)
                if logarithm
                else between is not None and "SUM" in between,
                softplus=between is not None and "SUM" not in between,
                chooses=one.name in CHOICES and tensor == one.reads[0],
                part=any(self._takes_part(step) for step in way),
                pairs=tuple(sorted({step.name for step in way if self._pairs(step, index)})),
                again=index in inside,
                mixed=bool((inside & self._names.keys()) - self._samples - {index}),
            )

    def _factors(self, ahead: set[int], one: _Step) -> list[int]:
        """What a result is multiplied with on its way."""
        products = [self._steps[at] for at in ahead if self._steps[at].name == "MUL"]
        own = {*one.makes, *(made for at in ahead for made in self._steps[at].makes)}
        return [t for step in products for t in step.reads if t in self._answers and t not in own]

    def _until_logarithm(self, answer: int, tail: set[int]) -> set[str] | None:
        """The ops from exp or a sigmoid of an answer to a logarithm, with no label in between."""
        sources, at = [answer], self._made_by.get(answer)
        while at is not None and self._moves(at) and self._steps[at].name not in _SLICES:
            sources.append(self._moved(at))  # of other parts, other things are computed
            at = self._before(at)
        ahead = [self._steps[at] for at in self._ahead(sources, tail)]
        bent = [made for step in ahead if step.name in _BENDS for made in step.makes]
        on = self._ahead(bent, tail)
        logs = [at for at in on if self._steps[at].name == "LOG"]
        if not logs:
            return None
        before = {at for log in logs for t in self._steps[log].reads for at in self._behind(t)}
        return {self._steps[at].name for at in on & before}

    def _of_shares(self, log: _Step) -> bool:
        """Whether a logarithm is one of what sums to 1, but for a small number added to it."""
        if log.name == "LOG_SOFTMAX":
            return True
        at = self._made_by.get(log.reads[0])
        while at is not None and (self._moves(at) or self._steps[at].name in ("ADD", "SUB")):
            at = self._before(at)
        if at is None or self._steps[at].name == "LOGISTIC":
            return False
        behind = {self._steps[at].name for at in self._behind(self._steps[at].makes[0])}
        return {"EXP", "SUM"} <= behind or "SOFTMAX" in behind

    def _pairs(self, step: _Step, index: int) -> bool:
        """Whether a step compares an input with itself."""
        read = [tensor for tensor in step.reads if index in self._reach.get(tensor, ())]
        return step.name in _COMPARISONS and len(read) > 1

    def _takes_part(self, step: _Step) -> bool:
        """Whether a step takes some of the numbers of the last axis."""
        if step.name not in _SLICES:
            return False
        data = step.reads[-1] if step.name == "SPLIT" else step.reads[0]
        before, after = (shape_of(self._graph.tensors[t]) for t in (data, step.makes[0]))
        return bool(before) and (before[-1] or 2) > 1 and before[-1:] != after[-1:]

    def _moves(self, at: int) -> bool:
        return self._steps[at].name in _MOVES

    def _moved(self, at: int) -> int:
        reads = self._steps[at].reads
        return next((tensor for tensor in reads if tensor in self._answers), reads[0])

    def _before(self, at: int) -> int | None:
        """The step that makes what a step moves."""
        return self._made_by.get(self._moved(at))

    def _kind(self, tensor: int) -> str:
        at = self._made_by.get(tensor)
        while at is not None and self._moves(at):
            at = self._before(at)
        return "INPUT" if at is None else self._steps[at].name


def _steps(model: schema.ModelT, graph: schema.SubGraphT) -> Iterator[_Step]:
    """Each operator with its op and what it reads. An activation that is part of an operator is a
    step of its own, what lies between has a number below 0. A product of one column is a
    BATCH_MATMUL, however it is written. A single number read from a variable after it was put there
    is that number, as in a metric that gives the mean loss so far.
    """
    handles: dict[int, str] = {}
    held: dict[str, int] = {}
    columns = column_products(model, graph)
    for at, operator in enumerate(graph.operators or []):
        name = name_of(model, operator)
        reads = [tensor for tensor in inputs_of(operator) if tensor >= 0]
        if id(operator) in columns:
            name, reads = "BATCH_MATMUL", columns[id(operator)]
        variable = handles.get(reads[0], "") if reads else ""
        if name == "VAR_HANDLE":
            handles[outputs_of(operator)[0]] = variable_name(key_in(operator.builtinOptions))
        elif name == "ASSIGN_VARIABLE" and variable and not shape_of(graph.tensors[reads[1]]):
            held[variable] = reads[1]
        elif name == "READ_VARIABLE" and variable in held:
            name, reads = "RESHAPE", [held[variable]]
        makes = outputs_of(operator)
        fused = getattr(operator.builtinOptions, "fusedActivationFunction", None)
        if fused:
            yield _Step(name, reads, [-1 - at])
            name, reads = _ACTIVATIONS.get(fused, name), [-1 - at]
        yield _Step(name, reads, makes, called_by(model, operator)[1] if name == "WHILE" else None)
