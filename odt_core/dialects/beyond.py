"""What signatures want that odt does not give them: text, triplets, more than predicting takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from odt_core.dialects.contract import Choice, InferRole, Task, TrainRole
from odt_core.dialects.inputs import Found, is_called_label, is_scalar, likeness
from odt_core.dialects.losses import learns
from odt_core.dialects.shapes import is_open_row, numeric, of_one, size_of, whole
from odt_core.dialects.targets import zero_filled
from odt_core.dialects.tasks import Goal
from odt_core.dialects.together import Together, needed
from odt_core.dialects.vocabulary import NEUTRAL_WORDS, is_memory
from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.graph.loss_facts import LOOKUPS
from odt_core.words import words

_CALLS = frozenset({"CALL", "IF", "WHILE"})  # in which anything may happen
_THRESHOLDS = frozenset({"GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"})
_NUMBERED = LOOKUPS | {"EQUAL", "NOT_EQUAL", "ONE_HOT"}  # what goes by a label's own number


def why_not_trained(
    trainer: SignatureDescription,
    predictor: SignatureDescription | None,
    found: Found,
    goal: Goal,
    wish: Choice,
    together: Together | None,
) -> str | None:
    """A sentence where the signature would learn something else from what odt can give it."""
    text = _text_labels(trainer)
    if text is not None:
        return (
            f"The signature '{trainer.name}' takes its labels ('{text}') as text, and odt gives "
            f"numbers, so this model cannot be trained here. Build it with a train signature that "
            f"takes the labels' numbers."
        )
    if found.labels is not None and _is_open_sequence(trainer, found.labels, found.samples):
        return (
            f"The signature '{trainer.name}' takes a label for each place of a sample "
            f"('{found.labels.name}'), and the file leaves open how many places there are, so this "
            f"model cannot be trained here. Convert it with a fixed length, such as [None, 128]; "
            f"its signatures can be called with Session.run."
        )
    if together is not None:
        triplet = found.labels is not None and found.labels.weighed and whole(found.labels)
        if not triplet or wish.labels is not None:
            return None
    compared = _compared(trainer, found, goal, wish)
    if compared:
        asked = {one.name for one in predictor.inputs} if predictor else set()
        why = "No signature predicts from the same"
        if asked.issuperset(compared):
            why = "Nothing tells which of them is learnt"
        return (
            f"The signature '{trainer.name}' takes several inputs that weights work on at once "
            f"({_listed(compared)}), such as pairs or triplets to compare, or real samples beside "
            f"made ones. {why}, so this model cannot be trained here; its signatures can be called "
            f"with Session.run."
        )
    if wish.train is None and found.labels is not None and _are_grades(trainer, found.labels, goal):
        return (
            f"The signature '{trainer.name}' compares its labels ('{found.labels.name}') with "
            f"thresholds, as ordinal regression does: each of its outputs tells whether one of "
            f"them is passed, and odt would take the largest for the answer. So it is not trained "
            f"here; its signatures can be called with Session.run. To train all the same, choose "
            f"this signature for training yourself."
        )
    assert found.samples is not None
    beside = [one.name for one in needed(trainer, found.samples) if one is not found.labels]
    if beside and wish.train is None:
        return (
            f"The signature '{trainer.name}' needs more of each sample than itself and its label "
            f"or target: {_listed(beside)}. Predicting does not take that, so this model is not "
            f"trained here; its signatures can be called with Session.run. To train all the same, "
            f"with zeros instead, choose this signature for training yourself."
        )
    return None


def why_not_written(signature: SignatureDescription, done: str) -> str | None:
    """A sentence where the signature takes text for samples. done: what is not, so."""
    texts = [
        one.name
        for one in signature.inputs
        if one.dtype == "string" and one.used and one.shape and likeness(one, None) >= 0
    ]
    if not texts:
        return None
    return (
        f"The signature '{signature.name}' takes text ({_listed(texts)}), and odt gives pictures, "
        f"sounds, numbers or the numbers of words, so this model cannot be {done} here; its "
        f"signatures can be called with Session.run. Build it without the layer that looks words "
        f"up (such as StringLookup), and give it their numbers."
    )


def _is_open_sequence(
    trainer: SignatureDescription, labels: TensorDescription, samples: TensorDescription | None
) -> bool:
    """Whether labels are cut, as the next word of each is, along an axis that the file leaves open
    for them and for samples: one label a sample would leave nothing.
    """
    if samples is None or not (is_open_row(labels) and is_open_row(samples)):
        return False
    met = [one for output in trainer.outputs for one in output.meets if one.input == labels.name]
    return whole(labels) and any("STRIDED_SLICE" in one.way for one in met)


def _are_grades(trainer: SignatureDescription, label: TensorDescription, goal: Goal) -> bool:
    """Whether a loss takes of a label only which of several thresholds it passes."""
    if goal.task is not Task.CLASSES or size_of(of_one(label)) != 1:
        return False
    ways = [
        set(met.way)
        for output in trainer.outputs
        for met in output.meets
        if met.input == label.name and (met.width or 0) > 1
    ]
    return bool(ways) and all(_THRESHOLDS & way and not _NUMBERED & way for way in ways)


def teaches_nothing(
    table: Mapping[str, SignatureDescription],
    trainer: SignatureDescription,
    predictor: SignatureDescription | None,
) -> str | None:
    """A sentence where what the signature changes is nothing that predicting computes with, such as
    a sum of gradients that another signature applies.
    """
    if predictor is None or not (predictor.reads and trainer.assigns):
        return None
    if set(trainer.assigns) & set(predictor.reads):
        return None
    others = [
        name
        for name, one in table.items()
        if set(one.assigns) & set(predictor.reads) and set(one.reads) & set(trainer.assigns)
    ]
    does = f" What it leaves is put to use by {_listed(others)}." if others else ""
    return (
        f"The signature '{trainer.name}' changes nothing that predicting ('{predictor.name}') "
        f"computes with, so by itself it teaches the model nothing.{does} odt calls one signature "
        f"for a step; several can be called in turn with Session.run."
    )


def why_not_alike(
    trainer: SignatureDescription,
    samples: TensorDescription,
    predictor: SignatureDescription,
    asked: TensorDescription,
) -> str | None:
    """A sentence where the samples of training cannot be those of predicting."""
    shapes = of_one(samples), of_one(asked)
    if asked.shape == shapes[0] or any(None in shape for shape in shapes):
        return None
    if size_of(shapes[0]) == size_of(shapes[1]):
        return None
    return (
        f"The signature '{trainer.name}' takes samples ('{samples.name}') of "
        f"{size_of(shapes[0])} numbers, '{predictor.name}' takes them ('{asked.name}') of "
        f"{size_of(shapes[1])}, and no signature makes the ones of the others. So this model "
        f"cannot be trained here; its signatures can be called with Session.run."
    )


def why_not_tried(
    predictor: SignatureDescription,
    trainer: SignatureDescription | None,
    samples: TensorDescription,
    role: InferRole,
    wish: Choice,
) -> str | None:
    """A sentence where the signature would predict from zeros beside a sample."""
    if wish.infer is not None:
        return None
    written = why_not_written(predictor, "tried out")
    if written is not None:
        return written
    beside = [one.name for one in needed(predictor, samples)]
    if not beside:
        return _tried_on_zeros(predictor, role)
    theirs = {one.name for one in trainer.inputs} if trainer else set()
    alike = theirs.issuperset((samples.name, *beside))
    why = "They cannot be taken for one sample" if alike else "Training does not take the same"
    return (
        f"The signature '{predictor.name}' predicts from more than one input of each sample: "
        f"'{samples.name}' and {_listed(beside)}. {why}, so it is not tried out here; call it with "
        f"Session.run."
    )


def why_not_taught(trainer: SignatureDescription, role: TrainRole) -> str | None:
    """A sentence where the signature would learn with zeros in the place of what is the same for
    all samples, such as the weights of another model.
    """
    beside = [
        one.name
        for one in _not_neutral(trainer, role)
        if one.name in role.blank or one.shape[0] not in (None, role.batch)
    ]
    if not beside:
        return None
    return (
        f"The signature '{trainer.name}' also learns from {_listed(beside)}, for which there is "
        f"nothing to give: they may be another model's weights, as a server sends them. So this "
        f"model is not trained here; its signatures can be called with Session.run. To train all "
        f"the same, with zeros instead, choose this signature for training yourself (--use "
        f"train={trainer.name})."
    )


def _not_neutral(
    signature: SignatureDescription, role: TrainRole | InferRole
) -> list[TensorDescription]:
    """What is filled with zeros, but where that says nothing."""
    return [
        one
        for one in zero_filled(role, signature)
        if numeric(one)
        if not (is_scalar(one) or is_memory(one.name) or words(one.name) & NEUTRAL_WORDS)
    ]


def _tried_on_zeros(predictor: SignatureDescription, role: InferRole) -> str | None:
    """A sentence where predicting takes what is the same for all samples, such as prototypes."""
    beside = [one.name for one in _not_neutral(predictor, role)]
    if not beside:
        return None
    return (
        f"The signature '{predictor.name}' also predicts from {_listed(beside)}, for which there "
        f"is nothing to give but zeros, so it is not tried out here; call it with Session.run. To "
        f"try it out all the same, choose this signature for predicting yourself (--use "
        f"infer={predictor.name})."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _text_labels(trainer: SignatureDescription) -> str | None:
    """The input for labels where that takes text."""
    for one in trainer.inputs:
        if one.dtype == "string" and one.used and likeness(one, None) < 0:
            return one.name
    return None


def _compared(
    trainer: SignatureDescription, found: Found, goal: Goal, wish: Choice
) -> tuple[str, ...]:
    """The inputs that take samples, where there is more than the one that is known."""
    assert found.samples is not None
    others = [
        one.name
        for one in trainer.inputs
        if one.weighed and one is not found.samples and one is not found.labels
        if one.shape == found.samples.shape and one.dtype == found.samples.dtype
        if not is_memory(one.name)
    ]
    labels, answer = found.labels, goal.prediction
    if labels is None:
        return (found.samples.name, *others) if others else ()
    learnt = wish.labels is not None or _may_be_learnt(trainer, labels)
    if learnt and not labels.weighed:
        return (found.samples.name, *others) if others else ()
    # what is learnt has an answer's form; what a sample is compared with has another
    unlike = (
        answer is not None
        and wish.labels is None
        and labels.dtype.startswith("float")
        and size_of(of_one(labels)) != size_of(of_one(answer))
    )
    return (found.samples.name, labels.name, *others) if others or unlike or not learnt else ()


def _may_be_learnt(trainer: SignatureDescription, labels: TensorDescription) -> bool:
    """Whether it may be compared with answers: nothing tells otherwise. A network that tells real
    samples from made ones does not compare the two.
    """
    if whole(labels) or is_called_label(labels):
        return True
    outputs = trainer.outputs
    met = any(one.meets for one in outputs)
    known = any(one.tail and labels.name in one.reached_by for one in outputs)
    if not known or (not met and _CALLS.intersection(trainer.ops)):
        return True
    return any(learns(one, labels) for one in outputs)
