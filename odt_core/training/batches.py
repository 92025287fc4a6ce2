"""Which samples a step trains on: a pure function of (seed, step)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from odt_core.dialects.contract import Task
from odt_core.errors import SettingsError
from odt_core.training.settings import MOST_IN_BATCH, Settings

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract
    from odt_core.samples import Samples


class Stream(IntEnum):
    """What a random number is for, so that one use does not disturb another."""

    OWN = 0
    REPLAY = 1
    AUGMENT = 2


@dataclass(frozen=True)
class Plan:
    """The batches of a whole run. Every batch has the same size, so LiteRT never has to re-plan."""

    own_count: int  # own samples there are
    replay_count: int  # replay samples there are
    own_per_step: int
    replay_per_step: int
    steps_per_epoch: int
    total: int
    seed: int

    def own(self, step: int) -> np.ndarray:
        """Indices int64 [own_per_step] of the own samples of a step.

        An epoch walks through one shuffle of all samples; where the last batch of an epoch is not
        full, a further shuffle fills it.
        """
        epoch, within = divmod(step, self.steps_per_epoch)
        start, size = within * self.own_per_step, self.own_per_step
        length = size * self.steps_per_epoch
        return _epoch(self.seed, epoch, self.own_count, length)[start : start + size]

    def replay(self, step: int) -> np.ndarray:
        """Indices int64 [replay_per_step] of the replay samples of a step: one endless walk."""
        start = step * self.replay_per_step
        return _walk(self.seed, Stream.REPLAY, 0, self.replay_count, start, self.replay_per_step)

    def rng(self, step: int, stream: Stream) -> np.random.Generator:
        """The random numbers of one step."""
        return generator(self.seed, stream, step, 0)


def plan(
    settings: Settings,
    own_count: int,
    replay_count: int,
    multiple: int = 1,
    *,
    own_labels: int = 0,
    replay_labels: int = 0,
) -> Plan:
    """The plan for so many own and replay samples.

    multiple: batch sizes must be a multiple of it: the smallest static batch size of the model. Its
    last batch of an epoch is filled with samples of a further shuffle. Padding it with zeros would
    train on samples that do not exist, since nobody can weight the loss inside a model; dropping it
    would leave samples out. This way each sample is shown in every epoch, and those shown twice are
    drawn evenly, so that all count the same over the epochs.
    At least one sample of each batch is replayed, where any is to be, and one is an own one.
    own_labels, replay_labels: how many labels they show, 0 for unknown. Own samples of few labels
    get a smaller part of each batch than settings.replay leaves, so that no label is shown more
    often than one of the replayed: half a batch of one new symbol would make it the likeliest
    answer to everything.
    """
    if own_count < 1:
        raise SettingsError("There are no samples to train on. Add a few first.")
    batch = _rounded(settings.batch_size, multiple)
    share = settings.replay
    if share and own_labels and replay_labels:
        share = max(share, replay_labels / (own_labels + replay_labels))
    replay = 0
    if share and replay_count:
        if batch == 1:
            raise SettingsError(
                "A batch of 1 has no room for a base sample to replay beside one of yours. Use a "
                "batch size of 2 or more, or replay none."
            )
        replay = min(max(1, round(batch * share)), batch - 1)
    own = batch - replay
    if not replay:  # each sample once, rather than some of them twice
        own = min(own, math.ceil(own_count / multiple) * multiple)
    steps = math.ceil(own_count / own)
    return Plan(
        own_count=own_count,
        replay_count=replay_count,
        own_per_step=own,
        replay_per_step=replay,
        steps_per_epoch=steps,
        total=steps * settings.epochs,
        seed=settings.seed,
    )


def plan_for(settings: Settings, own: Samples, replay: Samples | None, contract: Contract) -> Plan:
    """The plan of a run on these samples by a model that is trained as the contract says."""
    counts = contract.task is Task.CLASSES
    replayed = replay.y if replay is not None else np.zeros(0, np.int64)
    return plan(
        settings,
        len(own),
        len(replayed),
        _multiple(contract),
        own_labels=len(np.unique(own.y)) if counts else 0,
        replay_labels=len(np.unique(replayed)) if counts else 0,
    )


def as_trained(settings: Settings, contract: Contract) -> Settings:
    """The settings with what their batch size counts as, as checkpoints say them; as they are
    where settings may not have so many. A step has fewer samples where there are few (`plan`).
    """
    size = _rounded(settings.batch_size, _multiple(contract))
    return settings if size > MOST_IN_BATCH else replace(settings, batch_size=size)


def why_other_size(settings: Settings, contract: Contract) -> str:
    """A sentence where the settings' batch size counts as another at this model; else ""."""
    multiple = _multiple(contract)
    size = _rounded(settings.batch_size, multiple)
    if size == settings.batch_size:
        return ""
    return (
        f"This model is trained on multiples of {multiple:,} samples, so a batch size of "
        f"{settings.batch_size:,} counts as {size:,}."
    )


def _multiple(contract: Contract) -> int:
    """What batch sizes must be a multiple of: the smallest static one of a model, 1 where it takes
    any.
    """
    return (contract.train[-1].batch if contract.train else None) or 1


def _rounded(size: int, multiple: int) -> int:
    return math.ceil(size / multiple) * multiple


def generator(seed: int, stream: Stream, major: int, minor: int) -> np.random.Generator:
    """A generator that depends on its arguments alone (Philox is counter-based)."""
    return np.random.Generator(
        np.random.Philox(key=[seed, int(stream)], counter=[0, 0, minor, major])
    )


@lru_cache(maxsize=64)
def _shuffle(seed: int, stream: Stream, major: int, minor: int, count: int) -> np.ndarray:
    order = generator(seed, stream, major, minor).permutation(count)
    order.flags.writeable = False
    return order


@lru_cache(maxsize=8)
def _epoch(seed: int, epoch: int, count: int, length: int) -> np.ndarray:
    """The own samples of all steps of an epoch, one after the other."""
    return _walk(seed, Stream.OWN, epoch, count, 0, length)


def _walk(seed: int, stream: Stream, major: int, count: int, start: int, length: int) -> np.ndarray:
    """`length` indices from position `start` of the endless row of shuffles of range(count)."""
    parts = []
    while length > 0:
        lap, at = divmod(start, count)
        part = _shuffle(seed, stream, major, lap, count)[at : at + length]
        parts.append(part)
        start += len(part)
        length -= len(part)
    if not parts:
        return np.zeros(0, np.int64)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
