"""TensorFlow's numbers for dtypes (tensorflow/core/framework/types.proto)."""

from __future__ import annotations

from typing import Any

import numpy as np

from odt_core.errors import CheckpointError

STRING = 7
_NUMBERS = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    9: "int64",
    10: "bool",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}
_CODES = {name: number for number, name in _NUMBERS.items()}


def dtype_of(number: int, name: str) -> np.dtype[Any]:
    """numpy's dtype for TensorFlow's number; CheckpointError when there is none."""
    if number not in _NUMBERS:
        raise CheckpointError(
            f"The tensor '{name}' of the TensorFlow checkpoint has a type (number {number}) that "
            f"is not supported. Save it as float32."
        )
    return np.dtype(_NUMBERS[number])


def number_for(array: np.ndarray, name: str) -> int:
    """TensorFlow's number for an array's dtype; CheckpointError when there is none."""
    if array.dtype.name not in _CODES:
        raise CheckpointError(
            f"'{name}' is {array.dtype}, which a TensorFlow checkpoint written here cannot hold. "
            f"Convert it to float32."
        )
    return _CODES[array.dtype.name]
