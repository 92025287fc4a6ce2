"""What a loss makes of what a network answers: numbers, yes or no each, or one choice of several.

The ops that a loss is computed with after the last layer tell it, and how labels join in there: a
cross-entropy multiplies them with logits or logarithms, or looks them up, while targets are taken
the difference of. Names do not count: many call any output logits.
"""

from __future__ import annotations

from enum import Enum

from odt_core.dialects.shapes import of_one, size_of
from odt_core.graph import Meeting, SignatureDescription, TensorDescription
from odt_core.graph.loss_facts import CHOICES, CONSTANT, LOGS, LOOKUPS

_SOFTMAX = ("SOFTMAX", "LOG_SOFTMAX")
_LIMITS = {"MAXIMUM", "RELU"}
_SHIFTS = {"ADD", "MUL", "SUB"}
_SQUASHES = {"EXP", "LOGISTIC", "LOG_SOFTMAX", "SOFTMAX"}
# Ops by which a number stands for a class.
_CODES = LOOKUPS | {
    "EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL", "ONE_HOT",
}  # fmt: skip


class Loss(Enum):
    """UNKNOWN: the graph is not known. NUMBERS: a distance, or a likelihood of numbers. SIGMOID:
    of probabilities that do not depend on each other. SOFTMAX: of those that sum to 1. MARGIN: a
    hinge, of what the right class leads by. SIGNS: one of labels that are −1 and 1. CODES: of class
    numbers in another way, such as one-hot rows' squared errors. LIKENESS: of what an answer is not
    the score of each class for.
    """

    UNKNOWN = "unknown"
    NUMBERS = "numbers"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"
    MARGIN = "margin"
    SIGNS = "signs"
    CODES = "codes"
    LIKENESS = "likeness"

    @property
    def of_classes(self) -> bool:
        """Whether it has labels of classes, or of yes and no, for targets."""
        return self in (Loss.SIGMOID, Loss.SOFTMAX, Loss.MARGIN, Loss.SIGNS)

    @property
    def of_shares(self) -> bool:
        """Whether its targets are probabilities, as those of labels are."""
        return self in (Loss.SIGMOID, Loss.SOFTMAX)


def loss_of(
    trainer: SignatureDescription | None,
    loss: TensorDescription | None,
    targets: TensorDescription | None,
    predictor: SignatureDescription | None,
) -> Loss:
    """What the output `loss` of `trainer` makes of `targets`, an input of it."""
    if trainer is None or not trainer.ops:
        return Loss.UNKNOWN
    whole = targets is not None and targets.dtype.startswith(("int", "uint", "bool"))
    met = _met(loss, targets)
    if loss is None or not met:  # it is computed inside another subgraph, or is no output
        return _of_ops(set(trainer.ops), set(predictor.ops if predictor else ()), whole)
    fresh = tuple(one for one in met if not one.again) or met
    if not whole and any(one.part for one in fresh):
        return Loss.NUMBERS  # of several kinds: no one form holds for all
    if not whole and _are_swapped(fresh):
        return Loss.SOFTMAX
    if all(_SQUASHES.intersection(one.way) for one in met):
        return Loss.NUMBERS  # such as the logits of another model
    if _are_compared(met, targets, whole):
        return Loss.LIKENESS
    if any(one.shares or one.kind in _SOFTMAX for one in met):
        return Loss.SOFTMAX
    if _are_signs(fresh):
        return Loss.SIGNS
    if _is_sigmoid(fresh, whole):
        return Loss.SIGMOID
    if "REDUCE_MAX" in loss.tail and any(one.op == "MUL" for one in met):
        return Loss.MARGIN  # over the best of the others
    if _is_margin(fresh):
        return Loss.MARGIN
    return Loss.CODES if whole and any(_is_code(one) for one in met) else Loss.NUMBERS


def squashed(loss: TensorDescription | None, targets: TensorDescription | None) -> bool:
    """Whether a loss compares targets with a sigmoid of all that a network gives."""
    return any(one.kind == "LOGISTIC" and not one.part for one in _met(loss, targets))


def widths(loss: TensorDescription | None, targets: TensorDescription | None) -> set[int | None]:
    """Of how many numbers each the answers are that targets meet; a table's rows are none."""
    met = _met(loss, targets)
    return {one.width for one in met if one.kind != CONSTANT and one.op not in LOOKUPS}


