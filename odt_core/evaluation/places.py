"""How many pixels or words have the right class, for models that tell one of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from odt_core.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class Places:
    """right: share of all places of all samples. mean_iou: intersection over union of what is and
    what is said to be of a class, the mean over the classes that there are (Everingham et al. 2010,
    The PASCAL VOC Challenge, section 4.3); a class that fills most places does not outweigh others.
    """

    right: float
    mean_iou: float


def places(evaluation: Evaluation) -> Places | None:
    """None where targets are no classes: neither rows of K with a 1 at one of them, nor 0 and 1.

    Rows without a 1 are places that belong to no class: they count neither way.
    """
    truth, answers = evaluation.truth, evaluation.predictions
    if evaluation.correct is not None or truth.ndim < 2 or not truth.size:
        return None
    if truth[0].size < 2 or not ((truth == 0) | (truth == 1)).all():
        return None
    rows = truth.ndim > 2 and truth.shape[-1] > 1
    sums = truth.sum(axis=-1)
    if rows and sums.max() <= 1 and sums.any():
        known = sums == 1
        right, said = truth.argmax(axis=-1)[known], answers.argmax(axis=-1)[known]
    else:
        right, said = truth >= 0.5, answers >= 0.5
    shares = []
    for label in np.union1d(right, said):
        one, other = right == label, said == label
        shares.append(np.count_nonzero(one & other) / np.count_nonzero(one | other))
    return Places(float(np.mean(right == said)), float(np.mean(shares)))
