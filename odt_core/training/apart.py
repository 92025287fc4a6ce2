"""Whether a loss falls while predicting learns nothing of it: then the two see other numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from odt_core.runtime.scores import right_answers
from odt_core.training.history import Record

if TYPE_CHECKING:
    from odt_core.dialects import Contract
    from odt_core.samples import Samples

_LEAST = 16  # steps that say something, and measures of them
_MEASURED = 4
_FALLEN = 0.5  # of what a loss was


def why_apart(records: Sequence[Record], samples: Samples, contract: Contract) -> str:
    """A sentence where the loss that a model reports has fallen by half, while what it predicts for
    the samples it learns from has become no better and is worse than one answer for all of them;
    empty elsewhere. samples: these, with no others replayed among them, whose loss it were too.
    """
    later = records[1:]  # a loss is that of the weights before its step, a measure of those after
    losses = [one.loss for one in later if math.isfinite(one.loss)]
    known = [m for one in records if (m := _measured(one)) is not None and math.isfinite(m)]
    if len(losses) < _LEAST or len(known) < _MEASURED or contract.infer is None:
        return ""
    (before, after), (first, last) = _ends(losses), _ends(known)
    if after >= _FALLEN * before or last < first or last <= _guessing(samples, contract):
        return ""
    train, infer = contract.train[0].signature, contract.infer.signature
    return (
        f" The loss of '{train}' fell, and what '{infer}' answers for the same samples became no "
        f"better than a guess. The two may take samples or targets on different scales, or "
        f"normalise them by averages ('{infer}') that have not caught up yet."
    )


def _measured(one: Record) -> float | None:
    return one.cross_entropy if one.cross_entropy is not None else one.mean_squared_error


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The median of the first quarter and of the last."""
    size = max(1, len(values) // 4)
    return float(np.median(values[:size])), float(np.median(values[-size:]))


def _guessing(samples: Samples, contract: Contract) -> float:
    """The cross-entropy, or the mean squared error, of the best answer that is the same for all."""
    if contract.classifies:
        return math.log(max(1, len(np.unique(samples.y))))
    return float(np.var(right_answers(samples.x, samples.y, contract), axis=0).mean())
