"""Whether everybody did the same work: the losses of the first steps, and the first answers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Of the loss, or of the largest logit. Rounding grows over 20 steps; a wrong gradient, rate or
# epsilon shows in the second loss already, by far more.
TOLERANCE = 2e-3


@dataclass(frozen=True)
class Verdict:
    """agrees: within TOLERANCE of what most engines found. steps: how many losses were compared.
    worst: the largest relative distance found.
    """

    agrees: bool
    steps: int
    worst: float


def compare_losses(losses: Mapping[str, Sequence[float]]) -> dict[str, Verdict]:
    """Each engine's losses against the median of all engines, step by step.

    A slow engine may have done fewer steps: those are compared. With two engines that differ
    neither agrees, since nobody knows which is right.
    """
    return {name: _verdict(own, list(losses.values())) for name, own in losses.items()}


def compare_answers(answers: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, Verdict]:
    """Each engine's logits [N][K] against the median of all engines, by the largest of them."""
    flat = {name: [v for row in rows for v in row] for name, rows in answers.items()}
    result = {}
    for name, own in flat.items():
        middle = [statistics.median(column) for column in zip(*flat.values(), strict=True)]
        scale = max((abs(v) for v in middle), default=0) or 1.0
        worst = max((_gap(a - b) for a, b in zip(own, middle, strict=True)), default=0.0) / scale
        result[name] = Verdict(worst <= TOLERANCE, 0, worst)
    return result


def _verdict(own: Sequence[float], everyone: Sequence[Sequence[float]]) -> Verdict:
    worst = 0.0
    for step, loss in enumerate(own):
        middle = statistics.median(other[step] for other in everyone if len(other) > step)
        worst = max(worst, _gap(loss - middle) / max(abs(middle), 1.0))
    return Verdict(worst <= TOLERANCE, len(own), worst)


def _gap(difference: float) -> float:
    """Its size; without end where it is not a number."""
    return abs(difference) if difference == difference else float("inf")