def learns(loss: TensorDescription | None, one: TensorDescription) -> bool:
    """Whether a loss compares an input with answers, rather than weighs what others have met; what
    meets weights is not compared with them.
    """
    return any(not met.mixed and met.kind != "READ_VARIABLE" for met in _met(loss, one))


def _met(loss: TensorDescription | None, targets: TensorDescription | None) -> tuple[Meeting, ...]:
    """How targets meet answers; that with what they are in already is left out."""
    if loss is None or targets is None:
        return ()
    met = tuple(one for one in loss.meets if one.input == targets.name)
    if all(one.kind == CONSTANT for one in met):
        return ()
    first = tuple(one for one in met if not one.mixed)
    return first if any(one.kind != CONSTANT for one in first) else met


def _are_compared(met: tuple[Meeting, ...], targets: TensorDescription | None, whole: bool) -> bool:
    """Whether labels tell no more than which samples are alike, or come first. Other numbers may
    only have their mean taken off, and rows of them be compared with their largest.
    """
    single = targets is not None and size_of(of_one(targets)) == 1
    others = set() if whole else {"SUB"}
    return (whole or single) and all(
        set(one.pairs) - others
        for one in met
        if one.kind != CONSTANT  # 1 − same
    )


def _is_sigmoid(met: tuple[Meeting, ...], whole: bool) -> bool:
    other_label = any(one.kind == CONSTANT for one in met)  # 1 − y
    factors = [one for one in met if one.op == "MUL"]
    if any(one.kind == "LOGISTIC" for one in factors):  # an overlap, such as Dice
        return True
    if (whole or other_label) and any(one.kind == "LOGISTIC" for one in met):
        return True  # whole numbers that a sigmoid comes near are 0 and 1
    logs = any(one.log for one in factors)  # y·log(p)
    if whole and any(LOGS.intersection(one.on) for one in factors):
        return True  # log(1 + exp(−(2y − 1)·z))
    if other_label and logs:
        return True
    if any(one.softplus for one in factors) and not logs:  # y·z beside log(1 + exp(z))
        return True
    chosen = [one for one in met if one.op in CHOICES]
    if len(chosen) < len(met) or not all(one.chooses for one in chosen):
        return False
    return any(one.log or one.softplus or LOGS.intersection(one.on) for one in chosen)


def _are_swapped(met: tuple[Meeting, ...]) -> bool:
    """Whether a cross-entropy takes labels for answers and answers for labels, as where somebody
    wrote loss(prediction, y): rows of answers times logarithms of labels. Where a network learns
    another's answers, its own have a logarithm too.
    """
    return bool(met) and all(
        one.op == "MUL" and LOGS.intersection(one.way) and "SUM" in one.on
        and one.width != 1 and not one.log
        for one in met
    )  # fmt: skip


def _are_signs(met: tuple[Meeting, ...]) -> bool:
    """Whether y·z alone tells how good an answer z is: max(0, 1 − y·z), log(1 + exp(−y·z))."""
    return bool(met) and all(
        one.op == "MUL"
        and one.kind not in (*_SOFTMAX, "LOGISTIC")
        and (_LIMITS | LOGS).intersection(one.on)
        and not (one.log or one.softplus or one.pairs)
        and not (_is_code(one) or _SHIFTS.intersection(one.way))
        for one in met
    )


def _is_margin(met: tuple[Meeting, ...]) -> bool:
    factors = [one for one in met if one.op == "MUL"]
    if any(one.kind == CONSTANT for one in met):  # 1 − y: of those that are not it
        return bool(factors)
    return any(
        _LIMITS.intersection(one.on) and (_is_code(one) or _SHIFTS.intersection(one.way))
        for one in factors  # 2y − 1
        if not one.pairs
    )


def _is_code(one: Meeting) -> bool:
    return bool(_CODES.intersection((one.op, *one.way)))


def _of_ops(training: set[str], predicting: set[str], whole: bool) -> Loss:
    """Of the ops that training has and predicting has not, where nothing else is known."""
    new = training - predicting
    if new.intersection(_SOFTMAX) or {"EXP", "LOG", "REDUCE_MAX"} <= new:
        return Loss.SOFTMAX
    if "LOG" in new:
        return Loss.SOFTMAX if "SOFTMAX" in predicting else Loss.SIGMOID
    return Loss.CODES if whole else Loss.NUMBERS
