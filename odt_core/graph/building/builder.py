"""All ops together: what lowering rules are written in.

Each method is one TFLite op (or the few that make one idea), takes and returns `Tensor`s, and
follows the op's documented semantics. Python numbers and numpy arrays may stand for constants.
"""

from __future__ import annotations

from odt_core.graph.building.movement import Movement
from odt_core.graph.building.products import Products
from odt_core.graph.building.reductions import Reductions


class Builder(Movement, Reductions, Products):
    """Writes ops into `operators`, in order, and their tensors into the subgraph."""
