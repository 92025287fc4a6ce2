"""A model's frozen part apart from what it trains: three more signatures.

odt_extract(samples) -> features: what the layers that `train` leaves as they are make of samples.
odt_train(features, the rest of what train takes) -> what train gives: the same step on them.
odt_infer(features) -> what the predicting signature gives, where it begins with the same layers.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.checks.check import plain_errors
from odt_core.graph.finished import finished
from odt_core.graph.inspect import SignatureDescription, describe_signatures
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.passes.prune import leading_to, remove_dead_ops
from odt_core.graph.signature import add_signature, copy_of, ends, find_signature
from odt_core.graph.trunk.count import ask_for_counts, count_instead
from odt_core.graph.trunk.cut import find_cuts
from odt_core.graph.trunk.same import recipes
from odt_core.graph.trunk.work import work_of

EXTRACT, TRAIN, INFER = "odt_extract", "odt_train", "odt_infer"
FEATURES = "features"  # what odt_extract gives; odt_train and odt_infer take it as samples

Place = tuple[str, str]  # a signature and its input of samples


class Apart(NamedTuple):
    """The model with those signatures. signatures: these alone; odt_infer may be missing."""

    data: bytes
    signatures: tuple[SignatureDescription, ...]
    feature_shape: tuple[int, ...]


@plain_errors()
def set_apart(
    model: schema.ModelT, train: Place, infer: Place | None, trained: Collection[str], least: int
) -> Apart:
    """A lowered model, which is changed, with its frozen part apart.

    trained: names of the variables that the train signature sets. least: what that part must
    compute for each sample, as `work_of` counts it. Raises LoweringError when the model has no such
    part, or none that all its samples go through.
    """
    entry, samples = _find(model, train)
    graph = _copy(model, entry)
    cuts = find_cuts(model, graph, samples, trained)
    if not cuts:
        raise LoweringError("no part of it is frozen, or samples go around that part")
    made = recipes(model, graph, samples)
    other = _Predicting(model, infer) if infer is not None else None
    shared = [cut for cut in cuts if other is not None and other.has(made.get(cut.index))]
    cut = (shared or cuts)[-1]
    first = copy_of(graph)
    first.operators = leading_to(
        first, [cut.index], also=lambda operator: name_of(model, operator) == "CALL_ONCE"
    )
    if work_of(model, first) < least:
        raise LoweringError("its frozen part computes too little")
    add_signature(model, first, EXTRACT, {train[1]: samples}, {FEATURES: cut.index})
    if not _add_rest(model, graph, TRAIN, entry, train[1], cut.index):
        raise LoweringError("its samples go around the frozen part")
    if other is not None and shared:
        other.add(made[cut.index])
    data = finished(model)
    signatures = describe_signatures(model, {EXTRACT, TRAIN, INFER})
    shape = tuple(size or 0 for size in cut.shape[1:])
    return Apart(data, signatures, shape)


class _Predicting:
    """The signature that predicts, and what it computes on its way."""

    def __init__(self, model: schema.ModelT, infer: Place) -> None:
        self._model, self._samples = model, infer[1]
        self._entry, samples = _find(model, infer)
        self._graph = _copy(model, self._entry)
        made = recipes(model, self._graph, samples)
        self._places = {how: index for index, how in made.items()}

    def has(self, made: bytes | None) -> bool:
        """Whether it computes what is made so."""
        return made in self._places

    def add(self, made: bytes) -> None:
        """odt_infer, from there on."""
        cut = self._places[made]
        _add_rest(self._model, self._graph, INFER, self._entry, self._samples, cut)


def _add_rest(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    name: str,
    entry: schema.SignatureDefT,
    samples: str,
    cut: int,
) -> bool:
    """The signature `entry` from the cut on, its input of samples taking features; not added where
    something of it still needs the samples themselves, or what it gives is the features. graph: a
    copy of its subgraph.
    """
    inputs, outputs = ends(entry.inputs), ends(entry.outputs)
    graph.operators = [one for one in graph.operators if cut not in outputs_of(one)]
    count_instead(model, graph, inputs[samples], Builder(model, graph).tensor(cut))
    remove_dead_ops(model, graph)
    read_later = {index for operator in graph.operators for index in inputs_of(operator)}
    if inputs[samples] in read_later or {inputs[samples], cut}.intersection(outputs.values()):
        return False
    add_signature(model, graph, name, inputs | {samples: cut}, outputs)
    return True


def _copy(model: schema.ModelT, entry: schema.SignatureDefT) -> schema.SubGraphT:
    """Of the subgraph that a signature runs, asking for no more of a shape than it needs."""
    graph = copy_of(model.subgraphs[entry.subgraphIndex])
    ask_for_counts(model, graph)
    remove_dead_ops(model, graph)
    return graph


def _find(model: schema.ModelT, place: Place) -> tuple[schema.SignatureDefT, int]:
    """A signature, and the tensor of its input."""
    entry = find_signature(model, place[0])
    return entry, ends(entry.inputs)[place[1]]
