"""Targets: the numbers that a model of values is to give for each sample."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from math import prod

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.masks import as_target, hold_classes, is_picture
from odt_core.samples.shapes import arranged
from odt_core.samples.types import RawSamples


def targets_of(
    raw: RawSamples, shape: tuple[int, ...], scores_each: int = 0, *, rows_are_one_hot: bool = False
) -> tuple[np.ndarray, ...]:
    """A target for each sample, float32 [*shape]. scores_each: K, where its numbers are those of K
    classes. rows_are_one_hot: whether of each row of K one is right. Both as of Contract.

    Where a sample has none, its label counts when it is a number: a folder called 3.5, say. Raises
    SampleError (which sample, and what to do) when neither fits.
    """
    masks = [one for one in raw.targets if one is not None and _is_mask(one)]
    count = scores_each or (shape[2] if len(shape) == 3 else 1)
    classes = is_picture(shape) and hold_classes(masks, count)
    given = [
        _number(label) if target is None else target
        for target, label in zip(raw.targets or (None,) * len(raw), raw.labels, strict=True)
    ]
    _all_given(given, raw, shape)
    return tuple(
        _target(target, item, name, shape, classes, scores_each, rows_are_one_hot)
        for target, item, name in zip(given, raw.items, raw.names, strict=True)
        if target is not None
    )


def _is_mask(target: np.ndarray) -> bool:
    return target.dtype == np.uint8 and target.ndim >= 2


def _number(label: str) -> np.ndarray | None:
    with contextlib.suppress(ValueError):
        return np.array(float(label), np.float32)
    return None


def _all_given(
    targets: Sequence[np.ndarray | None], raw: RawSamples, shape: tuple[int, ...]
) -> None:
    """Raise SampleError where a sample has no target."""
    without = [at for at, target in enumerate(targets) if target is None]
    if not without:
        return
    name, label = raw.names[without[0]], raw.labels[without[0]]
    more = f" (and {len(without) - 1} more)" if len(without) > 1 else ""
    masks = (
        ", or its mask beside it: NAME.target.png or NAME_mask.png, or masks/NAME.png beside "
        "images/NAME.jpg."
    )
    is_none = f" A label counts as one where it is a number, which '{label}' is not."
    raise SampleError(
        f"{name}{more} has no target. This model learns {in_words(shape)} for each sample: put "
        "what it should be into y of the .npz, or into the last columns of the .csv"
        + (masks if is_picture(shape) else ".")
        + (is_none if label and prod(shape) == 1 else "")
    )


def _target(
    given: np.ndarray,
    item: np.ndarray,
    name: str,
    shape: tuple[int, ...],
    classes: bool,
    scores_each: int,
    rows_are_one_hot: bool,
) -> np.ndarray:
    if _is_mask(given) and is_picture(shape):
        photograph = item.shape[:2] if item.dtype == np.uint8 and item.ndim >= 2 else None
        return as_target(
            given,
            shape,
            name,
            classes=classes,
            scores_each=scores_each,
            rows_are_one_hot=rows_are_one_hot,
            of=photograph,
        )
    if given.size != prod(shape):
        raise SampleError(
            f"{name} has {given.size} target values; this model learns {in_words(shape)}."
        )
    target = arranged(given, shape)
    if target is None:
        raise SampleError(
            f"The target of {name} has shape {list(given.shape)}; this model learns "
            f"{in_words(shape)}. Give its axes in that order."
        )
    if not np.isfinite(given).all():
        raise SampleError(f"The target of {name} is not a finite number. Correct or remove it.")
    return np.ascontiguousarray(target, np.float32).reshape(shape)


def in_words(shape: Iterable[int]) -> str:
    """ "one number", or "numbers of shape [2, 3]"."""
    sizes = list(shape)
    count = prod(sizes)
    if count == 1:
        return "one number"
    return f"{count} numbers" if len(sizes) == 1 else f"numbers of shape {sizes}"
