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
from odt_core.training import fit
from odt_core.workspace import Part, Workspace, Workspaces
from pages.ui.desk import Desk
from tests.faults.player import LIMITS, SETTINGS, visible

_REPOSITORY = Path(__file__).resolve().parents[2]
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


def play_and_kill(root: Path, tokens: Sequence[str], seed: int, longest: float) -> list[Line]:
    """A server with a visitor at each workspace, killed after at most `longest` seconds of play;
    what it had told by then.
    """
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.player", root, str(seed), str(writer), *tokens],
        cwd=_REPOSITORY,
        pass_fds=[writer],
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        assert json.loads(told.readline()) == {"ready": True}
        # The pipe holds what half a second of play can say; reading goes on after the kill.
        drained = _read_for(told, random.Random(seed).uniform(0, longest))
        server.kill()
        server.wait()
        lines = (drained + told.read()).split(b"\n")[:-1]  # nobody waited for half a line
    return [json.loads(line) for line in lines]


def _read_for(told: Any, seconds: float) -> bytes:
    os.set_blocking(told.fileno(), False)
    end, data = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0:
        data += told.read(2**20) or b""
        time.sleep(min(0.005, left))
    os.set_blocking(told.fileno(), True)
    return data


def check(workspaces: Workspaces, token: str, lines: Sequence[Line]) -> Report:
    """Everything acknowledged is there, and the run goes on; AssertionError when not."""
    mine = [line for line in lines if line.get("at") == token]
    workspace = workspaces.open(token)
    try:
        in_flight = _check_visible(workspace, mine)
        _check_files(workspace, mine)
        found = Desk(workspace)
        try:
            resumed = _go_on(found)
        finally:
            found.close()
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


def _go_on(desk: Desk) -> bool | None:
    """Finish an interrupted run and compare with one that never was. None: there was none; False:
    the visitor had changed the samples since it began.
    """
    found = desk.interrupted()
    if found is None:
        return None
    run_id, checkpoint_id = found
    after = desk.workspace.run_records(run_id)[0]["after"]
    first = min(entry.id for entry in desk.workspace.manifest.checkpoints if entry.id > after)
    begin = load_checkpoint(desk.workspace.checkpoint_bytes(first)).progress
    assert begin is not None
    try:
        run = desk.train(SETTINGS, go_on=checkpoint_id)
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


def uninterrupted(samples: Samples, begin: Progress) -> dict[str, bytes]:
    """The weights of a run from `begin` to its end, in this process."""
    session = load_model(bundled_models()[0]).session()
    fit(session, samples, SETTINGS, start=begin)
    return {name: array.tobytes() for name, array in session.state().items()}


def session(root: Path, token: str, seed: int, longest: float = 1.5) -> Report:
    """Play one, kill it, look at what is left."""
    lines = play_and_kill(root, [token], seed, longest)
    return check(Workspaces(root, LIMITS), token, lines)
