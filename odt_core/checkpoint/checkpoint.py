"""A checkpoint: all variables of a model and how they came about, as one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.checkpoint.fitting import check_finite, check_state
from odt_core.checkpoint.prefixes import under
from odt_core.checkpoint.progress import Progress, is_count
from odt_core.checkpoint.tempering import Tempering
from odt_core.checkpoint.writing import write_checkpoint
from odt_core.errors import CheckpointError
from odt_core.kinds import check_kind, kind_of, path_of
from odt_core.plain import plain

if TYPE_CHECKING:
    from odt_core.runtime.model import Model

VERSION = 1
MAX_CHECKPOINT_BYTES = 2 * 2**30
_KEY = "odt"  # one metadata entry, so that equal checkpoints are equal bytes
_STATE, _PROGRESS = "variable/", "progress/"
_PATH = "A checkpoint's file comes as its path"


@dataclass(frozen=True)
class CheckpointMeta:
    """How the variables came about. JSON types only."""

    model_sha256: str
    step: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    labels: tuple[str | None, ...] = ()  # a name per output, None where nobody named it
    metrics: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""  # ISO 8601, UTC
    note: str = ""
    version: int = VERSION
    temperature: Tempering | None = None  # what the scores are divided by; None: nothing


@dataclass(frozen=True)
class Checkpoint:
    """`state` is the model to use; `progress` is what the loop needs to go on exactly."""

    state: Mapping[str, np.ndarray]
    meta: CheckpointMeta
    progress: Progress | None = None


def save_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as a safetensors file; equal checkpoints give equal bytes."""
    from safetensors.numpy import save

    _check_checkpoint(checkpoint)
    arrays = {_STATE + name: array for name, array in checkpoint.state.items()}
    meta = dict(vars(checkpoint.meta))
    meta |= {name: plain(meta[name]) for name in ("step", "seed", "settings", "metrics")}
    temperature = meta.pop("temperature")
    if temperature is not None:
        meta["temperature"] = temperature.to_json()
    progress = checkpoint.progress
    if progress is not None:
        meta["progress"] = progress.to_json()
        beside = progress.arrays_beside(checkpoint.state)
        arrays |= {_PROGRESS + name: array for name, array in beside.items()}
    document = json.dumps(meta, sort_keys=True, allow_nan=False, ensure_ascii=False)
    arrays = {
        name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()
    }
    return bytes(save(arrays, metadata={_KEY: document}))


def load_checkpoint(data: bytes, model: Model | None = None) -> Checkpoint:
    """The checkpoint in `data`.

    model: when given, the checkpoint must belong to it. Raises CheckpointError when the bytes are
    not a whole checkpoint or belong to another model.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    wanted = "A checkpoint comes as its file's bytes"
    advice = "odt.load_checkpoint_file takes a path."
    check_kind(data, (bytes, bytearray, memoryview), wanted, CheckpointError, advice)
    if not data:
        raise CheckpointError("The checkpoint is empty. Choose a .safetensors file saved here.")
    try:
        arrays = load(bytes(data))
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise CheckpointError(
            "This is not a whole .safetensors file: it is damaged, cut short or something else. "
            "Choose another one or download it again."
        ) from error
    document = _document(data)
    try:
        progress_document = document.pop("progress", None)
        if document.get("version") != VERSION:
            raise CheckpointError(
                f"The checkpoint has version {document.get('version')!r}; this odt reads version "
                f"{VERSION}. Use the odt that wrote it."
            )
        if not isinstance(document["labels"], list):
            raise _no_metadata()
        document["labels"] = tuple(document["labels"])
        if document.get("temperature") is not None:
            document["temperature"] = Tempering.from_json(document["temperature"])
        meta = CheckpointMeta(**document)
        _check_meta(meta)
        state, progress = under(_STATE, arrays), None
        if progress_document is not None:
            progress = Progress.from_parts(progress_document, under(_PROGRESS, arrays), state)
    except (TypeError, KeyError, AttributeError) as error:
        raise _no_metadata() from error
    checkpoint = Checkpoint(state=state, meta=meta, progress=progress)
    if model is not None:
        check_belongs(checkpoint, model)
    return checkpoint


def with_temperature(data: bytes, temperature: Tempering | None) -> bytes:
    """The checkpoint file with that temperature, or without one. CheckpointError as
    `load_checkpoint`.
    """
    checkpoint = load_checkpoint(data)
    if checkpoint.meta.temperature == temperature:
        return data
    return save_checkpoint(
        replace(checkpoint, meta=replace(checkpoint.meta, temperature=temperature))
    )


def check_belongs(checkpoint: Checkpoint, model: Model) -> None:
    """CheckpointError unless the checkpoint was made with this model, fits its variables and gives
    them finite numbers.
    """
    _check_checkpoint(checkpoint)
    if not hasattr(model, "sha256"):
        raise CheckpointError(
            f"Compare a checkpoint with an odt.Model (odt.load_model(…)), not {kind_of(model)}."
        )
    if checkpoint.meta.model_sha256 != model.sha256:
        raise CheckpointError(
            f"The checkpoint belongs to another model ({checkpoint.meta.model_sha256[:12]}…, this "
            f"is {model.sha256[:12]}…). Open that model first, or choose another checkpoint."
        )
    check_finite(checkpoint.state, model.description.variables)
    if checkpoint.progress is not None and checkpoint.progress.state:
        check_state(checkpoint.progress.state, model.description.variables)


def save_checkpoint_file(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write the file in one go: readers see the old one or the new one, never half of one."""
    write_checkpoint(path_of(path, _PATH, CheckpointError), save_checkpoint(checkpoint))


def load_checkpoint_file(path: str | Path, model: Model | None = None) -> Checkpoint:
    """`load_checkpoint` of a file."""
    path = path_of(path, _PATH, CheckpointError)
    try:
        if path.stat().st_size > MAX_CHECKPOINT_BYTES:
            raise CheckpointError(f"{path.name} is too large to be a checkpoint.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}. Check the path.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    return load_checkpoint(data, model)


def _check_checkpoint(checkpoint: object) -> None:
    wanted = "A checkpoint comes as odt.Checkpoint, such as session.checkpoint() gives"
    check_kind(checkpoint, Checkpoint, wanted, CheckpointError)


def _document(data: bytes) -> dict[str, Any]:
    """Our metadata entry. The file is known to be a whole safetensors file."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    try:
        document = json.loads(header["__metadata__"][_KEY])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _no_metadata() from error
    if not isinstance(document, dict):
        raise _no_metadata()
    return document


def _check_meta(meta: CheckpointMeta) -> None:
    fits = (
        isinstance(meta.model_sha256, str)
        and is_count(meta.step)
        and isinstance(meta.settings, dict)
        and is_count(meta.seed)
        and all(label is None or _is_text(label) for label in meta.labels)
        and isinstance(meta.metrics, dict)
        and isinstance(meta.created, str)
        and _is_text(meta.note)
    )
    if not fits:
        raise _no_metadata()


def _is_text(value: object) -> bool:
    """Whether it is text that can be written again: JSON may hold halves of characters."""
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)


def _no_metadata() -> CheckpointError:
    return CheckpointError(
        "This .safetensors file was not made by odt (its metadata is missing or damaged). "
        "Choose a checkpoint saved or downloaded here."
    )
