"""One short training whose worker something happens to, at a moment that a seed chooses.

The run is kept as the dashboard keeps it: a workspace on disk, a recorder that writes checkpoints.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np

from odt_core.checkpoint import Checkpoint, load_checkpoint
from odt_core.errors import OdtError
from odt_core.runtime import load_model
from odt_core.training import Settings, fit
from odt_core.training.events import Ended, Failed
from odt_core.worker import Worker
from odt_core.worker import link as client
from odt_core.workspace import Workspace, Workspaces
from pages.ui.recorder import Recorder
from pages.ui.run import Phase, Run
from tests.bright_pixels import LABELS, some

MODEL = Path(__file__).resolve().parents[1] / "runtime" / "models" / "tiny_adam.tflite"
SETTINGS = (
    Settings(epochs=60, batch_size=8, learning_rate=0.01),
    Settings(epochs=60, batch_size=8, learning_rate=0.01, average=0.5, distil=0.5, replay=0.5),
)
AUTOSAVE = 0.004  # seconds: so often that much of a run is saving
PATIENCE = 30.0  # seconds until the end of a run must have been told
_DEADLINE = 0.3  # seconds; what replaces the deadline of a call while a worker hangs
_NO_ROOM = 1  # bytes; so nothing more can be mapped


class Fault(StrEnum):
    """What happens to the worker."""

    KILLED = "SIGKILL"
    CRASHED = "SIGSEGV"
    HUNG = "SIGSTOP"
    OUT_OF_MEMORY = "memory"


class During(StrEnum):
    """What the visitor does meanwhile."""

    TRAINING = "training"
    SAVING = "saving"
    RESTORING = "restoring"


@dataclass(frozen=True)
class Report:
    """What came of a run."""

    fault: Fault
    during: During
    phase: Phase
    message: str
    told_after: float  # seconds from the fault to the end of the run, as a page sees it
    resumed_from: int | None  # step of the checkpoint; None where none had been kept


TRAIN, TEST, REPLAY = some(12, 0), some(8, 1), some(40, 2)


@cache
def uninterrupted(settings: Settings) -> dict[str, bytes]:
    """The weights at the end of the run that nothing happened to."""
    session = load_model(MODEL).session()
    fit(session, TRAIN, settings, test=TEST, replay=REPLAY)
    return as_bytes(session.state())


def as_bytes(state: dict[str, np.ndarray]) -> dict[str, bytes]:
    """Comparable bit for bit."""
    return {name: array.tobytes() for name, array in state.items()}


def hurt(pid: int, fault: Fault) -> None:
    """Have it happen; a process that is gone already cannot be hurt."""
    with suppress(ProcessLookupError):
        if fault is Fault.OUT_OF_MEMORY:
            resource.prlimit(pid, resource.RLIMIT_AS, (_NO_ROOM, _NO_ROOM))
        else:
            os.kill(pid, getattr(signal, fault.value))


def run_once(
    root: Path, seed: int, fault: Fault | None = None, during: During | None = None
) -> Report:
    """Play a run; AssertionError when anything that was kept is lost or altered.

    fault, during: left out, the seed chooses them too.
    """
    rng = random.Random(seed)
    fault = fault or rng.choice(list(Fault))
    during = during or rng.choice(list(During))
    settings = rng.choice(SETTINGS)
    workspaces = Workspaces(root)
    workspace = workspaces.create()
    workspace.set_model("tiny", LABELS, data=MODEL.read_bytes())
    kept: dict[str, bytes] = {}
    try:
        with Worker.start(MODEL.read_bytes()) as worker:
            run = _start(worker, workspace, settings, kept)
            seen = _meanwhile(worker, run, during, rng.uniform(0, 0.1))
            time.sleep(rng.uniform(0, 0.25))
            before = time.monotonic()
            hurt(worker.pid, fault)
            _notice(worker, fault)
            assert run.wait(PATIENCE), f"nobody was told of {fault} during {during}"
            told = time.monotonic() - before
            seen.set()
        snapshot = run.snapshot()
        assert snapshot.message
        workspaces.close(workspace.token)
        workspace = workspaces.open(workspace.token)
        newest = _check_kept(workspace, kept)
        if newest is not None:
            _check_resumed(newest, settings)
    finally:
        workspaces.close(workspace.token)
    step = None if newest is None else newest.meta.step
    return Report(fault, during, snapshot.phase, snapshot.message, told, step)


def _start(worker: Worker, workspace: Workspace, settings: Settings, kept: dict[str, bytes]) -> Run:
    """Begin to train; `kept` gets each checkpoint's bytes as soon as the workspace has said yes."""
    add = workspace.add_checkpoint

    def add_and_tell(data: bytes, *rest: object, **more: object) -> object:
        entry = add(data, *rest, **more)  # type: ignore[arg-type]
        kept[entry.id] = data
        return entry

    workspace.add_checkpoint = add_and_tell  # type: ignore[method-assign,assignment]
    run = Run(workspace.start_run(), 0, len(TRAIN), None)
    worker.fit(
        TRAIN,
        settings,
        test=TEST,
        replay=REPLAY,
        on_event=Recorder(workspace, run, on_head=lambda _: None).on_event,
        autosave_seconds=AUTOSAVE,
    )
    return run


