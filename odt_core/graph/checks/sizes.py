"""Checks of sizes: shapes that can be, and constants of just as many bytes as their shape needs."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.checks.damage import demand
from odt_core.graph.tensor import MOST_DIMENSIONS, MOST_ENTRIES, dtype_of, has_dtype, is_possible

_PACKED = {"INT4": 2, "UINT4": 2, "INT2": 4}  # entries in a byte


def check_sizes(model: schema.ModelT) -> None:
    """ModelError when a shape is impossible or does not fit the tensor's content."""
    packed = {getattr(schema.TensorType, n): k for n, k in _PACKED.items() if n in _TYPES}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            demand(tensor.type in _TYPES.values(), "a tensor of an unknown type")
            _check_shape(tensor)
            _check_quantisation(tensor)
            sparse = tensor.sparsity is not None
            if sparse:
                _check_sparsity(tensor)
            data = model.buffers[tensor.buffer].data
            if data is None or not len(data):
                continue
            demand(not tensor.isVariable, "a variable tensor with constant content")
            sizes = [] if tensor.shape is None else [int(size) for size in tensor.shape]
            if tensor.type == schema.TensorType.STRING:
                _check_strings(data, math.prod(sizes))
            elif tensor.type in packed and not sparse:
                needed = -(-math.prod(sizes) // packed[tensor.type])
                demand(len(data) == needed, "a constant of another size than its shape")
            elif has_dtype(tensor.type) and not sparse:
                needed = math.prod(sizes) * dtype_of(tensor.type).itemsize
                demand(len(data) == needed, "a constant of another size than its shape")


_TYPES = {n: v for n, v in vars(schema.TensorType).items() if isinstance(v, int)}


def _check_shape(tensor: schema.TensorT) -> None:
    sizes = [] if tensor.shape is None else [int(size) for size in tensor.shape]
    signature = tensor.shapeSignature
    declared = [] if signature is None else [int(size) for size in signature]
    for part in (sizes, declared):
        demand(len(part) <= MOST_DIMENSIONS, "a tensor of more than 16 dimensions")
        demand(all(size >= -1 for size in part), "a tensor of negative size")
        width = dtype_of(tensor.type).itemsize if has_dtype(tensor.type) else 1
        known = tuple(size for size in part if size >= 0)
        demand(is_possible(known, width), "a tensor of more entries than fit into memory")
    if declared:
        fits = len(declared) == len(sizes) and all(
            d in (-1, s) for d, s in zip(declared, sizes, strict=True)
        )
        demand(fits, "a tensor of two shapes that contradict each other")


def _check_quantisation(tensor: schema.TensorT) -> None:
    found = tensor.quantization
    scales = [] if found is None or found.scale is None else found.scale
    zeros = [] if found is None or found.zeroPoint is None else found.zeroPoint
    if not len(scales) and not len(zeros):
        return
    demand(len(zeros) in (0, len(scales)), "a quantised tensor without its zero points")
    demand(bool(np.isfinite(scales).all()), "a quantised tensor whose scale is no number")
    if len(scales) > 1:
        sizes = [] if tensor.shape is None else tensor.shape
        axis = int(found.quantizedDimension)
        demand(
            0 <= axis < len(sizes) and int(sizes[axis]) == len(scales),
            "a quantised tensor whose scales do not fit its shape",
        )


def _check_strings(data: np.ndarray, entries: int) -> None:
    """Count, count + 1 offsets, characters."""
    raw = np.ascontiguousarray(data, np.uint8).tobytes()
    what = "strings that lie outside their tensor"
    demand(len(raw) >= 4, what)
    count = int.from_bytes(raw[:4], "little", signed=True)
    demand(count == entries and 0 <= count <= len(raw) // 4 - 1, what)
    demand(len(raw) >= 8 + 4 * count or count == 0, what)
    if count:
        offsets = np.frombuffer(raw, "<i4", count + 1, 4).tolist()
        demand(offsets[0] == 8 + 4 * count and offsets[-1] <= len(raw), what)
        demand(all(a <= b for a, b in pairwise(offsets)), what)


def _check_sparsity(tensor: schema.TensorT) -> None:
    """Each stored dimension is dense, or has segments and indices that stay inside it."""
    what = "a sparse tensor whose parts do not fit together"
    found, sizes = tensor.sparsity, [] if tensor.shape is None else tensor.shape
    order = [] if found.traversalOrder is None else [int(axis) for axis in found.traversalOrder]
    blocks = [] if found.blockMap is None else [int(axis) for axis in found.blockMap]
    stored = found.dimMetadata or []
    demand(len(order) == len(stored) == len(sizes) + len(blocks), what)
    demand(sorted(order) == list(range(len(order))), what)
    demand(all(0 <= axis < len(sizes) for axis in blocks), what)
    parts = 1
    for dimension in stored:
        if dimension.format == schema.DimensionType.DENSE:
            demand(0 < dimension.denseSize <= MOST_ENTRIES, what)
            parts *= int(dimension.denseSize)
            demand(parts <= MOST_ENTRIES, what)
            continue
        vectors = [dimension.arraySegments, dimension.arrayIndices]
        demand(all(v is not None and v.values is not None for v in vectors), what)
        segments, indices = (np.asarray(v.values, np.int64) for v in vectors)
        demand(len(segments) == parts + 1 and int(segments[0]) == 0, what)
        demand(bool((np.diff(segments) >= 0).all()) and int(segments[-1]) == len(indices), what)
        demand(bool((indices >= 0).all()), what)
        parts = len(indices)
