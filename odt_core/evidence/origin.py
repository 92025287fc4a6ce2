"""Where weights come from: the trainings that led to a checkpoint, as far as they can be repeated.

A person trains, adds samples, trains on, stops, goes on after a restart. Each training is a
function of the weights that it began with, its samples, settings and seed; what belongs together is
told by the fingerprint that every checkpoint of a run carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.errors import OdtError
from odt_core.evaluation.leaks import Leakage, trained_on_all
from odt_core.training.checks import fingerprint
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint, CheckpointMeta, Progress
    from odt_core.samples import Samples

State = Mapping[str, np.ndarray]
MOST_STAGES = 50


class Unloaded:
    """What a checkpoint says of itself; its arrays are read when they are asked for."""

    def __init__(self, checkpoint: Checkpoint, load: Callable[[], Checkpoint]) -> None:
        """load: reads the checkpoint again."""
        told = checkpoint.progress
        self.meta: CheckpointMeta = checkpoint.meta
        self.progress: Progress | None = told and replace(told, state={}, average={})
        self._load = load

    @property
    def state(self) -> State:
        """The variables, read anew each time. Raises what `load` does."""
        return self._load().state


class Beginning(StrEnum):
    """What the first of the trainings began with."""

    BASE = "base"  # the weights in the model's file
    ASSUMED = "assumed"  # nobody kept them: taken to be those in the model's file
    WEIGHTS = "weights"  # weights of an earlier training, kept as they are
    UNKNOWN = "unknown"  # the trainings cannot be repeated; `reason` says why


@dataclass(frozen=True)
class Stage:
    """One training, to be repeated up to `step`."""

    settings: Mapping[str, Any]
    step: int
    total: int
    averaged: bool  # whether its weights are an average over steps
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {**vars(self), "settings": dict(self.settings)}


@dataclass(frozen=True)
class Origin:
    """The trainings, oldest first, all of the same samples; and the weights that they began with,
    where those are not the model file's own.
    """

    beginning: Beginning
    stages: tuple[Stage, ...] = ()
    start: State | None = None
    reason: str = ""

    @property
    def repeatable(self) -> bool:
        """Whether the weights can be computed again."""
        return self.beginning is not Beginning.UNKNOWN

    @property
    def sentence(self) -> str:
        """What can be computed again, in plain words."""
        count = len(self.stages)
        trainings = "training" if count == 1 else f"{count} trainings, one after the other,"
        if self.beginning is Beginning.BASE:
            return (
                f"One {trainings} from the base model."
                if count == 1
                else (f"The {trainings} began with the base model.")
            )
        if self.beginning is Beginning.ASSUMED:
            return (
                "It is not recorded which weights the training began with; the base model's are "
                "assumed. reproduce.py tells whether that is right."
            )
        if self.beginning is Beginning.WEIGHTS:
            return (
                f"The {trainings} began with weights of an earlier training, whose samples or "
                "settings are not at hand any more. Those weights are in weights/start.safetensors;"
                " what came after them can be computed again, what led to them cannot."
            )
        return f"The weights cannot be computed again: {self.reason}"


def trace(
    checkpoint: Checkpoint,
    samples: Samples,
    replay: Samples | None = None,
    *,
    others: Sequence[Checkpoint | Unloaded] = (),
    base_state: State | None = None,
    start: State | None = None,
    from_base: bool = False,
) -> Origin:
    """How `checkpoint` came about with `samples` and `replay`.

    others: further checkpoints of the same model, oldest first, in which the one at the start of
    each run (step 0) and the ends of earlier runs are looked for; `checkpoint` may be among them.
    Of unloaded ones, two at most are in memory at a time.
    base_state: the model file's own weights, to know them again. start, from_base: what the run
    began with, where the caller knows.
    """
    reason = _mismatch(checkpoint, samples, replay)
    if reason:
        return Origin(Beginning.UNKNOWN, reason=reason)
    stages = [_stage(checkpoint)]
    if from_base or start is not None:
        return _begun(stages, start, base_state)
    known, position = others, _place(checkpoint, others)
    begin: State | None = None
    while len(stages) < MOST_STAGES:
        at = _start_before(known, position, stages[0].fingerprint)
        if at is None:
            if begin is None:
                return Origin(Beginning.ASSUMED, tuple(stages))
            return _begun(stages, begin, base_state)
        begin = known[at].state
        if base_state is not None and same_weights(begin, base_state):
            return Origin(Beginning.BASE, tuple(stages))
        end = next(
            (
                index
                for index in reversed(range(at))
                if _ended(known[index]) and same_weights(known[index].state, begin)
            ),
            None,
        )
        if end is None or _mismatch(known[end], samples, replay):
            return _begun(stages, begin, base_state)
        if _start_before(known, end, _stage(known[end]).fingerprint) is None:
            return _begun(stages, begin, base_state)
        stages.insert(0, _stage(known[end]))
        position = end
    return _begun(stages, begin, base_state)


def all_trained_on(checkpoint: Checkpoint, test: Samples, replay: Samples | None) -> Leakage | None:
    """Of test samples that are exactly those of a checkpoint's last training, in their order; None
    of others, some of which may have been trained on all the same. replay: of the model's card.
    """
    return None if _mismatch(checkpoint, test, replay) else trained_on_all(len(test))


def same_weights(one: State, other: State) -> bool:
    """Whether two states are equal to the last bit."""
    return set(one) == set(other) and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and np.ascontiguousarray(one[name]).tobytes() == np.ascontiguousarray(other[name]).tobytes()
        for name in one
    )


def _begun(stages: Sequence[Stage], start: State | None, base_state: State | None) -> Origin:
    if start is None or (base_state is not None and same_weights(start, base_state)):
        return Origin(Beginning.BASE, tuple(stages))
    return Origin(Beginning.WEIGHTS, tuple(stages), start)


def _mismatch(checkpoint: Checkpoint | Unloaded, samples: Samples, replay: Samples | None) -> str:
    """Why these samples are not what the checkpoint was trained on; "" when they are."""
    if checkpoint.progress is None:
        return (
            "the checkpoint does not say which training made it (it was imported or set by hand)."
        )
    try:
        settings = Settings.from_json(checkpoint.meta.settings)
    except (OdtError, TypeError):
        return "the checkpoint's settings are those of another version of odt."
    used = replay if settings.replay > 0 and replay is not None and len(replay) else None
    if fingerprint(settings, samples, used) != checkpoint.progress.fingerprint:
        return (
            "samples were added, removed, moved or relabelled since the training. Train again, "
            "then make the bundle anew."
        )
    return ""


def _stage(checkpoint: Checkpoint | Unloaded) -> Stage:
    progress = checkpoint.progress
    assert progress is not None
    return Stage(
        settings=checkpoint.meta.settings,
        step=progress.step,
        total=progress.total,
        averaged=progress.average_count > 0,
        fingerprint=progress.fingerprint,
    )


def _place(checkpoint: Checkpoint, others: Sequence[Checkpoint | Unloaded]) -> int:
    """Where the checkpoint first stands among the others, whatever note and temperature it has by
    now: a copy that was kept later comes after runs that did not lead to it. After all of them when
    it does not.
    """
    made = checkpoint.meta.as_made
    for index, other in enumerate(others):
        if other is checkpoint or (
            other.meta.as_made == made and same_weights(other.state, checkpoint.state)
        ):
            return index
    return len(others)


def _start_before(known: Sequence[Checkpoint | Unloaded], position: int, wanted: str) -> int | None:
    for index in reversed(range(min(position, len(known)))):
        progress = known[index].progress
        if progress is not None and progress.step == 0 and progress.fingerprint == wanted:
            return index
    return None


def _ended(checkpoint: Checkpoint | Unloaded) -> bool:
    return checkpoint.progress is not None and checkpoint.progress.step > 0
