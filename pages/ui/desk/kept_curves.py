"""The training that led to a checkpoint, from the files of its runs."""

from __future__ import annotations

from typing import Any

from odt_core.evidence import Curves
from odt_core.training.journal import read_journal
from odt_core.workspace import Workspace
from pages.ui.run import Phase, Snapshot

_MOST = 50  # restarts of one training


def kept_run(workspace: Workspace, checkpoint: str) -> Snapshot | None:
    """The run that made the checkpoint, as it stood at its end; None as `kept_curves`."""
    curves, entry = kept_curves(workspace, checkpoint), workspace.manifest.checkpoint(checkpoint)
    lines = _of_checkpoint(workspace, checkpoint)
    if curves is None or entry is None or lines is None:
        return None
    end = next((line for line in lines if line.get("kind") == "end"), {})
    steps = curves.records[-1].step
    try:
        phase = Phase(curves.outcome)
    except ValueError:  # it has no end: this was made on the way
        phase = Phase.STOPPED
    return Snapshot(
        id=f"kept {checkpoint}",
        phase=phase,
        waiting=False,
        step=steps,
        total=max(int(end.get("total", steps)), steps),
        samples=entry.info.samples,
        rate=0.0,
        records=curves.records,
        evaluations=curves.evaluations,
        message=curves.message,
    )


def kept_curves(workspace: Workspace, checkpoint: str) -> Curves | None:
    """Of the run that made the checkpoint; where that went on from an interrupted one, of both.

    None where no run is known to have made it, or its curves were not kept.
    """
    records: list[Any] = []
    evaluations: list[Any] = []
    outcome = message = ""
    wanted: str | None = checkpoint
    for _ in range(_MOST):
        lines = _of_checkpoint(workspace, wanted)
        if lines is None:
            break
        if wanted == checkpoint:
            end = next((line for line in lines if line.get("kind") == "end"), {})
            outcome, message = end.get("outcome", ""), end.get("message", "")
        step = next(line["step"] for line in lines if line.get("checkpoint") == wanted)
        earlier, scores = read_journal(lines)
        first = min((r.step for r in records), default=step + 1)
        records = [*(r for r in earlier if r.step < min(first, step + 1)), *records]
        begun = min((e.step for e in evaluations), default=step + 1)
        evaluations = [*(e for e in scores if e.step < min(begun, step + 1)), *evaluations]
        wanted = next((line.get("goes_on") for line in lines if line.get("kind") == "begin"), None)
        if wanted is None:
            break
    if not records:
        return None
    return Curves(tuple(records), tuple(evaluations), outcome, message)


def _of_checkpoint(workspace: Workspace, checkpoint: str | None) -> list[dict[str, Any]] | None:
    """All lines of the run that made it."""
    for run in reversed(workspace.runs()):
        lines = workspace.run_records(run.id)
        if any(line.get("checkpoint") == checkpoint and "step" in line for line in lines):
            return lines
    return None
