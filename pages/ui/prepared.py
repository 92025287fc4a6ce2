"""A workspace's samples as model input, each read and prepared once (several milliseconds each)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from math import prod

import numpy as np

from odt_core.errors import SampleError
from odt_core.runtime.contract import Task
from odt_core.samples import Preprocessing, Samples
from odt_core.workspace import Part, SampleEntry, Workspace

_LIMIT = 64 * 1024 * 1024  # bytes of prepared inputs in this process, for all visitors
_kept: OrderedDict[tuple[Preprocessing | None, str], np.ndarray] = OrderedDict()
_bytes = 0
_lock = threading.Lock()


@dataclass(frozen=True)
class Prepared:
    """What the model can use, and how many samples it cannot."""

    samples: Samples
    unfit: int  # of another size or kind than the model's input, or without its target
    entries: tuple[SampleEntry, ...] = ()  # the workspace's samples, in the order of `samples`


def prepared_samples(
    workspace: Workspace,
    part: Part | None,
    preprocessing: Preprocessing,
    task: Task = Task.CLASSES,
    target_shape: tuple[int, ...] = (),
) -> Prepared:
    """The samples that the task can use, oldest first; only those of `part` when it is given.

    Those of all enabled labels where the model tells labels apart; all that have a target where it
    gives values; all that there are where it reconstructs its input. Samples whose file is missing
    or damaged are left out (`workspace.problems` names them).
    """
    manifest = workspace.manifest
    outputs = {label.id: label.output for label in manifest.labels if label.enabled}
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
            if goal is None:  # without a label, or its label rests
                continue
        elif task is Task.VALUES:
            goal = _target(workspace, sample, target_shape)
        else:
            goal = np.zeros(0, np.float32)
        ready = None if goal is None else _ready(workspace, sample, preprocessing)
        if goal is None or ready is None:
            unfit += 1
            continue
        x.append(ready)
        y.append(goal)
        entries.append(sample)
    inputs = np.stack(x) if x else np.zeros((0, *preprocessing.shape), np.float32)
    if task in (Task.CLASSES, Task.BINARY):
        goals = np.array(y, np.int64)
    elif task is Task.VALUES:
        goals = np.array(y, np.float32).reshape(-1, *target_shape)
    else:
        goals = np.zeros((len(inputs), 0), np.float32)
    return Prepared(Samples(inputs, goals, workspace.labels()), unfit, tuple(entries))


def unprepared(workspace: Workspace, preprocessing: Preprocessing) -> int:
    """How many of the samples still have to be read and prepared, or do not fit in what is kept."""
    with _lock:
        return sum(
            (preprocessing, sample.sha256) not in _kept for sample in workspace.manifest.samples
        )


def _ready(
    workspace: Workspace, sample: SampleEntry, preprocessing: Preprocessing
) -> np.ndarray | None:
    key = (preprocessing, sample.sha256)
    found = _look_up(key)
    if found is None:
        try:
            found = preprocessing.apply(workspace.sample_array(sample.id))
        except SampleError:
            return None
        _keep(key, found)
    return found


def _target(workspace: Workspace, sample: SampleEntry, shape: tuple[int, ...]) -> np.ndarray | None:
    if not sample.target:
        return None
    found = _look_up((None, sample.target))
    if found is None:
        try:
            found = workspace.sample_target(sample.id)
        except SampleError:
            return None
        if found is None:
            return None
        _keep((None, sample.target), found)
    return found.reshape(shape) if found.size == prod(shape) else None


def forget(digests: Collection[str]) -> None:
    """Drop what was prepared of these samples."""
    global _bytes
    with _lock:
        for key in [key for key in _kept if key[1] in digests]:
            _bytes -= _kept.pop(key).nbytes


def _look_up(key: tuple[Preprocessing | None, str]) -> np.ndarray | None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: tuple[Preprocessing | None, str], value: np.ndarray) -> None:
    global _bytes
    with _lock:
        if key not in _kept:
            _kept[key] = value
            _bytes += value.nbytes
        while _bytes > _LIMIT:
            _bytes -= _kept.popitem(last=False)[1].nbytes
