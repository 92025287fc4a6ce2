"""Samples that several inputs take together: a person and a film, two pictures to compare.

odt keeps such a sample as one row of numbers: those of the first input, then those of the next.
"""

from __future__ import annotations

from typing import NamedTuple

from odt_core.dialects.contract import SampleInput
from odt_core.dialects.inputs import Found, data_inputs, given_back, is_called_label
from odt_core.dialects.shapes import compatible, numeric, of_one, size_of
from odt_core.dialects.targets import filling
from odt_core.dialects.vocabulary import (
    NOISE_WORDS,
    REWARD_WORDS,
    RUN_WORDS,
    is_learning_rate,
    is_memory,
)
from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.words import words


class Together(NamedTuple):
    """The inputs of training and, in the same order, those of predicting that take the same."""

    train: tuple[TensorDescription, ...]
    infer: tuple[TensorDescription, ...]

    @property
    def sample_inputs(self) -> tuple[SampleInput, ...]:
        """What takes which numbers of a row."""
        return tuple(
            SampleInput(one.name, tuple(size or 0 for size in of_one(one)), one.dtype)
            for one in self.train
        )


def taken_together(
    trainer: SignatureDescription | None, predictor: SignatureDescription | None, found: Found
) -> Together | None:
    """Where both signatures take a sample in the same several inputs, whose sizes are known, beside
    a label or target or to give one of them back, or where only one predicts and takes it so; None
    where a sample goes to one input, or where that is not so.
    """
    if trainer is None and predictor is not None:
        return _of_predicting(predictor)
    if trainer is None or predictor is None or found.samples is None:
        return None
    if found.labels is None and given_back(trainer, predictor) is not found.samples:
        return None
    wanted = needed(trainer, found.samples)
    ours = [one for one in trainer.inputs if one is found.samples or one in wanted]
    ours = [one for one in ours if one is not found.labels]
    pairs = _pairs(ours, predictor)
    if len(ours) < 2 or pairs is None or any(None in of_one(one) for one in ours):
        return None
    theirs = tuple(pairs[one.name] for one in ours)
    if any(one not in theirs for one in needed(predictor, theirs[0])):
        return None  # it predicts from more than training takes
    return Together(tuple(ours), theirs)


def _of_predicting(predictor: SignatureDescription) -> Together | None:
    data = data_inputs(predictor)
    beside = needed(predictor, data[0]) if data else ()
    theirs = tuple(one for one in predictor.inputs if one in data[:1] or one in beside)
    known = all(numeric(one) and None not in of_one(one) for one in theirs)
    return Together(theirs, theirs) if len(theirs) > 1 and known else None


def needed(
    signature: SignatureDescription, samples: TensorDescription
) -> tuple[TensorDescription, ...]:
    """The inputs beside `samples` that want something of each sample, such as a reward: zeros in
    its place would teach something else.
    """
    batch = samples.shape[0] if samples.shape else 1
    return tuple(
        one
        for one in signature.inputs
        if one.used and one is not samples
        if one.shape and one.shape[0] == batch
        if not (is_memory(one.name) or is_learning_rate(one.name) or one.scales)
        if not words(one.name) & RUN_WORDS
        if batch != 1 or _is_of_a_sample(one)
        if filling(one.name, one.dtype, one.shape) == 0
    )


def _is_of_a_sample(one: TensorDescription) -> bool:
    """Whether an input of one element at batch size 1 is of the sample, not a setting of the step:
    one float is, where its name says so.
    """
    said = words(one.name)
    single = one.dtype.startswith("float") and size_of(one.shape) == 1
    return not said & NOISE_WORDS and (
        not single or is_called_label(one) or bool(said & REWARD_WORDS)
    )


def _pairs(
    ours: list[TensorDescription], predictor: SignatureDescription
) -> dict[str, TensorDescription] | None:
    """Each input of training with that of predicting of the same name, underscores, hyphens and
    capitals aside where nothing else differs, or the only one left.
    """
    theirs = {one.name: one for one in predictor.inputs if one.used and numeric(one)}
    pairs = {one.name: theirs.pop(one.name) for one in ours if one.name in theirs}
    plain = {_plain(name): name for name in theirs}
    if len(plain) == len(theirs) and len({_plain(one.name) for one in ours}) == len(ours):
        alike = [one for one in ours if one.name not in pairs and _plain(one.name) in plain]
        pairs |= {one.name: theirs.pop(plain[_plain(one.name)]) for one in alike}
    left = [one for one in ours if one.name not in pairs]
    if len(left) == 1 and len(theirs) == 1:
        pairs[left[0].name] = next(iter(theirs.values()))
    fits = all(
        one.name in pairs and compatible(of_one(one), of_one(pairs[one.name])) for one in ours
    )
    return pairs if fits else None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
