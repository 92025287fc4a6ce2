"""Other scanners and pens, simulated: what the base model is trained on besides MNIST's own look.

A digit is bent, slanted, drawn thicker or thinner, cut out, stretched or not, scanned at 7 to 63
pixels, made darker, lighter and noisy; then it goes through the same preprocessing as a person's
own pictures (or, for `simulate_raw`, through none, as some programs hand over ready arrays).
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from odt_core.samples import Preprocessing

_SIDE = 84  # the pixels at which strokes are redrawn


def simulate(
    picture: np.ndarray, rng: np.random.Generator, preprocessing: Preprocessing
) -> np.ndarray:
    """picture: uint8 [28, 28] -> the model's input from another device, float32 [28, 28]."""
    return preprocessing.apply(scan(picture, rng))[..., 0]


def simulate_raw(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """picture: uint8 [28, 28] -> scaled to the input without any clean-up, float32 [28, 28]."""
    side = int(rng.choice([28, 28, 20, rng.integers(18, 29)]))
    scanned = Image.fromarray(scan(picture, rng)).resize((side, side), int(rng.choice([0, 2, 3])))
    top, left = rng.integers(0, 29 - side, 2) if rng.random() < 0.3 else ((28 - side) // 2,) * 2
    out = np.zeros((28, 28), np.float32)
    out[top : top + side, left : left + side] = np.asarray(scanned, np.float32) / 255
    return out


def scan(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """picture: uint8 [28, 28] -> how another device would have scanned it, uint8 [n, n]."""
    drawing = _redrawn(picture, rng)
    left, top, right, bottom = _frame(drawing, rng)
    margin = rng.choice([0, 0, rng.uniform(0, 0.3)]) * max(right - left, bottom - top)
    box = tuple(
        edge + sign * margin + _SIDE
        for edge, sign in ((left, -1), (top, -1), (right, 1), (bottom, 1))
    )
    usual, any_size = rng.integers(20, 33), rng.integers(32, 64)
    side = int(
        rng.choice([8, 8, 8, rng.integers(7, 13), 16, rng.integers(12, 21), usual, usual, any_size])
    )
    kernel = Image.Resampling.BOX if rng.random() < 0.6 else Image.Resampling.BICUBIC
    sheet = Image.fromarray(np.pad(drawing, _SIDE))
    values = np.clip(np.asarray(sheet.resize((side, side), kernel, box=box)), 0, 1)
    if rng.random() < 0.3:
        values = values ** rng.uniform(0.6, 1.6)
    if rng.random() < 0.3:
        values = np.clip(values + rng.normal(0, rng.uniform(0.01, 0.08), values.shape), 0, 1)
    if side <= 10:
        values = np.round(values * 16) / 16
    return (values * 255).astype(np.uint8)


def _redrawn(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turned, slanted, stretched, with another stroke width: float32 [_SIDE, _SIDE] in 0..1."""
    turn, lean, aspect = rng.normal(0, 0.1), rng.normal(0, 0.2), math.exp(rng.normal(0, 0.12))
    matrix = np.array(
        [[math.cos(turn), lean - math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    ) @ np.diag([aspect, 1 / aspect])
    matrix *= 28 / _SIDE
    shift = 14 - matrix.sum(axis=1) * _SIDE / 2
    sheet = Image.fromarray(picture.astype(np.float32) / 255)
    rows = (*matrix[0], shift[0], *matrix[1], shift[1])
    drawing = np.asarray(
        sheet.transform((_SIDE, _SIDE), Image.Transform.AFFINE, rows, Image.Resampling.BICUBIC)
    ).clip(0, 1)
    if rng.random() < 0.7:
        blurred = _blur(drawing, rng.uniform(2, 4))
        peak = max(float(blurred.max()), 1e-6)
        level, softness = rng.uniform(0.2, 0.68), rng.uniform(0.1, 0.4)
        thinner = np.clip((blurred / peak - level) / softness + 0.5, 0, 1)
        if thinner.sum() >= 40:
            drawing = thinner
    return drawing.astype(np.float32)


def _blur(drawing: np.ndarray, sigma: float) -> np.ndarray:
    grid = np.arange(len(drawing))
    kernel = np.exp(-((grid[:, None] - grid) ** 2) / (2 * sigma * sigma))
    return kernel @ drawing @ kernel / (2 * math.pi * sigma * sigma)


def _frame(drawing: np.ndarray, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of what is scanned: around the ink, stretched to fill or not."""
    rows = np.flatnonzero((drawing > 0.4).any(axis=1))
    columns = np.flatnonzero((drawing > 0.4).any(axis=0))
    if not len(rows):
        return 0, 0, _SIDE, _SIDE
    stretch = rng.choice([0.0, 1.0, rng.random()], p=[0.4, 0.35, 0.25])
    height, width = rows[-1] + 1.0 - rows[0], columns[-1] + 1.0 - columns[0]
    side = max(height, width)
    wide, tall = width + (side - width) * (1 - stretch), height + (side - height) * (1 - stretch)
    wide, tall = max(wide, 0.3 * tall), max(tall, 0.3 * wide)
    y, x = (rows[0] + rows[-1] + 1) / 2, (columns[0] + columns[-1] + 1) / 2
    dx, dy = rng.normal(0, 0.03, 2) * side
    return x - wide / 2 + dx, y - tall / 2 + dy, x + wide / 2 + dx, y + tall / 2 + dy
