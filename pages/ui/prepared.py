"""A workspace's samples as model input, each read and prepared once (about a millisecond each)."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples import Preprocessing, Samples
from odt_core.workspace import Part, SampleEntry, Workspace

_LIMIT = 64 * 1024 * 1024  # bytes of prepared inputs in this process, for all visitors
_kept: OrderedDict[tuple[Preprocessing, str], np.ndarray] = OrderedDict()
_bytes = 0
_lock = threading.Lock()


def prepared_samples(
    workspace: Workspace, part: Part | None, preprocessing: Preprocessing
) -> Samples:
    """The samples of all enabled labels, oldest first; only those of `part` when it is given.

    Samples whose file is missing or damaged are left out (`workspace.problems` names them).
    """
    manifest = workspace.manifest
    outputs = {label.id: label.output for label in manifest.labels if label.enabled}
    x: list[np.ndarray] = []
    y: list[int] = []
    for sample in manifest.samples:
        output = outputs.get(sample.label)
        if output is not None and part in (None, sample.part):
            ready = _ready(workspace, sample, preprocessing)
            if ready is not None:
                x.append(ready)
                y.append(output)
    inputs = np.stack(x) if x else np.zeros((0, *preprocessing.shape), np.float32)
    return Samples(inputs, np.array(y, np.int64), workspace.labels())


def _ready(
    workspace: Workspace, sample: SampleEntry, preprocessing: Preprocessing
) -> np.ndarray | None:
    global _bytes
    key = (preprocessing, sample.sha256)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    try:
        item = workspace.sample_array(sample.id)
    except SampleError:
        return None
    try:
        ready = preprocessing.apply(item)
    except SampleError as error:
        raise SampleError(f"{sample.origin or 'A drawing'}: {error}") from error
    with _lock:
        if key not in _kept:
            _kept[key] = ready
            _bytes += ready.nbytes
        while _bytes > _LIMIT:
            _bytes -= _kept.popitem(last=False)[1].nbytes
    return ready
