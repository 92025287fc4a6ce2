"""In which type a file holds the weights of its layers, and which they compute with."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import type_name

# DEQUANTIZE unpacks those of a layer that computes with float32.
_WEIGHTED = frozenset(
    {
        "BATCH_MATMUL",
        "CONV_2D",
        "CONV_3D",
        "DEPTHWISE_CONV_2D",
        "DEQUANTIZE",
        "EMBEDDING_LOOKUP",
        "FULLY_CONNECTED",
        "GATHER",
        "TRANSPOSE_CONV",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
)
_SMALL = frozenset({"float16", "int2", "int4", "int8", "uint8"})


def weight_kinds(model: schema.ModelT) -> tuple[tuple[str, str], ...]:
    """(type of weights, type that their layer computes with), of constant weights smaller than
    float32, each pair once, such as ("int8", "float32") where only weights were quantised.
    """
    kinds = set()
    for graph in model.subgraphs:
        for operator in graph.operators:
            if name_of(model, operator) not in _WEIGHTED:
                continue
            computes = _type(graph, outputs_of(operator)[0])
            given = [index for index in inputs_of(operator) if index >= 0]
            kinds |= {(_type(graph, i), computes) for i in given if _is_matrix(model, graph, i)}
    return tuple(sorted(kind for kind in kinds if kind[0] in _SMALL))


def _type(graph: schema.SubGraphT, index: int) -> str:
    return type_name(graph.tensors[index].type)


def _is_matrix(model: schema.ModelT, graph: schema.SubGraphT, index: int) -> bool:
    """Whether a tensor is constant and no row, as a bias is."""
    tensor = graph.tensors[index]
    shape, data = tensor.shape, model.buffers[tensor.buffer].data
    return shape is not None and len(shape) > 1 and data is not None and len(data) > 0
