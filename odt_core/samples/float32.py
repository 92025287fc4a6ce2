"""Numbers of samples as float32, as every model takes them: how many are read."""

from __future__ import annotations

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.archives import MAX_TOTAL_BYTES


def check_room(array: np.ndarray, where: str) -> None:
    """SampleError where the numbers of an array, however they are saved, take too much as float32.
    where: they stand, for the message.
    """
    taken = 4 * array.size
    if taken > MAX_TOTAL_BYTES:
        raise SampleError(
            f"{where} has {array.size:,} numbers, which take {taken / 1e6:.0f} MB as float32; at "
            f"most {MAX_TOTAL_BYTES // 10**6} MB are read. Save fewer samples."
        )
