"""Pictures as targets: the mask beside a photograph, and what its values mean.

A mask is cut and shrunk as its photograph is (Preprocessing), so that the two still cover each
other. Whose mask a file is, is told by names as data sets use them: NAME.target.png or
NAME_mask.png beside NAME.jpg, or masks/NAME.png beside images/NAME.jpg.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from odt_core.errors import SampleError
from odt_core.samples.box import centred_box

TARGET = ".target"  # ends the name, without its suffix, of a file that is a target
_MARK = re.compile(r"[_-]mask$")
_FOLDERS = frozenset(
    [
        "annotations",
        "gt",
        "label",
        "labels",
        "mask",
        "masks",
        "segmentation",
        "segmentations",
        "target",
        "targets",
    ]
)
CLASSES = 32  # numbers below are those of classes, not shades
VOID = 255  # in a mask of classes: a pixel that belongs to none


def is_picture(shape: Sequence[int]) -> bool:
    """Whether targets of this shape are [height, width] or [height, width, channels or classes]."""
    return len(shape) in (2, 3) and min(shape[:2]) > 1


def targets_among(files: Sequence[str], masks: bool) -> dict[str, str]:
    """File -> the sample whose target it is, without its suffix. files: paths with slashes.

    masks: whether names that other tools use count, too; else only NAME.target.*.
    """
    stems = {stem_of(file) for file in files}
    beside = defaultdict(list)  # by the folder above theirs, and name
    for stem in sorted(stems):
        path = PurePosixPath(stem)
        beside[path.parent.parent, path.name].append(stem)
    found = {}
    for file in files:
        stem = stem_of(file)
        path = PurePosixPath(stem)
        unmarked = _MARK.sub("", stem)
        if stem.endswith(TARGET):
            found[file] = stem.removesuffix(TARGET)
        elif masks and unmarked != stem and unmarked in stems:
            found[file] = unmarked
        elif masks and _FOLDERS & set(re.split("[^a-z]+", path.parent.name.lower())):
            names = (path.name, PurePosixPath(unmarked).name)
            others = [s for name in names for s in beside[path.parent.parent, name]]
            partner = next((s for s in others if PurePosixPath(s).parent != path.parent), None)
            if partner is not None:
                found[file] = partner
    return found


def stem_of(file: str) -> str:
    """A path without its suffix."""
    return file.rpartition(".")[0]


def as_target(picture: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """A mask as float32 [*shape]. picture: uint8 [H, W] (shades, or numbers of classes) or
    [H, W, 3]. shape: [height, width], or that with 1, 3 (colours) or K (classes) channels.

    Numbers below 32 are taken for classes, 255 beside them for none; all other shades go from 0
    (black) to 1 (white). Classes become a row of K with a 1 where the shape asks for one. Raises
    SampleError where a class is beyond K, or colours are given and not asked for.
    """
    height, width = shape[:2]
    channels = shape[2] if len(shape) == 3 else 1
    classes = picture.ndim == 2 and bool((picture[picture != VOID] < CLASSES).all())
    sharp = classes or set(np.unique(picture)) <= {0, VOID}
    image = Image.fromarray(picture)
    if image.mode == "RGB" and channels != 3:
        image = image.convert("L")
    how = Image.Resampling.NEAREST if sharp else Image.Resampling.BILINEAR
    box = centred_box(image.width, image.height, width, height)
    values = np.asarray(image.resize((width, height), how, box=box))
    if classes and picture[picture != VOID].any():
        return _of_classes(values, channels, name).reshape(shape)
    shades = values.astype(np.float32) / 255
    if values.ndim == 2 and channels == 2:
        shades = np.stack([1 - shades, shades], axis=-1)
    elif values.ndim == 2 and channels == 3:
        shades = np.repeat(shades[..., None], 3, axis=-1)
    elif values.ndim == 2 and channels > 1:
        shades = _of_classes(np.rint(shades), channels, name)
    return shades.reshape(shape)


def _of_classes(values: np.ndarray, channels: int, name: str) -> np.ndarray:
    """Numbers of classes as they are, or [H, W, K] with a 1 at each; VOID is class 0, or no class
    at all.
    """
    if channels == 1:
        return np.where(values == VOID, 0, values).astype(np.float32)
    last = int(values[values != VOID].max(initial=0))
    if last >= channels:
        raise SampleError(
            f"The mask of {name} has class {last}; this model tells {channels} apart, 0 to "
            f"{channels - 1}."
        )
    return (values[..., None] == np.arange(channels)).astype(np.float32)
