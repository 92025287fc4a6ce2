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
    """One pass. exact: whether every number stays, bit for bit."""

    name: str
    apply: Apply
    exact: bool = True


def _each_op(form: Callable[[Builder, schema.OperatorT], Tensor | None]) -> Apply:
    return lambda model, graph: rewrite(model, graph, form)


_DEAD_CODE = Pass("dead code", remove_dead_ops)  # drops what nobody reads
PASSES = (
    _DEAD_CODE,
    # Updates looked-up rows of a table with the table.
    Pass("whole tables", whole_tables),
    # Computes the same thing once.
    Pass("common subexpressions", share_results),
    # Writes slices so that XNNPACK takes them.
    Pass("slices", _each_op(masked_slice)),
    # Broadcasts by the ops that read it.
    Pass("broadcasts", without_broadcasts),
    # Scales the smaller factor.
    Pass("scales", scale_smaller_factor, exact=False),
    # Turns narrow products over.
    Pass("narrow products", _each_op(narrow_product), exact=False),
    # Adds and scales few channels in longer rows.
    Pass("longer rows", longer_rows),
    # Does first or last what XNNPACK refuses.
    Pass("order", refused_apart),
    # Reads and assigns variables without copies.
    Pass("reads", read_for_each_reader),
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
