"""What a .tflite offers, read from its bytes alone: signatures, variables, ops."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.checks.check import check, plain_errors
from odt_core.graph.first_numbers import first_numbers
from odt_core.graph.flatbuffer import read
from odt_core.graph.flow import Flow, flow, variables_of
from odt_core.graph.freezing.initial import assigned_constants
from odt_core.graph.lines import Entry, Lines
from odt_core.graph.loss_facts import Facts, Meeting
from odt_core.graph.lost_limits import lost_limits
from odt_core.graph.operators import called_by, name_of, outputs_of
from odt_core.graph.pixel_inputs import pixel_inputs
from odt_core.graph.rates import rates_of
from odt_core.graph.record import CheckpointSignature, Missing, Record, Rewrite, read_record
from odt_core.graph.runtime_table import OLDEST, Runtime
from odt_core.graph.runtimes import first_runtime, needs
from odt_core.graph.signature import plain_name
from odt_core.graph.tensor import Shape, shape_of, type_name
from odt_core.graph.variables import find_variables
from odt_core.graph.weight_kinds import weight_kinds
from odt_core.graph.winners import Row, Winners, winners


@dataclass(frozen=True)
class TensorDescription:
    """An input or output. dtype: numpy's name, or "string"; shape: None where dynamic.

    producer: the op that computes an output, such as "SOFTMAX", reshapes and casts looked through;
    None for an input. reached_by: names of the inputs whose data reach an output. running: the
    output is a mean over more than one call. used: the input reaches an output or a variable.
    weighed: the input meets weights before it meets another input, as samples do and labels do not.
    counted: the output only tells what was equal or larger, as an accuracy does. tail: the ops that
    an output is computed with after the last layer of a network; ends: the last of them, what only
    moves or clips numbers looked through. meets: where inputs join in there (loss_facts.py).
    scales: of an input, the variables whose changes it multiplies, as a learning rate does. first:
    what is taken from an input before anything else is done with it, as 1 from labels 1 to K.
    pixels: what black and white are to an input; () where it is not known (pixel_inputs.py). wins:
    of scores, 1 where the largest is taken for the answer, −1 where the smallest is, 0 where no op
    tells; distance: they sum up differences (winners.py). sums: the outputs that one is a sum of,
    beside others (loss_facts.py). enters: the first weights that an input
    meets; answer: the last ones that an output comes from, or that the answer comes from which an
    input is compared with (lines.py).
    """

    name: str
    dtype: str
    shape: Shape
    producer: str | None = None
    reached_by: tuple[str, ...] = ()
    running: bool = False
    used: bool = True
    weighed: bool = False
    counted: bool = False
    tail: tuple[str, ...] = ()
    ends: str | None = None
    meets: tuple[Meeting, ...] = ()
    scales: tuple[str, ...] = ()
    first: int = 0
    pixels: tuple[float, ...] = ()
    wins: int = 0
    distance: bool = False
    sums: tuple[str, ...] = ()
    enters: tuple[Entry, ...] = ()
    answer: Entry | None = None


@dataclass(frozen=True)
class SignatureDescription:
    """A signature; flex_ops: the TensorFlow ops it cannot run without, each once; ops: all the ops
    it runs, each once; reads, assigns: names of the variables it uses and sets when it is called;
    smallest: the scores of which the smallest wins in it, by the op that computes them and how many
    a row has; largest, work: numbers a sample in its largest input or result, and in all results
    together; 0 where that is not known.
    """

    name: str
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]
    flex_ops: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    assigns: tuple[str, ...] = ()
    smallest: tuple[Row, ...] = ()
    largest: int = 0
    work: int = 0


@dataclass(frozen=True)
class VariableDescription:
    """A resource variable; `bytes` is 0 where its shape is not fully known. finite: whether its
    initial value, where the file tells it, holds finite numbers alone.
    """

    name: str
    dtype: str
    shape: Shape
    bytes: int
    has_initial_value: bool
    finite: bool = True


@dataclass(frozen=True)
class ModelDescription:
    """All that the file says about itself.

    variables: sorted by name; odt_get_state's vK is the K-th of them.
    operators: how many of each op. size: of the file, bytes.
    rewrites, missing, checkpoints: what lowering did, empty for a model that was not lowered.
    lost: results whose ReLU TensorFlow's converter had lost, by name. taken_for: JSON of a file
    that only predicts and does not tell by itself what it is for. labels: names of the outputs, of
    a file that was baked with some. unsigned: the file had no signatures; the one is odt's.
    quantised: the types that its signatures took and gave before lowering made float32 of them, ""
    for none. weights: in which type small weights are held, and computed with (weight_kinds.py).
    runtime: the first TensorFlow Lite that has all the ops.
    """

    signatures: tuple[SignatureDescription, ...]
    variables: tuple[VariableDescription, ...]
    operators: dict[str, int]
    size: int
    rewrites: tuple[Rewrite, ...] = ()
    missing: tuple[Missing, ...] = ()
    checkpoints: tuple[CheckpointSignature, ...] = ()
    lost: tuple[str, ...] = ()
    taken_for: dict[str, Any] = field(default_factory=dict)
    labels: tuple[str | None, ...] = ()
    unsigned: bool = False
    quantised: tuple[str, ...] = ()
    weights: tuple[tuple[str, str], ...] = ()
    runtime: Runtime = OLDEST

    @property
    def needs(self) -> str:
        """Which runtime the file needs, in words that follow its name."""
        return needs(self.runtime)

    @property
    def flex_ops(self) -> tuple[str, ...]:
        """TensorFlow ops (without "Flex") that the file still has, sorted."""
        return tuple(sorted(n[4:] for n in self.operators if n.startswith("Flex")))

    @property
    def custom_ops(self) -> tuple[str, ...]:
        """Ops that are neither TFLite's nor Flex ops, sorted."""
        names = (n for n in self.operators if not n.startswith("Flex"))
        return tuple(n for n in names if not hasattr(schema.BuiltinOperator, n))

    def signature(self, name: str) -> SignatureDescription | None:
        """The signature of that name, or None."""
        return next((s for s in self.signatures if s.name == name), None)


