"""How many pixels, words or labels are told right, for models that answer for each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from odt_core.evaluation.uneven import Constant
from odt_core.words import some_of

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract


@dataclass(frozen=True)
class PlaceScores:
    """mean_iou: intersection over union of what is and what is said to be of a class, the mean over
    the classes that there are (Everingham et al. 2010, The PASCAL VOC Challenge, section 4.3); a
    class that fills most places does not outweigh others.
    called: "pixels", "labels" of which several may be right, or other "places", such as words.
    known: int64 [N], how many of each sample's places belong to a class; correct: int64 [N], how
    many of these are right. classes: what is right at each of P places, int32 [N, P, 1] the number
    of its class, −1 of none, or bool [N, P, C] which of C are there. judged: bool [N], the samples
    that all figures are of (Evaluation.judged).
    """

    mean_iou: float
    called: str
    known: np.ndarray = field(repr=False)
    correct: np.ndarray = field(repr=False)
    classes: np.ndarray = field(repr=False)
    judged: np.ndarray = field(repr=False)

    @cached_property
    def right(self) -> float:
        """Share of all places; nan without any."""
        known = self.known[self.judged].sum()
        return float(self.correct[self.judged].sum() / known) if known else float("nan")

    @cached_property
    def wrong(self) -> np.ndarray:
        """float64 [N]: the share of each sample's places that is not right; 0 where none of them
        belongs to a class.
        """
        return np.asarray((self.known - self.correct) / np.maximum(self.known, 1))

    @cached_property
    def constant(self) -> Constant | None:
        """What always giving the same answer comes to, the one that gets most right: the commonest
        for all places, but for each label, which is a thing of its own, whether it mostly is there.
        None without any of a class.
        """
        there = self.known[self.judged] > 0
        if not there.any():
            return None
        known, classes = self.known[self.judged][there], self.classes[self.judged][there]
        if self.called == "labels":
            answer = 2 * classes.sum(axis=0) > len(classes)
        else:
            answer = _commonest(classes[(classes >= 0).all(axis=-1)])
        right = (classes == answer).all(axis=-1).sum(axis=1)
        return Constant(
            *_said(answer, self.called),
            correct=int(right.sum()),
            n=int(known.sum()),
            places=self.called,
            in_samples=float((right / known).mean()),
        )

    def part(self, chosen: np.ndarray, judged: np.ndarray) -> PlaceScores:
        """Of some of the samples, bool [N], of which so are judged; without mean IoU (nan)."""
        return replace(
            self,
            mean_iou=float("nan"),
            known=self.known[chosen],
            correct=self.correct[chosen],
            classes=self.classes[chosen],
            judged=judged,
        )


def places(
    answers: np.ndarray,
    truth: np.ndarray,
    contract: Contract,
    judged: np.ndarray | None = None,
) -> PlaceScores | None:
    """answers: what predict_proba gave; truth: what `truth_of` gives, float [N, …]. judged: bool
    [N], the samples that figures are of; None: all.

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
    judged = np.ones(len(truth), bool) if judged is None else judged
    if contract.one_of_classes:
        known = truth.sum(axis=-1) == 1
        is_, said = truth.argmax(axis=-1), answers.argmax(axis=-1)
        right = is_ == said
        classes = np.where(known, is_, -1).astype(np.int32)[..., np.newaxis]
        told = known & judged.reshape(-1, *(1,) * (known.ndim - 1))
        is_, said = is_[told], said[told]
        pairs = [(is_ == k, said == k) for k in np.union1d(is_, said)]
    else:
        is_, said = truth == 1, answers >= 0.5
        several = len(contract.target_shape) > 2 and truth.shape[-1] > 1
        channels = truth.shape[-1] if several else 1
        is_, said = is_.reshape(-1, channels), said.reshape(-1, channels)
        told = slice(None) if judged.all() else np.repeat(judged, len(is_) // len(truth))
        one, other = is_[told], said[told]
        pairs = list(zip(one.T, other.T, strict=True))
        pairs += [] if several else [(~one[:, 0], ~other[:, 0])]  # what is not it is a class, too
        right = (is_ == said).all(axis=-1)
        known, classes = np.ones_like(right), is_
    if not known.any():
        return None
    overlaps = [
        np.count_nonzero(one & other) / union
        for one, other in pairs
        if (union := np.count_nonzero(one | other))
    ]
    mean_iou = float(np.mean(overlaps)) if overlaps else 1.0
    places_of, correct = (one.reshape(len(truth), -1).sum(axis=1) for one in (known, known & right))
    classes = classes.reshape(len(truth), -1, classes.shape[-1])
    return PlaceScores(mean_iou, _called(contract), places_of, correct, classes, judged)


def _called(contract: Contract) -> str:
    from odt_core.samples.masks import is_picture

    if is_picture(contract.target_shape):
        return "pixels"
    return "places" if contract.one_of_classes or len(contract.target_shape) > 1 else "labels"


def _commonest(rows: np.ndarray) -> np.ndarray:
    """[C]: the row that is there most often of int32 or bool [M, C]. They are told apart by a sum
    of lots, which hardly any two that differ share; if they did, what is found is still one.
    """
    lots = np.random.default_rng(0).integers(1, 2**40, rows.shape[1])
    sums = rows @ lots
    each, counts = np.unique(sums, return_counts=True)
    return np.asarray(rows[(sums == each[counts.argmax()]).argmax()])


def _said(answer: np.ndarray, called: str) -> tuple[int | None, str]:
    """(the label or class, None of several and of none; what it is called)."""
    labels = called == "labels"
    if answer.size == 1:  # the class itself; of a mask, what is not it is class 0
        return int(answer[0]), f"class {int(answer[0])}"
    chosen = np.flatnonzero(answer).tolist()
    if labels and len(chosen) == len(answer):
        return None, "every label"
    if not chosen:
        return None, "no label" if labels else "nothing"
    one, more = ("label", "labels") if labels else ("class", "classes")
    if len(chosen) > 1:
        return None, f"{more} {some_of(chosen)}"
    return chosen[0], f"{one} {chosen[0]}"
