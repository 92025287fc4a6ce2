"""What may be said of the base model against the personalised one on the same test samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odt_core.evaluation.comparison import Comparison, compare
from odt_core.evaluation.evaluation import Evaluation
from odt_core.evaluation.leaks import Leakage
from odt_core.evaluation.never_learnt import NewLabels, new_labels


@dataclass(frozen=True)
class Claims:
    """comparison: on all samples; it calls no model the better one where some of them were trained
    on, or may have decided which weights were kept. leak: those trained on; others: the comparison
    on the rest, None where there is no rest. new: labels that the base model never learnt, among
    samples that were not trained on. chosen: whether the weights are those of a run that did best
    on its test samples.
    """

    comparison: Comparison
    leak: Leakage | None
    others: Comparison | None
    new: NewLabels | None
    chosen: bool = False

    @property
    def chosen_sentence(self) -> str | None:
        """What figures on samples are worth by which the weights were chosen."""
        if not self.chosen:
            return None
        return (
            "These weights did best on their run's test samples. If those are the samples used "
            "here, the figures are too good: judge on others."
        )

    @property
    def leak_sentence(self) -> str | None:
        """How many samples were trained on, and what the others say."""
        if self.leak is None:
            return None
        if self.others is None:
            return self.leak.sentence
        return f"{self.leak.sentence} On the other {self.others.samples:,}: {self.others.sentence}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it, to be shown together."""
        said = (
            self.comparison.sentence,
            self.comparison.gain_sentence,
            self.chosen_sentence,
            self.leak_sentence,
            self.new and self.new.sentence,
        )
        return tuple(sentence for sentence in said if sentence)


def claims(
    base: Evaluation,
    own: Evaluation,
    known: np.ndarray,
    names: Sequence[str | None],
    leak: Leakage | None = None,
    *,
    chosen: bool = False,
) -> Claims:
    """known: bool [K], whether the base model learnt each of the labels; names: of the K labels
    that the personalised model was asked with. SampleError unless both are of the same samples.
    """
    comparison = compare(base, own, called="" if chosen or leak else "Your model")
    called = "" if chosen else "Your model"  # of samples that were not trained on
    rest = (base, own) if leak is None else (leak.others(base), leak.others(own))
    others = compare(*rest, called) if leak is not None and rest[0].n else None
    fits = len(known) == len(names) and rest[0].n > 0
    new = new_labels(*rest, known, names, called) if fits else None
    return Claims(comparison, leak, others, new, chosen)
