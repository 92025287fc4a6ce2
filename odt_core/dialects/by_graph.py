"""The signature that trains, or predicts, where no name tells it: the only one that the graph lets
do so.
"""

from __future__ import annotations

from collections.abc import Mapping

from odt_core.dialects.inputs import data_inputs, given_back
from odt_core.dialects.shapes import compatible, numeric, of_one, score_count, size_of, whole
from odt_core.graph import SignatureDescription, TensorDescription

Table = Mapping[str, SignatureDescription]


def only_trainer(table: Table) -> SignatureDescription | None:
    """The one signature that takes samples and labels and changes what another computes with that
    takes samples alone; a metric's sums are changed too, but nothing is predicted from them.
    """
    found = [one for one in table.values() if _may_train(one, table)]
    return found[0] if len(found) == 1 else None


def only_predictor(table: Table, trainer: SignatureDescription) -> SignatureDescription | None:
    """The one signature that takes samples alone, changes nothing, computes with what training
    changes, and gives an output in the form of the targets, or of what they are compared with, or
    numbers of any form where training compares answers with each other; or one that takes what
    training takes, with or without what is learnt.
    """
    found = [one for one in table.values() if one is not trainer and _may_predict(one, trainer)]
    return found[0] if len(found) == 1 else None


def _may_train(one: SignatureDescription, table: Table) -> bool:
    data = data_inputs(one)
    learnt = set(one.reads) & set(one.assigns)
    asked = any(
        learnt.intersection(other.reads)
        for other in table.values()
        if other is not one and not other.assigns and _takes_samples(other)
    )
    labels = any(not tensor.weighed for tensor in data)
    return asked and labels and bool(one.outputs) and any(tensor.weighed for tensor in data)


def _may_predict(one: SignatureDescription, trainer: SignatureDescription) -> bool:
    if one.assigns or not set(one.reads) & set(trainer.assigns):
        return False
    if _gives_back(one, trainer) or _answers_to_several(one, trainer):
        return True
    if not _takes_samples(one):
        return False
    (samples,) = data_inputs(one)
    theirs = data_inputs(trainer)
    if not any(compatible(of_one(samples), of_one(two)) for two in theirs if two.weighed):
        return False
    targets = [two for two in theirs if not two.weighed]
    if not targets and len(theirs) > 1:  # pairs or triplets: answers are compared with each other
        return any(_is_row(output) for output in one.outputs)
    targets = targets or [samples]
    return any(_answers(output, target, trainer) for output in one.outputs for target in targets)


def _gives_back(one: SignatureDescription, trainer: SignatureDescription) -> bool:
    """Whether it answers to the very inputs of a training that learns one of them again."""
    taken, theirs = ({two.name: two.shape for two in data_inputs(s)} for s in (one, trainer))
    return taken == theirs and given_back(trainer, one) is not None


def _answers_to_several(one: SignatureDescription, trainer: SignatureDescription) -> bool:
    """Whether it takes all that training takes but for one input, which has an answer's form."""
    taken, theirs = ({two.name: two for two in data_inputs(s)} for s in (one, trainer))
    learnt = [two for name, two in theirs.items() if name not in taken]
    if len(taken) < 2 or len(learnt) != 1 or not taken.keys() <= theirs.keys():
        return False
    alike = all(compatible(two.shape, theirs[name].shape) for name, two in taken.items())
    return alike and any(_answers(output, learnt[0], trainer) for output in one.outputs)


def _takes_samples(one: SignatureDescription) -> bool:
    data = data_inputs(one)
    return len(data) == 1 and data[0].weighed


def _is_row(output: TensorDescription) -> bool:
    return bool(output.shape) and numeric(output) and not output.counted


def _answers(
    output: TensorDescription, target: TensorDescription, trainer: SignatureDescription
) -> bool:
    """Whether an output may be what the trainer compares with a target."""
    if not _is_row(output):
        return False
    if not whole(target) or size_of(of_one(target)) > 1:
        return compatible(of_one(target), of_one(output))
    meets = [met for loss in trainer.outputs for met in loss.meets if met.input == target.name]
    known = {met.width for met in meets if not met.pairs} - {None}  # of pairs it says nothing
    return score_count(output) in known if known else score_count(output) is not None
