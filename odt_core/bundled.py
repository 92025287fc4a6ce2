"""Model cards: what a .tflite is, how to feed it, how to train it; and the models that ship."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from odt_core.errors import ModelError, OdtError
from odt_core.samples import Labels, Preprocessing, RawSamples, Samples, prepare, read_samples
from odt_core.samples.shapes import is_picture

ASSETS = Path(__file__).resolve().parent.parent / "assets"
_MARKS = ("summary", "licence", "trained_on", "input_shape", "preprocessing")  # of a card
_FILES = ("base_test", "replay", "base_labels")  # a card's fields that are files in assets/


@dataclass(frozen=True)
class ModelCard:
    """What people and the training loop need to know about one model.

    input_shape: without the batch. settings: default fields of odt_core.training.Settings.
    base_test, replay: sample files beside the models (see assets/data/README.md), or None.
    people: real samples to try the model with: files of what people wrote, or folders of one folder
    of photographs for each label.
    figures: measured results, each with its n and how to measure it again.
    never_for: what it must not be used for, each a short phrase.
    base_labels: a file of the labels that its backbone knows (odt_core.evaluation.base_labels).
    """

    name: str
    summary: str
    licence: str
    source: str
    trained_on: str
    input_shape: tuple[int, ...]
    labels: Labels
    preprocessing: Preprocessing
    settings: Mapping[str, Any] = field(default_factory=dict)
    base_test: Path | None = None
    replay: Path | None = None
    people: tuple[Path, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    never_for: tuple[str, ...] = ()
    base_labels: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values; paths relative to assets/."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for key in _FILES:
            plain[key] = None if plain[key] is None else _in_assets(plain[key])
        return {
            **plain,
            "input_shape": list(self.input_shape),
            "people": [_in_assets(path) for path in self.people],
            "labels": list(self.labels.names),
            "preprocessing": self.preprocessing.to_json(),
            "settings": dict(self.settings),
            "figures": dict(self.figures),
            "never_for": list(self.never_for),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ModelCard:
        """The inverse of to_json; ModelError when a field is missing or wrong, or a file is not one
        of assets/.
        """
        try:
            plain = dict(data)
            for key in _FILES:
                path = plain.get(key)
                plain[key] = None if path is None else _from_assets(path)
            plain["never_for"] = tuple(str(what) for what in plain.get("never_for", ()))
            plain["people"] = tuple(map(_from_assets, plain.get("people", ())))
            plain["input_shape"] = tuple(int(v) for v in plain["input_shape"])
            plain["labels"] = Labels(tuple(plain["labels"]))
            plain["preprocessing"] = Preprocessing.from_json(plain["preprocessing"])
            return ModelCard(**plain)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The model card cannot be read ({error}). Repair or remove it."
            ) from error

    def load_base_test(self) -> Samples | None:
        """The frozen test set of the base task, as model input; None where the card has none."""
        return self._load(self.base_test)

    def load_replay(self) -> Samples | None:
        """Samples of the base task to mix into training, as model input; None without any."""
        return self._load(self.replay)

    def load_people(self) -> dict[str, RawSamples]:
        """Real samples by name: each person's as they were scanned, and ready-made sets of
        photographs, which are called after their labels. Empty where the card has none.
        """
        found: dict[str, RawSamples] = {}
        for path in self.people:
            if path.is_dir():
                photos = read_samples(path)
                found[_question(photos.labels)] = photos
            else:
                found |= _writers(path)
        return found

    def _load(self, path: Path | None) -> Samples | None:
        if path is None:
            return None
        # With test samples, if any: then what else the file has is not spoken of.
        raw = read_samples(path, subset="both")
        return prepare(raw, self.preprocessing, self.labels)


def _writers(path: Path) -> dict[str, RawSamples]:
    """Each writer's samples in an .npz with x, y and writer."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
        x, y, writer = arrays["x"], arrays["y"], arrays["writer"]
    people: dict[str, RawSamples] = {}
    for name in dict.fromkeys(str(w) for w in writer):
        index = np.flatnonzero(writer == name)
        people[name] = RawSamples(
            tuple(x[index]),
            tuple(str(label) for label in y[index]),
            tuple(f"{name}, picture {k + 1}" for k in range(len(index))),
        )
    return people


