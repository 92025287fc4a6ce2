"""Which test samples a study can be judged by: those that say something new of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation.leaks import leakage_among, like_in_words
from odt_core.evaluation.over_again import copies_among, picture_of
from odt_core.samples.preprocess import Preprocessing
from odt_core.words import count

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.samples import Samples


def left_to_judge(train: Samples, test: Samples, card: ModelCard | None) -> tuple[Samples, str]:
    """The test samples that were not trained on, one of those that are the same; and in plain
    sentences why others are left out, "" where none are. card: says which samples are pictures.
    SampleError where none is left.
    """
    how = Preprocessing("none", train.x.shape[1:]) if card is None else card.preprocessing
    new, left_out = say_something_new(train, test, picture_of(test, how))
    return test.take(new), left_out


def say_something_new(
    train: Samples, test: Samples, picture: tuple[int, ...] | None
) -> tuple[np.ndarray, str]:
    """Which of the test samples, bool [N], and why not the others, as `left_to_judge`. picture:
    [height, width(, channels)] of samples that are pictures; None for numbers.
    """
    new, told = np.ones(len(test), bool), []
    leak = leakage_among(train, test, picture)
    if leak is not None:
        told.append(leak.sentence)
        new[leak.seen] = False
        if not new.any():
            raise SampleError(f"{leak.sentence} Add test samples that are not trained on.")
    left = np.flatnonzero(new)
    same = copies_among(test.take(left), picture)
    if same is not None:
        again = left[same != np.arange(len(same))]
        new[again] = False
        like = like_in_words(len(again), picture is not None)
        told.append(f"{count(len(again), 'test sample')} {like} another one.")
    if told:
        told.append(f"The other {np.count_nonzero(new):,} judge this.")
    return new, " ".join(told)
