"""Inputs that are called weights and weigh no samples: those of a network, given with each call."""

from __future__ import annotations

from collections.abc import Iterable

from odt_core.dialects.inputs import batch_of
from odt_core.dialects.shapes import size_of
from odt_core.dialects.targets import filling
from odt_core.dialects.tasks import Goal
from odt_core.dialects.vocabulary import SAMPLE_WEIGHT_WORDS
from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.words import words


def blank_inputs(
    signature: SignatureDescription,
    taken: Iterable[str | None],
    samples: TensorDescription,
    goal: Goal,
    labels: TensorDescription | None = None,
) -> tuple[str, ...]:
    """Names of the inputs for which there is nothing to give, although they are called weights:
    their form is none of a weight for each sample, each label or each of an answer's numbers.
    taken: what takes something else.
    """
    known, batch = set(taken), batch_of(samples)
    forms = [(batch,), (batch, 1), (batch, goal.outputs)]
    forms += [one.shape for one in (labels, goal.prediction) if one is not None]
    called = [
        one
        for one in signature.inputs
        if one.used and one.name not in known and one.dtype.startswith("float")
        if words(one.name) & SAMPLE_WEIGHT_WORDS
        and size_of(one.shape) > 1
        and None not in one.shape
        if filling(one.name, one.dtype, one.shape) == 1
    ]
    unfit = {words(one.name) for one in called if not any(_weighs(one, form) for form in forms)}
    return tuple(one.name for one in called if words(one.name) in unfit)


def _weighs(one: TensorDescription, form: tuple[int | None, ...]) -> bool:
    """Whether it broadcasts to numbers of that form."""
    rest = form[len(form) - len(one.shape) :]
    return len(one.shape) <= len(form) and all(
        size in (1, other) for size, other in zip(one.shape, rest, strict=True)
    )
