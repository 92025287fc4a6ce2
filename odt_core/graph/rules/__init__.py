"""Lowering rules: what each Flex op becomes. `RULES` shows at a glance what is covered."""

from odt_core.graph.rules import (
    activation,
    batch_norm,
    bias,
    conv,
    depthwise,
    identity,
    loss,
    pooling,
    random,
    shape,
    slices,
    special,
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
    "identity",
    "loss",
    "pooling",
    "random",
    "rule",
    "shape",
    "slices",
    "special",
]
