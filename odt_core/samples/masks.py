"""Pictures as targets: the mask beside a photograph, and what its values mean.

A mask is cut and shrunk as its photograph is (Preprocessing), so that the two still cover each
other, also where it was saved larger or smaller. Whose mask a file is, is told by names as data
sets use them: NAME.target.png or NAME_mask.png beside NAME.jpg, or masks/NAME.png beside
images/NAME.jpg.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from odt_core.errors import SampleError
from odt_core.samples.box import centred_box
from odt_core.words import words

TARGET = ".target"  # ends the name, without its suffix, of a file that is a target
_MARK = re.compile(r"[_-]mask$")
OF_MASKS = frozenset(
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
        "trimaps",
    ]
)
PHOTOGRAPHS = frozenset(
    ["image", "images", "img", "imgs", "input", "inputs", "photo", "photos", "pictures", "rgb"]
)
_ASKEW = 2  # pixels by which a mask's proportions may differ from its photograph's
HOW_CLASSES = (
    "Save it as an indexed (palette) PNG, or in grey with the numbers of its classes, 0 being the "
    "background."
)
CLASSES = 32  # numbers below are those of classes, not shades
VOID = 255  # among the numbers of classes: that of a pixel or word that belongs to none


def is_picture(shape: Sequence[int]) -> bool:
    """Whether targets of this shape are [height, width] or [height, width, channels or classes]."""
    return len(shape) in (2, 3) and min(shape[:2]) > 1


def targets_among(files: Sequence[str], masks: bool) -> dict[str, str]:
    """File -> the sample whose target it is, without its suffix. files: paths with slashes.

    masks: whether names that other tools use count, too; else only NAME.target.*. Raises
    SampleError where a sample has two.
    """
    stems = {stem_of(file) for file in files}
    folders = {PurePosixPath(stem).parent for stem in stems}
    photographs = defaultdict(list)  # by the folder above theirs, or _beside, and name
    for stem in sorted(stems):
        path = PurePosixPath(stem)
        if not _is_of_masks(path.parent, folders):
            for above in (path.parent.parent, _beside(path.parent)):
                photographs[above, path.name].append(stem)
    found: dict[str, str] = {}
    for file in files:
        stem = stem_of(file)
        path = PurePosixPath(stem)
        unmarked = _MARK.sub("", stem)
        if stem.endswith(TARGET):
            found[file] = stem.removesuffix(TARGET)
        elif masks and unmarked != stem and unmarked in stems:
            found[file] = unmarked
        elif masks and _is_of_masks(path.parent, folders):
            names = (path.name, PurePosixPath(unmarked).name)
            near = (*path.parent.parents, _beside(path.parent))
            keys = [(above, name) for above in near for name in names]
            partners = [partner for key in keys for partner in photographs.get(key, ())]
            found |= {file: partners[0]} if partners else {}
    taken: dict[str, str] = {}
    for file, stem in found.items():
        if stem in taken:
            raise SampleError(
                f"'{stem}' has two targets, {taken[stem]} and {file}. Leave one of them out."
            )
        taken[stem] = file
    return found


def _is_of_masks(folder: PurePosixPath, folders: set[PurePosixPath]) -> bool:
    """Such as "masks", "train_masks", "SegmentationClass" or "annotations/training", but not
    "segmentation/images".
    """
    said = words(folder.name)
    if said & OF_MASKS:
        return True
    if not words(folder.parent.name) & OF_MASKS:
        return False
    # of masks/images, only where no folder of masks stands beside it
    beside = (one for one in folders if one.parent == folder.parent)
    return not (said & PHOTOGRAPHS and any(words(one.name) & OF_MASKS for one in beside))


def _beside(folder: PurePosixPath) -> PurePosixPath:
    """Of images/training and annotations/training alike: training."""
    return folder.parent.parent / folder.name


def stem_of(file: str) -> str:
    """A path without its suffix."""
    return file.rpartition(".")[0]


def hold_classes(pictures: Iterable[np.ndarray], count: int) -> bool:
    """Whether the masks of an upload hold numbers of classes, judged by all of them together: some
    number from 1 to 31, or below the model's `count` of classes, and no shade between it and white.
    Black and white alone are 0 and 1, but for a model of more than two classes, to which white is
    no class: SampleError where they have no other.
    """
    values: set[int] = set()
    for picture in pictures:
        if picture.ndim == 2:
            values |= set(np.unique(picture).tolist())
    numbers = values - {0, VOID}
    if count > 2 and not numbers and VOID in values:
        raise SampleError(
            f"The masks have two colours, such as black and white; this model tells {count} "
            f"classes apart. Save their numbers, 0 to {count - 1}."
        )
    return max(numbers) < max(CLASSES, count) if numbers else count > 2


def in_two_colours(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The masks of an upload as black and white, uint8 [H, W], where all of them together have two
    colours and these are no shades of grey: the darker one is the background, black. Where they
    have but one, all but black is foreground. Else as they are.
    """
    if all(mask.ndim == 2 for mask in masks):
        return list(masks)
    colours: set[tuple[int, ...]] = set()
    for mask in masks:
        colours |= _colours(mask)
        if len(colours) > 2:
            return list(masks)
    colours |= {(0, 0, 0)} if len(colours) == 1 else set()
    bright = np.array(max(sorted(colours), key=_brightness), np.uint8)
    return [
        np.where((_in_colour(mask) == bright).all(axis=-1), 255, 0).astype(np.uint8)
        for mask in masks
    ]


