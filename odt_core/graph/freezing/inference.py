"""One signature alone, its variables constants: a model that only predicts, in its fastest form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph.finished import finished
from odt_core.graph.freezing.freeze import freeze
from odt_core.graph.freezing.initial import forget_values
from odt_core.graph.operators import called_by, name_of, run_from
from odt_core.graph.passes.constant_forms import constant_form
from odt_core.graph.passes.fast_forms import fast_form
from odt_core.graph.passes.fold import fold_constants
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.passes.fuse import fuse
from odt_core.graph.passes.long_rows import longer_rows
from odt_core.graph.passes.prune import compact, drop_subgraphs, remove_dead_ops, share_buffers
from odt_core.graph.record import drop_record
from odt_core.graph.signature import plain_name
from odt_core.graph.state import GET_STATE, SET_STATE
from odt_core.graph.variables import Variable


def inference_model(
    model: schema.ModelT,
    variables: Sequence[Variable],
    arrays: Sequence[np.ndarray],
    signature: str,
) -> bytes:
    """The bytes of a .tflite with one signature, without variables.

    model: lowered; changed by this. arrays: the variables' values, in their order. signature: the
    one to keep, one of `predicting(model)`; raises ModelError when it is not.
    """
    chosen = _chosen(model, signature)
    model.signatureDefs = [chosen]
    keys = [variable.key for variable in variables]
    freeze(model, chosen.subgraphIndex, dict(zip(keys, arrays, strict=True)))
    _strip_initialisers(model)
    drop_subgraphs(model, [chosen.subgraphIndex])
    for graph in model.subgraphs:
        remove_dead_ops(model, graph)
    compact(model)  # as folding writes all buffers that there are
    for graph in model.subgraphs:
        fold_constants(model, graph)
        for form in (fast_form, constant_form, constant_form):
            rewrite(model, graph, form)
            remove_dead_ops(model, graph)
        fuse(model, graph)
        rewrite(model, graph, constant_form)
        longer_rows(model, graph)
        remove_dead_ops(model, graph)
    drop_record(model)
    share_buffers(model)
    return finished(model)


def predicting(model: schema.ModelT) -> list[str]:
    """Names of the signatures that compute something of their inputs and change nothing."""
    found = []
    for signature in model.signatureDefs or []:
        name = plain_name(signature.signatureKey)
        has_ends = bool(signature.inputs) and bool(signature.outputs)
        if has_ends and name not in (GET_STATE, SET_STATE) and not _changes(model, signature):
            found.append(name)
    return found


def _chosen(model: schema.ModelT, wanted: str) -> schema.SignatureDefT:
    by_name = {plain_name(one.signatureKey): one for one in model.signatureDefs or []}
    if wanted not in by_name:
        raise ModelError(
            f"The model has no signature '{wanted}'. It has: {', '.join(sorted(by_name))}."
        )
    usable = predicting(model)
    if wanted not in usable:
        others = f"Choose one of: {', '.join(usable)}." if usable else "No other one does."
        raise ModelError(
            f"The signature '{wanted}' does not only predict: it changes variables, or has no "
            f"inputs or outputs. {others}"
        )
    return by_name[wanted]


def _changes(model: schema.ModelT, signature: schema.SignatureDefT) -> bool:
    """Whether running a signature assigns a variable, initial values left aside."""
    return any(
        name_of(model, operator) == "ASSIGN_VARIABLE"
        for index in run_from(model, [signature.subgraphIndex], initialisers=False)
        for operator in model.subgraphs[index].operators
    )


def _strip_initialisers(model: schema.ModelT) -> None:
    """Leaves of the initial values only what is no variable's, such as hash tables'."""
    for graph in model.subgraphs:
        kept = []
        for operator in graph.operators:
            if name_of(model, operator) == "CALL_ONCE":
                for called in called_by(model, operator):
                    forget_values(model, model.subgraphs[called])
                if not any(model.subgraphs[c].operators for c in called_by(model, operator)):
                    continue
            kept.append(operator)
        graph.operators = kept
