"""What lowering did to a model, kept inside the lowered .tflite as metadata named "odt"."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.metadata import put
from odt_core.graph.signature import plain_name

_METADATA = b"odt"
# Left out where they say nothing: records had none at first.
_LATER = ("labels", "unsigned", "quantised")
PASSES_VERSION = 7  # raise it whenever a pass changes: models lowered before are passed again


@dataclass(frozen=True)
class Rewrite:
    """One TensorFlow op that is now builtin ops: its name, signature and node name."""

    op: str
    signature: str
    node: str


@dataclass(frozen=True)
class Missing:
    """One op, TensorFlow's or custom, that has no builtin form; its signature was left out."""

    op: str
    signature: str
    node: str
    reason: str

    @property
    def message(self) -> str:
        """The whole story in a sentence or two."""
        node = f" (node '{self.node}')" if self.node else ""
        needs = f"The signature '{self.signature}' needs the op {self.op}{node}"
        return f"{needs}: {self.reason}"


@dataclass(frozen=True)
class CheckpointTensor:
    """One tensor of a TensorFlow checkpoint.

    name: its name in the checkpoint. key: the signature's input (restore) or output (save).
    shape: None where it is known only at run time.
    """

    name: str
    key: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class CheckpointSignature:
    """A signature that read or wrote a checkpoint file and now takes or returns its tensors.

    kind: "save" or "restore". version: 1 (Save, one file) or 2 (SaveV2, index and data files).
    path: the original signature's input for the file's path. texts: (name, text) of the constant
    texts that it saved as well, their bytes as Latin-1.
    """

    signature: str
    kind: str
    version: int
    path: str
    tensors: tuple[CheckpointTensor, ...]
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Record:
    """All that lowering did, in the order of the file."""

    rewrites: tuple[Rewrite, ...] = ()
    missing: tuple[Missing, ...] = ()
    checkpoints: tuple[CheckpointSignature, ...] = ()
    passes: int = 0  # which version of the optimising passes the model went through; 0: none
    lost: tuple[str, ...] = ()  # results whose ReLU the converter had lost (lost_limits.py)
    taken_for: dict[str, Any] = field(default_factory=dict)  # as JSON (baking/taken_for.py)
    labels: tuple[str | None, ...] = ()  # what the outputs are called (baking/names.py)
    unsigned: bool = False  # the file had no signatures (main_signature.py)
    quantised: tuple[str, ...] = ()  # what float32 inputs and outputs were (real_ends.py)


def added(model: schema.ModelT, before: Record, now: Record) -> Record:
    """What was done to a model by two lowerings, as far as it holds of the model as it is now: one
    that was changed in between.
    """
    standing = {plain_name(signature.signatureKey) for signature in model.signatureDefs or []}
    told = {gap.signature for gap in now.missing} | standing
    again = {one.signature for one in now.checkpoints}
    kept = [one for one in before.checkpoints if one.signature not in again]
    return replace(
        before,
        rewrites=(*before.rewrites, *now.rewrites),
        missing=(*(gap for gap in before.missing if gap.signature not in told), *now.missing),
        checkpoints=tuple(one for one in (*kept, *now.checkpoints) if one.signature in standing),
        passes=now.passes,
        lost=tuple(dict.fromkeys((*before.lost, *now.lost))),
        unsigned=before.unsigned or now.unsigned,
        quantised=now.quantised or before.quantised,
    )


def write_record(model: schema.ModelT, record: Record) -> None:
    """Put the record into the model's metadata, in place of an earlier one."""
    content = asdict(record)
    for name in _LATER:
        if not content[name]:
            del content[name]
    put(model, _METADATA, json.dumps(content).encode())


def drop_record(model: schema.ModelT) -> None:
    """Leave of the record how the model was converted alone: it needs no lowering."""
    done = read_record(model) or Record()
    kept = Record(passes=PASSES_VERSION, unsigned=done.unsigned, quantised=done.quantised)
    write_record(model, kept)


def read_record(model: schema.ModelT) -> Record | None:
    """The record of an earlier lowering; None when the model never was lowered."""
    for entry in model.metadata or []:
        if entry.name == _METADATA and model.buffers[entry.buffer].data is not None:
            try:
                return _parse(json.loads(bytes(model.buffers[entry.buffer].data)))
            except (
                ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
            ):  # fmt: skip
                return None  # somebody else's metadata of that name
    return None


def _parse(content: dict) -> Record:
    checkpoints = []
    for entry in content["checkpoints"]:
        tensors = tuple(
            CheckpointTensor(t["name"], t["key"], t["dtype"], tuple(t["shape"]))
            for t in entry.pop("tensors")
        )
        texts = tuple((str(name), str(text)) for name, text in entry.pop("texts", ()))
        checkpoints.append(CheckpointSignature(**entry, tensors=tensors, texts=texts))
    return Record(
        tuple(Rewrite(**entry) for entry in content["rewrites"]),
        tuple(Missing(**entry) for entry in content["missing"]),
        tuple(checkpoints),
        int(content.get("passes", 0)),
        tuple(str(name) for name in content.get("lost", ())),
        {str(name): value for name, value in content.get("taken_for", {}).items()},
        tuple(None if name is None else str(name) for name in content.get("labels", ())),
        bool(content.get("unsigned")),
        tuple(str(name) for name in content.get("quantised", ())),
    )
