"""A file without signatures, as Teachable Machine and older converters write them, gets one.

Such a file is run by its first subgraph (Interpreter.invoke), whose inputs and outputs bear names.
"""

from __future__ import annotations

from collections.abc import Sequence

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.signature import entry, plain_name

_NAME = "serving_default"  # as converters name the only one


def sign(model: schema.ModelT) -> bool:
    """Gives a checked model without signatures that of its first subgraph; whether it had none."""
    if model.signatureDefs or not model.subgraphs:
        return False
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = _NAME.encode(), 0
    signature.inputs = _entries(graph, graph.inputs, "input")
    signature.outputs = _entries(graph, graph.outputs, "output")
    model.signatureDefs = [signature]
    return True


def _entries(
    graph: schema.SubGraphT, indices: Sequence[int] | None, kind: str
) -> list[schema.TensorMapT]:
    """An entry for each tensor, of its name where no other has that."""
    tensors = [] if indices is None else [int(index) for index in indices]
    names = [plain_name(graph.tensors[index].name).partition(":")[0] for index in tensors]
    return [
        entry(name if name and names.count(name) == 1 else f"{kind}_{at}", index)
        for at, (index, name) in enumerate(zip(tensors, names, strict=True))
    ]
