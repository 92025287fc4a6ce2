"""A gain on labels that the base model never learnt is no improvement of what it could do before.

It never saw them, so that it is right about their samples by chance alone. How both models do on
the other samples is told apart from that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odt_core.evaluation.comparison import Comparison, compare
from odt_core.evaluation.evaluation import Evaluation, part_of
from odt_core.samples.labels import called as label_called
from odt_core.words import percent_apart

_MOST = 4  # labels that are named


@dataclass(frozen=True)
class NewLabels:
    """outputs: of the new labels among the samples. n: samples of them, judged. base, own: how both
    do on the others, without cross-entropy; comparison: of these two. sentence: all of it.
    listed: the new labels by name, where the base model knows others.
    """

    outputs: tuple[int, ...]
    n: int
    base: Evaluation
    own: Evaluation
    comparison: Comparison
    sentence: str
    listed: str

    @property
    def in_short(self) -> str:
        """What is left of a gain without the new labels, beside the figures of all."""
        if not self.base.n:
            return f"The base model never learnt {self.listed}."
        before, after, n = self.base.correct, self.own.correct, self.base.different
        return f"On the labels that the base model knows: {before:,} → {after:,} of {n:,} right."


def new_labels(
    base: Evaluation,
    own: Evaluation,
    known: np.ndarray,
    names: Sequence[str | None],
    called: str = "Your model",
) -> NewLabels | None:
    """None where the base model knows all labels of the samples, and for values.

    known: bool [K], whether the base model learnt each label; none of an untrained head. names: of
    the K labels. called: as of `compare`.
    """
    if base.correct is None:
        return None
    old = known[base.truth]
    n, count = base.different, int(np.count_nonzero(~old & base.judged))
    if not count:
        return None
    outputs = tuple(int(label) for label in np.unique(base.truth[~old]))
    parts = part_of(base, old), part_of(own, old)
    # That some labels fare well is no merit where the whole is no more than a constant answer.
    comparison = compare(*parts, called if own.beats_constant else "", some_labels=True)
    listed = ", ".join(f"“{label_called(names[k], k)}”" for k in outputs[:_MOST])
    if len(outputs) > _MOST:
        listed += f" and {len(outputs) - _MOST} more"
    lucky = int(base.correct - parts[0].correct) if parts[0].correct is not None else 0
    which = f"{count:,} of the {n:,} samples {'is' if count == 1 else 'are'}"
    if count == n:
        which = "The only sample is" if n == 1 else f"All {n:,} samples are"
    right = f"right about {lucky or 'none'} of them"
    if count == 1:
        right = "right about it" if lucky else "wrong about it"
    sentence = f"{which} of {listed}, which the base model never learnt: it is {right}."
    if not known.any():
        listed = "these labels"
        sentence = (
            f"The base model never learnt a label: by chance alone it is right about "
            f"{lucky or 'none'} of {n:,}, and a gain over it shows no more than that "
            "something was learnt."
        )
    if parts[0].n:
        right = " → ".join(percent_apart(one.accuracy or 0.0) for one in parts)
        sentence += f" On the other {parts[0].different:,}: {right}. {comparison.sentence}"
    return NewLabels(outputs, count, *parts, comparison, sentence, listed)
