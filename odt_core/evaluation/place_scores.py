"""How many pixels, words or labels are told right, for models that answer for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from odt_core.evaluation.uneven import Constant

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract


@dataclass(frozen=True)
class PlaceScores:
    """mean_iou: intersection over union of what is and what is said to be of a class, the mean over
    the classes that there are (Everingham et al. 2010, The PASCAL VOC Challenge, section 4.3); a
    class that fills most places does not outweigh others.
    called: "pixels", "labels" of which several may be right, or other "places", such as words.
    known: int64 [N], how many of each sample's places belong to a class; correct: int64 [N], how
    many of these are right. always: int64 [N, C], how many would be if all were given the same
    answer, for each of C; answers: what these C are called.
    """

    mean_iou: float
    called: str
    known: np.ndarray
    correct: np.ndarray
    always: np.ndarray
    answers: tuple[str, ...]

    @cached_property
    def right(self) -> float:
        """Share of all places of all samples; nan without any."""
        return float(self.correct.sum() / self.known.sum()) if self.known.any() else float("nan")

    @cached_property
    def wrong(self) -> np.ndarray:
        """float64 [N]: the share of each sample's places that is not right; 0 where none of them
        belongs to a class.
        """
        return np.asarray((self.known - self.correct) / np.maximum(self.known, 1))

    @cached_property
    def constant(self) -> Constant | None:
        """What the commonest answer for all places comes to; None without any of a class."""
        there = self.known > 0
        if not there.any():
            return None
        each = self.always.sum(axis=0)
        best = int(each.argmax())
        return Constant(
            best,
            self.answers[best],
            int(each[best]),
            int(self.known.sum()),
            int(np.count_nonzero(each)),
            self.called,
            float((self.always[there, best] / self.known[there]).mean()),
        )

    def part(self, chosen: np.ndarray) -> PlaceScores:
        """Of some of the samples, bool [N]; without mean IoU (nan)."""
        return replace(
            self,
            mean_iou=float("nan"),
            known=self.known[chosen],
            correct=self.correct[chosen],
            always=self.always[chosen],
        )


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
        always = (truth == 1) & known[..., None]
        always = always.reshape(len(truth), -1, truth.shape[-1]).sum(axis=1)
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
        # None of them, or one alone; that two are everywhere at once is not looked at.
        alone = is_ & (is_.sum(axis=-1, keepdims=True) == 1) if several else is_
        each = [~is_.any(axis=-1), *alone.T]
        always = np.stack([one.reshape(len(truth), -1).sum(axis=1) for one in each], axis=1)
    if not known.any():
        return None
    overlaps = [
        np.count_nonzero(one & other) / union
        for one, other in pairs
        if (union := np.count_nonzero(one | other))
    ]
    mean_iou = float(np.mean(overlaps)) if overlaps else 1.0
    places_of, correct = (one.reshape(len(truth), -1).sum(axis=1) for one in (known, known & right))
    called = _called(contract)
    names = _answers(called, contract, always.shape[-1])
    return PlaceScores(mean_iou, called, places_of, correct, always, names)


def _called(contract: Contract) -> str:
    from odt_core.samples.masks import is_picture

    if is_picture(contract.target_shape):
        return "pixels"
    return "places" if contract.one_of_classes or len(contract.target_shape) > 1 else "labels"


def _answers(called: str, contract: Contract, number: int) -> tuple[str, ...]:
    """What so many answers are called that are the same for all places (`PlaceScores.always`)."""
    if called == "labels":
        return "no label", "every label"
    if contract.one_of_classes or number == 2:  # of a mask, what is not it is class 0
        return tuple(f"class {k}" for k in range(number))
    return "nothing", *(f"class {k}" for k in range(number - 1))
