"""`infer`: what a model says to images or arrays."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odt_core.cli.command import Command, Result
from odt_core.cli.output import check_output, write_model
from odt_core.cli.sources import (
    add_checkpoint,
    add_model,
    check_used,
    find_model,
    labels_of,
    open_checkpoint,
    open_model,
)
from odt_core.errors import SampleError
from odt_core.words import percent

if TYPE_CHECKING:
    from odt_core.runtime import Model, Session


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="an image, a table (.csv, .json, …), a .wav, .npy or .npz, as for --samples",
    )
    add_checkpoint(parser)
    parser.add_argument(
        "--out", metavar="MASK.png", help="where to write the mask that a model of masks gives"
    )
    parser.add_argument("--top", type=int, default=3, metavar="N", help="labels to list (3)")


def _run(options: Namespace) -> Result:
    from odt_core.evaluation.evaluation import check_answers

    if options.top < 1:
        raise SampleError(f"--top {options.top} lists no label. Give 1 or more.")
    if options.out:
        read = filter(None, (options.checkpoint, *options.files))
        check_output(Path(options.out), find_model(options.model), *map(Path, read), kind=".png")
    model = open_model(options)
    check_used(model)
    checkpoint = open_checkpoint(options.checkpoint, model) if options.checkpoint else None
    labels = labels_of(checkpoint, model)
    session = model.session()
    if checkpoint is not None:
        session.restore(checkpoint)
    names, inputs = [], []
    for file in options.files:
        for name, item in _items(Path(file), model):
            names.append(name)
            inputs.append(_input(model, name, item))
    for name, one in zip(names, inputs, strict=True):
        if one.shape != inputs[0].shape:
            raise SampleError(
                f"{name} has shape {list(one.shape)} and {names[0]} {list(inputs[0].shape)}. Give "
                "samples of one shape at a time."
            )
    x = np.stack(inputs)
    values = None if model.contract.classifies else session.infer(x)
    if values is not None:
        check_answers(values)
    masks = None if values is None else _masks(session, values)
    written = _write_mask(options, model, masks) if options.out else None
    if values is not None:
        return {
            "predictions": [
                {"file": name, "values": row.reshape(-1).tolist(), "shares": shares}
                for name, row, shares in zip(names, values, _shares(masks, len(x)), strict=True)
            ],
            "mask": written,
        }
    predictions = []
    tempering = None if checkpoint is None else checkpoint.meta.temperature
    heat = 1.0 if tempering is None else tempering.value
    probabilities = session.predict_proba(x, labels, heat)
    check_answers(probabilities)
    for name, row in zip(names, probabilities, strict=True):
        order = np.argsort(-row, kind="stable")[: options.top]
        top = [{"label": labels.called(int(at)), "probability": float(row[at])} for at in order]
        predictions.append({"file": name, **top[0], "top": top})
    return {"predictions": predictions, "temperature": heat}


def _masks(session: Session, values: np.ndarray) -> np.ndarray | None:
    """values: what infer gives. int [N, height, width]: the class of each pixel; None of a model
    that gives no such.
    """
    from odt_core.runtime.scores import answers
    from odt_core.samples.masks import is_picture

    contract = session.model.contract
    if not contract.tells_places or not is_picture(contract.target_shape):
        return None
    said = answers(values, session.output_kind, contract, None)
    rows = said.reshape(*said.shape[:3], -1)
    if contract.one_of_classes:
        return np.asarray(rows.argmax(axis=-1))
    return (rows[..., 0] >= 0.5).astype(np.int64) if rows.shape[-1] == 1 else None


def _shares(masks: np.ndarray | None, count: int) -> list[dict[str, float] | None]:
    """Of the pixels of each of so many samples, by class; None where there are no masks."""
    if masks is None:
        return [None] * count
    found = [np.unique(mask, return_counts=True) for mask in masks]
    return [{str(k): float(n) / masks[0].size for k, n in zip(*one, strict=True)} for one in found]


def _write_mask(options: Namespace, model: Model, masks: np.ndarray | None) -> str:
    """The mask as a .png that `--samples` reads: numbers of classes, or black and white."""
    from PIL import Image

    if masks is None:
        raise SampleError("--out writes masks, and this model gives none. Leave it out.")
    if len(masks) > 1:
        raise SampleError(f"--out writes one mask, and {len(masks)} samples were given.")
    white = 1 if model.contract.one_of_classes else 255
    picture = Image.fromarray((masks[0] * white).astype(np.uint8))
    packed = BytesIO()
    picture.save(packed, "PNG")
    write_model(Path(options.out), packed.getvalue())
    return str(options.out)


def _items(path: Path, model: Model) -> list[tuple[str, np.ndarray]]:
    from odt_core.samples import check_ids, decode_image, read_samples, sound
    from odt_core.samples.other_files import refuse_other_files
    from odt_core.samples.reading import read_file
    from odt_core.samples.table import ENDINGS

    if os.path.isdir(path):  # where the system does not tell, reading it says why
        raise SampleError(
            f"{path} is a folder. Give its files ({path}/*), or use `evaluate` for a folder of "
            "label folders."
        )
    data = read_file(path, path.name)
    if not path.name.lower().endswith((".npz", ".npy", *ENDINGS, *sound.SUFFIXES)):
        refuse_other_files(path.name)
        return [(str(path), decode_image(data, path.name))]
    contract = model.contract
    raw = read_samples(
        data,
        path.name,
        input_shape=contract.input_shape,
        target_shape=contract.asked_targets,
        inputs=contract.input_sizes,
    )
    check_ids(raw, contract.ids)
    items = model.preprocessing.as_pictures(raw).items
    return [(f"{path}[{at}]", item) for at, item in enumerate(items)]


def _input(model: Model, name: str, item: np.ndarray) -> np.ndarray:
    numbers = item.dtype != np.uint8
    if numbers and model.contract.free_axes:
        return item if item.dtype.kind in "iu" else item.astype(np.float32)
    fits = item.shape == model.contract.input_shape
    if fits and item.dtype.kind in "iu" and (numbers or model.preprocessing.kind == "none"):
        return item
    try:
        return model.preprocessing.apply(item)
    except SampleError as error:
        raise SampleError(f"{name}: {error}") from error


def _text(result: Result) -> str:
    lines = []
    for row in result["predictions"]:
        if "top" in row:
            answer = "  ".join(f"{top['label']} {top['probability']:.1%}" for top in row["top"])
        elif row["shares"]:
            answer = "  ".join(f"class {k} {percent(share)}" for k, share in row["shares"].items())
            answer += " of the pixels"
        else:
            answer = "  ".join(f"{value:.6g}" for value in row["values"][:8])
        lines.append(f"{row['file']}  {answer}")
    if result.get("temperature", 1.0) != 1.0:
        lines.append(f"at temperature {result['temperature']:.2f}, which the checkpoint asks for")
    if result.get("mask"):
        lines.append(f"mask  {result['mask']}")
    return "\n".join(lines)


COMMAND = Command(
    name="infer",
    summary="what a model says to images",
    description=(
        "Ask a model, or its personalised version, what it sees in images or arrays. Of a model\n"
        "of masks: the share of the pixels that it gives each class; --out writes the mask."
    ),
    example="example: python -m odt_core infer digits seven.png --checkpoint me.safetensors",
    arguments=_arguments,
    run=_run,
    text=_text,
)