def _in_colour(mask: np.ndarray) -> np.ndarray:
    """[H, W, 3] of [H, W] or [H, W, 3]."""
    return mask if mask.ndim == 3 else np.repeat(mask[..., None], 3, axis=-1)


def _colours(mask: np.ndarray) -> set[tuple[int, ...]]:
    """At least three of a mask's colours, or all where it has no more."""
    pixels = _in_colour(mask).reshape(-1, 3).astype(np.uint32)
    numbers = np.unique(pixels @ np.array([65536, 256, 1], np.uint32))[:3]
    return {(int(n) >> 16, int(n) >> 8 & 255, int(n) & 255) for n in numbers}


def _brightness(colour: tuple[int, ...]) -> float:
    red, green, blue = colour  # ITU-R BT.601, as in conversions to grey
    return 0.299 * red + 0.587 * green + 0.114 * blue


def as_target(
    picture: np.ndarray,
    shape: tuple[int, ...],
    name: str,
    *,
    classes: bool,
    scores_each: int,
    rows_are_one_hot: bool,
    of: tuple[int, int] | None,
) -> np.ndarray:
    """A mask as float32 [*shape]. picture: uint8 [H, W], or [H, W, 3] colours. shape: [height,
    width], or that with 1, 3 (colours) or K (classes) channels.

    classes: of [H, W], whether its numbers are those of classes, 255 being none; they become rows
    of K with a 1 where the shape asks for such. Else they are shades from 0 (black) to 1 (white).
    scores_each: K, where a target is the number of a class of K, which then keeps 255; else 0.
    rows_are_one_hot: whether three channels are classes, and no colours. of: height and width of
    the photograph, if it is one. Raises SampleError where a class is beyond K, there are shades for
    more than two classes, colours where none are learnt, or the photograph has other proportions.
    """
    height, width = shape[:2]
    channels = _channels(shape)
    classes = classes and picture.ndim == 2
    sharp = classes or set(np.unique(picture)) <= {0, VOID}
    image = Image.fromarray(picture)
    if image.mode == "RGB" and (channels != 3 or rows_are_one_hot):
        raise SampleError(f"The mask of {name} is in colours. {HOW_CLASSES}")
    how = Image.Resampling.NEAREST if sharp else Image.Resampling.BILINEAR
    box = _box(image, of or picture.shape[:2], (height, width), name)
    values = np.asarray(image.resize((width, height), how, box=box))
    if classes:
        return _of_classes(values, channels, scores_each, name).reshape(shape)
    shades = values.astype(np.float32) / 255
    if values.ndim == 2 and channels == 2:
        shades = np.stack([1 - shades, shades], axis=-1)
    elif values.ndim == 2 and channels == 3:
        shades = np.repeat(shades[..., None], 3, axis=-1)
    elif channels > 3 or scores_each > 2:
        count = scores_each or channels
        raise SampleError(
            f"The mask of {name} has shades; this model tells {count} classes apart. Save their "
            f"numbers, 0 to {count - 1}."
        )
    return shades.reshape(shape)


def _box(
    mask: Image.Image, of: tuple[int, ...], wanted: tuple[int, int], name: str
) -> tuple[float, float, float, float]:
    """The part of a mask over that part of its photograph which the model sees."""
    high, wide = of
    if not _alike(mask.width, mask.height, wide, high):
        sizes = f"it has {mask.width} × {mask.height} pixels, the picture {wide} × {high}"
        if _alike(mask.width, mask.height, high, wide):
            raise SampleError(f"The mask of {name} lies on its side: {sizes}. Turn one of them.")
        raise SampleError(
            f"The mask of {name} has other proportions than its picture: {sizes}. Save one that "
            "covers the whole picture."
        )
    left, top, right, bottom = centred_box(wide, high, wanted[1], wanted[0])
    x, y = mask.width / wide, mask.height / high
    return left * x, top * y, right * x, bottom * y


def _alike(width: int, height: int, wide: int, high: int) -> bool:
    """Whether two sizes have the same proportions, but for what rounding makes of them."""
    across, down = abs(width - height * wide / high), abs(height - width * high / wide)
    return min(across, down) <= _ASKEW


def _channels(shape: tuple[int, ...]) -> int:
    return shape[2] if len(shape) == 3 else 1


def _of_classes(values: np.ndarray, channels: int, scores_each: int, name: str) -> np.ndarray:
    """Numbers of classes as they are, or [H, W, K] with a 1 at each; VOID is no class at all, but 0
    to a model that learns shades.
    """
    count = scores_each or channels
    last = int(values[values != VOID].max(initial=0))
    if count > 1 and last >= count:
        raise SampleError(
            f"The mask of {name} has class {last}; this model tells {count} apart, 0 to "
            f"{count - 1}."
        )
    if channels == 1:
        return np.where((values == VOID) & (scores_each == 0), 0, values).astype(np.float32)
    return (values[..., None] == np.arange(channels)).astype(np.float32)