def _meanwhile(worker: Worker, run: Run, during: During, wait: float) -> threading.Event:
    """Somebody saves or restores as fast as they can until the worker is gone."""
    over = threading.Event()
    if during is During.TRAINING:
        return over
    act: Callable[[], object] = worker.state
    if during is During.RESTORING:
        time.sleep(wait)
        state = worker.state()
        worker.stop()
        assert run.wait(PATIENCE)
        act = lambda: worker.load_state(state)  # noqa: E731

    def again_and_again() -> None:
        with suppress(OdtError):  # what they read when the process is gone
            while worker.alive and not over.is_set():
                act()

    threading.Thread(target=again_and_again, daemon=True).start()
    return over


def _notice(worker: Worker, fault: Fault) -> None:
    """Only a question finds out that a process hangs, or has no memory left."""
    if fault is Fault.HUNG:
        usual = client.CALL_SECONDS, client.RUN_SECONDS
        client.CALL_SECONDS = client.RUN_SECONDS = _DEADLINE
        try:
            with suppress(OdtError):
                worker.state()
        finally:
            client.CALL_SECONDS, client.RUN_SECONDS = usual
    elif fault is Fault.OUT_OF_MEMORY:
        with suppress(OdtError):
            worker.infer(np.zeros((200_000, 8, 8, 1), np.float32))  # 51 MB
        with suppress(OdtError):
            worker.stop()


def _check_kept(workspace: Workspace, kept: dict[str, bytes]) -> Checkpoint | None:
    """Everything that was acknowledged is there, letter for letter; the newest that goes on."""
    assert workspace.problems == ()
    entries = workspace.manifest.checkpoints
    there = {entry.id: workspace.checkpoint_bytes(entry.id) for entry in entries}
    thinned = len(kept) > workspace.limits.automatic_checkpoints
    for checkpoint_id, data in kept.items():
        if checkpoint_id in there:
            assert there[checkpoint_id] == data
        else:
            assert thinned, "a checkpoint is lost"
    assert not kept or max(kept) in there, "the newest checkpoint is lost"
    newest = [load_checkpoint(data) for _, data in sorted(there.items())]
    return newest[-1] if newest else None


def _check_resumed(checkpoint: Checkpoint, settings: Settings) -> None:
    """Going on from a checkpoint, in a new process, ends as if nothing had happened."""
    ended = threading.Event()
    with Worker.start(MODEL.read_bytes()) as worker:
        worker.fit(
            TRAIN,
            settings,
            test=TEST,
            replay=REPLAY,
            start=checkpoint.progress,
            on_event=lambda event: ended.set() if isinstance(event, Ended | Failed) else None,
        )
        assert ended.wait(PATIENCE)
        assert as_bytes(worker.state()) == uninterrupted(settings)
