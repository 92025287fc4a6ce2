"""Small graphs made by hand, run on plain LiteRT, and how far two results are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write


def empty() -> Builder:
    """A model of one subgraph without ops."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    graph.name, graph.tensors, graph.operators = b"main", [], []
    model.subgraphs = [graph]
    return Builder(model, graph)


def run_graph(b: Builder, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The first output of a builder's model, given an array for each input."""
    litert = Interpreter(model_content=write(b.model), num_threads=1)
    inputs = [detail["index"] for detail in litert.get_input_details()]
    for index, array in zip(inputs, arrays, strict=True):
        litert.resize_tensor_input(index, array.shape)
    litert.allocate_tensors()
    for index, array in zip(inputs, arrays, strict=True):
        litert.set_tensor(index, array)
    litert.invoke()
    return litert.get_tensor(litert.get_output_details()[0]["index"])


def difference(given: np.ndarray, expected: np.ndarray) -> float:
    """The largest one, relative to the largest number that is expected."""
    assert given.shape == expected.shape
    assert np.isfinite(expected).all()
    scale = float(np.abs(expected).max(initial=0)) or 1.0
    return float(np.abs(given - expected).max(initial=0)) / scale
