"""How a picture becomes a model's input: three kinds, as data that a model card can hold."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from odt_core.errors import LabelError, SampleError
from odt_core.kinds import check_kind
from odt_core.samples.box import centred_box
from odt_core.samples.image import WHITES
from odt_core.samples.ink import normalise_ink
from odt_core.samples.labels import Labels, clean_label, in_order
from odt_core.samples.shapes import arranged, has_channels_first
from odt_core.samples.types import RawSamples, Samples, check_raw
from odt_core.samples.unlabelled import check_labelled
from odt_core.samples.values import targets_of
from odt_core.words import some_of

_log = logging.getLogger(__name__)

KINDS = ("ink", "image", "none")


@dataclass(frozen=True)
class Preprocessing:
    """From uint8 pictures to float32 [*shape].

    kind "ink": one drawn symbol, redrawn bright on dark by normalise_ink, centred, even stroke.
    kind "image": the largest centred part of the input's aspect, in colour or grey.
    kind "none": only arrays in the input shape are accepted.
    After "ink" (0..1) and "image" (0..255) comes value · scale + offset, after turning dark and
    bright round where `invert` says so; then (value - mean) / std for each channel, where given.
    picture: [height, width(, channels)] of the same size as `shape`, where the model takes a
    picture's values in another form, such as one long row.
    """

    kind: str
    shape: tuple[int, ...]
    scale: float = 1.0
    offset: float = 0.0
    extent: float = 20 / 28
    stroke: float = 2.6 / 28
    slant: float = 0.0
    invert: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    picture: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SampleError(f"Unknown preprocessing '{self.kind}'. Use one of {KINDS}.")
        size = self.picture_shape
        if self.kind != "none" and (
            len(size) not in (2, 3) or (len(size) == 3 and size[2] not in (1, 3)) or min(size) < 1
        ):
            raise SampleError(
                f"Pictures cannot become an input of shape {list(self.shape)}; "
                "use [height, width] or [height, width, 1 or 3], or preprocessing 'none'."
            )
        if self.picture and math.prod(self.picture) != math.prod(self.shape):
            raise SampleError(
                f"A picture of {list(self.picture)} has {math.prod(self.picture)} values; the "
                f"model takes {math.prod(self.shape)}."
            )
        numbers = (self.scale, self.offset, *self.mean, *self.std)
        if not all(math.isfinite(number) for number in numbers) or any(v <= 0 for v in self.std):
            raise SampleError(
                "Scale, offset and mean must be finite numbers, the standard deviation above 0."
            )
        for name, values in (("mean", self.mean), ("standard deviation", self.std)):
            if len(values) not in (0, 1, self.channels):
                raise SampleError(
                    f"The {name} has {len(values)} values; give one, or one for each of the "
                    f"{self.channels} channels."
                )

    @property
    def picture_shape(self) -> tuple[int, ...]:
        """[height, width(, channels)] of the picture that is made."""
        return self.picture or self.shape

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        size = self.picture_shape
        return size[2] if len(size) == 3 else 1

    def as_pictures(self, raw: RawSamples) -> RawSamples:
        """`raw` with its float items as uint8 pictures, where they are the pixels of such.

        They are where all of them together are whole numbers from 0 to 255 and go beyond what this
        makes of a picture: a row of a .csv, or an .npz of int64 or float32, whose 255 is not 1.0
        yet. uint16 items are read as a PNG of 16 bits is, the largest of all saying what white is;
        for kind "none" as numbers. Elsewhere, and for kind "none", `raw` itself.
        """
        raw = self._of_16_bits(raw)
        numbers = [item for item in raw.items if item.dtype.kind == "f"]
        if self.kind == "none" or not any(map(self._is_beyond, numbers)):
            return raw
        if not all(map(_are_pixels, numbers)):
            return raw
        items = tuple(self._picture(item) if item.dtype.kind == "f" else item for item in raw.items)
        return dataclasses.replace(raw, items=items)

    def _of_16_bits(self, raw: RawSamples) -> RawSamples:
        deep = [item for item in raw.items if item.dtype == np.uint16]
        if not deep:
            return raw
        pictures = self.kind != "none" and any(map(self._is_beyond, deep))
        largest = max(int(item.max(initial=0)) for item in deep)
        scale = WHITES[0] / next(white for white in WHITES if largest <= white)

        def read(item: np.ndarray) -> np.ndarray:
            if item.dtype != np.uint16:
                return item
            return self._picture((item * scale).round()) if pictures else item.astype(np.float32)

        return dataclasses.replace(raw, items=tuple(map(read, raw.items)))

    def _is_beyond(self, item: np.ndarray) -> bool:
        """Whether a number is larger than all that pictures become, and than 1."""
        ends = np.array([0.0, 1.0 if self.kind == "ink" else 255.0]) * self.scale + self.offset
        ends = (ends[:, None] - np.array(self.mean or (0.0,))) / np.array(self.std or (1.0,))
        return float(item.max(initial=0)) > max(1.0, float(ends.max()))

    def _picture(self, pixels: np.ndarray) -> np.ndarray:
        picture = arranged(pixels, self.picture_shape)
        if picture is None and pixels.ndim not in (2, 3):
            return pixels  # `apply` says what is wrong with it
        return (pixels if picture is None else picture).astype(np.uint8)

    def apply(self, item: np.ndarray) -> np.ndarray:
        """One item as the model's input, float32 [*shape].

        item: uint8 [H, W], [H, W, 3] or [H, W, 4]; a float array passes through in the input shape,
        as a row of as many numbers or as [C, H, W], and for kind "none" a uint8 one in the input
        shape. Raises SampleError for anything else.
        """
        numbers = self.kind == "none" and item.dtype == np.uint8 and item.shape == self.shape
        if item.dtype.kind == "f" or numbers:
            return self._ready(item)
        if item.dtype != np.uint8 or item.ndim not in (2, 3) or 0 in item.shape:
            raise SampleError(
                f"A sample of type {item.dtype} and shape {list(item.shape)} is not a picture. "
                "Use uint8 [H, W], [H, W, 3] or [H, W, 4]."
            )
        if item.ndim == 3 and item.shape[2] == 1:
            item = item[..., 0]
        if item.ndim == 3 and item.shape[2] not in (3, 4):
            raise SampleError(
                f"A picture with {item.shape[2]} channels cannot be used. Save it as grey or RGB."
            )
        if self.kind == "none":
            what = f"numbers of shape {list(self.shape)}, not pictures"
            if has_channels_first(self.shape):
                what += ": channels come first there, which odt turns no picture into"
            raise SampleError(f"This model takes {what}. Give an .npz with x in that shape.")
        values = self._ink(item) if self.kind == "ink" else self._image(item)
        if self.invert:
            values = (1.0 if self.kind == "ink" else 255.0) - values
        values = (values * self.scale + self.offset).reshape(self.picture_shape)
        if self.mean:
            values = values - np.array(self.mean)
        if self.std:
            values = values / np.array(self.std)
        return values.reshape(self.shape).astype(np.float32)

    def _ready(self, item: np.ndarray) -> np.ndarray:
        ready = item if item.shape == self.shape else arranged(item, self.picture_shape)
        if ready is None:
            if item.ndim == 1:
                wanted = f"{int(np.prod(self.shape)):,} (shape {list(self.shape)})"
                raise SampleError(f"A sample has {item.size:,} numbers; the model takes {wanted}.")
            raise SampleError(
                f"A sample has shape {list(item.shape)}; the model takes {list(self.shape)}."
                + (" Give its axes in that order." if item.size == math.prod(self.shape) else "")
            )
        if not np.isfinite(item).all():
            raise SampleError("A sample holds NaN or infinity. Leave it out.")
        return ready.reshape(self.shape).astype(np.float32)

    def _ink(self, item: np.ndarray) -> np.ndarray:
        height, width = self.picture_shape[:2]
        if height != width:
            raise SampleError(f"Preprocessing 'ink' needs a square input, not {height}×{width}.")
        drawing = normalise_ink(
            item, height, extent=self.extent, stroke=self.stroke, slant=self.slant
        )
        return np.repeat(drawing[..., None], self.channels, axis=-1)

    def _image(self, item: np.ndarray) -> np.ndarray:
        height, width = self.picture_shape[:2]
        picture = Image.fromarray(item)
        if picture.mode == "RGBA":
            paper = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(paper, picture)
        picture = picture.convert("RGB" if self.channels == 3 else "L")
        box = centred_box(picture.width, picture.height, width, height)
        return np.asarray(
            picture.resize((width, height), Image.Resampling.BILINEAR, box=box), np.float32
        )

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values; what is seldom set stands there only when it is."""
        plain = {**dataclasses.asdict(self), "shape": list(self.shape)}
        for name in ("mean", "std", "picture", "invert"):
            value = plain.pop(name)
            if value:
                plain[name] = list(value) if isinstance(value, tuple) else value
        return plain

    @staticmethod
    def from_json(data: dict[str, Any]) -> Preprocessing:
        """The inverse of to_json; SampleError for unknown or missing fields."""
        try:
            known: dict[str, Any] = {**data, "shape": tuple(int(v) for v in data["shape"])}
            known["picture"] = tuple(int(v) for v in data.get("picture", ()))
            for name in ("mean", "std"):
                known[name] = tuple(float(v) for v in data.get(name, ()))
            return Preprocessing(**known)
        except (KeyError, TypeError, ValueError) as error:
            raise SampleError(f"The preprocessing {data!r} cannot be read ({error}).") from error


