"""Files damaged at random: models, checkpoints, and what lies in a workspace's folder.

Each function does one case of a seed. Whatever happens must be a result or an OdtError; anything
else comes out as it is, or as an AssertionError.
"""

from __future__ import annotations

import gzip
import random
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from odt_core.checkpoint import Checkpoint, CheckpointMeta, load_checkpoint, save_checkpoint
from odt_core.dialects.contract import Task
from odt_core.errors import CheckpointError, OdtError
from odt_core.graph.flatbuffer import read, write
from odt_core.runtime import Session, load_model
from odt_core.samples import Labels, Samples
from odt_core.training import Settings
from odt_core.training.events import Ended, Event, Failed
from odt_core.worker import Worker
from odt_core.workspace import CheckpointInfo, Kind, Source, Workspace, Workspaces
from tests.bright_pixels import LABELS
from tests.faults.worker_runs import MODEL, as_bytes
from tests.graph.mutation import mutate

_TESTS = Path(__file__).resolve().parents[1]
_LARGEST = 400_000  # bytes of a model that is worth mutating often
SLOW = 30.0  # seconds; a case that takes longer counts as a hang


@dataclass(frozen=True)
class Case:
    """What came of one case, in a word."""

    outcome: str


# Bytes


def damaged(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to four small damages; never the same bytes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        match rng.choice(["bit", "byte", "cut", "insert", "drop", "zeros", "number"]):
            case "bit" if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case "byte" if at < len(changed):
                changed[at] = rng.randrange(256)
            case "cut":
                del changed[at:]
            case "insert":
                changed[at:at] = rng.randbytes(rng.randint(1, 16))
            case "drop":
                del changed[at : at + rng.randint(1, 64)]
            case "zeros":  # a power cut leaves whole blocks of them
                length = min(rng.randint(1, 4096), len(changed) - at)
                changed[at : at + length] = bytes(length)
            case "number":
                edge = rng.choice([0, 1, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
                changed[at : at + 4] = edge.to_bytes(4, "little")
    return bytes(changed) if changed != data else bytes(changed) + b"\0"


# Models


@cache
def _models() -> tuple[bytes, ...]:
    """Real models: small ones of all kinds."""
    files = [*_TESTS.glob("models/*.tflite"), *_TESTS.glob("runtime/models/*.tflite")]
    found = [path.read_bytes() for path in sorted(files)]
    zoo = sorted(_TESTS.glob("oracle/models/*.tflite.gz"))
    found += [gzip.decompress(path.read_bytes()) for path in zoo]
    return tuple(data for data in found if len(data) <= _LARGEST)


def model(seed: int) -> Case:
    """A model whose parts or bytes were changed: loaded, asked and trained in a worker."""
    rng = random.Random(seed)
    data = rng.choice(_models())
    if rng.random() < 0.3:
        data = damaged(data, rng)
    else:
        parsed, numbers = read(data), np.random.default_rng(seed)
        for _ in range(rng.randint(1, 3)):
            mutate(parsed, numbers)
        try:
            data = write(parsed)
        except (struct.error, TypeError, ValueError, OverflowError):
            return Case("no file")  # such a number has no place in one
    began = time.monotonic()
    try:
        with Worker.start(data) as worker:
            outcome = _use(worker)
    except OdtError as error:
        outcome = type(error).__name__
    assert time.monotonic() - began < SLOW, "a hang"
    return Case(outcome)


def _use(worker: Worker) -> str:
    contract = worker.contract
    x = np.zeros((4, *[size if size > 0 else 8 for size in contract.input_shape]), np.float32)
    outcome = "loaded"
    with suppress(OdtError):
        worker.infer(x)
        outcome = "answered"
    with suppress(OdtError):
        worker.load_state(worker.state())
    if contract.trainable:
        outcome = _train(worker, x)
    return outcome if worker.alive else "died"


def _train(worker: Worker, x: np.ndarray) -> str:
    contract = worker.contract
    count = max(2, contract.labels_count)
    y: np.ndarray = np.arange(len(x)) % 2
    if contract.task in (Task.VALUES, Task.RECONSTRUCTION):
        y = np.zeros((len(x), *contract.target_shape), np.float32)
    last: list[Event] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Ended | Failed):
            last.append(event)

    if count > 10_000:
        return "loaded"
    settings = Settings(epochs=2, batch_size=2)
    try:
        worker.fit(Samples(x, y, Labels.numbered(count)), settings, on_event=on_event)
    except OdtError:
        return "not trained"
    began = time.monotonic()
    while not last:
        assert time.monotonic() - began < SLOW, "training hangs"
        time.sleep(0.002)
    return "trained" if isinstance(last[0], Ended) else "not trained"


# Checkpoints


@cache
def _session() -> tuple[Session, dict[str, bytes], bytes]:
    loaded = load_model(MODEL)
    session = loaded.session()
    state = session.state()
    meta = CheckpointMeta(model_sha256=loaded.sha256, step=7, labels=tuple(LABELS.names))
    return session, as_bytes(state), save_checkpoint(Checkpoint(state, meta))


def checkpoint(seed: int) -> Case:
    """A damaged checkpoint: read, and restored where it can be."""
    session, before, whole = _session()
    data = damaged(whole, random.Random(seed))
    try:
        found = load_checkpoint(data)
    except CheckpointError:
        return Case("refused")
    try:
        session.restore(found)
    except OdtError:
        assert as_bytes(session.state()) == before, "a refused checkpoint changed the weights"
        return Case("not restored")
    session.load_state({k: np.frombuffer(v, session.state()[k].dtype).reshape(
        session.state()[k].shape) for k, v in before.items()})  # fmt: skip
    return Case("restored")


# Workspaces


def workspace(root: Path, seed: int) -> Case:
    """A workspace some of whose files are damaged or gone: opened, read, changed, opened again."""
    rng = random.Random(seed)
    workspaces = Workspaces(root)
    made = workspaces.create()
    token = made.token
    originals = _fill(made, rng)
    workspaces.close(token)
    hurt = _hurt(root, rng)
    try:
        opened = workspaces.open(token)
    except OdtError:
        return Case("not opened")
    outcome = "whole"
    try:
        if opened.problems:
            outcome = "damage told"
        read_back = _read(opened)
        for name, data in read_back.items():
            assert originals[name] == data, "something else than was kept came back"
        if read_back.keys() != originals.keys():
            assert opened.problems or outcome == "damage told" or hurt
            outcome = "some lost"
        _change(opened, rng)
        after = opened.manifest
        workspaces.close(token)
        opened = workspaces.open(token)
        assert opened.manifest == after, "a change to a damaged workspace was lost"
    finally:
        workspaces.close(token)
    return Case(outcome)


def _fill(workspace: Workspace, rng: random.Random) -> dict[str, bytes]:
    """Samples of two labels, a checkpoint, an uploaded model, a run; what it holds, by name."""
    workspace.set_model("m", Labels(("a", "b", None)), data=b"model" * 40)
    numbers = np.random.default_rng(rng.randrange(2**32))
    for label in workspace.manifest.labels:
        items = [numbers.integers(0, 256, (8, 8), np.uint8) for _ in range(rng.choice([2, 40]))]
        workspace.add_samples(items, label.id, Source.DRAW)
    workspace.add_checkpoint(numbers.bytes(200), CheckpointInfo(Kind.AUTO, 1, 4))
    workspace.add_checkpoint(numbers.bytes(200), CheckpointInfo(Kind.END, 2, 4), as_head=True)
    workspace.append_run(workspace.start_run(), [{"step": 1}])
    return _read(workspace)


def _read(workspace: Workspace) -> dict[str, bytes]:
    """All that can be read, by name."""
    found: dict[str, bytes] = {}
    manifest = workspace.manifest
    for sample in manifest.samples:
        with suppress(OdtError):
            found[sample.id] = workspace.sample_array(sample.id).tobytes()
    for entry in manifest.checkpoints:
        with suppress(OdtError):
            found[entry.id] = workspace.checkpoint_bytes(entry.id)
    with suppress(OdtError):
        found["model"] = workspace.model_bytes() or b""
    for run in workspace.runs():
        workspace.run_records(run.id)
    workspace.raw_samples()
    return found


def _hurt(root: Path, rng: random.Random) -> list[str]:
    """Damage one to three files; their folders' names."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.name != "lock"]
    chosen = rng.sample(files, rng.randint(1, 3))
    for path in chosen:
        if rng.random() < 0.2:
            path.unlink()
        else:
            path.write_bytes(damaged(path.read_bytes() or b"\0", rng))
    return [path.parent.name for path in chosen]


def _change(workspace: Workspace, rng: random.Random) -> None:
    """What a visitor does next."""
    for act in (
        lambda: workspace.add_label("new"),
        lambda: workspace.add_samples(
            [np.full((8, 8), 9, np.uint8)], workspace.manifest.labels[0].id, Source.DRAW
        ),
        workspace.undo,
        workspace.redo,
        lambda: workspace.delete_samples([s.id for s in workspace.manifest.samples[:1]]),
        lambda: workspace.add_checkpoint(b"new", CheckpointInfo(Kind.END, 3, 4), as_head=True),
    ):
        with suppress(OdtError):
            act()
