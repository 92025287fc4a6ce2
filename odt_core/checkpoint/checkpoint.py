"""A checkpoint: all variables of a model and how they came about, as one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.checkpoint.fitting import check_finite, check_state, is_of_these
from odt_core.checkpoint.metadata import fault_in
from odt_core.checkpoint.names import check_names
from odt_core.checkpoint.prefixes import under
from odt_core.checkpoint.progress import Progress
from odt_core.checkpoint.reason import Reason
from odt_core.checkpoint.tempering import Tempering
from odt_core.checkpoint.writing import write_checkpoint
from odt_core.errors import CheckpointError
from odt_core.files import read_within
from odt_core.kinds import check_kind, kind_of, path_of
from odt_core.plain import plain

if TYPE_CHECKING:
    from odt_core.graph import VariableDescription
    from odt_core.runtime.model import Model

VERSION = 1
MAX_CHECKPOINT_BYTES = 2 * 2**30
_KEY = "odt"  # one metadata entry, so that equal checkpoints are equal bytes
_STATE, _PROGRESS = "variable/", "progress/"
_NO_REASON = "none"  # no training made it by itself, whatever its note is called
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
    learning_rate: float | None = None  # given with every step; None where a variable holds it
    reason: str = ""  # why a training made it, a Reason, where `note` says something else

    @property
    def made_as(self) -> str:
        """Why a training made it, a Reason; "" where none did, or that is not known."""
        said = self.reason or self.note
        return said if said in set(Reason) else ""

    @property
    def as_made(self) -> CheckpointMeta:
        """Without what is given to a checkpoint later on: its note and temperature."""
        return replace(self, note="", reason=self.made_as, temperature=None)


@dataclass(frozen=True)
class Checkpoint:
    """`state` is the model to use; `progress` is what the loop needs to go on exactly."""

    state: Mapping[str, np.ndarray] = field(repr=False)
    meta: CheckpointMeta
    progress: Progress | None = None


def save_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as a safetensors file; equal checkpoints give equal bytes.

    Raises CheckpointError for one that could not be read again.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    _check_checkpoint(checkpoint)
    document, arrays = _parts(checkpoint)
    try:
        return bytes(save(arrays, metadata={_KEY: document}))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise _unwritable(f"an array has a type that safetensors lacks ({error})") from error


def _parts(checkpoint: Checkpoint) -> tuple[str, dict[str, np.ndarray]]:
    """The metadata as JSON, and all arrays by their names in the file."""
    meta, progress = checkpoint.meta, checkpoint.progress
    check_kind(meta, CheckpointMeta, "A checkpoint's meta comes as CheckpointMeta", CheckpointError)
    numbers = {name: plain(getattr(meta, name)) for name in ("step", "seed")}  # NumPy's too
    fault = fault_in(replace(meta, **numbers))
    if fault:
        raise _unwritable(fault)
    if meta.version != VERSION:
        raise _unwritable(f"its version must be {VERSION}, not {meta.version!r}")
    document = dict(vars(meta)) | numbers
    document |= {name: plain(document[name]) for name in ("settings", "metrics")}
    temperature = document.pop("temperature")
    if temperature is not None:
        document["temperature"] = Tempering.from_json(temperature.to_json()).to_json()
    if meta.learning_rate is None:  # as in files from before there was one
        del document["learning_rate"]
    if not meta.reason:  # likewise
        del document["reason"]
    arrays = _arrays(_STATE, checkpoint.state)
    if progress is not None:
        check_kind(progress, Progress, "A checkpoint's progress comes as Progress", CheckpointError)
        document["progress"] = progress.to_json()
        arrays |= _arrays(_PROGRESS, progress.arrays_beside(checkpoint.state))
    try:
        if progress is not None:
            progress.check()
        text = json.dumps(document, sort_keys=True, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        what = "its settings, metrics or progress hold what JSON cannot"
        raise _unwritable(f"{what} ({error})") from error
    return text, arrays


def _arrays(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays as safetensors takes them, under names that start with prefix."""
    wanted = "A checkpoint's state comes as arrays by name, such as session.state()"
    check_kind(arrays, Mapping, wanted, CheckpointError)
    check_names(arrays)
    for array in arrays.values():
        check_kind(array, (np.ndarray, np.generic), wanted, CheckpointError)
    return {
        prefix + name: np.ascontiguousarray(array).reshape(array.shape)
        for name, array in arrays.items()
    }


