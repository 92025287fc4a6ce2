"""What a profile of a train step says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpCost:
    """All ops of one kind. times: how many there are in a step. ms: all of them together. share:
    of the step, 0 to 1. delegate: who runs them, XNNPACK or LiteRT's own kernels.
    """

    op: str
    times: int
    ms: float
    share: float
    delegate: str


@dataclass(frozen=True)
class Profile:
    """A train step by op, the dearest first. step_ms: the whole step, as fast as it was seen.
    rest_ms: what the ops do not explain, 0 where alone they take longer than together. parts: how
    many pieces of the graph XNNPACK runs; one is best.
    """

    signature: str
    batch: int
    threads: int
    step_ms: float
    parts: int
    ops: tuple[OpCost, ...]
    rest_ms: float
