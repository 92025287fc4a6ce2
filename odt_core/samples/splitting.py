"""Divide samples into what is trained on and what is kept to check it."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np

from odt_core.errors import SettingsError
from odt_core.samples.near_duplicates import first_equal
from odt_core.samples.types import Samples, check_samples


def split(samples: Samples, *, share: float = 0.2, seed: int = 0) -> tuple[Samples, Samples]:
    """(train, test), each label by itself; a label's samples keep their order within each part.

    A label with n samples gives round(n · share) of them to the test part, but at least one from
    the third sample on and never its last one. Samples that are equal to the last number count as
    one, of the first one's label, and go to one part together, but for rows of few or coarse
    numbers, such as categories, which may well have been drawn twice. A label whose samples would
    all be test samples so keeps the first of them, and its equals, for training: then the first
    one's label may give fewer. Pictures that are only alike, as of a burst, are not looked for:
    odt_core.evaluation.leakage tells those. share: 0 to below 1; 0 keeps everything for training.
    Samples with targets instead of labels are divided as if all had the same label.
    seed: a whole number of at least 0. SettingsError for another share or seed, SampleError for
    what is no odt.Samples.
    """
    check_samples(samples)
    if not (isinstance(share, Real) and 0 <= share < 1):
        raise SettingsError(
            f"The share to test with is a number from 0 to below 1, such as 0.2, not {share!r}."
        )
    if not (isinstance(seed, Integral) and seed >= 0):
        raise SettingsError(f"A seed is a whole number of at least 0, not {seed!r}.")
    test = np.zeros(len(samples), bool)
    first = first_equal(samples.x)
    stands = first == np.arange(len(first))  # for itself, and for those that are equal
    groups = groups_of(samples)
    for label in np.unique(groups[stands]):
        index = np.flatnonzero((groups == label) & stands)
        count = round(len(index) * share)
        if share and len(index) >= 3:
            count = max(count, 1)
        count = min(count, len(index) - 1)
        # Each label has its own generator: adding samples of one label moves no other's, but for
        # equal ones.
        chosen = np.random.default_rng((seed, int(label))).permutation(len(index))[:count]
        test[index[chosen]] = True
    test = test[first]
    for label in np.unique(groups):
        mine = groups == label
        if test[mine].all():  # all its samples are equal to another label's
            test[first == first[mine.argmax()]] = False
    return samples.take(~test), samples.take(test)


def groups_of(samples: Samples) -> np.ndarray:
    """int64 [N]: the label of each sample; all the same where there are targets instead."""
    return samples.y if samples.y.dtype.kind != "f" else np.zeros(len(samples), np.int64)