def _are_pixels(item: np.ndarray) -> bool:
    within = item.min(initial=0) >= 0 and item.max(initial=0) <= 255
    return bool(within and (item == np.rint(item)).all())


def prepare(
    raw: RawSamples,
    preprocessing: Preprocessing,
    labels: Labels,
    target_shape: tuple[int, ...] | None = None,
    scores_each: int = 0,
    *,
    rows_are_one_hot: bool = False,
) -> Samples:
    """`raw` as model input; labels that the model does not know yet take its free outputs.

    target_shape: of one target, for a model of values: y is then float32 [N, *target_shape].
    scores_each, rows_are_one_hot: as in `targets_of`.
    Without labels at all (`labels` is empty: a model that reconstructs its input) y is all zeros
    and stands for nothing.
    Raises SampleError (which item, and what to do) or LabelError; never returns a part.
    """
    check_raw(raw)
    wanted = "How samples are prepared comes as odt.Preprocessing, such as model.preprocessing"
    check_kind(preprocessing, Preprocessing, wanted, SampleError)
    check_kind(labels, Labels, "Labels come as odt.Labels, such as model.labels", LabelError)
    raw = preprocessing.as_pictures(raw)
    x = np.zeros((len(raw), *preprocessing.shape), np.float32)
    for k, (item, name) in enumerate(zip(raw.items, raw.names, strict=True)):
        try:
            x[k] = preprocessing.apply(item)
        except SampleError as error:
            raise SampleError(f"{name}: {error}") from error
    if target_shape is not None:
        y = np.zeros((len(raw), *target_shape), np.float32)
        targets = targets_of(raw, target_shape, scores_each, rows_are_one_hot=rows_are_one_hot)
        for k, target in enumerate(targets):
            y[k] = target
        return Samples(x, y, labels)
    if not len(labels):
        return Samples(x, np.zeros((len(raw), 0), np.float32), labels)
    check_labelled(raw, len(labels))
    names = {label: clean_label(label) for label in dict.fromkeys(raw.labels)}
    extended = labels.extended(names.values())
    _tell_merged(extended, names.values())
    outputs = {label: extended.index(name) for label, name in names.items()}
    y = np.array([outputs[label] for label in raw.labels], np.int64)
    return Samples(x, y.reshape(-1), extended)


def _tell_merged(labels: Labels, names: Iterable[str]) -> None:
    """Log which names are taken for others that a person reads alike."""
    merged = [
        f"'{name}' for '{label}'"
        for name in in_order(names)
        if (label := labels.taken_for(name)) != name
    ]
    if merged:
        _log.warning(
            "Labels that read the same are taken for one: %s. If they are two, give one of them "
            "another name.",
            some_of(merged),
        )
