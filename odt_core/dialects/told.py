"""What a file that only predicts says of itself: the signature that trains has told it, and is
gone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from odt_core.dialects.contract import Activation, Choice, Contract
from odt_core.dialects.shapes import of_one, size_of
from odt_core.errors import SignatureError
from odt_core.graph import SignatureDescription

# What a Choice does not say: how predictions are compared with what was learnt. As of Contract.
_LEARNT: dict[str, Callable[[Any], Any]] = {
    "target_shape": lambda sizes: tuple(int(size) for size in sizes),
    "free_targets": lambda axes: tuple(int(axis) for axis in axes),
    "comparable": bool,
    "activation": Activation,
    "scores_each": int,
    "targets_are_probabilities": bool,
    "rows_are_one_hot": bool,
    "given_back": str,
}


def choice_told(told: Mapping[str, Any]) -> Choice:
    """How the file says that its signature is used; nothing where that makes no sense."""
    try:
        return Choice.from_json(told)
    except SignatureError:
        return Choice()


def learnt_apart(contract: Contract, proposed: Contract) -> dict[str, Any]:
    """What a contract knows of predictions and what is proposed does not, as plain JSON."""
    have, known = contract.to_json(), proposed.to_json()
    return {name: have[name] for name in _LEARNT if have[name] != known[name]}


def with_told(
    contract: Contract, told: Mapping[str, Any], signatures: tuple[SignatureDescription, ...]
) -> Contract:
    """A contract with what the file says of its predictions; as it is where that makes no sense, or
    where another output or task was chosen since.
    """
    said, infer = choice_told(told), contract.infer
    if infer is None or contract.train or said.task is not contract.task:
        return contract
    if (said.infer, said.prediction) != (infer.signature, infer.prediction):
        return contract
    try:
        learnt = {name: read(told[name]) for name, read in _LEARNT.items() if name in told}
    except (TypeError, ValueError, OverflowError):
        return contract
    known = replace(contract, **learnt)
    return known if _fits(known, signatures) else contract


def _fits(contract: Contract, signatures: tuple[SignatureDescription, ...]) -> bool:
    """Whether targets can be what a contract says, given the form of what predicts."""
    infer = contract.infer
    (answer,) = (
        one
        for signature in signatures
        for one in signature.outputs
        if infer and (signature.name, one.name) == (infer.signature, infer.prediction)
    )
    shape, each = of_one(answer), contract.scores_each
    if contract.given_back not in (None, *contract.input_sizes):
        return False
    free = set(contract.free_axes).intersection(range(len(contract.target_shape)))
    if not free.issuperset(contract.free_targets):
        return False
    if min(contract.target_shape, default=1) < 1 or (each and shape[-1:] != (each,)):
        return False
    numbers = math.prod(contract.target_shape) * (each or 1)
    return not contract.comparable or None in shape or numbers == size_of(shape)
