"""Label by label: base and personalised on the same samples, and which answers moved where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation.evaluation import Evaluation, check_alike
from odt_core.evaluation.paired import mcnemar
from odt_core.evaluation.proportion import Proportion


@dataclass(frozen=True)
class LabelRow:
    """One label's samples that are judged. `label` is the output index."""

    label: int
    n: int
    base: Proportion
    own: Proportion
    fixed: int  # base wrong, own right
    broken: int  # base right, own wrong


@dataclass(frozen=True)
class Moved:
    """Samples of one right label whose answer went from one label to another; output indices. Of
    those that are judged.
    """

    truth: int
    before: int
    after: int
    index: tuple[int, ...]  # places among the samples, ascending

    @property
    def n(self) -> int:
        """How many."""
        return len(self.index)

    @property
    def fixed(self) -> bool:
        """Whether the answer became right."""
        return self.after == self.truth

    @property
    def broken(self) -> bool:
        """Whether the answer was right before."""
        return self.before == self.truth


def label_table(base: Evaluation, own: Evaluation) -> tuple[LabelRow, ...]:
    """A row for each label that has samples, by output index. SampleError when the two are of
    different samples, or of a model of values.
    """
    _check(base, own)
    before, after = base.predictions == base.truth, own.predictions == own.truth
    rows = []
    for label in np.unique(base.truth):
        mine = (base.truth == label) & base.judged
        n = int(mine.sum())
        rows.append(
            LabelRow(
                label=int(label),
                n=n,
                base=Proportion(int(before[mine].sum()), n),
                own=Proportion(int(after[mine].sum()), n),
                fixed=int((after & ~before)[mine].sum()),
                broken=int((before & ~after)[mine].sum()),
            )
        )
    return tuple(rows)


def worse_labels(base: Evaluation, own: Evaluation, level: float) -> tuple[LabelRow, ...]:
    """Labels of whose samples `own` gets fewer right, by more than chance: McNemar's exact test of
    each, such that any label is named by mistake in at most a share `level` of cases (Holm 1979, A
    simple sequentially rejective multiple test procedure, Scand. J. Statist. 6:65–70). The surest
    first. Labels with too few changed answers for the test ever to be sure are not counted (Tarone
    1990, Biometrics 46:515–522). SampleError as `label_table`.
    """
    rows = label_table(base, own)
    tested = [row for row in rows if mcnemar(row.fixed + row.broken, 0) < level]
    tested.sort(key=lambda row: mcnemar(row.fixed, row.broken))
    worse = []
    for at, row in enumerate(tested):
        if mcnemar(row.fixed, row.broken) >= level / (len(tested) - at):
            break
        if row.broken > row.fixed:
            worse.append(row)
    return tuple(worse)


def moved_labels(base: Evaluation, own: Evaluation) -> tuple[Moved, ...]:
    """Every change of answer, the most frequent first, then by right label, before and after.

    SampleError as `label_table`.
    """
    _check(base, own)
    groups: dict[tuple[int, int, int], list[int]] = {}
    for at in np.flatnonzero((base.predictions != own.predictions) & base.judged):
        key = (int(base.truth[at]), int(base.predictions[at]), int(own.predictions[at]))
        groups.setdefault(key, []).append(int(at))
    moved = (Moved(*key, tuple(index)) for key, index in groups.items())
    return tuple(sorted(moved, key=lambda m: (-m.n, m.truth, m.before, m.after)))


def _check(base: Evaluation, own: Evaluation) -> None:
    if base.correct is None or own.correct is None:
        raise SampleError("A model of values has no labels to look at one by one.")
    check_alike(base, own)
