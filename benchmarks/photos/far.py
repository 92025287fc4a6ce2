"""Pictures that are none of the labels: noise, patches, stripes, scanned digits, scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

DATA = Path(__file__).resolve().parents[2] / "assets" / "data"
EACH, SIDE = 60, 160


def far_pictures(rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """uint8 [H, W, 3] by kind, 60 of each."""
    with np.load(DATA / "writers.npz", allow_pickle=False) as arrays:
        digits = arrays["x"][rng.choice(len(arrays["x"]), EACH, replace=False)]
    made = {
        "noise": [rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8) for _ in range(EACH)],
        "patches": [_patches(rng) for _ in range(EACH)],
        "stripes": [_stripes(rng) for _ in range(EACH)],
        "digits": [np.repeat(digit[..., None], 3, axis=-1) for digit in digits],
    }
    return made | _scenes(rng)


def _patches(rng: np.random.Generator) -> np.ndarray:
    n = int(rng.integers(3, 24))
    small = Image.fromarray(rng.integers(0, 256, (n, n, 3)).astype(np.uint8))
    how = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    return np.asarray(small.resize((SIDE, SIDE), how[int(rng.integers(3))]))


def _stripes(rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    turn, often = rng.random() * np.pi, rng.uniform(0.05, 0.8)
    wave = (np.sin(often * (x * np.cos(turn) + y * np.sin(turn)))[..., None] + 1) / 2
    one, other = rng.integers(0, 256, (2, 3))
    return (wave * one + (1 - wave) * other).astype(np.uint8)


def _scenes(rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """Cuts of the two photos in scikit-learn (CC BY), as coarse as the known pictures or not."""
    from sklearn.datasets import load_sample_image

    cuts = {}
    for name in ("china", "flower"):
        photo = load_sample_image(f"{name}.jpg")
        sharp = []
        for _ in range(EACH):
            side = int(rng.integers(120, 400))
            top, left = (int(rng.integers(0, size - side)) for size in photo.shape[:2])
            sharp.append(photo[top : top + side, left : left + side])
        cuts[f"{name}.jpg"] = sharp
        cuts[f"{name}.jpg at 32 pixels"] = [
            np.asarray(Image.fromarray(cut).resize((32, 32), Image.Resampling.BILINEAR))
            for cut in sharp
        ]
    return cuts
