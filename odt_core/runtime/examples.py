"""Random inputs of a model's shape, for whoever measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from odt_core.dialects.contract import Contract


def example_inputs(contract: Contract, count: int, draw: np.random.Generator) -> np.ndarray:
    """float32 [count, *input_shape] from 0 to 1. Ids are 0 and 1, which every table has."""
    made = draw.random((count, *contract.input_shape), dtype=np.float32)
    return np.where(contract.whole_numbers, np.rint(made), made)


def example_batch(contract: Contract, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The same inputs every time, and labels or targets for them."""
    x = example_inputs(contract, count, np.random.default_rng(0))
    if contract.measures_errors:
        return x, np.zeros((count, *contract.target_shape), np.float32)
    return x, np.arange(count) % (contract.outputs or 1)
