"""Models that take one sample a call, with no batch axis: read as if there were one, of size 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from odt_core.dialects.shapes import numeric, whole
from odt_core.dialects.vocabulary import LABEL_NAMES, LABEL_WORDS, is_learning_rate
from odt_core.graph import ALL_SCORES, SignatureDescription, TensorDescription
from odt_core.words import words


def with_batch_axis(signatures: Sequence[SignatureDescription]) -> tuple[SignatureDescription, ...]:
    """The signatures, with an axis of size 1 before what is one sample, one label or one answer.

    A signature shows that it takes one sample when its label is a single number, or has another
    first size than the sample: then that is no batch.
    """
    found = next(
        (
            (one.shape, label)
            for signature in signatures
            for one in signature.inputs
            if (label := _label_beside(signature, one)) is not None
        ),
        None,
    )
    if found is not None:
        signatures = [_widened(each, *found) for each in signatures]
    return tuple(map(_with_rows, signatures))


def _with_rows(signature: SignatureDescription) -> SignatureDescription:
    """Where an answer is a single number of a label, all scores stand in a single row, too."""
    outputs = tuple(
        replace(one, shape=(1, *one.shape))
        if one.name == ALL_SCORES and len(one.shape) == 1
        else one
        for one in signature.outputs
    )
    return replace(signature, outputs=outputs)


def _label_beside(
    signature: SignatureDescription, sample: TensorDescription
) -> TensorDescription | None:
    if not sample.weighed or not sample.shape or None in sample.shape or sample.shape[0] == 1:
        return None
    others = [one for one in signature.inputs if one is not sample and one.used]
    if any(one.shape[:1] == sample.shape[:1] and not one.weighed for one in others):
        return None  # that is the batch
    met = {one.input for output in signature.outputs for one in output.meets}
    labels = [one for one in others if _is_label(one, one.name in met)]
    if len(labels) != 1 or None in labels[0].shape:
        return None
    shape = labels[0].shape
    return labels[0] if not shape or shape[0] not in (1, sample.shape[0]) else None


def _is_label(tensor: TensorDescription, met: bool) -> bool:
    """met: whether an output is computed from it and what a network answers."""
    if tensor.weighed or not numeric(tensor) or is_learning_rate(tensor.name):
        return False
    name = tensor.name.lower()
    named = name in LABEL_NAMES or bool(words(name) & LABEL_WORDS)
    return named or (whole(tensor) and not tensor.shape and met)


def _widened(
    signature: SignatureDescription, sample: tuple[int | None, ...], label: TensorDescription
) -> SignatureDescription:
    takes = any(one.shape == sample for one in signature.inputs)
    trains = any(one.name == label.name for one in signature.inputs)
    if not takes:
        return signature

    def input_(one: TensorDescription) -> TensorDescription:
        wide = one.shape == sample or (one.name == label.name and one.shape == label.shape)
        return replace(one, shape=(1, *one.shape)) if wide else one

    def output(one: TensorDescription) -> TensorDescription:
        return one if trains and not one.shape else replace(one, shape=(1, *one.shape))

    return replace(
        signature,
        inputs=tuple(map(input_, signature.inputs)),
        outputs=tuple(map(output, signature.outputs)),
    )
