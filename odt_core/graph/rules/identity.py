"""Ops that hand their input on and only check it or mark it."""

from __future__ import annotations

from collections.abc import Sequence

from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Tensor


@rule("CheckNumerics", "EnsureShape", "Identity", "PreventGradient", "Snapshot", "StopGradient")
def identity(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """y = x. LiteRT checks no values at run time, and shapes have been checked by the converter."""
    return [inputs[0]]
