"""What stands for the samples before the model: its input, or the features of its frozen part.

A model that keeps features looks at each sample once: they are computed in the worker in the
background as samples arrive, and kept with the workspace.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from odt_core.dialects.contract import Task
from odt_core.errors import WorkspaceError
from odt_core.workspace import ModelEntry, Part, SampleEntry, Workspace
from pages.ui.desk.model import HasModel
from pages.ui.prepared import (
    Prepared,
    Ready,
    compared,
    compared_shape,
    model_input,
    prepared_samples,
    read_input,
)
from pages.ui.turns import PatientLock

if TYPE_CHECKING:
    from odt_core.worker.remote import Worker

_FEW = 8  # samples that answers are timed on
_AT_ONCE = 16  # samples of a call to the worker, which may have answers to give in between


class HasFeatures(HasModel):
    """The part of a desk that makes input of samples."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._features_lock = PatientLock()
        self._digest: tuple[ModelEntry, str] | None = None

    def _forget(self) -> None:
        super()._forget()
        self._features: tuple[str, dict[str, np.ndarray | None]] = ("", {})

    def whole_inputs(self) -> np.ndarray | None:
        """A few samples as the model is asked about them, float32 [N, *input_shape], for those who
        measure what an answer takes; None where there are none.
        """
        ready = read_input(self.workspace, self.card.preprocessing)
        some = [ready(sample) for sample in self.workspace.manifest.samples[:_FEW]]
        there = [x for x in some if x is not None]
        return np.stack(there) if there else None

    def _input_of(self, part: Part | None) -> Prepared:
        """What the model is trained on and asked about."""
        key = self._features_key()
        if key is None:
            ready = model_input(self.workspace, self.card.preprocessing)
            return self._part(part, ready, self.card.preprocessing.shape)
        wanted = [s for s in self.workspace.manifest.samples if part in (None, s.part)]
        known = self._features_of(key, wanted)
        shape = self.contract.feature_shape
        return self._part(part, lambda sample: known.get(sample.sha256), shape)

    def _compared(self, part: Part | None) -> Prepared:
        """What near-duplicates are told by."""
        preprocessing = self.card.preprocessing
        ready = compared(self.workspace, preprocessing)
        return self._part(part, ready, compared_shape(preprocessing))

    def _part(self, part: Part | None, ready: Ready, shape: tuple[int, ...]) -> Prepared:
        task = self.task
        target = self.contract.target_shape if task is Task.VALUES else ()
        return prepared_samples(self.workspace, part, ready, shape, task, target)

    def _features_key(self) -> str | None:
        """Names the frozen part and how its input is made; None for a model that keeps no features.

        A frozen part that reads variables keeps none either: a checkpoint might change them.
        """
        model, card = self.model, self.card
        if model.as_it_came and not self.sees_photos:
            return None  # known without asking the worker
        contract = self.contract
        if not contract.keeps_features or contract.extract is None or contract.extract.reads:
            return None
        if self._digest is None or self._digest[0] != model:
            self._digest = (model, hashlib.sha256(self.model_file().data).hexdigest())
        about = [self._digest[1], model.choice, card.preprocessing.to_json()]
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]

    def _features_of(
        self, key: str, samples: Sequence[SampleEntry]
    ) -> dict[str, np.ndarray | None]:
        """By sample digest, None for a sample that the model cannot take; computed where missing.

        Raises WorkerError.
        """
        if self._features[0] != key:
            self._features = (key, {})
        known = self._features[1]
        if all(sample.sha256 in known for sample in samples):
            return known
        # Before the other lock is taken, never while it is held: training holds the desk's lock.
        worker = self._reach_worker() if self.busy else self.worker()
        with self._features_lock:
            digests = {sample.sha256 for sample in samples if sample.sha256 not in known}
            known |= self.workspace.features(key, digests, self.contract.feature_shape)
            missing = [sample for sample in samples if sample.sha256 not in known]
            for at in range(0, len(missing), _AT_ONCE):
                self._compute(worker, key, missing[at : at + _AT_ONCE], known)
        return known

    def _compute(
        self,
        worker: Worker,
        key: str,
        samples: Sequence[SampleEntry],
        known: dict[str, np.ndarray | None],
    ) -> None:
        ready = read_input(self.workspace, self.card.preprocessing)
        some = {sample.sha256: ready(sample) for sample in samples}
        inputs = {digest: x for digest, x in some.items() if x is not None}
        new = {}
        if inputs:
            made = worker.bottlenecks(np.stack(list(inputs.values())))
            new = dict(zip(inputs, made, strict=True))
            with contextlib.suppress(WorkspaceError):  # then they are computed again one day
                self.workspace.keep_features(key, new)
        known |= dict.fromkeys(some) | new
