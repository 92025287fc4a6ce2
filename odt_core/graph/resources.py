"""Resource variables inside a graph under construction: handles, reading, assigning, new ones.

An op such as ResourceApplyAdam gets handles, not values. `read` and `assign` are what it becomes;
the shape of a variable comes from the file's other mentions of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.flex import flex_name, read_flex, shape_in
from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.tensor import Shape, Tensor, dtype_of, has_dtype, shape_of
from odt_core.graph.variables import Key, key_in

if TYPE_CHECKING:
    from odt_core.graph.building import Builder

_INITIALISER = b"odt_initialise"


class Resources:
    """What a model's file says of its variables, whether by builtin or by Flex ops."""

    def __init__(self, model: schema.ModelT) -> None:
        self._keys: dict[tuple[int, int], Key] = {}  # of handles, by (id of subgraph, tensor)
        self._specs: dict[Key, tuple[Shape, np.dtype]] = {}
        for graph in model.subgraphs:
            for operator in graph.operators or []:
                key = _made_handle(model, operator)
                if key is not None:
                    self._keys[id(graph), outputs_of(operator)[0]] = key
        while self._pass_on(model):
            pass
        for graph in model.subgraphs:
            for operator in graph.operators or []:
                self._note(model, graph, operator)

    def key(self, graph: schema.SubGraphT, handle: int) -> Key | None:
        """Which variable a tensor of a subgraph is the handle of."""
        return self._keys.get((id(graph), handle))

    def spec(self, key: Key) -> tuple[Shape, np.dtype] | None:
        """(shape, dtype) of a variable, None in the shape where no op tells; None when unknown."""
        return self._specs.get(key)

    def names(self) -> list[str]:
        """The shared names of all variables that are known."""
        return [name.decode("utf-8", "replace") for _, name in self._specs]

    def learn(self, key: Key, shape: Shape, dtype: np.dtype) -> None:
        """Note what a variable holds."""
        known = self._specs.get(key)
        if known is None or known[0].count(None) > shape.count(None):
            self._specs[key] = (shape, dtype)

    def _pass_on(self, model: schema.ModelT) -> bool:
        """Follow handles into loops and branches; whether anything new was found."""
        before = len(self._keys)
        for graph in model.subgraphs:
            for operator in graph.operators or []:
                inputs = inputs_of(operator)
                if name_of(model, operator) == "IF":
                    inputs = inputs[1:]
                for called in called_by(model, operator):
                    inner = model.subgraphs[called]
                    given = [] if inner.inputs is None else [int(i) for i in inner.inputs]
                    for outside, inside in zip(inputs, given, strict=False):
                        key = self.key(graph, outside)
                        if key is not None:
                            self._keys[id(inner), inside] = key
        return len(self._keys) > before

    def _note(
        self, model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT
    ) -> None:
        name, tensors = name_of(model, operator).removeprefix("Flex"), inputs_of(operator)
        if flex_name(model, operator) == "VarHandleOp":
            op = read_flex(model, operator)
            key, shape = _made_handle(model, operator), shape_in(op.attributes.get("shape"))
            dtype = op.dtype("dtype")
        elif name in ("READ_VARIABLE", "ReadVariableOp", "ASSIGN_VARIABLE", "AssignVariableOp"):
            key = self.key(graph, tensors[0])
            value = tensors[1] if "assign" in name.lower() else outputs_of(operator)[0]
            raw = graph.tensors[value]
            shape, dtype = shape_of(raw), dtype_of(raw.type) if has_dtype(raw.type) else None
        else:
            return
        if key is not None and shape is not None and dtype is not None:
            self.learn(key, shape, dtype)


def _made_handle(model: schema.ModelT, operator: schema.OperatorT) -> Key | None:
    if name_of(model, operator) == "VAR_HANDLE":
        return key_in(operator.builtinOptions)
    if flex_name(model, operator) == "VarHandleOp":
        op = read_flex(model, operator)
        return op.text("container").encode(), op.text("shared_name").encode()
    return None


def handle(b: Builder, key: Key) -> Tensor:
    """A handle of the variable."""
    raw = schema.TensorT()
    raw.shape, raw.type, raw.buffer = np.array([], np.int32), schema.TensorType.RESOURCE, 0
    raw.name, raw.hasRank = f"odt/handle_{len(b.graph.tensors)}".encode(), True
    b.graph.tensors.append(raw)
    made = Tensor(len(b.graph.tensors) - 1, (), np.dtype(object))
    options = schema.VarHandleOptionsT()
    options.container, options.sharedName = key
    b.emit("VAR_HANDLE", [], [made], options)
    return made


def read(b: Builder, variable: Tensor) -> Tensor:
    """The value of the variable behind a handle.

    Raises LoweringError when the file does not tell its shape and dtype.
    """
    key = _key(b, variable)
    spec = b.resources.spec(key)
    if spec is None:
        name = key[1].decode("utf-8", "replace")
        raise LoweringError(
            f"the file does not say what shape the variable {name!r} has. Convert the model with "
            "its variables initialised."
        )
    value = b.new(*spec, "variable")
    b.emit("READ_VARIABLE", [variable], [value], schema.ReadVariableOptionsT())
    return value


def assign(b: Builder, variable: Tensor, value: Tensor) -> None:
    """Set the variable behind a handle."""
    b.emit("ASSIGN_VARIABLE", [variable, value], [], schema.AssignVariableOptionsT())


def new_variable(b: Builder, name: str, initial: np.ndarray) -> Tensor:
    """A handle of a variable that odt adds to the model, with its initial value."""
    key = (b"", name.encode())
    if b.resources.spec(key) is None:
        starter = _initialiser(b)
        assign(starter, handle(starter, key), starter.constant(initial, initial.dtype))
        starter.graph.operators += starter.operators
    b.resources.learn(key, initial.shape, initial.dtype)
    places = [i for i, g in enumerate(b.model.subgraphs) if g.name == _INITIALISER]
    if not any(_runs(b, operator, places[0]) for operator in b.operators):
        options = schema.CallOnceOptionsT()
        options.initSubgraphIndex = places[0]
        b.emit("CALL_ONCE", [], [], options)
    return handle(b, key)


def _runs(b: Builder, operator: schema.OperatorT, index: int) -> bool:
    return name_of(b.model, operator) == "CALL_ONCE" and index in called_by(b.model, operator)


def _initialiser(b: Builder) -> Builder:
    """Writes into the subgraph that sets odt's own variables, made when there is none yet."""
    found = next((g for g in b.model.subgraphs if g.name == _INITIALISER), None)
    if found is None:
        found = schema.SubGraphT()
        found.name, found.tensors, found.operators = _INITIALISER, [], []
        found.inputs = found.outputs = np.array([], np.int32)
        b.model.subgraphs.append(found)
    return type(b)(b.model, found)


def _key(b: Builder, variable: Tensor) -> Key:
    operator = b.producer(variable)
    key = None if operator is None else _made_handle(b.model, operator)
    key = key or b.resources.key(b.graph, variable.index)
    if key is None:
        raise LoweringError("it is not clear which variable it works on. Use the variable itself.")
    return key
