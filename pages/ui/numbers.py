"""Numbers that a person types, and numbers as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

import numpy as np

from odt_core.errors import SampleError
from odt_core.words import count

_BETWEEN = re.compile(r"[\s,;]+")
MOST = 1_024  # values that are typed or shown as text


def typed(text: str, shape: tuple[int, ...], what: str) -> np.ndarray:
    """float32 [*shape] from numbers with commas, semicolons or spaces between. SampleError."""
    words = [word for word in _BETWEEN.split(text.strip("[]() \n").replace("−", "-")) if word]
    if not words:
        asked = "a number" if prod(shape) == 1 else f"{prod(shape):,} numbers with commas between"
        raise SampleError(f"{what} is empty. Type {asked}.")
    values = []
    for at, word in enumerate(words, 1):
        try:
            value = float(word) if "_" not in word else float("nan")
        except ValueError:
            raise SampleError(f"{what}, number {at}: '{word[:20]}' is not a number.") from None
        if not np.isfinite(np.float32(value)):
            raise SampleError(f"{what}, number {at}: '{word[:20]}' is not a finite number.")
        values.append(value)
    if len(values) != prod(shape):
        raise SampleError(
            f"{what} has {count(len(values), 'number')}; this model takes {prod(shape):,}."
        )
    return np.array(values, np.float32).reshape(shape)


def as_text(values: np.ndarray, most: int = MOST) -> str:
    """ "5.1, 3.5, 1.4"; what is beyond `most` is left out."""
    flat = values.reshape(-1)
    said = ", ".join(_short(float(value)) for value in flat[:most])
    return said if flat.size <= most else f"{said}, …"


def parts_as_text(values: np.ndarray, sizes: Mapping[str, int], most: int) -> str:
    """ "film 15 · mood -0.6, 1.2": numbers by the inputs they go to, where these are several."""
    if values.size != sum(sizes.values()):
        return as_text(values, most)
    flat, said, at = values.reshape(-1), [], 0
    for name, size in sizes.items():
        said.append(f"{name} {as_text(flat[at : at + size], max(1, most // len(sizes)))}")
        at += size
    return " · ".join(said)


def first_of(values: np.ndarray, most: int) -> str:
    """ "0.2, −1.5, 3 …": the first of them, as short as they can be read."""
    flat = values.reshape(-1)
    return ", ".join(figure(float(one)) for one in flat[:most]) + " …" * (len(flat) > most)


def figure(value: float | None) -> str:
    """A number as short as it can be read: 0.0312, 12.5, 3.4e+06; a dash for none."""
    return "–" if value is None or value != value else f"{value:.4g}".replace("-", "−")


def _short(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e7 else f"{value:.6g}"