def _unwritable(what: str) -> CheckpointError:
    return CheckpointError(f"The checkpoint cannot be written: {what}. Correct that, and save it.")


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
    data = bytes(data)
    if not data:
        raise CheckpointError("The checkpoint is empty. Choose a .safetensors file saved here.")
    try:
        arrays = load(data)
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
        if fault_in(meta):
            raise _no_metadata()
        state, progress = under(_STATE, arrays), None
        if progress_document is not None:
            progress = Progress.from_parts(progress_document, under(_PROGRESS, arrays), state)
    except (TypeError, KeyError, AttributeError) as error:
        raise _no_metadata() from error
    checkpoint = Checkpoint(state=state, meta=meta, progress=progress)
    if model is not None:
        check_belongs(checkpoint, model)
    return checkpoint


def with_marks(data: bytes, note: str, temperature: Tempering | None) -> bytes:
    """The checkpoint file with that note, unless it is empty, and with that temperature, or without
    one; why a training made it stays known. CheckpointError as `load_checkpoint`.
    """
    checkpoint = load_checkpoint(data)
    meta = replace(checkpoint.meta, temperature=temperature)
    if note not in ("", meta.note):
        reason = meta.made_as or (_NO_REASON if note in set(Reason) else "")
        meta = replace(meta, note=note, reason=reason)
    return data if meta == checkpoint.meta else save_checkpoint(replace(checkpoint, meta=meta))


def same_origin(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two differ in note and temperature at most, as what was downloaded from what is here
    may.
    """
    first, second = (save_checkpoint(replace(it, meta=it.meta.as_made)) for it in (one, other))
    return first == second


def check_belongs(checkpoint: Checkpoint, model: Model) -> None:
    """CheckpointError unless the checkpoint was made with this model, fits its variables and gives
    them finite numbers.
    """
    _check_checkpoint(checkpoint)
    if not hasattr(model, "sha256"):
        raise CheckpointError(
            f"Compare a checkpoint with an odt.Model (odt.load_model(…)), not {kind_of(model)}."
        )
    files = f"({checkpoint.meta.model_sha256[:12]}…, this is {model.sha256[:12]}…)"
    why_not = why_not_of(checkpoint, model.sha256, model.description.variables, files)
    if why_not:
        raise CheckpointError(f"The checkpoint {why_not}")
    check_finite(checkpoint.state, model.description.variables)
    if checkpoint.progress is not None and checkpoint.progress.state:
        check_state(checkpoint.progress.state, model.description.variables)


def why_not_of(
    checkpoint: Checkpoint, sha256: str, variables: Iterable[VariableDescription], than: str
) -> str | None:
    """Why a checkpoint is not one of the file with this digest and these variables, as what follows
    its name; None where it is. than: what follows "another file", such as "than 'digits'".
    """
    if checkpoint.meta.model_sha256 == sha256:
        return None
    if is_of_these(checkpoint.state, variables):
        return (
            f"was made with another file {than}, of the same variables: one may be made from the "
            "other, and begin with other weights. Choose the file that it was made with, or "
            "another checkpoint."
        )
    return f"belongs to another model {than}. Choose that model first, or another checkpoint."


def save_checkpoint_file(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write the file in one go: readers see the old one or the new one, never half of one."""
    write_checkpoint(path_of(path, _PATH, CheckpointError), save_checkpoint(checkpoint))


def load_checkpoint_file(path: str | Path, model: Model | None = None) -> Checkpoint:
    """`load_checkpoint` of a file."""
    path = path_of(path, _PATH, CheckpointError)
    try:
        data = read_within(path, MAX_CHECKPOINT_BYTES, lambda size: _check_size(size, path.name))
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}. Check the path.") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    return load_checkpoint(data, model)


def _check_size(size: int, name: str) -> None:
    if size > MAX_CHECKPOINT_BYTES:
        raise CheckpointError(f"{name} is too large to be a checkpoint.")


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


def _no_metadata() -> CheckpointError:
    return CheckpointError(
        "This .safetensors file was not made by odt (its metadata is missing or damaged). "
        "Choose a checkpoint saved or downloaded here."
    )
