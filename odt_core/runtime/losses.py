"""What a loss makes of what a network answers: numbers, yes or no each, or one choice of several.

The ops that a loss is computed with after the last layer tell it, and how labels join in there: a
cross-entropy multiplies them with logits or logarithms, or looks them up, while targets are taken
the difference of. Names do not count: many call any output logits.
"""

from __future__ import annotations

from enum import Enum

from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.graph.loss_facts import CONSTANT, LINEAR

_DIFFERENCES = ("SUB", "SQUARED_DIFFERENCE")
_ANSWERS = (LINEAR, "LOG", "LOGISTIC", "LOG_SOFTMAX", "SOFTMAX")
_LOGITS = (LINEAR, "ADD", "MEAN", "SUM")  # ops that may end a network


class Loss(Enum):
    """UNKNOWN: the graph is not known. NUMBERS: a distance, or a likelihood of numbers. SIGMOID:
    of probabilities that do not depend on each other. SOFTMAX: of those that sum to 1.
    """

    UNKNOWN = "unknown"
    NUMBERS = "numbers"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"

    @property
    def of_labels(self) -> bool:
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
    met = _met(loss, targets)
    if loss is None or not met:  # it is computed inside another subgraph, or is no output
        return _of_ops(set(trainer.ops) - set(predictor.ops if predictor else ()))
    ops = set(loss.tail)
    if _is_softmax(ops, met):
        return Loss.SOFTMAX
    whole = targets is not None and targets.dtype.startswith(("int", "uint", "bool"))
    return Loss.SIGMOID if _is_sigmoid(ops, met, whole) else Loss.NUMBERS


def squashed(
    loss: TensorDescription | None,
    targets: TensorDescription | None,
    prediction: TensorDescription | None,
) -> bool:
    """Whether a loss compares targets with a sigmoid of what `prediction` gives."""
    own = set(prediction.tail) if prediction else set()
    return "LOGISTIC" not in own and any(kind == "LOGISTIC" for _, kind in _met(loss, targets))


def learnt_by(loss: TensorDescription | None, one: TensorDescription) -> bool:
    """Whether a loss compares an input with answers, rather than weighs them by it."""
    return any(op in _DIFFERENCES or kind in _ANSWERS for op, kind in _met(loss, one))


def _met(loss: TensorDescription | None, targets: TensorDescription | None) -> set[tuple[str, str]]:
    if loss is None or targets is None:
        return set()
    return {(op, kind) for name, op, kind in loss.meets if name == targets.name}


def _is_softmax(ops: set[str], met: set[tuple[str, str]]) -> bool:
    """Also that which a converter takes apart, and a hinge over the best of the others. One that
    weighs parts of the network, as in a mixture of normal distributions, is none of labels.
    """
    of_parts = all(op in _DIFFERENCES and kind not in _ANSWERS[1:] for op, kind in met)
    if of_parts:
        return False
    written_out = {"EXP", "LOG", "REDUCE_MAX"} <= ops
    hinge = "REDUCE_MAX" in ops and ("MUL", LINEAR) in met
    return bool({"SOFTMAX", "LOG_SOFTMAX"} & ops) or written_out or hinge


def _is_sigmoid(ops: set[str], met: set[tuple[str, str]], whole: bool) -> bool:
    if ("MUL", "LOGISTIC") in met:  # an overlap, such as Dice
        return True
    if ("SUB", "LOGISTIC") in met and (whole or "LOG" in ops):
        return True  # whole numbers that a sigmoid comes near are 0 and 1
    if "LOG" not in ops:
        return False
    if any(("MUL", kind) in met for kind in _LOGITS):  # y·z beside log(1 + exp(z))
        return "EXP" in ops
    other_label = ("SUB", CONSTANT) in met  # 1 − y
    return other_label and ("LOGISTIC" in ops or any(op == "MUL" for op, _ in met))


def _of_ops(new: set[str]) -> Loss:
    """Of the ops that training has and predicting has not, where nothing else is known."""
    if {"SOFTMAX", "LOG_SOFTMAX"} & new or {"EXP", "LOG", "REDUCE_MAX"} <= new:
        return Loss.SOFTMAX
    return Loss.SIGMOID if "LOG" in new else Loss.NUMBERS
