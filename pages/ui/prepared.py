"""A workspace's samples as model input, each read and prepared once (several milliseconds each)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from math import prod
from operator import attrgetter

import numpy as np

from odt_core.dialects.contract import Task
from odt_core.errors import SampleError
from odt_core.samples import Labels, Preprocessing, Samples
from odt_core.samples.near_duplicates import averaged_down
from odt_core.workspace import Part, SampleEntry, Workspace
from odt_core.workspace.recent import Recent

# Makes of a sample what stands for it; None where that cannot be.
Ready = Callable[[SampleEntry], np.ndarray | None]

_SMALL = "averaged down"
_TARGET = "target"
# Bytes of this process, for all visitors.
_kept = Recent[np.ndarray](64 * 1024 * 1024, attrgetter("nbytes"))


@dataclass(frozen=True)
class Prepared:
    """What the model can use, and how many samples it cannot."""

    samples: Samples
    unfit: int  # of another size or kind than the model's input, or without its target
    entries: tuple[SampleEntry, ...] = ()  # the workspace's samples, in the order of `samples`


def prepared_samples(
    workspace: Workspace,
    part: Part | None,
    ready: Ready,
    shape: tuple[int, ...],
    task: Task,
    target_shape: tuple[int, ...],
) -> Prepared:
    """The samples that the task can use, oldest first; only those of `part` when it is given.

    ready: makes of a sample what stands for it, of `shape`; None: it is unfit.

    Those of all enabled labels where the model tells labels apart; all that have a target where it
    gives values; all that there are where it reconstructs its input. Samples whose file is missing
    or damaged are left out (`workspace.problems` names them).
    """
    manifest = workspace.manifest
    outputs = {label.id: label.output for label in manifest.labels if label.enabled}
    resting = {label.id for label in manifest.resting}
    x: list[np.ndarray] = []
    y: list[int | np.ndarray] = []
    entries: list[SampleEntry] = []
    unfit = 0
    for sample in manifest.samples:
        if part not in (None, sample.part):
            continue
        goal: int | np.ndarray | None
        if task in (Task.CLASSES, Task.BINARY):
            goal = outputs.get(sample.label)
            if goal is None:  # without a label, or its label is turned off or rests
                unfit += sample.label in resting
                continue
        elif task is Task.VALUES:
            goal = _target(workspace, sample, target_shape)
        else:
            goal = np.zeros(0, np.float32)
        made = None if goal is None else ready(sample)
        if goal is None or made is None:
            unfit += 1
            continue
        x.append(made)
        y.append(goal)
        entries.append(sample)
    inputs = np.stack(x) if x else np.zeros((0, *shape), np.float32)
    if task in (Task.CLASSES, Task.BINARY):
        goals = np.array(y, np.int64)
    elif task is Task.VALUES:
        goals = np.array(y, np.float32).reshape(-1, *target_shape)
    else:
        goals = np.zeros((len(inputs), 0), np.float32)
    return Prepared(Samples(inputs, goals, Labels(manifest.output_names())), unfit, tuple(entries))


def model_input(workspace: Workspace, preprocessing: Preprocessing) -> Ready:
    """Makes the model's input of a sample, float32 of the preprocessing's shape, and keeps it."""
    read = read_input(workspace, preprocessing)
    return lambda sample: _made(sample.sha256, preprocessing, lambda: read(sample))


def read_input(workspace: Workspace, preprocessing: Preprocessing) -> Ready:
    """`model_input` that keeps nothing, for what is needed once."""

    def ready(sample: SampleEntry) -> np.ndarray | None:
        try:
            return preprocessing.apply(workspace.sample_array(sample.id))
        except SampleError:
            return None

    return ready


def compared(workspace: Workspace, preprocessing: Preprocessing) -> Ready:
    """Makes of a sample what near-duplicates are told by: large pictures averaged down, the model's
    input else.
    """
    if not _shrinks(preprocessing):
        return model_input(workspace, preprocessing)
    whole, shape = read_input(workspace, preprocessing), preprocessing.picture_shape

    def small(sample: SampleEntry) -> np.ndarray | None:
        found = whole(sample)
        return None if found is None else averaged_down(found[None], shape)[0]

    return lambda sample: _made(sample.sha256, (_SMALL, preprocessing), lambda: small(sample))


def compared_shape(preprocessing: Preprocessing) -> tuple[int, ...]:
    """The shape of what `compared` makes."""
    if not _shrinks(preprocessing):
        return preprocessing.shape
    shape = preprocessing.picture_shape
    return averaged_down(np.zeros((1, *shape), np.float32), shape).shape[1:]


def compared_picture(preprocessing: Preprocessing) -> tuple[int, ...] | None:
    """[height, width(, channels)] of what `compared` makes; None for samples of numbers."""
    if preprocessing.kind == "none":
        return None
    small = _shrinks(preprocessing)
    return compared_shape(preprocessing) if small else preprocessing.picture_shape


def unprepared(workspace: Workspace, preprocessing: Preprocessing) -> int:
    """Of how many samples it is not known yet what near-duplicates are told by, or no more."""
    about = (_SMALL, preprocessing) if _shrinks(preprocessing) else preprocessing
    return sum(not _kept.knows(sample.sha256, about) for sample in workspace.manifest.samples)


def _shrinks(preprocessing: Preprocessing) -> bool:
    if preprocessing.kind == "none":
        return False
    shape = preprocessing.picture_shape
    return averaged_down(np.zeros((0, *shape), np.float32), shape).shape[1:3] != tuple(shape[:2])


def _target(workspace: Workspace, sample: SampleEntry, shape: tuple[int, ...]) -> np.ndarray | None:
    if not sample.target:
        return None
    found = _made(sample.target, _TARGET, lambda: _read_target(workspace, sample))
    return found.reshape(shape) if found is not None and found.size == prod(shape) else None


def _read_target(workspace: Workspace, sample: SampleEntry) -> np.ndarray | None:
    try:
        return workspace.sample_target(sample.id)
    except SampleError:
        return None


def _made(sha256: str, what: Hashable, make: Callable[[], np.ndarray | None]) -> np.ndarray | None:
    found = _kept.get(sha256, what)
    if found is None:
        found = make()
        if found is not None:
            _kept.put(sha256, what, found)
    return found


def forget(digests: Collection[str]) -> None:
    """Drop what was prepared of these samples."""
    _kept.forget(digests)
