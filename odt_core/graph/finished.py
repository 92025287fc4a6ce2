"""The last that is done to a model before its bytes are written."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flatbuffer import write
from odt_core.graph.passes.in_place import read_once_more
from odt_core.graph.passes.prune import compact


def finished(model: schema.ModelT) -> bytes:
    """The bytes of a model whose ops have been changed: as right on LiteRT's own kernels as on
    XNNPACK, and without what nobody uses any more.
    """
    read_once_more(model)
    compact(model)
    return write(model)
