"""Variants of a few prepared inputs: what else the same hand could have drawn."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from odt_core.errors import SampleError


@dataclass(frozen=True)
class Augmentation:
    """Random affine and elastic distortion of pictures [N, H, W, C]; other inputs stay as they are.

    rotation, shear in radians, zoom and aspect as factors' logarithms, move in pixels of a 28-pixel
    input (scaled to others), bend: elastic displacement in the same pixels. All are deviations of
    normal distributions cut at two deviations. paper: the value outside the picture.
    """

    rotation: float = 0.15
    shear: float = 0.2
    zoom: float = 0.12
    aspect: float = 0.12
    move: float = 1.2
    bend: float = 1.4
    paper: float = 0.0

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

        def normal(deviation: float, *shape: int) -> np.ndarray:
            return np.clip(rng.standard_normal((n, *shape)), -2, 2) * deviation

        turn, lean = normal(self.rotation), normal(self.shear)
        zoom, aspect = normal(self.zoom), normal(self.aspect)
        down, right = normal(self.move * unit), normal(self.move * unit)
        knots = normal(self.bend * unit, 2, 4, 4)

        # Where each output pixel looks: centre + A · (pixel − centre) + move + bend.
        y, x0 = np.meshgrid(
            np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij"
        )
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
        rows, columns = _smooth(height), _smooth(width)
        field = np.einsum("hi,nkij,wj->nkhw", rows, knots, columns, optimize=True)
        sy = a * y + b * x0 + down[:, None, None] + field[:, 0] + (height - 1) / 2
        sx = c * y + d * x0 + right[:, None, None] + field[:, 1] + (width - 1) / 2
        return _sample(x, sy, sx, self.paper)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        return dataclasses.asdict(self)


def _smooth(length: int, knots: int = 4) -> np.ndarray:
    """Cubic B-spline weights [length, knots] that spread a few knots over `length` pixels."""
    position = np.linspace(0, knots - 1, length)[:, None]
    distance = np.abs(position - np.arange(knots))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far)


def _sample(x: np.ndarray, sy: np.ndarray, sx: np.ndarray, paper: float) -> np.ndarray:
    """Bilinear look-up of x [N, H, W(, C)] at (sy, sx) [N, H, W]; `paper` outside."""
    n, height, width = x.shape[:3]
    rest = x.ndim - 3
    border = ((0, 0), (1, 1), (1, 1)) + ((0, 0),) * rest
    padded = np.pad(x, border, constant_values=paper)
    sy = np.clip(sy + 1, 0, height + 0.999)
    sx = np.clip(sx + 1, 0, width + 0.999)
    top, left = sy.astype(np.intp), sx.astype(np.intp)
    fy, fx = (sy - top).astype(np.float32), (sx - left).astype(np.float32)
    flat = padded.reshape(n * (height + 2) * (width + 2), *x.shape[3:])
    at = (np.arange(n)[:, None, None] * (height + 2) + top) * (width + 2) + left
    if rest:
        fy, fx = fy[..., None], fx[..., None]
    upper = flat[at] * (1 - fx) + flat[at + 1] * fx
    at += width + 2
    lower = flat[at] * (1 - fx) + flat[at + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)
