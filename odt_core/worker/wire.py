"""The values that cross between a worker and its owner, as messages and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from odt_core.checkpoint.checkpoint import Checkpoint, CheckpointMeta
from odt_core.checkpoint.prefixes import prefixed, under
from odt_core.checkpoint.progress import Progress
from odt_core.errors import WorkerError
from odt_core.graph import (
    CheckpointSignature,
    CheckpointTensor,
    Entry,
    Meeting,
    Missing,
    ModelDescription,
    Rewrite,
    SignatureDescription,
    TensorDescription,
    VariableDescription,
)
from odt_core.graph.runtime_table import Runtime
from odt_core.runtime.profile import OpCost, Profile
from odt_core.samples import Labels, Samples
from odt_core.scaling import Scaling
from odt_core.training.callbacks import Reason
from odt_core.training.events import (
    Ended,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progressed,
    Resumed,
    Saved,
    Started,
    Waiting,
)
from odt_core.training.history import EvaluationRecord, Outcome, Record
from odt_core.worker.protocol import Message

Arrays = dict[str, np.ndarray]
# What values of the wrong kind raise here; int() of an infinite number overflows.
_SENSELESS = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def pack_description(description: ModelDescription) -> dict[str, Any]:
    """A description as plain JSON types."""
    return asdict(description)


def pack_profile(profile: Profile) -> dict[str, Any]:
    """A profile as plain JSON types."""
    return asdict(profile)


def unpack_profile(document: Mapping[str, Any]) -> Profile:
    """The inverse of `pack_profile`; WorkerError when it makes no sense."""
    try:
        return Profile(
            signature=str(document["signature"]),
            batch=int(document["batch"]),
            threads=int(document["threads"]),
            step_ms=float(document["step_ms"]),
            parts=int(document["parts"]),
            ops=tuple(
                OpCost(
                    op=str(row["op"]),
                    times=int(row["times"]),
                    ms=float(row["ms"]),
                    share=float(row["share"]),
                    delegate=str(row["delegate"]),
                )
                for row in document["ops"]
            ),
            rest_ms=float(document["rest_ms"]),
        )
    except _SENSELESS as error:
        raise WorkerError("The worker sent a profile that makes no sense.") from error


def _runtime(major: Any, minor: Any) -> Runtime:
    return int(major), int(minor)


def unpack_description(document: Mapping[str, Any]) -> ModelDescription:
    """The inverse of `pack_description`; WorkerError when it makes no sense."""

    def tensors(rows: Any) -> tuple[TensorDescription, ...]:
        listed = ("shape", "reached_by", "tail", "scales", "pixels", "sums")
        return tuple(
            TensorDescription(
                **{
                    **row,
                    **{name: tuple(row[name]) for name in listed},
                    "meets": tuple(
                        Meeting(
                            **{**one, **{kind: tuple(one[kind]) for kind in ("way", "on", "pairs")}}
                        )
                        for one in row["meets"]
                    ),
                    "enters": tuple(map(_entry, row["enters"])),
                    "answer": _entry(row["answer"]) if row["answer"] else None,
                }
            )
            for row in rows
        )

    try:
        return ModelDescription(
            signatures=tuple(
                SignatureDescription(
                    name=row["name"],
                    inputs=tensors(row["inputs"]),
                    outputs=tensors(row["outputs"]),
                    flex_ops=tuple(row["flex_ops"]),
                    ops=tuple(row["ops"]),
                    reads=tuple(row["reads"]),
                    assigns=tuple(row["assigns"]),
                    smallest=tuple((op, size) for op, size in row["smallest"]),
                    largest=int(row["largest"]),
                    work=int(row["work"]),
                )
                for row in document["signatures"]
            ),
            variables=tuple(
                VariableDescription(**{**row, "shape": tuple(row["shape"])})
                for row in document["variables"]
            ),
            operators={str(name): int(count) for name, count in document["operators"].items()},
            size=int(document["size"]),
            rewrites=tuple(Rewrite(**row) for row in document["rewrites"]),
            missing=tuple(Missing(**row) for row in document["missing"]),
            checkpoints=tuple(
                CheckpointSignature(
                    **{
                        **row,
                        "tensors": tuple(
                            CheckpointTensor(**{**tensor, "shape": tuple(tensor["shape"])})
                            for tensor in row["tensors"]
                        ),
                        "texts": tuple((str(name), str(text)) for name, text in row["texts"]),
                    }
                )
                for row in document["checkpoints"]
            ),
            lost=tuple(str(name) for name in document["lost"]),
            taken_for={str(k): v for k, v in document["taken_for"].items()},
            labels=tuple(None if one is None else str(one) for one in document["labels"]),
            unsigned=bool(document["unsigned"]),
            quantised=tuple(str(name) for name in document["quantised"]),
            weights=tuple((str(held), str(used)) for held, used in document["weights"]),
            runtime=_runtime(*document["runtime"]),
        )
    except _SENSELESS as error:
        raise WorkerError(
            "The model's process described the model in a way that makes no sense."
        ) from error


def pack_samples(name: str, samples: Samples | None, body: dict[str, Any], arrays: Arrays) -> None:
    """Put samples into a message under `name`."""
    if samples is not None:
        body[name] = list(samples.labels.names)
        arrays[f"{name}.x"], arrays[f"{name}.y"] = samples.x, samples.y


def unpack_samples(name: str, message: Message) -> Samples | None:
    """The inverse of `pack_samples`; None when there were none."""
    if name not in message.body:
        return None
    return Samples(
        message.arrays[f"{name}.x"],
        message.arrays[f"{name}.y"],
        Labels(tuple(message.body[name])),
    )


def pack_progress(
    progress: Progress | None,
    body: dict[str, Any],
    arrays: Arrays,
    beside: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Put a run's progress into a message; what is in the state `beside` it is not sent twice."""
    if progress is not None:
        body["progress"] = progress.to_json()
        arrays |= prefixed("progress/", progress.arrays_beside(beside or {}))


