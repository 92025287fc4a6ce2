"""Test samples that were trained on: how a model does on these says nothing of new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from odt_core.evaluation.evaluation import Evaluation, part_of
from odt_core.evaluation.over_again import picture_of
from odt_core.samples.near_duplicates import near_duplicates

if TYPE_CHECKING:
    from odt_core.samples import Preprocessing, Samples

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Leakage:
    """Some of n test samples that were trained on, or are training samples over again.

    earlier: int64, ascending, those known to have been trained on before, or to nearly repeat what
    was; exactly: whether they are all, and themselves what was trained on. alike: likewise, those
    that are samples of the training over again; picture: whether those were told by how they look.
    """

    n: int
    earlier: np.ndarray
    alike: np.ndarray
    picture: bool = False
    exactly: bool = False

    @property
    def seen(self) -> np.ndarray:
        """Which, int64, ascending."""
        return np.union1d(self.earlier, self.alike)

    @property
    def sentence(self) -> str:
        """How many, for a card."""
        said = []
        if len(self.earlier):
            said.append(_earlier_in_words(len(self.earlier), self.n, exactly=self.exactly))
        if not np.isin(self.alike, self.earlier).all():
            how = f"{like_in_words(len(self.alike), self.picture)} a training sample"
            said.append(_told(len(self.alike), self.n, how))
        return " ".join(said)

    def others(self, evaluation: Evaluation) -> Evaluation:
        """Of all n samples; what is left of it without those that were trained on."""
        unseen = np.ones(self.n, bool)
        unseen[self.seen] = False
        return part_of(evaluation, unseen)


def leakage(train: Samples, test: Samples, preprocessing: Preprocessing) -> Leakage | None:
    """None where no test sample is known to have been trained on.

    train, test: as the model takes them. What is the same is told as the dashboard tells it
    (`near_duplicates`): pictures drawn or photographed twice or resized, numbers up to rounding.
    """
    return leakage_among(train, test, picture_of(train, preprocessing))


def leakage_among(train: Samples, test: Samples, picture: tuple[int, ...] | None) -> Leakage | None:
    """The same of samples that are known to be pictures, [height, width(, channels)], or None."""
    if train.x.shape[1:] != test.x.shape[1:]:
        return None  # features of one and inputs of the other
    seen = [found.train for found in near_duplicates(test.x, train.x, picture=picture)]
    return Leakage(len(test), _NONE, _places(seen), picture is not None) if seen else None


def trained_earlier(seen: Sequence[int], n: int) -> Leakage | None:
    """Of n test samples those that were trained on before they were for testing, or that a sample
    which was trained on nearly repeats; None without any. seen: which.
    """
    return Leakage(n, _places(seen), _NONE) if len(seen) else None


def trained_on_all(n: int) -> Leakage:
    """Of n test samples that are, all of them, those that were trained on."""
    return Leakage(n, np.arange(n), _NONE, exactly=True)


def joined(one: Leakage | None, other: Leakage | None) -> Leakage | None:
    """What either knows of the same test samples."""
    if one is None or other is None:
        return one or other
    return Leakage(
        one.n,
        np.union1d(one.earlier, other.earlier),
        np.union1d(one.alike, other.alike),
        one.picture or other.picture,
        one.exactly or other.exactly,
    )


def _places(seen: Sequence[int]) -> np.ndarray:
    return np.unique(np.array(seen, np.int64))


def like_in_words(many: int, picture: bool) -> str:
    """What follows a number of samples, before those that they are over again."""
    if picture:
        return f"look{'s' if many == 1 else ''} the same as"
    return f"{'has' if many == 1 else 'have'} the same numbers, up to rounding, as"


def _earlier_in_words(many: int, n: int, *, exactly: bool) -> str:
    said = f"{'was' if many == 1 else 'were'} trained on"
    if exactly:
        return _told(many, n, said)
    again = "a sample nearly the same was" if many == 1 else "samples nearly the same were"
    return _told(many, n, f"{said} earlier, or {again}")


def _told(seen: int, n: int, said: str) -> str:
    if seen == n == 1:
        return f"The only test sample {said}: it says nothing of new ones."
    which = f"All {n:,}" if seen == n else f"{seen:,} of the {n:,}"
    they = "it says" if seen == 1 else "they say"
    return f"{which} test samples {said}: {they} nothing of new ones."