@plain_errors()
def describe(data: bytes) -> ModelDescription:
    """Read what a .tflite offers without running it.

    Raises ModelError when `data` is no .tflite or is damaged.
    """
    return describe_tree(read(data), len(data))


@plain_errors()
def describe_tree(model: schema.ModelT, size: int) -> ModelDescription:
    """`describe` of a file of `size` bytes that is parsed already. Raises ModelError when its parts
    do not fit together.
    """
    check(model)
    record = read_record(model)
    signatures = describe_signatures(model)
    operators = Counter(name_of(model, o) for graph in model.subgraphs for o in graph.operators)
    broken = {name for name, value in assigned_constants(model) if not np.isfinite(value).all()}
    variables = tuple(
        VariableDescription(
            v.name,
            v.dtype.name,
            v.shape,
            _bytes(v.shape, v.dtype),
            v.has_initial_value,
            v.name not in broken,
        )
        for v in find_variables(model)
    )
    record = record or Record(lost=lost_limits(model))
    return ModelDescription(
        signatures,
        variables,
        dict(sorted(operators.items())),
        size,
        record.rewrites,
        record.missing,
        record.checkpoints,
        record.lost,
        record.taken_for,
        record.labels,
        record.unsigned,
        record.quantised,
        weight_kinds(model),
        first_runtime(model),
    )


def describe_signatures(
    model: schema.ModelT, names: Collection[str] | None = None
) -> tuple[SignatureDescription, ...]:
    """The signatures of a checked model; names: only these."""
    every = model.signatureDefs or []
    wanted = [one for one in every if names is None or plain_name(one.signatureKey) in names]
    return tuple(_signature(model, signature) for signature in wanted)