def unpack_progress(
    message: Message, beside: Mapping[str, np.ndarray] | None = None
) -> Progress | None:
    """The inverse of `pack_progress`."""
    if message.body.get("progress") is None:
        return None
    arrays = under("progress/", message.arrays)
    return Progress.from_parts(message.body["progress"], arrays, beside or {})


def pack_event(event: Event) -> Message:
    """An event as a message."""
    body: dict[str, Any] = {}
    arrays: Arrays = {}
    match event:
        case Started() | Failed():
            body = asdict(event)
        case Progressed():
            body["records"] = event.records
        case Evaluated():
            body["evaluation"] = event.evaluation.to_json()
        case Saved():
            body["reason"] = event.reason.value
            body["meta"] = dict(vars(event.checkpoint.meta))
            arrays |= prefixed("variable/", event.checkpoint.state)
            state = event.checkpoint.state
            pack_progress(event.checkpoint.progress, body, arrays, state)
        case Ended():
            body = {
                "outcome": event.outcome.value,
                "steps": event.steps,
                "total": event.total,
                "seconds": event.seconds,
                "learnt": event.learnt,
                "message": event.message,
            }
            pack_progress(event.progress, body, arrays)
        case Paused() | Waiting() | Resumed():
            pass
    return Message(type(event).__name__, 0, body, arrays)


def unpack_event(message: Message) -> Event:
    """The inverse of `pack_event`; WorkerError when it makes no sense."""
    body = message.body
    try:
        match message.kind:
            case "Started":
                return Started(int(body["step"]), int(body["total"]), int(body["threads"]))
            case "Progressed":
                return Progressed(tuple(_record(values) for values in body["records"]))
            case "Evaluated":
                return Evaluated(EvaluationRecord.from_json(body["evaluation"]))
            case "Saved":
                meta = CheckpointMeta(**{**body["meta"], "labels": tuple(body["meta"]["labels"])})
                state = under("variable/", message.arrays)
                checkpoint = Checkpoint(state, meta, unpack_progress(message, state))
                return Saved(checkpoint, Reason(body["reason"]))
            case "Paused":
                return Paused()
            case "Waiting":
                return Waiting()
            case "Resumed":
                return Resumed()
            case "Ended":
                progress = unpack_progress(message)
                if progress is None:
                    raise KeyError("progress")
                return Ended(
                    outcome=Outcome(body["outcome"]),
                    steps=int(body["steps"]),
                    total=int(body["total"]),
                    seconds=float(body["seconds"]),
                    learnt=bool(body["learnt"]),
                    message=str(body["message"]),
                    progress=progress,
                )
            case "Failed":
                return Failed(str(body["message"]), bool(body["died"]))
    except _SENSELESS as error:
        raise WorkerError("The model's process sent an event that makes no sense.") from error
    raise WorkerError(f"The model's process sent an unknown event '{message.kind[:40]}'.")


def _entry(document: Mapping[str, Any]) -> Entry:
    scaling = Scaling.from_json(document["scaling"])
    if scaling is None:
        raise TypeError("a scaling is missing")
    return Entry(str(document["variable"]), scaling)


def _record(values: Any) -> Record:
    step, epoch, loss, cross_entropy, accuracy, learning_rate, seconds, squared, absolute = values

    def number(value: Any) -> float | None:
        return None if value is None else float(value)

    return Record(
        step=int(step),
        epoch=int(epoch),
        loss=float(loss),
        cross_entropy=number(cross_entropy),
        accuracy=number(accuracy),
        learning_rate=number(learning_rate),
        seconds=float(seconds),
        mean_squared_error=number(squared),
        mean_absolute_error=number(absolute),
    )
