"""The passes over a lowered graph, in order, and what each is there for.

`python -m benchmarks.passes` measures each pass's gain; tests/graph/test_graph_passes.py shows that
the numbers do not change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.building import Builder
from odt_core.graph.passes.broadcasts import without_broadcasts
from odt_core.graph.passes.forms import rewrite
from odt_core.graph.passes.long_rows import longer_rows
from odt_core.graph.passes.narrow import narrow_product
from odt_core.graph.passes.order import refused_apart
from odt_core.graph.passes.prune import remove_dead_ops
from odt_core.graph.passes.reads import read_for_each_reader
from odt_core.graph.passes.scales import scale_smaller_factor
from odt_core.graph.passes.shared import share_results
from odt_core.graph.passes.slices import masked_slice
from odt_core.graph.passes.tables import whole_tables
from odt_core.graph.tensor import Tensor

Apply = Callable[[schema.ModelT, schema.SubGraphT], None]


@dataclass(frozen=True)
class Pass:
    """One pass. does: what, in a few words. exact: whether every number stays, bit for bit."""

    name: str
    does: str
    apply: Apply
    exact: bool = True


def _each_op(form: Callable[[Builder, schema.OperatorT], Tensor | None]) -> Apply:
    return lambda model, graph: rewrite(model, graph, form)


_DEAD_CODE = Pass("dead code", "drops what nobody reads", remove_dead_ops)
PASSES = (
    _DEAD_CODE,
    Pass("whole tables", "updates looked-up rows of a table with the table", whole_tables),
    Pass("common subexpressions", "computes the same thing once", share_results),
    Pass("slices", "writes slices so that XNNPACK takes them", _each_op(masked_slice)),
    Pass("broadcasts", "broadcasts by the ops that read it", without_broadcasts),
    Pass("scales", "scales the smaller factor", scale_smaller_factor, exact=False),
    Pass("narrow products", "turns narrow products over", _each_op(narrow_product), exact=False),
    Pass("longer rows", "adds and scales few channels in longer rows", longer_rows),
    Pass("order", "does first or last what XNNPACK refuses", refused_apart),
    Pass("reads", "reads and assigns variables without copies", read_for_each_reader),
)


def optimise(
    model: schema.ModelT, graph: schema.SubGraphT, passes: tuple[Pass, ...] = PASSES
) -> None:
    """Makes a subgraph faster; what it computes stays the same up to rounding.

    A pass leaves behind what it replaced, so dead code is dropped after each, unless left out.
    """
    for one in passes:
        one.apply(model, graph)
        if _DEAD_CODE in passes:
            remove_dead_ops(model, graph)
