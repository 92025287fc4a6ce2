"""What each step trains on: own samples, replayed samples and their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from odt_core.dialects.contract import LabelKind, Task
from odt_core.dialects.targets import one_hot
from odt_core.errors import SettingsError
from odt_core.runtime.rows import Part, Rows
from odt_core.runtime.scores import right_answers
from odt_core.training.batches import Plan
from odt_core.training.settings import Settings
from odt_core.training.variants import Variants

if TYPE_CHECKING:
    from odt_core.runtime.session import Session
    from odt_core.samples import Augmentation, Samples
    from odt_core.training.sets import Sets


_MOST_TARGETS = 2**22  # numbers of targets that are kept as `train` takes them


class Batch(NamedTuple):
    """What one step trains on."""

    features: np.ndarray | Rows  # [B, *feature_shape]: what `train` takes
    targets: np.ndarray | Rows  # [B, …], in the form that `train` takes or one that it can be given
    own: np.ndarray  # int64 [own]: which of the own samples are in it
    variants: np.ndarray | None  # [own, *input_shape] of them, where they were augmented
    shown: Part | None  # where their features stand, of a model that can be asked about features


class BatchSource:
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
        sets: Sets,
        augmentation: Augmentation | None,
        base: Session | None,
    ) -> None:
        self._session, self._plan = session, plan
        samples, replay = sets.own, sets.replay
        self._samples, self._replay = samples, replay
        augmented = _scaled(augmentation, settings.augment) if _vary(session, samples) else None
        self._variants = None if augmented is None else Variants(augmented, samples.x, plan)
        self._reconstructs = session.contract.task is Task.RECONSTRUCTION
        extract = session.contract.extract
        self._once = extract is None or extract.frozen
        self._features = self._old_features = np.zeros(0, np.float32)
        if self._once:
            if self._variants is None:
                self._features = session.bottlenecks(samples.x)
            if replay is not None:
                self._old_features = session.bottlenecks(replay.x)
        self._targets = self._encoded(samples.y)
        self._old_targets = self._targets_of_replay(settings, base)
        if self._old_targets is not None:
            self._old_targets = self._encoded(self._old_targets)
            self._targets, self._old_targets = _alike(self._targets, self._old_targets)
        self._order = self._spread()

    def batch(self, step: int) -> Batch:
        """The batch of a step, 0-based."""
        own, variants = self._plan.own(step), None
        if self._variants is None:
            parts = [self._part(self._features, self._samples.x, own)]
        else:
            variants = self._variants.of(step)
            parts = [_whole(self._session.extract(variants))]
        shown = parts[0] if self._session.contract.keeps_features else None
        targets = [(self._targets, own)]
        if self._replay is not None and self._old_targets is not None:
            old = self._plan.replay(step)
            parts.append(self._part(self._old_features, self._replay.x, old))
            targets.append((self._old_targets, old))
        features, wanted, order = Rows(*parts), Rows(*targets), self._order
        if order is None:
            return Batch(features, wanted, own, variants, shown)
        mixed = np.asarray(features)[order], np.asarray(wanted)[order]
        return Batch(*mixed, own, variants, shown)

    def _part(self, features: np.ndarray, x: np.ndarray, chosen: np.ndarray) -> Part:
        """Where the features of the chosen samples stand."""
        return (features, chosen) if self._once else _whole(self._session.extract(x[chosen]))

    def shown(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        """The own samples of a batch as they were shown, [own, *input_shape], or their features,
        and what is right: int64 [own], or float32 [own, …].
        """
        if batch.shown is not None:
            features, chosen = batch.shown
            x = features[chosen]
        else:
            x = self._samples.x[batch.own] if batch.variants is None else batch.variants
        return x, right_answers(x, self._samples.y[batch.own], self._session.contract)

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        """As `train` takes them, once for all steps; as they are where that would take much."""
        if self._reconstructs:  # the samples themselves are the targets
            return y
        count = len(y) * (self._session.contract.outputs or 1) if y.ndim == 1 else y.size
        return self._session.targets(y) if count <= _MOST_TARGETS else y

    def _targets_of_replay(self, settings: Settings, base: Session | None) -> np.ndarray | None:
        """Labels of the replay samples, mixed with the base model's own answers.

        Distillation: Hinton et al. 2015, arXiv:1503.02531; against forgetting: Li & Hoiem 2016,
        arXiv:1606.09282.
        """
        if self._replay is None:
            return None
        if settings.distil == 0:
            return self._replay.y
        contract = self._session.contract
        if contract.train[0].label_kind is not LabelKind.ONE_HOT or not contract.scored:
            raise SettingsError(
                "distil must be 0 for this model: its targets have not one number for each label, "
                "so the base model's own answers cannot be mixed into those of replayed samples. "
                "Or replay none."
            )
        if base is None:
            base = self._session.model.session(threads=self._session.threads)
        answers = base.predict_proba(self._replay.x, self._replay.labels)
        hard = one_hot(self._replay.y, answers.shape[1])
        share = settings.distil
        return np.asarray((1 - share) * hard + share * answers, np.float32)

    def _spread(self) -> np.ndarray | None:
        """The rows' order where a batch is several calls of `train` (static batch sizes): own and
        replayed samples evenly mixed, so that each call sees both. None: own samples first.
        """
        own, old = self._plan.own_per_step, self._plan.replay_per_step
        sizes = [role.batch for role in self._session.contract.train]
        if not old or not sizes or None in sizes or own + old in sizes:
            return None
        places = np.concatenate([(np.arange(n) + 0.5) / max(n, 1) for n in (own, old)])
        return np.argsort(places, kind="stable")


def _whole(features: np.ndarray) -> Part:
    return features, np.arange(len(features))


def _alike(own: np.ndarray, old: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in one form: labels become one-hot rows where the others are soft targets."""
    if own.ndim < old.ndim:
        own = one_hot(own, old.shape[1])
    elif old.ndim < own.ndim:
        old = one_hot(old, own.shape[1])
    dtype = np.result_type(own, old)
    return own.astype(dtype, copy=False), old.astype(dtype, copy=False)


def _vary(session: Session, samples: Samples) -> bool:
    """Whether samples are pictures whose targets stay right when these are turned or moved: not
    windows of numbers, nor features, nor photographs with masks.
    """
    contract = session.contract
    pictures = session.model.preprocessing.kind != "none" and not session.are_features(samples.x)
    return pictures and (contract.task is not Task.VALUES or len(contract.target_shape) < 2)


def _scaled(augmentation: Augmentation | None, strength: float) -> Augmentation | None:
    if strength == 0:
        return None
    from odt_core.samples import Augmentation as Default

    return (augmentation or Default()).scaled(strength)
