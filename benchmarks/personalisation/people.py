"""People and devices to try settings on; none of them is seen in base training.

"dev" is for choosing settings, "final" for checking the choice: different people.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.personalisation.mnist import read_mnist, writers
from benchmarks.personalisation.optdigits import TRAIN, forms, read_optdigits

Person = tuple[list[np.ndarray], np.ndarray]  # pictures uint8 [H, W], digits int64 [N]


def mnist_writers(package: Path, part: str) -> list[Person]:
    """Every other one of the 17 writers: eight for dev, nine for final."""
    x, y = read_mnist(package, "train")
    chosen = writers(len(x))[1::2] if part == "dev" else writers(len(x))[0::2]
    return [(list(x[rows]), y[rows]) for rows in chosen]


def optdigits(folder: Path, part: str) -> list[Person]:
    """final: the 14 forms of the test part; dev: 30 runs of the training part, people mixed."""
    x, y = read_optdigits(folder)
    dev = [slice(run[0], run[-1] + 1) for run in np.array_split(np.arange(TRAIN), 30)]
    rows = dev if part == "dev" else forms(len(x))
    return [(list(x[one]), y[one]) for one in rows]


def scanned(people: list[Person], side: int) -> list[Person]:
    """The same people on a scanner of side × side pixels that cuts and stretches to the ink."""
    return [([_cut(picture, side) for picture in pictures], y) for pictures, y in people]


def _cut(picture: np.ndarray, side: int) -> np.ndarray:
    rows = np.flatnonzero((picture > 64).any(axis=1))
    columns = np.flatnonzero((picture > 64).any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1.0
    spare = max(0.35 * (bottom - top) - (right - left), 0) / 2
    pad = len(picture)
    box = (left - spare + pad, top + pad, right + spare + pad, bottom + pad)
    kernel = Image.Resampling.BOX if side <= 12 else Image.Resampling.BICUBIC
    sheet = Image.fromarray(np.pad(picture, pad))
    return np.asarray(sheet.resize((side, side), kernel, box=box))


def groups(package: Path, keel: Path | None, part: str) -> dict[str, list[Person]]:
    """All groups of people of a part, by name."""
    people = mnist_writers(package, part)
    found = {
        "MNIST writers": people,
        "16×16 scanner": scanned(people, 16),
        "8×8 scanner": scanned(people, 8),
    }
    return found | ({"optdigits": optdigits(keel, part)} if keel else {})
