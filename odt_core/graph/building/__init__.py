"""What lowering rules are written in: builtin ops, one method each, and the shapes they give."""

from odt_core.graph.building.builder import Builder
from odt_core.graph.building.writer import PoolGradient, Value

__all__ = ["Builder", "PoolGradient", "Value"]
