"""What each step trains on: own samples, replayed samples and their targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from odt_core.runtime.contract import LabelKind, Task
from odt_core.runtime.targets import one_hot
from odt_core.training.batches import Plan, Stream
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.runtime.session import Session
    from odt_core.samples import Augmentation, Samples


@dataclass(frozen=True)
class Batch:
    """What one step trains on, and its own samples by themselves, to be measured on."""

    features: np.ndarray  # [B, *feature_shape]: what `train` takes
    targets: np.ndarray  # int64 [B], float32 [B, K] or float32 [B, *target_shape]
    x: np.ndarray  # [own, *input_shape]
    truth: np.ndarray  # int64 [own], or float32 [own, …]


class Material:
    """Batches of a run as a function of the step alone.

    For a model with a frozen part, the bottlenecks of all samples are computed here, once: training
    never runs that part again. Random variants of samples (augmentation) never come twice, so
    their bottlenecks are computed with each step.
    """

    def __init__(
        self,
        session: Session,
        plan: Plan,
        settings: Settings,
        samples: Samples,
        replay: Samples | None,
        augmentation: Augmentation | None,
        base: Session | None,
    ) -> None:
        self._session, self._plan = session, plan
        self._samples, self._replay = samples, replay
        features = session.contract.are_features(samples.x.shape)  # of which there are no variants
        self._augmentation = None if features else _scaled(augmentation, settings.augment)
        self._reconstructs = session.contract.task is Task.RECONSTRUCTION
        extract = session.contract.extract
        self._once = extract is None or extract.frozen
        self._features = self._old_features = np.zeros(0, np.float32)
        if self._once:
            if self._augmentation is None:
                self._features = session.bottlenecks(samples.x)
            if replay is not None:
                self._old_features = session.bottlenecks(replay.x)
        self._old_targets = self._targets_of_replay(settings, base)
        self._order = self._spread()

    def batch(self, step: int) -> Batch:
        """The batch of a step, 0-based."""
        own = self._plan.own(step)
        x, y = self._samples.x[own], self._samples.y[own]
        if self._augmentation is not None:
            x = self._augmentation.batch(x, self._plan.rng(step, Stream.AUGMENT))
            features = self._session.extract(x)
        else:
            features = self._features[own] if self._once else self._session.extract(x)
        truth = x if self._reconstructs else y
        if self._replay is None or self._old_targets is None:
            return Batch(features, y, x, truth)
        old = self._plan.replay(step)
        if self._once:
            old_features = self._old_features[old]
        else:
            old_features = self._session.extract(self._replay.x[old])
        targets = self._old_targets[old]
        soft = targets.ndim == 2 and y.ndim == 1
        own_targets = one_hot(y, targets.shape[1]) if soft else y
        return Batch(
            features=np.concatenate([features, old_features])[self._order],
            targets=np.concatenate([own_targets, targets])[self._order],
            x=x,
            truth=truth,
        )

    def _targets_of_replay(self, settings: Settings, base: Session | None) -> np.ndarray | None:
        """Labels of the replay samples, mixed with the base model's own answers.

        Distillation: Hinton et al. 2015, arXiv:1503.02531; against forgetting: Li & Hoiem 2016,
        arXiv:1606.09282.
        """
        if self._replay is None:
            return None
        contract = self._session.contract
        one_hot_labels = contract.train[0].label_kind is LabelKind.ONE_HOT
        if settings.distil == 0 or not one_hot_labels or not contract.scored:
            return self._replay.y
        if base is None:
            base = self._session.model.session(threads=self._session.threads)
        answers = base.predict_proba(self._replay.x, self._replay.labels)
        hard = one_hot(self._replay.y, answers.shape[1])
        share = settings.distil
        return np.asarray((1 - share) * hard + share * answers, np.float32)

    def _spread(self) -> np.ndarray:
        """The rows' order: own and replayed samples evenly mixed where a batch is several calls of
        `train` (static batch sizes), so that each call sees both; else own samples first.
        """
        own, old = self._plan.own_per_step, self._plan.replay_per_step
        sizes = [role.batch for role in self._session.contract.train]
        if not sizes or None in sizes or own + old in sizes:
            return np.arange(own + old)
        places = np.concatenate([(np.arange(n) + 0.5) / max(n, 1) for n in (own, old)])
        return np.argsort(places, kind="stable")


def _scaled(augmentation: Augmentation | None, strength: float) -> Augmentation | None:
    if strength == 0:
        return None
    from odt_core.samples import Augmentation as Default

    return (augmentation or Default()).scaled(strength)
