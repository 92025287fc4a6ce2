"""Labels in the form that a model's `train` wants them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from odt_core.dialects.contract import InferRole, LabelKind, TrainRole
from odt_core.dialects.vocabulary import (
    LIMIT_WORDS,
    OFF_WORDS,
    ONCE_WORDS,
    PENALTY_WORDS,
    SWITCH_WORDS,
    TRAINING_WORDS,
    USUAL_VALUES,
    WEIGHT_WORDS,
)
from odt_core.errors import SignatureError
from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.words import words

_NO_LIMIT = 10**6
_KEPT = 256  # outputs for which all one-hot rows are kept: picking some is faster than making them


def encode(
    y: np.ndarray,
    role: TrainRole,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    count: int | None = None,
) -> np.ndarray:
    """y as the array for the label input.

    y: int [N] output indices, [N, K] one-hot or soft targets, or float [N, *target_shape]. Of
    two labels as signs, 0 becomes −1, and −1 stays −1.
    shape: of the label input, -1 for dynamic. count: how many labels there are, where that is
    known. Raises SignatureError when the label is out of range or y has no form that the model
    takes.
    """
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise SignatureError(
            f"Signature '{role.signature}' takes labels or targets as numbers; got an array of "
            f"{y.dtype}."
        )
    if not y.ndim:
        raise SignatureError(
            f"Signature '{role.signature}' takes an array of labels or targets; got a single "
            f"number."
        )
    if role.label_kind is LabelKind.INTEGER:
        if y.ndim == 2 and y.shape[1] > 1:
            y = _chosen(y, role.signature)
        if y.size != len(y):
            raise SignatureError(
                f"Signature '{role.signature}' takes a label for each sample; got {list(y.shape)}."
            )
        y = _whole(y)
        if count:
            check_range(y, count)
        y = y.astype(dtype, copy=False)
        if not shape and y.size == 1:
            return y.reshape(())  # one sample a call, with no batch axis
        return y if len(shape) == 1 == y.ndim else y.reshape((len(y),) + (1,) * (len(shape) - 1))
    if role.label_kind is LabelKind.SIGNS:
        y = _signs(y, np.dtype(dtype), role.signature)
    if role.label_kind is LabelKind.ONE_HOT and y.ndim == 1:
        y = one_hot(_whole(y), shape[-1], dtype)
    if len(y) == 1 and -1 not in shape and y.size == math.prod(shape):
        return np.asarray(y.reshape(shape), dtype, order="C")  # perhaps with no batch axis
    rest = tuple(shape[1:])
    if y.ndim == 1:
        y = y.reshape((len(y),) + (1,) * len(rest))
    elif -1 not in rest and y.shape[1:] != rest and y[:1].size == int(np.prod(rest)):
        y = y.reshape((len(y), *rest))
    return np.ascontiguousarray(y, dtype)


def filling(
    name: str, dtype: str, shape: Sequence[int | None] = (), *, training: bool = True
) -> float:
    """What an input gets that is neither samples nor labels: 1 for switches and weights, what is
    never reached for limits, else 0.

    A sample weight, a mask or a keep probability of 1 changes nothing, a 0 would undo the training.
    The weight of a penalty or of noise is 0, and so is a switch that freezes, resets or only tests;
    what is done so many times is done once, and what a temperature divides stays as it is. What
    gradients are clipped to is so large that they are not; a single number that optimisers go by is
    what they have by default. While predicting, switches are off.
    """
    said = words(name)
    if dtype == "bool":
        return int(training and not said & OFF_WORDS)
    if is_switch(name, shape):
        return int(training)
    if said & LIMIT_WORDS or {"max", "norm"} <= said:
        return min(_NO_LIMIT, _largest(dtype))
    usual = usual_value(name, dtype, shape)
    if usual is not None:
        return usual
    return int(bool(said & (WEIGHT_WORDS | ONCE_WORDS)) and not said & PENALTY_WORDS)


def usual_value(name: str, dtype: str, shape: Sequence[int | None]) -> float | None:
    """What optimisers have by default for a number of that name; None where that is not known."""
    known = USUAL_VALUES.get("".join(one for one in name.lower() if one.isalnum()))
    return known if dtype.startswith("float") and _is_single(shape) else None


def is_switch(name: str, shape: Sequence[int | None]) -> bool:
    """Whether an input is a number that is 1 in training and 0 in predicting."""
    said = words(name)
    called = bool(said & TRAINING_WORDS) or {"learning", "phase"} <= said
    return _is_single(shape) and called and said <= SWITCH_WORDS


def _is_single(shape: Sequence[int | None]) -> bool:
    return all(size == 1 for size in shape)


def filled_inputs(
    role: TrainRole | InferRole, signature: SignatureDescription
) -> list[TensorDescription]:
    """The inputs that a signature computes with and that get what `filling` says."""
    taken: set[str | None] = {role.samples, *role.beside, *role.mask}
    if isinstance(role, TrainRole):
        taken |= {role.labels, role.learning_rate}
    return [one for one in signature.inputs if one.used and one.name not in taken]


def zero_filled(
    role: TrainRole | InferRole, signature: SignatureDescription
) -> list[TensorDescription]:
    """Those of them for which there is nothing to give but zeros."""
    training = isinstance(role, TrainRole)
    return [
        one
        for one in filled_inputs(role, signature)
        if one.dtype != "bool"
        if not is_switch(one.name, one.shape)
        if one.name in role.blank or filling(one.name, one.dtype, one.shape, training=training) == 0
    ]


def _largest(dtype: str) -> int:
    kind = np.dtype(dtype)
    return int(np.iinfo(kind).max if kind.kind in "iu" else np.finfo(kind).max)


def one_hot(y: np.ndarray, count: int, dtype: Any = np.float32) -> np.ndarray:
    """int [N] -> [N, count] with a 1 at each label; SignatureError when one is out of range."""
    check_range(y, count)
    if count <= _KEPT:
        return _identity(count, np.dtype(dtype).str)[y]
    result = np.zeros((len(y), count), dtype)
    result[np.arange(len(y)), y] = 1
    return result


def _signs(y: np.ndarray, dtype: np.dtype, signature: str) -> np.ndarray:
    """0 and 1, or −1 and 1, as −1 and 1: what was done already is not done again."""
    if dtype.kind in "ub":
        raise SignatureError(
            f"Signature '{signature}' takes labels as {dtype}, which cannot be −1. Choose labels "
            f"by their number instead."
        )
    y = _whole(y)
    if y.size and (y.min() < -1 or y.max() > 1):
        raise SignatureError(
            f"Labels must be 0 and 1, or −1 and 1, for this model; got {y.min()} to {y.max()}."
        )
    return np.where(y > 0, 1, -1)


def _chosen(y: np.ndarray, signature: str) -> np.ndarray:
    """int [N] from one-hot rows [N, K]."""
    if not ((y == 1).sum(axis=1) == 1).all() or np.count_nonzero(y) != len(y):
        raise SignatureError(
            f"Signature '{signature}' takes whole labels: of a one-hot row, one number is 1 and "
            f"the others are 0. Soft targets cannot be used; pass output indices."
        )
    return y.argmax(axis=1)


def _whole(y: np.ndarray) -> np.ndarray:
    """Labels as whole numbers; SignatureError where one is none."""
    if y.dtype.kind in "iu":
        return y
    with np.errstate(invalid="ignore"):
        whole = y.astype(np.int64)
    wrong = whole != y
    if wrong.any():
        raise SignatureError(f"Labels must be whole numbers; got {y[wrong].flat[0]}.")
    return whole


def check_range(y: np.ndarray, count: int) -> None:
    """SignatureError when one of the labels, whole numbers, is not in 0..count-1."""
    # Reduced by the ufuncs themselves: y.min() and y.max() take three times as long on a batch.
    if y.size and (np.minimum.reduce(y, None) < 0 or np.maximum.reduce(y, None) >= count):
        raise SignatureError(
            f"Labels must be between 0 and {count - 1} for this model; got {y.min()} to {y.max()}."
        )


@lru_cache(maxsize=8)
def _identity(count: int, dtype: str) -> np.ndarray:
    return np.eye(count, dtype=dtype)
