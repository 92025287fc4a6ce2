"""Which of a model's variables are weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from odt_core.dialects.contract import Contract
from odt_core.graph import ModelDescription

# In models of odt_core.authoring.transfer: which outputs count in answers. A switch, no weight.
USED_OUTPUTS = "used_outputs"


def weights_of(description: ModelDescription, contract: Contract) -> frozenset[str]:
    """Names of the variables that predicting computes with: the weights, and no optimiser's slots,
    counters, metrics or switches. Empty where the model cannot predict.
    """
    if contract.infer is None:
        return frozenset()
    reads: set[str] = set()
    wanted = [contract.infer.signature]
    if contract.infer.on_features and contract.extract is not None:
        wanted.append(contract.extract.signature)
    for name in wanted:
        about = description.signature(name)
        reads |= set(about.reads) if about else set()
    return frozenset(reads - {USED_OUTPUTS})


def are_changed(
    description: ModelDescription,
    contract: Contract,
    before: Mapping[str, np.ndarray],
    after: Mapping[str, np.ndarray],
) -> bool:
    """Whether what predicting computes with is another in `after`; any variable where it cannot be
    told. before, after: all variables.
    """
    names = weights_of(description, contract) & set(after) or set(after)
    return any(not np.array_equal(before[name], after[name]) for name in names)
