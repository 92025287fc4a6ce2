"""What a bundle is made from: plain values, so that any owner of a model can hand them over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from odt_core.checkpoint import load_checkpoint
from odt_core.dialects.contract import LOSS_NAME
from odt_core.evaluation import claims
from odt_core.evidence.inside import Inside
from odt_core.evidence.origin import Origin
from odt_core.evidence.studies import Studies

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.checkpoint import Checkpoint
    from odt_core.dialects import Choice
    from odt_core.dialects.contract import Contract
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

    def claims(self, known: np.ndarray) -> Claims | None:
        """What may be said of the two; None where there is one. known: bool [K], whether the base
        model learnt each label.
        """
        if self.base is None:
            return None
        names = (self.own_labels or self.samples.labels).names
        return claims(self.base, self.own, known, names, self.leak, chosen=self.chosen)


@dataclass(frozen=True)
class Curves:
    """What was recorded while the model trained; the last training where there were several.

    records: of a long training every so manyth step, where they come from a workspace.
    """

    records: tuple[Record, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    outcome: Outcome | None = None  # None: it is not known how it ended, or it failed
    message: str = ""

    @property
    def steps(self) -> int:
        """How many steps were made, whether kept or not."""
        return self.records[-1].step if self.records else 0


@dataclass(frozen=True)
class Evidence:
    """All that goes into a bundle but what is made for it.

    model: the .tflite as it came. card: with the labels and preprocessing that were used.
    checkpoint_file: the personalised weights, a .safetensors file of odt. samples: what it was
    trained on; trained_on: how many it was then, where `origin` does not tell that it was these.
    origin: how the weights came about (`trace`). test, base_test: samples and what both
    models made of them. replay: the base samples mixed in. choice: corrections of the signatures'
    use. contract: what each signature is used for, with those. curves, studies, inside: where
    known.
    """

    model: bytes
    card: ModelCard
    checkpoint_file: bytes
    samples: Samples
    origin: Origin
    test: Judged | None = None
    base_test: Judged | None = None
    replay: Samples | None = None
    choice: Choice | None = None
    curves: Curves | None = None
    studies: Studies = field(default_factory=Studies)
    inside: Inside = field(default_factory=Inside)
    contract: Contract | None = None
    trained_on: int | None = None

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """What the file holds. CheckpointError when it is damaged."""
        return load_checkpoint(self.checkpoint_file)

    @property
    def loss_name(self) -> str:
        """What the model reports as its loss."""
        return LOSS_NAME if self.contract is None else self.contract.loss_note

    @property
    def judged(self) -> dict[str, Judged]:
        """By the name of its folder under samples/."""
        pairs = (("test", self.test), ("base_test", self.base_test))
        return {name: judged for name, judged in pairs if judged is not None}
