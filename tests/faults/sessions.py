"""Sessions whose server is killed at a moment that a seed chooses; what must be left of them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odt_core.bundled import bundled_models
from odt_core.checkpoint import Progress, load_checkpoint
from odt_core.errors import TrainingError
from odt_core.runtime import load_model
from odt_core.samples import Samples
from odt_core.training import Settings, fit
from odt_core.workspace import Part, Workspace, Workspaces
from pages.ui.desk import Desk
from tests.faults.player import LIMITS, SETTINGS, visible

_REPOSITORY = Path(__file__).resolve().parents[2]
_MOST_LINES = 5_000  # of a session; one that trains takes far fewer
_PATIENCE = 60.0  # seconds until a run must have ended
_ADDS, _REMOVES = {"add"}, {"delete"}
_LEAVES_SAMPLES = {"train", "stop", "restore", "keep", "reset"}

Line = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What came of a session."""

    acknowledged: int  # changes and checkpoints
    in_flight: str  # the change that was cut short, or ""
    resumed: bool  # whether an interrupted run went on, bit for bit
    refused: bool  # whether it could not, as the samples had changed under it


def create(workspaces: Workspaces) -> str:
    """The token of a new workspace with the first bundled model; it is closed again."""
    desk = Desk(workspaces.create())
    token = desk.workspace.token
    desk.close()
    workspaces.close(token)
    return token


def play_and_kill(root: Path, tokens: Sequence[str], seed: int) -> list[Line]:
    """A server with a visitor at each workspace, killed when a random number of things was told,
    or, by every other seed, of checkpoints, and a random while later; what it had told by then.
    """
    rng = random.Random(seed)
    saving = seed % 2 == 0
    number = rng.randint(1, 6 if saving else 40) + 2 * (len(tokens) - 1)
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.player", root, str(seed), str(writer), *tokens],
        cwd=_REPOSITORY,
        pass_fds=[writer],
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        assert json.loads(told.readline()) == {"ready": True}
        lines: list[bytes] = []
        while number:
            lines.append(told.readline())
            assert lines[-1], "the server ended by itself"
            assert len(lines) < _MOST_LINES, "nothing is saved any more"
            number -= b'"checkpoint"' in lines[-1] if saving else 1
        time.sleep(rng.uniform(0, 0.05))  # the pipe holds what is told meanwhile
        server.kill()
        server.wait()
        lines += told.read().split(b"\n")[:-1]  # nobody waited for half a line
    return [json.loads(line) for line in lines]


def check(
    workspaces: Workspaces, token: str, lines: Sequence[Line], *, go_on: bool = True
) -> Report:
    """Everything acknowledged is there, and the run goes on; AssertionError when not.

    go_on: whether to try the latter, which takes a second or two.
    """
    mine = [line for line in lines if line.get("at") == token]
    workspace = workspaces.open(token)
    try:
        in_flight = _check_visible(workspace, mine)
        _check_files(workspace, mine)
        resumed = _go_on(workspace) if go_on else None
        return Report(
            acknowledged=sum("do" not in line for line in mine),
            in_flight=in_flight,
            resumed=resumed is True,
            refused=resumed is False,
        )
    finally:
        workspaces.close(token)


def _check_visible(workspace: Workspace, lines: Sequence[Line]) -> str:
    """The visible state is the last that was acknowledged; returns what was cut short, if any."""
    doing = [line for line in lines if "do" in line or "done" in line]
    in_flight = doing[-1]["do"] if doing and "do" in doing[-1] else ""
    done = [line for line in doing if "done" in line]
    if not done:
        return in_flight
    now = json.loads(json.dumps(visible(workspace.manifest)))
    was = {key: done[-1][key] for key in now}
    if not in_flight:
        assert now == was
    elif in_flight in _LEAVES_SAMPLES:
        assert (now["samples"], now["labels"]) == (was["samples"], was["labels"])
        assert set(was["kept"]) <= set(now["kept"])
    elif in_flight in _ADDS:
        assert now["samples"][: len(was["samples"])] == was["samples"]
    elif in_flight in _REMOVES:
        gone = [sample for sample in was["samples"] if sample not in now["samples"]]
        assert len(gone) <= 1
        assert len(now["samples"]) == len(was["samples"]) - len(gone)
    return in_flight


def _check_files(workspace: Workspace, lines: Sequence[Line]) -> None:
    """Every sample and checkpoint can be read, and is what was acknowledged."""
    manifest = workspace.manifest
    assert workspace.problems == ()
    assert len(workspace.raw_samples()) == len(manifest.samples)
    there = {entry.id: entry.sha256 for entry in manifest.checkpoints}
    for entry in manifest.checkpoints:
        load_checkpoint(workspace.checkpoint_bytes(entry.id))
    for line in lines:
        if "checkpoint" in line:
            assert there.get(line["checkpoint"]) == line["sha256"]


def _go_on(workspace: Workspace) -> bool | None:
    """Finish an interrupted run and compare with one that never was. None: there was none; False:
    the visitor had changed the samples since it began.
    """
    desk = Desk(workspace)
    try:
        return _finish(desk)
    finally:
        desk.close()


def _finish(desk: Desk) -> bool | None:
    found = desk.interrupted()
    if found is None:
        return None
    run_id, checkpoint_id = found
    after = desk.workspace.run_records(run_id)[0]["after"]
    first = min(entry.id for entry in desk.workspace.manifest.checkpoints if entry.id > after)
    begin = load_checkpoint(desk.workspace.checkpoint_bytes(first)).progress
    assert begin is not None
    try:
        run = desk.go_on(checkpoint_id)
        assert run.wait(_PATIENCE)
        assert run.snapshot().phase.value == "finished" or "cannot go on" in run.snapshot().message
        if run.snapshot().phase.value != "finished":
            return False
    except TrainingError:  # too few samples are left
        return False
    head = desk.workspace.manifest.head
    assert head is not None
    resumed = load_checkpoint(desk.workspace.checkpoint_bytes(head)).state
    alone = uninterrupted(desk.samples(Part.TRAIN), begin)
    assert {name: array.tobytes() for name, array in resumed.items()} == alone
    return True


def uninterrupted(
    samples: Samples, begin: Progress, settings: Settings = SETTINGS
) -> dict[str, bytes]:
    """The weights of a run from `begin` to its end, in this process."""
    session = load_model(bundled_models()[0]).session()
    nothing = Samples(samples.x[:0], samples.y[:0], samples.labels)
    fit(session, samples, settings, start=begin, base_test=nothing)  # scores take the longest
    return {name: array.tobytes() for name, array in session.state().items()}


def session(root: Path, token: str, seed: int) -> Report:
    """Play one, kill it, look at what is left."""
    lines = play_and_kill(root, [token], seed)
    return check(Workspaces(root, LIMITS), token, lines)
