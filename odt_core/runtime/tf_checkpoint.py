"""TensorFlow checkpoints of a session: what the model's own save writes and restore reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.checkpoint.fitting import shape_fits
from odt_core.errors import CheckpointError, ModelError
from odt_core.graph import CheckpointSignature

if TYPE_CHECKING:
    from odt_core.graph import ModelDescription, TensorDescription

Run = Callable[..., dict[str, np.ndarray]]  # (signature, **inputs) -> outputs, as Session.run


def save(
    description: ModelDescription, run: Run, path: str | Path, signature: str | None
) -> tuple[Path, ...]:
    """Write the checkpoint of a saving signature; returns the files written."""
    from odt_core.checkpoint.tensorflow import write_tf_checkpoint

    form = _form(description, "save", signature)
    values = run(form.signature, **_unused(description, form))
    tensors = {tensor.name: values[tensor.key] for tensor in form.tensors}
    texts = {name: text.encode("latin-1", "replace") for name, text in form.texts}
    return write_tf_checkpoint(path, tensors, form.version, texts)


def load(description: ModelDescription, run: Run, path: str | Path, signature: str | None) -> None:
    """Feed a checkpoint to a restoring signature. CheckpointError when it does not fit."""
    from odt_core.checkpoint.tensorflow import read_tf_checkpoint

    form = _form(description, "restore", signature)
    wanted = {tensor.name: tensor for tensor in form.tensors}

    def accept(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        tensor = wanted.get(name)
        if tensor is None:
            return False
        if dtype.name != tensor.dtype or not shape_fits(tensor.shape, shape):
            raise CheckpointError(
                f"The TensorFlow checkpoint belongs to another model: '{name}' is {dtype} "
                f"{list(shape)}, the model wants {tensor.dtype} {list(tensor.shape)}. Choose one "
                f"that this model saved."
            )
        return True

    tensors = read_tf_checkpoint(path, accept)
    for name in wanted:
        if name not in tensors:
            raise CheckpointError(
                f"The TensorFlow checkpoint has no tensor '{name}', which this model restores. "
                f"Choose one that this model saved."
            )
    given = {tensor.key: tensors[tensor.name] for tensor in form.tensors}
    run(form.signature, **_unused(description, form), **given)


def _form(description: ModelDescription, kind: str, name: str | None) -> CheckpointSignature:
    """The signature that saves or restores, the one of that name where there are several.

    One that takes more than a checkpoint (`aggregate(checkpoint_path, weight)`) does something else
    with it: ModelError where it is asked for.
    """
    forms = [form for form in description.checkpoints if form.kind == kind]
    if name is not None:
        forms = [form for form in forms if form.signature == name]
    others = {form.signature: _others(description, form) for form in forms}
    if name is not None and others.get(name):
        raise ModelError(
            f"Signature '{name}' takes more than a checkpoint: {', '.join(sorted(others[name]))}. "
            f"Call it with session.run(), which takes all its inputs."
        )
    forms = [form for form in forms if not others[form.signature]]
    if not forms:
        raise ModelError(
            f"This model has no signature that can {kind} a TensorFlow checkpoint. Use odt's "
            f"own checkpoints: save_checkpoint_file and load_checkpoint_file."
        )
    usual = {"save": ("save",), "restore": ("restore", "load")}[kind]
    return min(forms, key=lambda form: _place(form.signature, usual))


def _others(description: ModelDescription, form: CheckpointSignature) -> set[str]:
    """Inputs that a signature computes with and a checkpoint does not give."""
    return {one.name for one in _inputs_beside(description, form) if one.used}


def _unused(description: ModelDescription, form: CheckpointSignature) -> dict[str, np.ndarray]:
    """Zeros for the inputs that a signature takes and does nothing with."""
    return {
        one.name: np.zeros([size or 1 for size in one.shape], one.dtype)
        for one in _inputs_beside(description, form)
    }


def _inputs_beside(
    description: ModelDescription, form: CheckpointSignature
) -> list[TensorDescription]:
    about = description.signature(form.signature)
    given = {tensor.key for tensor in form.tensors} if form.kind == "restore" else set()
    return [one for one in about.inputs if one.name not in given] if about else []


def _place(name: str, usual: tuple[str, ...]) -> int:
    """How usual a name is: its place in a list, exact names before those that begin like one."""
    if name in usual:
        return usual.index(name)
    return len(usual) if name.startswith(usual) else len(usual) + 1
