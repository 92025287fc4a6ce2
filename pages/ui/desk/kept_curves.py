"""The training that led to a checkpoint, from the files of its runs."""

from __future__ import annotations

from dataclasses import dataclass

from odt_core.evidence import Curves
from odt_core.training.history import EvaluationRecord, Record
from odt_core.training.journal import read_journal
from odt_core.workspace import Workspace
from odt_core.workspace.run_log import RunEnded, read_log
from pages.ui.run import Phase, Snapshot

_MOST = 50  # restarts of one training


def kept_run(workspace: Workspace, checkpoint: str) -> Snapshot | None:
    """The run that made the checkpoint, as it stood at its end; None as `kept_curves`."""
    maker, entry = _maker(workspace, checkpoint), workspace.manifest.checkpoint(checkpoint)
    curves = _curves(workspace, maker) if maker is not None else None
    if curves is None or entry is None or maker is None:
        return None
    ended, steps = maker.ended, curves.records[-1].step
    phase = Phase.STOPPED  # where it has no end, this was made on the way
    if ended is not None:
        phase = Phase(ended.outcome.value) if ended.outcome is not None else Phase.FAILED
    return Snapshot(
        id=f"kept {checkpoint}",
        phase=phase,
        waiting=False,
        step=steps,
        total=max(ended.total if ended is not None else 0, steps),
        samples=entry.info.samples,
        rate=0.0,
        records=curves.records,
        evaluations=curves.evaluations,
        message=curves.message,
        earlier=entry.info.earlier,
    )


def kept_curves(workspace: Workspace, checkpoint: str) -> Curves | None:
    """Of the run that made the checkpoint; where that went on from an interrupted one, of both.

    None where no run is known to have made it, or its curves were not kept.
    """
    maker = _maker(workspace, checkpoint)
    return _curves(workspace, maker) if maker is not None else None


def _curves(workspace: Workspace, last: _Maker) -> Curves | None:
    records: list[Record] = []
    evaluations: list[EvaluationRecord] = []
    maker: _Maker | None = last
    for _ in range(_MOST):
        if maker is None:
            break
        after = maker.step + 1
        first = min((r.step for r in records), default=after)
        records = [*(r for r in maker.records if r.step < min(first, after)), *records]
        begun = min((e.step for e in evaluations), default=after)
        evaluations = [*(e for e in maker.evaluations if e.step < min(begun, after)), *evaluations]
        maker = _maker(workspace, maker.goes_on) if maker.goes_on is not None else None
    if not records:
        return None
    outcome, message, ended = None, "", last.ended
    if ended is not None:
        outcome = ended.outcome
        message = ended.message if outcome is not None else "This training failed."
    return Curves(tuple(records), tuple(evaluations), outcome, message)


@dataclass(frozen=True)
class _Maker:
    """The run that made a checkpoint, after `step` steps."""

    step: int
    records: tuple[Record, ...]
    evaluations: tuple[EvaluationRecord, ...]
    goes_on: str | None  # the checkpoint of an interrupted run that it went on from
    ended: RunEnded | None


def _maker(workspace: Workspace, checkpoint: str) -> _Maker | None:
    checkpoint = workspace.manifest.original_of(checkpoint)
    for run in reversed(workspace.runs()):
        lines = workspace.run_records(run.id)
        log = read_log(lines)
        step = log.step_of(checkpoint)
        if step is not None:
            goes_on = log.began.goes_on if log.began is not None else None
            return _Maker(step, *read_journal(lines), goes_on, log.ended)
    return None
