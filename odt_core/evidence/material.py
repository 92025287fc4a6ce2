"""What a bundle is made from: plain values, so that any owner of a model can hand them over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from odt_core.evaluation import claims
from odt_core.evidence.inside import Inside
from odt_core.evidence.origin import Origin
from odt_core.evidence.studies import Studies

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.checkpoint import Checkpoint
    from odt_core.dialects import Choice
    from odt_core.evaluation import Claims, Evaluation, Leakage
    from odt_core.samples import Labels, Samples
    from odt_core.training import EvaluationRecord, Outcome, Record

Bake = Callable[[bool], bytes]  # True: for predictions only


@dataclass(frozen=True)
class Judged:
    """Samples that no training saw, and how both models do on them.

    base: None where the model's file holds no weights. own_labels: the labels that the personalised
    model was asked with, where they are not those of the samples (a base test set under the labels
    that the person added). leak: which of the samples training did see after all. chosen: whether
    the weights are those of a run that did best on its test samples.
    """

    samples: Samples
    base: Evaluation | None
    own: Evaluation
    own_labels: Labels | None = None
    leak: Leakage | None = None
    chosen: bool = False

    def claims(self, known: np.ndarray | None = None) -> Claims | None:
        """What may be said of the two; None where there is one. known: bool [K], whether the base
        model learnt each label; None where that is not to be said.
        """
        if self.base is None:
            return None
        names = (self.own_labels or self.samples.labels).names
        known = np.zeros(0, bool) if known is None else known
        return claims(self.base, self.own, known, names, self.leak, chosen=self.chosen)


@dataclass(frozen=True)
class Curves:
    """What was recorded while the model trained; the last training where there were several."""

    records: tuple[Record, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    outcome: Outcome | None = None  # None: it is not known how it ended, or it failed
    message: str = ""


@dataclass(frozen=True)
class Material:
    """All that goes into a bundle; see `bundle` for what each is."""

    model: bytes
    card: ModelCard
    checkpoint_file: bytes
    checkpoint: Checkpoint
    samples: Samples
    origin: Origin
    loss_name: str
    test: Judged | None = None
    base_test: Judged | None = None
    replay: Samples | None = None
    choice: Choice | None = None
    trained_on: int | None = None  # samples; None: those given
    curves: Curves | None = None
    studies: Studies = field(default_factory=Studies)
    inside: Inside = field(default_factory=Inside)
    baked: bytes | None = None
    predicts: bytes | None = None
    not_baked: str = ""  # why there are none

    @property
    def judged(self) -> dict[str, Judged]:
        """By the name of its folder under samples/."""
        pairs = (("test", self.test), ("base_test", self.base_test))
        return {name: judged for name, judged in pairs if judged is not None}
