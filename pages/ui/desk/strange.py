"""Whether an input is strange to base or own model, so that it should say "not sure"."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from odt_core.dialects.contract import OutputKind, Task
from odt_core.errors import ModelError, SampleError
from odt_core.runtime.scores import at_temperature
from odt_core.samples import Samples
from odt_core.workspace import Part
from pages.ui.desk.scores import HasScores
from pages.ui.desk.state import newest

if TYPE_CHECKING:
    from odt_core.evaluation import Unknown
    from odt_core.evaluation.familiar import Familiar


class HasStrange(HasScores):
    """The part of a desk that learns from where on an input is unknown."""

    def _forget(self) -> None:
        super()._forget()
        self._unknown: dict[object, Unknown] = {}
        self._familiar: tuple[object, Familiar | None] | None = None

    def unknown(self, *, own: bool = True) -> Unknown | None:
        """From where on an input is too strange for your model (or the base model) to answer; None
        while that is not known: there are no samples to tell by, or the weights are moving.
        """
        if self.busy or not self.tells_labels or not self.can_predict:
            return None
        own = own and self.workspace.manifest.head is not None  # else it is the base model
        key = self._about_unknown(own)
        heat = key[-1]
        if key not in self._unknown:
            sets = self.test_sets()
            if not sets:
                return None
            from odt_core.evaluation import fit_unknown
            from odt_core.evaluation.over_again import first_of_each

            scores = [
                self.raw_scores(samples.x, own=True) if own else self._base_scores(samples, name)
                for name, samples in sets
            ]
            kind = scores[0][1]
            # What shows a label that is turned off has no answer that would be right.
            known = [
                one[self._is_on(samples) & first_of_each(self._copies(samples, name), len(one))]
                for (one, _), (name, samples) in zip(scores, sets, strict=True)
            ]
            found = fit_unknown(
                at_temperature(np.concatenate(known), kind, heat),
                kind=kind,
                used=self.labels.used,
            )
            if key != self._about_unknown(own):
                return None  # another model was chosen meanwhile
            self._unknown = newest(self._unknown, key, found)
        return self._unknown[key]

    def _about_unknown(self, own: bool) -> tuple:
        """Equal as long as `unknown` tells the same; its last is the temperature."""
        head, heat = own and self.workspace.manifest.head, self._heat if own else 1.0
        return self.model, self.labels, self.test_name(), head, heat

    def _is_on(self, samples: Samples) -> np.ndarray:
        """bool [N]: whether the label of a sample is turned on, at a model that tells labels."""
        used = self.labels.used
        return used[samples.y] if self.task is Task.CLASSES else np.ones(len(samples), bool)

    def familiar(self) -> Familiar | None:
        """What your model's samples look like to its backbone, for a model that stores features;
        None while there are too few to tell, and for other models, whose scores are judged.
        """
        if self.busy or not self.tells_labels or not self.contract.keeps_features:
            return None
        if self.workspace.manifest.head is None:
            return None
        key = (self.model, self.workspace.manifest.samples, self.labels)
        if self._familiar is None or self._familiar[0] != key:
            train = self.samples(Part.TRAIN)
            found = None
            if len(train):
                from odt_core.evaluation.familiar import fit_familiar

                with contextlib.suppress(SampleError):
                    found = fit_familiar(self.worker().bottlenecks(train.x), train.y)
            if key[0] != self.model:
                return None  # another was chosen meanwhile
            self._familiar = (key, found)
        return self._familiar[1]

    def learn_what_is_known(self) -> None:
        """Do ahead what the first answer would wait for to know whether its input is strange."""
        if self.contract.keeps_features and self.tells_labels:
            self.familiar()
        else:
            self.unknown()
            self.unknown(own=False)

    def strangeness(self, x: np.ndarray) -> np.ndarray:
        """How strange prepared inputs are to your model, float64 [N], as `unknown` measures it."""
        familiar = self.familiar()
        if familiar is not None:
            return familiar.score(self.worker().bottlenecks(x))
        limit = self.unknown()
        if limit is None:
            raise ModelError("There are no samples yet from which to learn what is known.")
        scores, kind = self.raw_scores(x, own=True)
        return limit.score(at_temperature(scores, kind, self._heat))

    def _strange(self, x: np.ndarray, scores: np.ndarray, kind: OutputKind, *, own: bool) -> bool:
        if self.contract.keeps_features and self.tells_labels:
            # The untrained head knows nothing, so nothing is strange to it either.
            familiar = self.familiar() if own else None
            return familiar is not None and bool(
                familiar.is_unknown(self.worker().bottlenecks(x))[0]
            )
        limit = self.unknown(own=own)
        if limit is None:
            return False
        heat = self._heat if own else 1.0
        return bool(limit.is_unknown(at_temperature(scores, kind, heat))[0])
