"""A model with other initial values: what a session has learnt becomes what the file starts with.

The baked file is a model of its own. Checkpoints are bound to the digest of a file's bytes, and a
baked file has other bytes than the one it came from: a checkpoint of either is refused by the
other (`check_belongs` names both digests, and the way), so nobody trains on from the wrong start
unnoticed. The same model and state always give the same bytes, hence the same digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.baking.names import name_outputs, with_names
from odt_core.baking.taken_for import with_word
from odt_core.checkpoint.fitting import check_finite
from odt_core.dialects import Contract, propose
from odt_core.errors import LabelError, ModelError
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.freezing.inference import inference_model, predicting
from odt_core.graph.freezing.initial import forget_values
from odt_core.graph.lowering import lower
from odt_core.graph.operators import called_by, name_of
from odt_core.graph.passes.prune import compact, drop_subgraphs, share_buffers
from odt_core.graph.resources import handle
from odt_core.graph.state import call_once
from odt_core.graph.variables import Variable, find_variables, initialisers
from odt_core.kinds import check_kind
from odt_core.samples.labels import Labels

_NAME = b"odt_initial_values"


def bake(
    model_bytes: bytes,
    state: Mapping[str, np.ndarray],
    *,
    inference_only: bool = False,
    signature: str | None = None,
    contract: Contract | None = None,
    labels: Labels | None = None,
) -> bytes:
    """A .tflite whose variables start as `state`, which runs on plain LiteRT.

    model_bytes: a .tflite, with Flex ops or lowered. state: all variables by name, as
    Session.state() gives them.

    All signatures stay and the model can be trained further; outputs are bit-identical to those of
    the session that `state` came from. A signature that sets weights itself (`initialize`) still
    does so when it is called.

    inference_only: keep one signature alone, with the variables as constants, in the forms that
    LiteRT runs fastest; outputs are equal to about 1e-6 relative. signature: which one, where it is
    not clear which one predicts. contract: what the model is taken for, where that was corrected by
    hand; the file says so where its one signature does not. labels: names of the outputs, which
    the file then says; None: those that it says already.

    Raises CheckpointError when a name, shape or dtype of `state` is wrong, or a number not finite;
    LabelError when there are not as many names as outputs;
    ModelError when model_bytes is no .tflite or has no signature that only predicts; LoweringError
    when nothing of it can be rewritten.
    """
    lowered = lower(model_bytes)
    description = lowered.describe()
    if labels is not None:
        _check_labels(labels, (contract or propose(description.signatures)).labels_count)
    arrays = check_finite(state, description.variables)
    as_it_came = lowered.data is model_bytes  # then the tree is parsed from these very bytes
    model = lowered.tree if as_it_came else read(lowered.data)
    variables = find_variables(model)
    if inference_only:
        taken = propose(description.signatures)
        baked = inference_model(model, variables, arrays, signature or _predictor(model, taken))
        baked = with_word(baked, contract or taken)
        said = description.labels
        own = Labels.said(said, Labels.numbered(len(said)))
        return with_names(baked, own if labels is None else labels)
    if variables:
        _set_initial_values(model, variables, arrays)
    if labels is not None:
        name_outputs(model, labels)
    return write(model)


def _check_labels(labels: Labels, outputs: int) -> None:
    """outputs: how many can have names; 0 where it cannot be told, or none needs one."""
    wanted = "The names of a baked model's outputs come as odt.Labels, such as session.labels"
    check_kind(labels, Labels, wanted, LabelError)
    if outputs and len(labels) != outputs:
        raise LabelError(
            f"The model has {outputs:,} outputs, and there are {len(labels):,} names. Give one for "
            "each, None for one that nobody has named."
        )


def _predictor(model: schema.ModelT, taken: Contract) -> str:
    """The signature that predicts. Raises ModelError when that is not clear."""
    usable = predicting(model)
    if taken.infer is not None and taken.infer.signature in usable:
        return taken.infer.signature
    if len(usable) == 1:
        return usable[0]
    if not usable:
        raise ModelError(
            "No signature of this model only predicts, so there is nothing to keep. Bake it "
            "without inference_only."
        )
    raise ModelError(
        f"It is not clear which signature predicts: {', '.join(usable)}. Name one (signature=…, or "
        f"--signature on the command line)."
    )


def _set_initial_values(
    model: schema.ModelT, variables: Sequence[Variable], arrays: Sequence[np.ndarray]
) -> None:
    """Has every signature start with one subgraph that assigns all variables.

    It runs what initialised them until now first, as that may fill hash tables too, or set
    variables in ways that cannot be seen from here.
    """
    before = initialisers(model)
    keys = {variable.key for variable in variables}
    for index in before:
        forget_values(model, model.subgraphs[index], keys)
    before = [index for index in before if model.subgraphs[index].operators]
    for graph in model.subgraphs:
        graph.operators = [
            operator
            for operator in graph.operators
            if name_of(model, operator) != "CALL_ONCE"
            or set(called_by(model, operator)).issubset(before)
        ]

    graph = schema.SubGraphT()
    graph.name, graph.tensors, graph.operators = _NAME, [], []
    graph.inputs = graph.outputs = np.array([], np.int32)
    builder = Builder(model, graph)
    for index in before:
        call_once(builder, index)
    for variable, array in zip(variables, arrays, strict=True):
        value = builder.constant(array, variable.dtype)
        target = handle(builder, variable.key)
        builder.emit("ASSIGN_VARIABLE", [target, value], [], schema.AssignVariableOptionsT())
    graph.operators = builder.operators

    entries = {signature.subgraphIndex for signature in model.signatureDefs or []} | {0}
    model.subgraphs.append(graph)
    for entry in entries:
        start = Builder(model, model.subgraphs[entry])
        call_once(start, len(model.subgraphs) - 1)
        model.subgraphs[entry].operators[:0] = start.operators
    drop_subgraphs(model, entries)
    share_buffers(model)
    compact(model)
