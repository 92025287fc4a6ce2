"""Signatures of a model: finding one, its ends by name, subgraphs as new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def find_signature(model: schema.ModelT, name: str) -> schema.SignatureDefT:
    """The signature of that name. Raises KeyError where there is none."""
    return {plain_name(one.signatureKey): one for one in model.signatureDefs or []}[name]


def ends(entries: Sequence[schema.TensorMapT] | None) -> dict[str, int]:
    """The tensors of a signature's inputs or outputs, by name."""
    return {plain_name(one.name): int(one.tensorIndex) for one in entries or []}


def plain_name(raw: bytes | None) -> str:
    """The text of a name in the file, whatever bytes it holds."""
    return bytes(raw or b"").decode("utf-8", "replace")


def copy_of(graph: schema.SubGraphT) -> schema.SubGraphT:
    """A subgraph whose tensors and ops can be changed without changing the other's; the options of
    its ops are the same objects.
    """
    other = copy(graph)
    other.tensors = [copy(tensor) for tensor in graph.tensors]
    other.operators = [copy(operator) for operator in graph.operators]
    return other


def add_signature(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    name: str,
    inputs: Mapping[str, int],
    outputs: Mapping[str, int],
) -> None:
    """Appends a subgraph and the signature that runs it. inputs, outputs: tensors by name."""
    graph.name = name.encode()
    graph.inputs = np.array(list(inputs.values()), np.int32)
    graph.outputs = np.array(list(outputs.values()), np.int32)
    signature = schema.SignatureDefT()
    signature.signatureKey = name.encode()
    signature.subgraphIndex = len(model.subgraphs)
    signature.inputs = [entry(key, tensor) for key, tensor in inputs.items()]
    signature.outputs = [entry(key, tensor) for key, tensor in outputs.items()]
    model.subgraphs.append(graph)
    model.signatureDefs = [*(model.signatureDefs or []), signature]


def entry(key: str, tensor: int) -> schema.TensorMapT:
    """An input or output of a signature: its name and its tensor."""
    made = schema.TensorMapT()
    made.name, made.tensorIndex = key.encode(), tensor
    return made
