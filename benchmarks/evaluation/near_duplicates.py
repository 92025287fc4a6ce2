"""How alike the same picture is to itself again, and to other pictures: what SAME_PICTURE rests on.

    python -m benchmarks.evaluation.near_duplicates

Drawings: the bundled people. Photos: pieces of the two photographs that come with scikit-learn.
Prints one JSON object of correlations as near_duplicates computes them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

from odt_core.bundled import bundled_models, find_card
from odt_core.samples import Preprocessing
from odt_core.samples.near_duplicates import SAME_PICTURE, near_duplicates

PIECES = 25  # of each photograph
EVERYTHING = -2.0  # a threshold that no correlation is below


def likeness(a: np.ndarray, b: np.ndarray, picture: tuple[int, ...]) -> float:
    """The correlation of two prepared pictures."""
    (found,) = near_duplicates(a[None], b[None], picture=picture, threshold=EVERYTHING)
    return found.likeness


def resized(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    def again(picture: np.ndarray) -> np.ndarray:
        size = [max(8, round(side * factor)) for side in picture.shape[1::-1]]
        return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))

    return again


def jpeg(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    def again(picture: np.ndarray) -> np.ndarray:
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "JPEG", quality=quality)
        return np.asarray(Image.open(out))

    return again


AGAIN: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "half the size": resized(0.5),
    "three quarters": resized(0.75),
    "one and a half": resized(1.5),
    "twice the size": resized(2),
    "JPEG, quality 70": jpeg(70),
    "JPEG, quality 30": jpeg(30),
    "darker": lambda picture: (picture * 0.7).astype(np.uint8),
}


def summary(values: list[float]) -> dict[str, float]:
    v = np.array(values)
    return {
        "n": len(v),
        "least": round(float(v.min()), 3),
        "5 % below": round(float(np.quantile(v, 0.05)), 3),
        "median": round(float(np.median(v)), 3),
        "most": round(float(v.max()), 3),
        "share found": round(float((v > SAME_PICTURE).mean()), 4),
    }


def drawings() -> dict[str, object]:
    card = find_card(bundled_models()[0])
    assert card is not None
    shape = card.preprocessing.picture_shape
    other: dict[str, list[float]] = {}
    again: dict[str, list[float]] = {}
    for raw in card.load_people().values():
        size = raw.items[0].shape[0]
        x = np.stack([card.preprocessing.apply(item) for item in raw.items])
        flat = x.reshape(len(x), -1)
        likenesses = np.corrcoef(flat)
        labels = np.array(raw.labels)
        for label in np.unique(labels):
            mine = np.flatnonzero(labels == label)
            pairs = likenesses[np.ix_(mine, mine)][np.triu_indices(len(mine), 1)]
            group = f"{size}×{size} pixels, {'1' if label == '1' else 'other digits'}"
            other.setdefault(group, []).extend(pairs.tolist())
        for at in range(0, len(x), 5):
            for name, change in AGAIN.items():
                prepared = card.preprocessing.apply(change(raw.items[at]))
                key = f"{size}×{size} pixels, {name}"
                again.setdefault(key, []).append(likeness(prepared, x[at], shape))
    return {
        "another drawing of the label by the same hand": {k: summary(v) for k, v in other.items()},
        "the same drawing again": {k: summary(v) for k, v in again.items()},
    }


def photos(side: int) -> dict[str, object]:
    rng, shape = np.random.default_rng(0), (side, side, 3)
    preprocessing = Preprocessing("image", shape, scale=1 / 255)
    pieces = []
    for image in load_sample_images().images:
        for _ in range(PIECES):
            size = int(rng.integers(100, 300))
            top, left = (int(rng.integers(0, length - size)) for length in image.shape[:2])
            pieces.append(np.ascontiguousarray(image[top : top + size, left : left + size]))
    x = [preprocessing.apply(piece) for piece in pieces]
    other = [likeness(x[i], x[j], shape) for i in range(len(x)) for j in range(i)]
    return {
        "another piece": summary(other),
        "the same piece again": {
            name: summary(
                [
                    likeness(preprocessing.apply(change(piece)), prepared, shape)
                    for piece, prepared in zip(pieces, x, strict=True)
                ]
            )
            for name, change in AGAIN.items()
        },
    }


def main() -> None:
    found = {"drawings": drawings(), **{f"photos {s}×{s}": photos(s) for s in (32, 96, 224)}}
    print(json.dumps({"threshold": SAME_PICTURE, **found}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
