"""Finding a model's resource variables: names, dtypes, shapes and initial values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape, dtype_of, has_dtype, shape_of

# (container, shared name): what tells variables apart
Key = tuple[bytes, bytes]


@dataclass(frozen=True)
class Variable:
    """A resource variable of the model.

    name: unique; the file's shared name, preceded by "container/" where there is a container.
    shape: None for a dimension that no op of the file tells.
    has_initial_value: whether the file says what it holds before anything was assigned.
    """

    name: str
    container: bytes
    shared_name: bytes
    dtype: np.dtype
    shape: Shape
    has_initial_value: bool

    @property
    def key(self) -> Key:
        """What tells it apart from other variables in the file."""
        return self.container, self.shared_name


def initialisers(model: schema.ModelT) -> list[int]:
    """Subgraphs that CALL_ONCE runs, in order of index: they assign the initial values."""
    found = set()
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            if name_of(model, operator) == "CALL_ONCE":
                found.update(called_by(model, operator))
    return sorted(found)


def find_variables(model: schema.ModelT) -> list[Variable]:
    """All variables with numeric content, sorted by name."""
    seen: dict[Key, list[tuple[np.dtype, Shape]]] = {}
    initial: set[Key] = set()
    once = set(initialisers(model))
    for index, graph in enumerate(model.subgraphs):
        handles: dict[int, Key] = {}
        for operator in graph.operators or []:
            name = name_of(model, operator)
            if name == "VAR_HANDLE":
                key = key_in(operator.builtinOptions)
                handles[outputs_of(operator)[0]] = key
                seen.setdefault(key, [])
            elif name in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
                tensors = inputs_of(operator)
                handle = handles.get(tensors[0])
                value = outputs_of(operator)[0] if name == "READ_VARIABLE" else tensors[1]
                raw = graph.tensors[value]
                if handle is None or not has_dtype(raw.type):
                    continue
                seen[handle].append((dtype_of(raw.type), shape_of(raw)))
                if name == "ASSIGN_VARIABLE" and index in once:
                    initial.add(handle)
    variables = []
    for key, sights in seen.items():
        if not sights:
            continue  # a handle that nobody reads or assigns holds nothing
        dtype, shape = min(sights, key=lambda sight: sum(size is None for size in sight[1]))
        variables.append(Variable(variable_name(key), *key, dtype, shape, key in initial))
    return sorted(variables, key=lambda variable: variable.name)


def assigned(
    model: schema.ModelT, graph: schema.SubGraphT
) -> Iterator[tuple[tuple[bytes, bytes], schema.OperatorT]]:
    """((container, shared name), operator) of every ASSIGN_VARIABLE to a handle made here."""
    handles = handles_in(model, graph)
    for operator in graph.operators:
        if name_of(model, operator) == "ASSIGN_VARIABLE" and inputs_of(operator)[0] in handles:
            yield handles[inputs_of(operator)[0]], operator


def is_on_xnnpack(value: schema.TensorT) -> bool:
    """Whether XNNPACK reads and assigns variables of such values: floats, and more than one."""
    known = has_dtype(value.type) and dtype_of(value.type) == np.float32
    return known and len(shape_of(value)) > 0


def handles_in(model: schema.ModelT, graph: schema.SubGraphT) -> dict[int, Key]:
    """The (container, shared name) behind each handle that a subgraph makes, by tensor."""
    found = {}
    for operator in graph.operators:
        if name_of(model, operator) == "VAR_HANDLE":
            options = operator.builtinOptions
            key = key_in(options)
            found[outputs_of(operator)[0]] = key
    return found


def variable_name(key: Key) -> str:
    """Under which name odt knows a variable."""
    return b"/".join(part for part in key if part).decode("utf-8", "replace")


def key_in(options: schema.VarHandleOptionsT) -> Key:
    """Which variable a VAR_HANDLE is of."""
    return bytes(options.container or b""), bytes(options.sharedName or b"")