def _question(labels: Sequence[str]) -> str:
    """ "Hammer, pliers or tape measure": what a model that knows these labels answers."""
    names = list(dict.fromkeys(labels))
    words = " or ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])
    return words[:1].upper() + words[1:]


def _in_assets(path: Path) -> str:
    return path.resolve().relative_to(ASSETS).as_posix()


def _from_assets(name: str) -> Path:
    path = ASSETS / name
    _in_assets(path)
    return path


def bundled_models() -> tuple[Path, ...]:
    """The .tflite files that ship with a card, by name."""
    models = sorted((ASSETS / "models").glob("*.tflite"))
    return tuple(path for path in models if path.with_suffix(".json").exists())


def find_card(model_path: str | Path) -> ModelCard | None:
    """The card beside a model (digits.json for digits.tflite) or None; ModelError if bad.

    Other programs write a .json of a model's name too: what has fewer than three of the keys that
    only cards have is no card.
    """
    path = Path(model_path).with_suffix(".json")
    if not path.is_file():
        return None
    try:
        text = path.read_text("utf-8", "replace")
        if sum(f'"{mark}"' in text for mark in _MARKS) < 3:
            return None
        data = json.loads(text)
    except (OSError, ValueError) as error:
        raise ModelError(f"The model card '{path.name}' is not valid JSON ({error}).") from error
    if not isinstance(data, dict):
        raise ModelError(f"The model card '{path.name}' is not a JSON object.")
    try:
        return ModelCard.from_json(data)
    except OdtError as error:
        raise ModelError(f"{path.name}: {error}") from error


@cache  # they come with the program
def bundled_names() -> dict[str, str]:
    """What the bundled models that have a card are called, by the stems of their files."""
    return {path.stem: card.name for path in bundled_models() if (card := find_card(path))}


def guessed_preprocessing(
    kind: str,
    shape: tuple[int, ...],
    dtype: str = "float32",
    pixel_range: Sequence[float] = (),
    picture: tuple[int, ...] = (),
) -> Preprocessing:
    """The preprocessing of that kind for a model that has no card. dtype, pixel_range: as of
    `default_card`. picture: as of Preprocessing.
    """
    if kind == "none":
        return Preprocessing(kind, shape)
    low, high = pixel_range or (0.0, 1.0 if dtype.startswith("float") else 255.0)
    most = 255 if kind == "image" else 1
    return Preprocessing(kind, shape, scale=(high - low) / most, offset=low, picture=picture)


def default_card(
    input_shape: tuple[int, ...],
    labels: int,
    *,
    name: str = "model",
    dtype: str = "float32",
    pixel_range: Sequence[float] = (),
    names: Sequence[str | None] = (),
) -> ModelCard:
    """A card for a model that has none: numbered labels, preprocessing guessed from the input.

    labels: how many names there must be (Contract.labels_count), 0 for a model of numbers. names:
    those that the file says (ModelDescription.labels), in place of numbers where they fit. dtype:
    of the model's input; pixel_range: as of Contract. [28, 28(, 1)] is taken for drawn symbols,
    other [H, W(, 1 or 3)] for pictures scaled to pixel_range; without that to 0..1, or to 0..255
    where the input is whole numbers; anything else for plain numbers, and what is far longer than
    wide as well: [128, 9] is a window of nine sensors.
    """
    shape = tuple(int(v) for v in input_shape)
    kind = "image" if is_picture(shape) else "none"
    kind = "ink" if shape in ((28, 28), (28, 28, 1)) else kind
    return ModelCard(
        name=name,
        summary="A model without a card.",
        licence="unknown",
        source="unknown",
        trained_on="unknown",
        input_shape=shape,
        labels=Labels.said(names, Labels.numbered(labels)),
        preprocessing=guessed_preprocessing(kind, shape, dtype, pixel_range),
        settings={"learning_rate": None},  # its author knows what suits its optimiser
    )
