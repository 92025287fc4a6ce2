"""Checks that everybody who reads or assigns a variable means the same dtype and shape.

LiteRT gives a variable memory for the shape that one op tells, and lets others write theirs.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape, shape_of
from odt_core.graph.variables import handles_in, variable_name


def check_variables(model: schema.ModelT) -> None:
    """ModelError when two ops contradict each other about a variable."""
    known: dict[tuple[bytes, bytes], tuple[int, Shape | None]] = {}
    for graph in model.subgraphs:
        handles = handles_in(model, graph)
        for operator in graph.operators:
            name = name_of(model, operator)
            if name not in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
                continue
            reads = name == "READ_VARIABLE"
            index = outputs_of(operator)[0] if reads else inputs_of(operator)[1]
            key = handles.get(inputs_of(operator)[0])
            if key is None:
                continue
            tensor = graph.tensors[index]
            kind, shape = known.setdefault(key, (tensor.type, None))
            if kind != tensor.type:
                raise _contradiction(key, "dtype")
            own = shape_of(tensor)
            if not own and not tensor.hasRank:
                continue  # nothing is known of it here
            if shape is not None and not _agree(shape, own):
                raise _contradiction(key, "shape")
            known[key] = (kind, own if shape is None else _both(shape, own))


def _contradiction(key: tuple[bytes, bytes], what: str) -> ModelError:
    name = variable_name(key)
    return ModelError(
        f"The .tflite has a variable '{name}' of more than one {what}: several variables of its "
        f"author have that name, and LiteRT takes them for one. Give each variable a name of its "
        f"own and convert the model again; or the file is damaged, then copy it again."
    )


def _agree(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and all(None in (i, j) or i == j for i, j in zip(a, b, strict=True))


def _both(a: Shape, b: Shape) -> Shape:
    return tuple(j if i is None else i for i, j in zip(a, b, strict=True))
