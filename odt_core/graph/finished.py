"""The last that is done to a model before its bytes are written."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flatbuffer import write
from odt_core.graph.passes.in_place import read_once_more
from odt_core.graph.passes.prune import compact
from odt_core.graph.passes.roots import divide_by_roots
from odt_core.graph.passes.wide_kernels import widen_kernels
from odt_core.graph.runtimes import say_runtime


def finished(model: schema.ModelT) -> bytes:
    """The bytes of a model whose ops have been changed, without what nobody uses any more: in a
    form that each runtime takes and computes rightly, and saying which ones it needs.
    """
    settle(model)
    say_runtime(model)
    compact(model)
    return write(model)


def settle(model: schema.ModelT) -> None:
    """Gives a model the ops that it is written with; done again, it changes nothing."""
    divide_by_roots(model)
    widen_kernels(model)
    read_once_more(model)
