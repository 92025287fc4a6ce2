"""Numbers of samples that are ids, such as those of words: they name rows of a model's table."""

from __future__ import annotations

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.types import RawSamples


def check_ids(raw: RawSamples, ids: np.ndarray) -> None:
    """Raise SampleError, with the first sample, where an id is negative or no whole number: a model
    would count rows from the end, or round. ids: which numbers of a sample are some (Contract.ids).
    """
    if not ids.any():
        return
    faults = []
    for item, name in zip(raw.items, raw.names, strict=True):
        numbers = item.reshape(-1)
        if ids.ndim and ids.size != numbers.size:
            continue  # of a shape that the model does not take
        wrong = numbers[((numbers < 0) | (numbers != np.rint(numbers))) & ids.reshape(-1)]
        if wrong.size:
            faults.append((name, float(wrong[0])))
    if faults:
        name, value = faults[0]
        more = f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else ""
        raise SampleError(
            f"{name}{more} has {value:g} for an id. Ids, such as those of words, are whole numbers "
            "from 0 on: give those that the model was made for."
        )
