"""Variants of a few prepared inputs: what else the same hand could have drawn."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

from odt_core.errors import SampleError

_KNOTS = 4  # of the elastic displacement, along each axis


@dataclass(frozen=True)
class Augmentation:
    """Random affine and elastic distortion of pictures [N, H, W, C]; other inputs stay as they are.

    rotation, shear in radians, zoom and aspect as factors' logarithms, move in pixels of a 28-pixel
    input (scaled to others), bend: elastic displacement in the same pixels. All are deviations of
    normal distributions cut at two deviations. paper: the value outside the picture. SampleError
    where one is no finite number.
    """

    rotation: float = 0.15
    shear: float = 0.2
    zoom: float = 0.12
    aspect: float = 0.12
    move: float = 1.2
    bend: float = 1.4
    paper: float = 0.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not isinstance(value, Real) or not math.isfinite(value):
                raise SampleError(f"The augmentation's {name} is {value!r}. Give a finite number.")

    def scaled(self, amount: float) -> Augmentation:
        """All deviations times `amount`; 0 means no change at all."""
        if amount < 0:
            raise SampleError(f"The amount of augmentation is {amount}; it cannot be negative.")
        changed = {
            field.name: getattr(self, field.name) * amount
            for field in dataclasses.fields(self)
            if field.name != "paper"
        }
        return dataclasses.replace(self, **changed)

    def batch(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random variant of each of x, float32 [N, H, W, C] (or [N, H, W]); same shape.

        All randomness comes from `rng`, a fixed number of draws per picture.
        """
        if x.ndim not in (3, 4) or min(x.shape[1:3], default=0) < 4 or not len(x):
            return x
        n, height, width = x.shape[:3]
        unit = height / 28

        drawn = np.clip(rng.standard_normal(n * (6 + 2 * _KNOTS**2)), -2, 2)
        turn, lean, zoom, aspect, down, right = drawn[: 6 * n].reshape(6, n)
        turn, lean = turn * self.rotation, lean * self.shear
        zoom, aspect = zoom * self.zoom, aspect * self.aspect
        down, right = down * (self.move * unit), right * (self.move * unit)
        knots = drawn[6 * n :].reshape(n, 2, _KNOTS, _KNOTS) * (self.bend * unit)

        # Where each output pixel looks: centre + A · (pixel − centre) + move + bend.
        y = (np.arange(height) - (height - 1) / 2)[:, None]
        x0 = np.arange(width) - (width - 1) / 2
        cos, sin = np.cos(turn), np.sin(turn)
        tall, wide = np.exp(-zoom - aspect / 2), np.exp(-zoom + aspect / 2)
        matrix = np.stack(
            [
                tall * cos,
                tall * sin,
                -wide * sin + lean * wide * cos,
                wide * cos + lean * wide * sin,
            ]
        )
        a, b, c, d = (row[:, None, None] for row in matrix)
        field = _smooth(height) @ knots @ _smooth(width).T
        sy, sx = a * y + b * x0, c * y + d * x0
        for coordinate, move, bend, size in (
            (sy, down, field[:, 0], height),
            (sx, right, field[:, 1], width),
        ):
            coordinate += move[:, None, None]
            coordinate += bend
            coordinate += (size - 1) / 2
        return _sample(x, sy, sx, self.paper)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        return dataclasses.asdict(self)


@lru_cache(maxsize=16)
def _smooth(length: int) -> np.ndarray:
    """Cubic B-spline weights [length, _KNOTS] that spread a few knots over `length` pixels."""
    position = np.linspace(0, _KNOTS - 1, length)[:, None]
    distance = np.abs(position - np.arange(_KNOTS))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far)


def _sample(x: np.ndarray, sy: np.ndarray, sx: np.ndarray, paper: float) -> np.ndarray:
    """Bilinear look-up of x [N, H, W(, C)] at (sy, sx) [N, H, W], paper outside; changes these."""
    n, height, width = x.shape[:3]
    padded = np.full((n, height + 2, width + 2, *x.shape[3:]), paper, x.dtype)
    padded[:, 1:-1, 1:-1] = x
    for coordinate, size in ((sy, height), (sx, width)):
        coordinate += 1
        np.clip(coordinate, 0, size + 0.999, out=coordinate)
    top, left = sy.astype(np.intp), sx.astype(np.intp)
    fy, fx = (sy - top).astype(np.float32), (sx - left).astype(np.float32)
    channels = x.shape[3] if x.ndim == 4 else 1
    flat = padded.reshape(-1) if channels == 1 else padded.reshape(-1, channels)
    at = (np.arange(n)[:, None, None] * (height + 2) + top) * (width + 2) + left
    if channels > 1:
        fy, fx = fy[..., None], fx[..., None]
    across, down = 1 - fx, 1 - fy
    upper = flat.take(at, 0) * across + flat.take(at + 1, 0) * fx
    at += width + 2
    lower = flat.take(at, 0) * across + flat.take(at + 1, 0) * fx
    return np.asarray(upper * down + lower * fy, np.float32).reshape(x.shape)
