"""TensorFlow checkpoints of a session: what the model's own save writes and restore reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odt_core.checkpoint.fitting import shape_fits
from odt_core.errors import CheckpointError, ModelError
from odt_core.graph import CheckpointSignature

if TYPE_CHECKING:
    from odt_core.graph import ModelDescription

Run = Callable[..., dict[str, np.ndarray]]  # (signature, **inputs) -> outputs, as Session.run


def save(
    description: ModelDescription, run: Run, path: str | Path, signature: str | None
) -> tuple[Path, ...]:
    """Write the checkpoint of a saving signature; returns the files written."""
    from odt_core.checkpoint.tensorflow import write_tf_checkpoint

    form = _form(description, "save", signature)
    values = run(form.signature)
    tensors = {tensor.name: values[tensor.key] for tensor in form.tensors}
    return write_tf_checkpoint(path, tensors, form.version)


def load(description: ModelDescription, run: Run, path: str | Path, signature: str | None) -> None:
    """Feed a checkpoint to a restoring signature. CheckpointError when it does not fit."""
    from odt_core.checkpoint.tensorflow import read_tf_checkpoint

    form = _form(description, "restore", signature)
    tensors = read_tf_checkpoint(path)
    inputs: dict[str, np.ndarray] = {}
    for tensor in form.tensors:
        array = tensors.get(tensor.name)
        if array is None:
            raise CheckpointError(
                f"The TensorFlow checkpoint has no tensor '{tensor.name}', which this model "
                f"restores. Choose one that this model saved."
            )
        if array.dtype.name != tensor.dtype or not shape_fits(tensor.shape, array.shape):
            raise CheckpointError(
                f"The TensorFlow checkpoint belongs to another model: '{tensor.name}' is "
                f"{array.dtype} {list(array.shape)}, the model wants {tensor.dtype} "
                f"{list(tensor.shape)}. Choose one that this model saved."
            )
        inputs[tensor.key] = array
    run(form.signature, **inputs)


def _form(description: ModelDescription, kind: str, name: str | None) -> CheckpointSignature:
    """The signature that saves or restores, the one of that name where there are several.

    One that takes more than a checkpoint (`aggregate(checkpoint_path, weight)`) does something else
    with it, and is taken only when it is asked for.
    """
    forms = [form for form in description.checkpoints if form.kind == kind]
    if name is not None:
        forms = [form for form in forms if form.signature == name]
    else:
        forms = [form for form in forms if not _others(description, form)]
    if not forms:
        raise ModelError(
            f"This model has no signature that can {kind} a TensorFlow checkpoint. Use odt's "
            f"own checkpoints: save_checkpoint_file and load_checkpoint_file."
        )
    usual = {"save": ("save",), "restore": ("restore", "load")}[kind]
    return min(forms, key=lambda form: _place(form.signature, usual))


def _others(description: ModelDescription, form: CheckpointSignature) -> set[str]:
    """Inputs of a signature that a checkpoint does not give."""
    about = description.signature(form.signature)
    given = {tensor.key for tensor in form.tensors}
    return {i.name for i in about.inputs if i.used} - given if about else set()


def _place(name: str, usual: tuple[str, ...]) -> int:
    """How usual a name is: its place in a list, exact names before those that begin like one."""
    if name in usual:
        return usual.index(name)
    return len(usual) if name.startswith(usual) else len(usual) + 1
