"""Inputs that say which of a sample's ids are none but padding, such as an attention mask."""

from __future__ import annotations

from collections.abc import Iterable

from odt_core.dialects.shapes import SMALL, compatible, numeric, of_one, whole
from odt_core.dialects.vocabulary import PADDING_WORDS
from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.words import words


def mask_of(signature: SignatureDescription, taken: Iterable[str]) -> tuple[str, ...]:
    """The input that masks padding, and the one whose ids it is of: of their shape, beside them;
    () where there is none. taken: names of the inputs that take samples or labels.
    """
    known = set(taken)
    ids = [one for one in signature.inputs if one.name in known and _are_ids(one)]
    for mask in signature.inputs:
        if mask.name in known or not mask.used or not numeric(mask) or not _is_called_so(mask):
            continue
        for one in ids:
            if compatible(of_one(mask), of_one(one)):
                return mask.name, one.name
    return ()


def _are_ids(one: TensorDescription) -> bool:
    return one.weighed and whole(one) and one.dtype not in SMALL and len(one.shape) == 2


def _is_called_so(one: TensorDescription) -> bool:
    """Not of what is 1 at padding, as some call a padding mask."""
    said = words(one.name)
    return said == {"mask"} or ("mask" in said and bool(said & PADDING_WORDS))
