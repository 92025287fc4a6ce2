"""Which test samples a study can be judged by: those that say something new of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation.leaks import leakage, like_in_words
from odt_core.evaluation.over_again import copies, picture_of
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
    told = []
    leak = leakage(train, test, how)
    if leak is not None:
        told.append(leak.sentence)
        test = leak.unseen(test)
        if not len(test):
            raise SampleError(f"{leak.sentence} Add test samples that are not trained on.")
    same = copies(test, how)
    if same is not None:
        first = same == np.arange(len(same))
        over = int(np.count_nonzero(~first))
        like = like_in_words(over, picture_of(test, how) is not None)
        told.append(f"{count(over, 'test sample')} {like} another one.")
        test = test.take(first)
    if told:
        told.append(f"The other {len(test):,} judge this.")
    return test, " ".join(told)
