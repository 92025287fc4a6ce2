"""Whose answers stand on the base side of a model that began without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from odt_core.samples import Labels
from pages.ui.desk.near import HasNear

if TYPE_CHECKING:
    from odt_core.evaluation import BaseAnswers, BaseLabels
    from odt_core.worker.remote import Worker


@dataclass(frozen=True)
class BaseSide:
    """Whose answers stand on the base side of a model that began without labels: its backbone's, of
    the labels that it knows by itself, or those of the untrained head where it knows none.
    """

    known: tuple[str, ...]  # of the person's labels
    unknown: tuple[str, ...]
    of: int  # how many labels the backbone has


class HasBaseSide(HasNear):
    """The part of a desk that asks the backbone in its own words."""

    @property
    def base_side(self) -> BaseSide | None:
        """Whose answers the base side shows; None where it is simply the model in the file."""
        base = self._base_labels()
        if base is None:
            return None
        names = [name for name in self.labels.names if name is not None]
        known = tuple(name for name in names if base.classes_of(name))
        return BaseSide(known, tuple(name for name in names if name not in known), len(base.labels))

    @property
    def base_knows(self) -> np.ndarray:
        """bool [K], the outputs whose labels the base side has learnt."""
        return self.base_knows_of(self.labels)

    def base_knows_of(self, labels: Labels) -> np.ndarray:
        """The same of outputs that are called so."""
        base = self._base_labels()
        if base is None:
            return self.card.labels.used
        return np.array([bool(name and base.classes_of(name)) for name in labels.names], bool)

    @property
    def same_as_base(self) -> bool:
        """Whether your model says what the base side says: untrained, and no backbone beside it."""
        return not self.trained and self.base_side is None

    def _backbone(self, worker: Worker, x: np.ndarray, labels: Labels) -> BaseAnswers | None:
        """What the backbone answers by itself; None where it has nothing to say."""
        base = self._base_labels()
        if base is None:
            return None
        from odt_core.evaluation import backbone_answers

        return backbone_answers(worker, x, labels, base)

    def _base_labels(self) -> BaseLabels | None:
        """The labels that the backbone knows by itself, where its card says them."""
        if self.card.base_labels is None or not self.tells_labels:
            return None
        from odt_core.evaluation import load_base_labels

        return load_base_labels(self.card.base_labels)
