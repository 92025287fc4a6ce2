"""Models, checkpoints and samples as the command line names them."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from odt_core.errors import ModelError

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint
    from odt_core.runtime import Model
    from odt_core.samples import Labels, Samples

PATH_HELP = (
    "a folder with one folder of images per label, a zip of one, an .npz with x (uint8 images, or "
    "numbers in the model's input shape) and y (labels, or targets for a model of numbers); .csv"
)


def add_model(parser: ArgumentParser) -> None:
    """The MODEL argument."""
    parser.add_argument(
        "model", metavar="MODEL", help="a .tflite file, or the name of a bundled one (digits)"
    )


def add_checkpoint(parser: ArgumentParser) -> None:
    """The --checkpoint option of commands that read one."""
    parser.add_argument(
        "--checkpoint", metavar="C.safetensors", help="use these weights instead of the file's own"
    )


def find_model(name: str) -> Path:
    """The path itself, else that of the bundled model of that name."""
    from odt_core.bundled import bundled_models

    path = Path(name)
    if path.is_dir():
        raise ModelError(f"{name} is a folder. Give a .tflite file.")
    if path.exists():
        return path
    return {model.stem: model for model in bundled_models()}.get(name, path)


def open_model(name: str) -> Model:
    """The model at a path, else the bundled model of that name."""
    from odt_core.runtime import load_model

    return load_model(find_model(name))


def open_checkpoint(path: str, model: Model) -> Checkpoint:
    """The checkpoint at a path; CheckpointError unless it belongs to the model."""
    from odt_core.checkpoint import load_checkpoint_file

    return load_checkpoint_file(path, model)


def labels_of(checkpoint: Checkpoint | None, model: Model) -> Labels:
    """The labels that the checkpoint was trained with, else the model's own."""
    from odt_core.samples import Labels

    if checkpoint is None or len(checkpoint.meta.labels) != len(model.labels.names):
        return model.labels
    return Labels(checkpoint.meta.labels)


def open_samples(path: str, model: Model, labels: Labels) -> Samples:
    """Samples in the model's input shape; labels the model does not know take its free outputs.

    For a model of values each comes with its target.
    """
    from odt_core.samples import prepare, read_samples

    contract = model.contract
    targets = contract.asked_targets
    raw = read_samples(path, input_shape=contract.input_shape, target_shape=targets)
    preprocessing = model.preprocessing
    if contract.free_axes and len(raw) and raw.items[0].dtype.kind == "f":
        # An input of any size takes the size that the samples have.
        preprocessing = replace(preprocessing, shape=raw.items[0].shape)
    return prepare(raw, preprocessing, labels, targets)
