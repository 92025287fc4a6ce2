"""What many runs say together: median and 95th percentile of each figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """One figure over `n` runs."""

    n: int
    median: float
    p95: float  # the slowest but one of twenty


def spread(values: Sequence[float]) -> Spread:
    """Median and 95th percentile; the percentile is one of the values, not between two."""
    p95 = np.percentile(values, 95, method="inverted_cdf")
    return Spread(len(values), float(np.median(values)), float(p95))


def spreads(runs: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """The spread of every figure, in the order of the first run; a run may lack some."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: spread([run[name] for run in runs if name in run]) for name in names}


def table(found: Mapping[str, Spread]) -> str:
    """The figures as text for people."""
    lines = [f"{'figure':34}{'n':>4}{'median':>10}{'95 %':>10}"]
    lines += [f"{name:34}{one.n:4}{one.median:10.3f}{one.p95:10.3f}" for name, one in found.items()]
    return "\n".join(lines)
