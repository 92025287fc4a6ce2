"""How a lowering rule is declared and found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.tensor import Tensor

Rule = Callable[[Builder, FlexOp, Sequence[Tensor]], Sequence[Tensor]]

RULES: dict[str, Rule] = {}
SINCE: dict[str, str] = {}  # the version of odt that first had a rule for an op


def rule(*ops: str, since: str = "0.1") -> Callable[[Rule], Rule]:
    """Declare a function as the rule for TensorFlow ops.

    The function gets the builder, the op with its attributes, and the op's inputs; it emits builtin
    ops and returns the op's outputs in order (an output nobody needs may be any tensor: ops without
    a reader are removed afterwards). LoweringError says what it cannot do.
    """

    def declare(function: Rule) -> Rule:
        for op in ops:
            RULES[op] = function
            SINCE[op] = since
        return function

    return declare
