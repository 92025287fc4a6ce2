"""How many pixels, words or labels are told right, for models that answer for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract


@dataclass(frozen=True)
class PlaceScores:
    """right: share of all places of all samples. mean_iou: intersection over union of what is and
    what is said to be of a class, the mean over the classes that there are (Everingham et al. 2010,
    The PASCAL VOC Challenge, section 4.3); a class that fills most places does not outweigh others.
    called: "pixels", "labels" of which several may be right, or other "places", such as words.
    wrong: float64 [N], the share of each sample's places that is not right; 0 where none of them
    belongs to a class. known: int64 [N], how many of each sample's places belong to one.
    """

    right: float
    mean_iou: float
    called: str
    wrong: np.ndarray
    known: np.ndarray

    def part(self, chosen: np.ndarray) -> PlaceScores:
        """Of some of the samples, bool [N]; without mean IoU (nan)."""
        wrong, known = self.wrong[chosen], self.known[chosen]
        right = 1 - float((wrong * known).sum() / known.sum()) if known.any() else float("nan")
        return replace(self, right=right, mean_iou=float("nan"), wrong=wrong, known=known)


def places(answers: np.ndarray, truth: np.ndarray, contract: Contract) -> PlaceScores | None:
    """answers: what predict_proba gave; truth: what `truth_of` gives, float [N, …].

    None where targets are no classes: neither rows of K with a 1 at one of them, nor 0 and 1 of
    what is learnt as a probability. Rows without a 1 are places that belong to no class: they count
    neither way. Where each of K may be there or not, a place is right when all of them are.
    """
    numbers = truth[:1].size
    if not contract.tells_places or numbers < 2 or answers.size != truth.size:
        return None
    if not ((truth == 0) | (truth == 1)).all():
        return None
    answers = answers.reshape(truth.shape)
    if contract.one_of_classes:
        known = truth.sum(axis=-1) == 1
        is_, said = truth.argmax(axis=-1), answers.argmax(axis=-1)
        right = is_ == said
        is_, said = is_[known], said[known]
        pairs = [(is_ == k, said == k) for k in np.union1d(is_, said)]
    else:
        is_, said = truth == 1, answers >= 0.5
        several = len(contract.target_shape) > 2 and truth.shape[-1] > 1
        channels = truth.shape[-1] if several else 1
        is_, said = is_.reshape(-1, channels), said.reshape(-1, channels)
        pairs = list(zip(is_.T, said.T, strict=True))
        pairs += [] if several else [(~is_[:, 0], ~said[:, 0])]  # what is not it is a class, too
        right = (is_ == said).all(axis=-1)
        known = np.ones_like(right)
    if not known.any():
        return None
    right, known = (one.reshape(len(truth), -1) for one in (right, known))
    counts = known.sum(axis=1)
    wrong = (known & ~right).sum(axis=1) / np.maximum(counts, 1)
    overlaps = [
        np.count_nonzero(one & other) / union
        for one, other in pairs
        if (union := np.count_nonzero(one | other))
    ]
    mean_iou = float(np.mean(overlaps)) if overlaps else 1.0
    return PlaceScores(float(right[known].mean()), mean_iou, _called(contract), wrong, counts)


def _called(contract: Contract) -> str:
    from odt_core.samples.masks import is_picture

    if is_picture(contract.target_shape):
        return "pixels"
    return "places" if contract.one_of_classes or len(contract.target_shape) > 1 else "labels"