def _signature(model: schema.ModelT, signature: schema.SignatureDefT) -> SignatureDescription:
    graph = model.subgraphs[signature.subgraphIndex]
    seen: set[int] = set()
    names = _ops(model, signature.subgraphIndex, seen)
    called = {int(entry.tensorIndex): plain_name(entry.name) for entry in signature.inputs or []}
    facts, losses = flow(model, graph), Facts(model, graph, called)
    reads, assigns = variables_of(model, signature.subgraphIndex)
    rates = rates_of(model, graph) if assigns else {}
    firsts = first_numbers(model, graph) if assigns else {}
    pixels = pixel_inputs(model, graph)
    largest, work = _numbers_a_sample(graph)
    won, lines = winners(model, graph), Lines(model, graph)
    given = {plain_name(entry.name): int(entry.tensorIndex) for entry in signature.outputs or []}
    return SignatureDescription(
        plain_name(signature.signatureKey),
        tuple(
            _input(graph, entry, facts, rates, firsts, pixels, lines)
            for entry in signature.inputs or []
        ),
        tuple(
            _output(graph, entry, facts, losses, won, called, given, lines)
            for entry in signature.outputs or []
        ),
        tuple(sorted({name[4:] for name in names if name.startswith("Flex")})),
        tuple(sorted(names)),
        reads=tuple(sorted(reads)),
        assigns=tuple(sorted(assigns)),
        smallest=won.rows,
        largest=largest,
        work=work,
    )


def _numbers_a_sample(graph: schema.SubGraphT) -> tuple[int, int]:
    """In the largest input or result that grows with the batch, and in all such results; noughts
    where a shape leaves more open than the batch. Results with the rows of all samples in one axis
    count for less than they are, but hide nothing: a RESHAPE makes them, of one that is as large.
    """
    largest = work = 0
    results = [index for operator in graph.operators for index in outputs_of(operator)]
    for at, index in enumerate([*map(int, graph.inputs), *results]):
        shape = shape_of(graph.tensors[index])
        if shape.count(None) > 1:
            return 0, 0
        if None in shape:
            numbers = math.prod(size for size in shape if size is not None)
            largest = max(largest, numbers)
            work += numbers if at >= len(graph.inputs) else 0
    return largest, work


def _ops(model: schema.ModelT, index: int, seen: set[int]) -> set[str]:
    """Names of the ops that a subgraph runs, those of called subgraphs included."""
    if index in seen:
        return set()
    seen.add(index)
    names = set()
    for operator in model.subgraphs[index].operators:
        names.add(name_of(model, operator))
        for called in called_by(model, operator):
            names |= _ops(model, called, seen)
    return names


def _input(
    graph: schema.SubGraphT,
    entry: schema.TensorMapT,
    facts: Flow,
    rates: dict[int, tuple[str, ...]],
    firsts: dict[int, int],
    pixels: Mapping[int, tuple[float, float]],
    lines: Lines,
) -> TensorDescription:
    index = int(entry.tensorIndex)
    return TensorDescription(
        *_tensor(graph, entry),
        used=index in facts.used,
        weighed=index in facts.weighed,
        scales=rates.get(index, ()),
        first=firsts.get(index, 0),
        pixels=pixels.get(index, ()),
        enters=lines.enters(index),
        answer=lines.compared(index),
    )


def _output(
    graph: schema.SubGraphT,
    entry: schema.TensorMapT,
    facts: Flow,
    losses: Facts,
    won: Winners,
    called: dict[int, str],
    given: dict[str, int],
    lines: Lines,
) -> TensorDescription:
    index = int(entry.tensorIndex)
    return TensorDescription(
        *_tensor(graph, entry),
        producer=facts.producers.get(index),
        reached_by=tuple(called[i] for i in facts.reached_by.get(index, ()) if i in called),
        running=index in facts.running,
        counted=index in facts.counted,
        tail=losses.tail(index),
        ends=losses.ends(index),
        meets=losses.meets(index),
        wins=won.wins.get(index, 0),
        distance=index in won.distances,
        sums=losses.sums(index, given),
        answer=lines.answers(index),
    )


def _tensor(graph: schema.SubGraphT, entry: schema.TensorMapT) -> tuple[str, str, Shape]:
    raw = graph.tensors[entry.tensorIndex]
    return plain_name(entry.name), type_name(raw.type), shape_of(raw)


def _bytes(shape: Shape, dtype: np.dtype) -> int:
    known = [size for size in shape if size is not None]
    return int(np.prod(known, dtype=np.int64)) * dtype.itemsize if len(known) == len(shape) else 0
