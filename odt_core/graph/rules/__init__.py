"""Lowering rules: what each Flex op becomes. `RULES` shows at a glance what is covered."""

from odt_core.graph.rules import (
    activation,
    batch_norm,
    bias,
    conv,
    depthwise,
    elementwise,
    identity,
    loss,
    optimiser,
    pooling,
    random,
    resize,
    shape,
    slices,
    special,
    variables,
)
from odt_core.graph.rules.registry import RULES, Rule, rule

__all__ = [
    "RULES",
    "Rule",
    "activation",
    "batch_norm",
    "bias",
    "conv",
    "depthwise",
    "elementwise",
    "identity",
    "loss",
    "optimiser",
    "pooling",
    "random",
    "resize",
    "rule",
    "shape",
    "slices",
    "special",
    "variables",
]
