"""Variables as constants: what is left of a signature when its weights never change again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph.building import Builder
from odt_core.graph.operators import called_by, inputs_of, name_of, outputs_of
from odt_core.graph.variables import Key, handles_in

# where a calling op's inputs stand among those of the subgraphs it runs
_FIRST_PASSED = {"WHILE": 0, "IF": 1, "CALL": 0}


def freeze(model: schema.ModelT, index: int, values: Mapping[Key, np.ndarray]) -> None:
    """Replaces every read of a variable by its value, in a subgraph and those it calls.

    Raises ModelError when one of them assigns a variable or hands variables on in a way that
    cannot be followed.
    """
    _Freezing(model, values).subgraph(index, {})


class _Freezing:
    def __init__(self, model: schema.ModelT, values: Mapping[Key, np.ndarray]) -> None:
        self.model = model
        self.values = values
        self.seen: dict[int, dict[int, Key]] = {}

    def subgraph(self, index: int, given: dict[int, Key]) -> None:
        """Freezes one subgraph whose inputs `given` (by tensor) are handles of variables."""
        if index in self.seen:
            if self.seen[index] != given:
                raise ModelError(
                    "The model passes different variables to one subgraph, which cannot be turned "
                    "into constants. Bake it without inference_only."
                )
            return
        self.seen[index] = given
        graph = self.model.subgraphs[index]
        handles = handles_in(self.model, graph) | given
        builder = Builder(self.model, graph)
        constants: dict[int, int] = {}
        kept = []
        for operator in graph.operators:
            name, inputs = name_of(self.model, operator), inputs_of(operator)
            if name in _FIRST_PASSED:
                self._call(name, operator, handles)
            elif name == "READ_VARIABLE" and handles.get(inputs[0]) in self.values:
                value = self.values[handles[inputs[0]]]
                constants[outputs_of(operator)[0]] = builder.constant(value, value.dtype).index
                continue
            kept.append(operator)
        graph.operators = kept
        _read_instead(self.model, index, constants)
        handed = [int(i) for i in graph.inputs if int(i) in given]
        graph.inputs = np.array([i for i in graph.inputs if int(i) not in handed], np.int32)

    def _call(self, name: str, operator: schema.OperatorT, handles: dict[int, Key]) -> None:
        """Freezes the subgraphs that an op runs and passes them no handles any more."""
        first, inputs, outputs = _FIRST_PASSED[name], inputs_of(operator), outputs_of(operator)
        places = [
            place
            for place, tensor in enumerate(inputs[first:])
            if handles.get(tensor) in self.values
        ]
        if name == "WHILE":  # a loop returns what it was passed, its handles among it
            handles.update({outputs[p]: handles[inputs[p]] for p in places})
        for called in dict.fromkeys(called_by(self.model, operator)):
            graph = self.model.subgraphs[called]
            passed = {int(graph.inputs[p]): handles[inputs[first + p]] for p in places}
            if name == "WHILE" and len(graph.outputs) == len(outputs):  # the body, no condition
                graph.outputs = _without(graph.outputs, places)
            self.subgraph(called, passed)
        operator.inputs = _without(inputs, [first + place for place in places])
        if name == "WHILE":
            operator.outputs = _without(outputs, places)


def _without(values: Sequence[int], places: Sequence[int]) -> np.ndarray:
    kept = [int(value) for place, value in enumerate(values) if place not in places]
    return np.array(kept, np.int32)


def _read_instead(model: schema.ModelT, index: int, other: Mapping[int, int]) -> None:
    """Has all readers of a subgraph's tensors read others, its callers and signature included."""
    graph = model.subgraphs[index]
    for operator in graph.operators:
        operator.inputs = np.array([other.get(i, i) for i in inputs_of(operator)], np.int32)
    graph.outputs = np.array([other.get(int(i), int(i)) for i in graph.outputs], np.int32)
    for signature in model.signatureDefs or []:
        if signature.subgraphIndex == index:
            for entry in signature.outputs or []:
                entry.tensorIndex = other.get(entry.tensorIndex, entry.tensorIndex)
