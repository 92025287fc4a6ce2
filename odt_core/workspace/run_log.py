"""What the file of a run says besides its curves: how it began, what it kept, how it ended, and
what the person said to that. Written and read here alone.

Files of earlier versions say less; what they do not say is None or empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from odt_core.training.history import Outcome, Score

_FAILED = "failed"


@dataclass(frozen=True)
class RunBegan:
    """With which weights, and with which samples.

    newest: the newest checkpoint just then, "" for none; ids count upwards. head: the checkpoint
    that was your model; source: the one that training began with, of a copy the one that it is a
    copy of; both None for the base model.
    goes_on: the automatic checkpoint of an interrupted run that this one goes on from exactly.
    trained_on: ids of samples.
    """

    newest: str | None
    head: str | None
    source: str | None
    goes_on: str | None
    trained_on: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A line of the file."""
        return {
            "kind": "begin",
            "after": self.newest,
            "head": self.head,
            "from": self.source,
            "goes_on": self.goes_on,
            "trained_on": list(self.trained_on),
        }


@dataclass(frozen=True)
class RunKept:
    """A checkpoint, made after `step` steps of the run; None: not known."""

    checkpoint: str
    step: int | None

    def to_json(self) -> dict[str, Any]:
        """A line of the file."""
        return {"kind": "checkpoint", "checkpoint": self.checkpoint, "step": self.step}


@dataclass(frozen=True)
class RunEnded:
    """outcome: None where training failed. test: how the model did on the person's test samples
    before the first step and after the last; None where it was not scored twice.
    """

    outcome: Outcome | None
    steps: int = 0
    total: int = 0
    message: str = ""
    test: tuple[Score, Score] | None = None

    def to_json(self) -> dict[str, Any]:
        """A line of the file."""
        if self.outcome is None:
            return {"kind": "end", "outcome": _FAILED}
        line = {
            "kind": "end",
            "outcome": self.outcome.value,
            "steps": self.steps,
            "total": self.total,
            "message": self.message,
        }
        return line if self.test is None else line | {"test": [asdict(one) for one in self.test]}


@dataclass(frozen=True)
class RunLog:
    """All lines of one run. began, ended: None where the file does not say."""

    began: RunBegan | None
    kept: tuple[RunKept, ...]  # oldest first
    ended: RunEnded | None
    accepted: bool  # the person keeps what it made, although it lost
    dismissed: bool  # the person does not want to go on with it

    def step_of(self, checkpoint: str) -> int | None:
        """At which step the run made it; None where it did not, or that is not known."""
        return next((one.step for one in self.kept if one.checkpoint == checkpoint), None)


ACCEPTED = {"kind": "accepted"}
DISMISSED = {"kind": "dismissed"}


def read_log(lines: Iterable[Mapping[str, Any]]) -> RunLog:
    """lines: as `Workspace.run_records` gives them; those of other kinds are left out."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        by_kind.setdefault(str(line.get("kind")), []).append(line)
    begins, ends = by_kind.get("begin"), by_kind.get("end")
    return RunLog(
        began=_began(begins[0]) if begins else None,
        kept=tuple(
            RunKept(str(line["checkpoint"]), line.get("step"))
            for line in by_kind.get("checkpoint", ())
            if "checkpoint" in line
        ),
        ended=_ended(ends[0]) if ends else None,
        accepted="accepted" in by_kind,
        dismissed="dismissed" in by_kind,
    )


def _began(line: Mapping[str, Any]) -> RunBegan:
    return RunBegan(
        newest=line.get("after"),
        head=line.get("head"),
        source=line.get("from"),
        goes_on=line.get("goes_on"),
        trained_on=tuple(map(str, line.get("trained_on", ()))),
    )


def _ended(line: Mapping[str, Any]) -> RunEnded:
    outcome = line.get("outcome")
    test = line.get("test")
    return RunEnded(
        outcome=next((one for one in Outcome if one.value == outcome), None),
        steps=int(line.get("steps", 0)),
        total=int(line.get("total", 0)),
        message=str(line.get("message", "")),
        test=(Score(**test[0]), Score(**test[1])) if test else None,
    )
