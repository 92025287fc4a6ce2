"""Numbers of samples as float32, as every model takes them: how many are read, and which whole
ones become others.
"""

from __future__ import annotations

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.archives import MAX_TOTAL_BYTES

EXACT = 2**24  # whole numbers up to here are exact in float32
_LONGEST = 2.0**64  # what is larger measures something: 6e23 is no number of anything counted


def as_float32(array: np.ndarray, where: str) -> np.ndarray:
    """The numbers of an array, which may be infinite then. SampleError where they take too much as
    float32, however they are saved. where: they stand, for the message.
    """
    taken = 4 * array.size
    if taken > MAX_TOTAL_BYTES:
        raise SampleError(
            f"{where} has {array.size:,} numbers, which take {taken / 1e6:.0f} MB as float32; at "
            f"most {MAX_TOTAL_BYTES // 10**6} MB are read. Save fewer samples."
        )
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def rounded(numbers: np.ndarray, where: str) -> str:
    """A sentence where a whole number among these becomes another in float32; "" where none does.

    numbers: of any real dtype, all finite in float32. where: they stand, which begins the sentence.
    """
    if not numbers.size or max(-float(numbers.min()), float(numbers.max())) <= EXACT:
        return ""
    size = np.abs(numbers.astype(np.float64))
    numbers = numbers[(size > EXACT) & (size <= _LONGEST)]
    wrong = numbers[(numbers == np.rint(numbers)) & (numbers.astype(np.float32) != numbers)]
    if not wrong.size:
        return ""
    return (
        f"{where} has whole numbers beyond {EXACT:,}, of which float32 holds the first seven "
        f"digits: {int(wrong[0])} is read as {int(np.float32(wrong[0]))}."
    )
