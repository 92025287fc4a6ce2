"""What a model learns: labels of K classes, yes or no, numbers, or its own input again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from odt_core.dialects.contract import Activation, Choice, LabelKind, OutputKind, Task
from odt_core.dialects.losses import Loss, loss_of, squashed, widths
from odt_core.dialects.shapes import (
    compatible,
    is_open_row,
    numeric,
    of_one,
    score_count,
    size_of,
    whole,
)
from odt_core.dialects.vocabulary import (
    DISTANCE_WORDS,
    HIDDEN_WORDS,
    LOGIT_NAMES,
    LOSS_WORDS,
    MASK_WORDS,
    NEGATION_WORDS,
    PREDICTION_NAMES,
    PROBABILITY_NAMES,
    SPREAD_WORDS,
    is_middle,
)
from odt_core.graph import ALL_SCORES, SignatureDescription, TensorDescription
from odt_core.words import words

_PROBABILITY_OPS = ("SOFTMAX", "LOGISTIC")
# Ops that end a layer without squashing: what comes out of them is no probability.
_LINEAR_OPS = ("ADD", "BATCH_MATMUL", "CONV_2D", "FULLY_CONNECTED", "LOG_SOFTMAX", "SUB")
# Of them those that may add up what was squashed before, such as two networks' probabilities.
_SUMS = ("ADD", "SUB")
_SQUASHES = {"EXP", "LOGISTIC", "SOFTMAX"}
_CALLS = {"CALL", "IF", "WHILE"}  # in which anything may happen
# Ops that leave numbers without bounds: after these alone comes no probability.
_STRAIGHT = {
    "ADD", "BROADCAST_TO", "CAST", "CONCATENATION", "EXPAND_DIMS", "MEAN", "MUL", "NEG",
    "READ_VARIABLE", "RESHAPE", "SLICE", "SQUEEZE", "STRIDED_SLICE", "SUB", "SUM", "TRANSPOSE",
}  # fmt: skip
_FEW = 4  # numbers
_TIE = 6  # points by which an output must lead to be the prediction for sure
_PICKED = ("REDUCE_MAX", "REDUCE_MIN", "TOPK_V2")  # ops that give the best of some scores
_HIDDEN_OPS = ("RELU", "RELU6", "TANH")  # that seldom end a model with several outputs
# Ops that give numbers from 0 to anything, such as counts: neither logits nor probabilities.
_COUNTING_OPS = ("ABS", "EXP", "RELU", "SQUARE")


@dataclass(frozen=True)
class Goal:
    """The task, and the form that labels and predictions have for it."""

    task: Task
    prediction: TensorDescription | None = None  # the output that answers
    others: tuple[str, ...] = ()  # outputs that might as well
    outputs: int | None = None  # K
    target_shape: tuple[int, ...] = ()
    open_targets: tuple[int, ...] = ()  # axes of it that the file leaves open
    label_kind: LabelKind = LabelKind.VALUES
    output_kind: OutputKind = OutputKind.UNKNOWN
    comparable: bool = True  # a prediction has as many numbers as its target, as far as one knows
    independent: bool = False  # each of the K outputs is a probability of its own
    activation: Activation = Activation.NONE
    scores_each: int = 0  # K, where a prediction has K scores for each number of a target
    targets_are_probabilities: bool = False  # as of Contract
    rows_are_one_hot: bool = False
    of_likeness: bool = False  # the loss compares labels, but not with the prediction


def goal_of(
    trainer: SignatureDescription | None,
    labels: TensorDescription | None,
    samples: TensorDescription | None,
    predictor: SignatureDescription | None,
    loss: TensorDescription | None,
    wish: Choice,
) -> Goal:
    """The goal that labels, samples, prediction and loss suggest together."""
    kind = loss_of(trainer, loss, labels or samples, predictor)
    fitting = _pick_predictions(predictor, labels or samples, wish, kind, again=labels is None)
    prediction = fitting[0] if fitting else None
    kind = _fitting(kind, loss, labels, prediction)
    count = score_count(prediction) if prediction else None
    if labels is None:
        task = Task.RECONSTRUCTION if samples is not None else _task_of_prediction(prediction)
    else:
        task = _task(labels, samples, prediction, kind)
    if wish.task is not None:
        task = wish.task
    target_shape = _target_shape(task, labels, prediction)
    output_kind = wish.output_kind or _output_kind(task, prediction, predictor, kind)
    smallest = wish.output_kind is None and task is Task.CLASSES and (count or 0) >= 2
    if smallest and _are_distances(prediction, trainer):
        output_kind = OutputKind.DISTANCES
    each = _scores_each(target_shape, labels, prediction)
    likeness = kind is Loss.LIKENESS and task is Task.VALUES and wish.task is None and not each
    comparable = bool(each) or (
        not likeness and _comparable(task, target_shape, samples, labels, prediction)
    )
    label_kind = wish.label_kind or _label_kind(task, labels, kind)
    several = label_kind is LabelKind.ONE_HOT and (count or 0) >= 2
    return Goal(
        task=task,
        prediction=prediction,
        others=tuple(one.name for one in fitting[1:] if task is Task.VALUES and comparable),
        outputs=_outputs(task, labels, prediction, count),
        target_shape=target_shape,
        open_targets=_open_targets(target_shape, labels, prediction),
        label_kind=label_kind,
        output_kind=output_kind,
        comparable=comparable,
        independent=bool(task is Task.CLASSES and several and _are_sigmoids(prediction, kind)),
        activation=_activation(kind, prediction, squashed(loss, labels or samples))
        if comparable and (each or task in (Task.VALUES, Task.RECONSTRUCTION))
        else Activation.NONE,
        scores_each=each,
        targets_are_probabilities=task is Task.VALUES and kind.of_shares and not each,
        rows_are_one_hot=task is Task.VALUES and not each and _is_one_of(prediction, kind),
        of_likeness=likeness,
    )


def _fitting(
    kind: Loss,
    loss: TensorDescription | None,
    labels: TensorDescription | None,
    prediction: TensorDescription | None,
) -> Loss:
    """What a loss can be, given the form of labels and answers."""
    count = score_count(prediction) if prediction else None
    if kind is Loss.SOFTMAX and prediction is not None and not _has_rows(prediction):
        # the second of two probabilities; else a softmax over samples, or one inside the network
        return Loss.SIGMOID if _is_one_of_two(prediction, loss, labels) else Loss.NUMBERS
    if kind is Loss.SIGNS and count != 1:
        return Loss.NUMBERS  # more than a sign is compared
    if kind is Loss.SIGNS and labels is not None and labels.dtype.startswith(("uint", "bool")):
        return Loss.MARGIN  # of which −1 is none
    if labels is not None and whole(labels) and size_of(of_one(labels)) == 1:
        met = widths(loss, labels)
        if (count or 0) >= 2 and met and not met & {None, 1, count}:
            return Loss.LIKENESS  # more lies between the answer and the scores
    return kind


def _is_one_of_two(
    prediction: TensorDescription, loss: TensorDescription | None, labels: TensorDescription | None
) -> bool:
    """Whether a prediction is one number of a softmax over two, whose label is 0 or 1."""
    if labels is None or not whole(labels) or prediction.ends != "SOFTMAX":
        return False
    return size_of(of_one(labels)) == 1 and widths(loss, labels) == {2}


def _pick_predictions(
    predictor: SignatureDescription | None,
    targets: TensorDescription | None,
    wish: Choice,
    loss: Loss,
    *,
    again: bool,
) -> list[TensorDescription]:
    """The output that is compared with the targets, logits before probabilities of the same, and
    after it those of the same form that might be it as well.

    targets: the input that takes labels, or samples where they are their own targets: again.
    """
    if predictor is None or not predictor.outputs:
        return []
    if wish.prediction is not None:
        return [one for one in predictor.outputs if one.name == wish.prediction]
    told = any(_answers(output, targets) for output in predictor.outputs)
    rated = []
    for at, output in enumerate(predictor.outputs):
        name = output.name.lower()
        score = 40 - PREDICTION_NAMES.index(name) if name in PREDICTION_NAMES else 0
        if _says(name, LOGIT_NAMES):
            score += 10
        if not output.dtype.startswith("float"):
            score -= 40
        if not output.shape or not numeric(output):
            score -= 100
        if targets is not None and (not whole(targets) or not whole(output)):
            score += 30 if _fits(output, targets, loss) else 0
        if words(name) & HIDDEN_WORDS or output.producer in _HIDDEN_OPS:
            score -= 12  # what an inner layer makes, beside the answer
        if again and words(name) & LOSS_WORDS:
            score -= 12  # how far a sample is from what it is given back as
        if is_middle(name):
            score += _TIE  # rather than what is seldom below or above, as other quantiles are
        if words(name) & SPREAD_WORDS:
            score -= 12  # how sure it is of the answer
        if output.name == ALL_SCORES and not told:
            score += 60  # the others are picked from it
        if output.producer in _LINEAR_OPS:
            score += 3  # a softmax of it may be another output: the logits tell more
        rated.append((score, -at, output))
    rated.sort(key=lambda row: row[:2], reverse=True)
    most, _, best = rated[0]
    near = [one for score, _, one in rated[1:] if most - score <= _TIE]
    return [best, *(one for one in near if (one.shape, one.dtype) == (best.shape, best.dtype))]


def _answers(output: TensorDescription, targets: TensorDescription | None) -> bool:
    """Whether an output answers by itself: what was picked beside it says something else, such as
    where a network looked, but where several numbers of the targets' form are picked.
    """
    if output.name == ALL_SCORES or not output.shape or not output.dtype.startswith("float"):
        return False
    several = targets is not None and not whole(targets) and size_of(of_one(targets)) > 1
    if output.producer in _PICKED and not several:
        return False
    if targets is None:
        return True
    if whole(targets):
        return _tells_labels_apart(output)
    return compatible(of_one(targets), of_one(output))


def _fits(output: TensorDescription, targets: TensorDescription, loss: Loss) -> bool:
    """Whether an output may be what the loss compares with targets."""
    if whole(targets) and size_of(of_one(targets)) == 1:
        count = score_count(output)
        if loss is Loss.SIGMOID:
            return count == 1
        if loss is Loss.NUMBERS:
            return size_of(of_one(output)) == 1
        if loss is not Loss.UNKNOWN:
            return _tells_labels_apart(output)
    return compatible(of_one(targets), of_one(output))


def _tells_labels_apart(output: TensorDescription) -> bool:
    """Whether an output may answer with one of several labels: scores, or one sigmoid."""
    count = score_count(output)
    return output.producer == "LOGISTIC" if count == 1 else (count or 0) >= 2


def _task(
    labels: TensorDescription,
    samples: TensorDescription | None,
    prediction: TensorDescription | None,
    loss: Loss,
) -> Task:
    size, count = size_of(of_one(labels)), score_count(prediction) if prediction else None
    if whole(labels):
        if prediction is not None and whole(prediction) and size > 1:
            return Task.VALUES  # such as the tag of each word
        if _has_open_places(labels, prediction):
            return Task.VALUES  # the same, of any number of words
        if loss is Loss.NUMBERS:
            return Task.VALUES  # that happen to be whole, such as counts
        if loss is Loss.LIKENESS and not _is_called_scores(prediction):
            return Task.VALUES  # of which an embedding says nothing by itself
        if prediction is None or (count is not None and count >= 2):
            return Task.CLASSES if size == 1 or size == count else Task.VALUES
        yes_or_no = (loss.of_classes or loss is Loss.UNKNOWN) and not _counts(prediction)
        return Task.BINARY if count == 1 and yes_or_no else Task.VALUES
    if samples is not None and size > 1 and size == size_of(of_one(samples)):
        return _task_of_same_size(labels, samples, prediction, loss)
    if size == 1 and not is_open_row(labels):
        if count in (None, 1):
            return Task.BINARY if _yes_or_no(prediction, loss) else Task.VALUES
        # class numbers given as floats
        return Task.CLASSES if _of_classes(prediction, loss) else Task.VALUES
    if score_count(labels) is None and not is_open_row(labels):
        return Task.VALUES
    return Task.CLASSES if _of_classes(prediction, loss) else Task.VALUES


def _has_open_places(labels: TensorDescription, prediction: TensorDescription | None) -> bool:
    """Whether a prediction has a row of scores for each of any number of labels."""
    if prediction is None or None not in of_one(labels):
        return False
    *places, count = of_one(prediction) or (None,)
    alike = compatible(of_one(labels), tuple(places))
    return alike and None in places and count is not None and count >= 2


def _task_of_same_size(
    labels: TensorDescription,
    samples: TensorDescription,
    prediction: TensorDescription | None,
    loss: Loss,
) -> Task:
    """Where targets have as many numbers as samples, they may be the samples again."""
    size = size_of(of_one(samples))
    one_of = loss is Loss.SOFTMAX or (prediction is not None and prediction.producer == "SOFTMAX")
    if one_of:
        return Task.VALUES if score_count(labels) is None else Task.CLASSES
    if loss is Loss.UNKNOWN and _is_called_scores(prediction):
        return Task.CLASSES
    fits = prediction is None or size_of(of_one(prediction)) == size
    mask = bool(words(labels.name) & MASK_WORDS)
    few = size <= _FEW  # of which nothing would be learnt by giving them back
    return Task.VALUES if mask or few or not fits else Task.RECONSTRUCTION


def _of_classes(prediction: TensorDescription | None, loss: Loss) -> bool:
    """Whether a prediction of several numbers scores classes."""
    if loss.of_classes or prediction is None or prediction.producer in ("SOFTMAX", "LOG_SOFTMAX"):
        return True
    if loss is Loss.UNKNOWN:
        return True
    # squared errors of sigmoids: of labels where they are called so, else of places or shares
    return prediction.producer == "LOGISTIC" and _is_called_scores(prediction)


def _is_one_of(prediction: TensorDescription | None, loss: Loss) -> bool:
    """Whether each row of K answers sums to 1."""
    if prediction is None or not _has_rows(prediction):
        return False
    return loss is Loss.SOFTMAX or prediction.ends == "SOFTMAX"


def _has_rows(prediction: TensorDescription) -> bool:
    """Whether there is more than one number along the last axis, as far as one knows."""
    return of_one(prediction)[-1:] not in ((), (1,))


def _yes_or_no(prediction: TensorDescription | None, loss: Loss) -> bool:
    if loss is not Loss.UNKNOWN or prediction is None:
        return loss.of_classes and not _counts(prediction)
    return _is_called_scores(prediction) or prediction.producer in (
        *_PROBABILITY_OPS,
        "LOG_SOFTMAX",
    )


def _counts(prediction: TensorDescription | None) -> bool:
    """Whether it is learnt by a Poisson loss, which takes a logarithm as well."""
    return prediction is not None and prediction.producer in _COUNTING_OPS


def _is_called_scores(prediction: TensorDescription | None) -> bool:
    return prediction is not None and _says(prediction.name, LOGIT_NAMES + PROBABILITY_NAMES)


def _are_sigmoids(prediction: TensorDescription | None, loss: Loss) -> bool:
    """Whether each of several scores is a probability of its own."""
    if prediction is None or prediction.producer == "SOFTMAX":
        return False
    return loss is Loss.SIGMOID or prediction.producer == "LOGISTIC"


def _task_of_prediction(prediction: TensorDescription | None) -> Task:
    count = score_count(prediction) if prediction else None
    if prediction is None or (count or 0) >= 2:
        return Task.CLASSES
    yes_or_no = count == 1 and prediction.producer == "LOGISTIC"
    return Task.BINARY if yes_or_no else Task.VALUES


def _outputs(
    task: Task,
    labels: TensorDescription | None,
    prediction: TensorDescription | None,
    count: int | None,
) -> int | None:
    if task is Task.BINARY and count is None:
        return 1
    if task is Task.RECONSTRUCTION:
        return None
    if prediction is not None:
        return count
    return score_count(labels) if labels is not None and not whole(labels) else None


def _target_shape(
    task: Task, labels: TensorDescription | None, prediction: TensorDescription | None
) -> tuple[int, ...]:
    if task is not Task.VALUES:
        return ()
    shape = of_one(labels) if labels is not None else of_one(prediction) if prediction else ()
    if prediction is not None and compatible(shape, of_one(prediction)):
        shape = tuple(a or b for a, b in zip(shape, of_one(prediction), strict=True))
    return tuple(size or 1 for size in shape)


def _open_targets(
    target_shape: tuple[int, ...],
    labels: TensorDescription | None,
    prediction: TensorDescription | None,
) -> tuple[int, ...]:
    """The axes of targets that have no size in the file, and neither has the prediction's."""
    if labels is None or prediction is None or not target_shape:
        return ()
    pairs = zip(of_one(labels), of_one(prediction), strict=False)
    return tuple(axis for axis, (one, two) in enumerate(pairs) if one is None and two is None)


def _comparable(
    task: Task,
    target_shape: tuple[int, ...],
    samples: TensorDescription | None,
    labels: TensorDescription | None,
    prediction: TensorDescription | None,
) -> bool:
    if prediction is None or None in of_one(prediction):
        return True
    if labels is not None and None in of_one(labels):
        return True
    if task is Task.VALUES:
        return math.prod(target_shape) == size_of(of_one(prediction))
    if task is Task.RECONSTRUCTION and samples is not None and None not in of_one(samples):
        return size_of(of_one(samples)) == size_of(of_one(prediction))
    return True


def _scores_each(
    target_shape: tuple[int, ...],
    labels: TensorDescription | None,
    prediction: TensorDescription | None,
) -> int:
    """K of a prediction [N, …, K] where targets are class numbers [N, …], or [N, …, 1]."""
    if labels is None or prediction is None or not target_shape or not whole(labels):
        return 0
    *places, count = of_one(prediction) or (None,)
    row = target_shape[:-1] if target_shape[-1] == 1 else target_shape
    fits = any(compatible(tuple(places), shape) for shape in (target_shape, row))
    return count if count and count >= 2 and fits else 0


def _label_kind(task: Task, labels: TensorDescription | None, loss: Loss) -> LabelKind:
    if labels is None or task in (Task.VALUES, Task.RECONSTRUCTION):
        return LabelKind.VALUES
    if task is Task.BINARY and loss is Loss.SIGNS:
        return LabelKind.SIGNS
    if task is Task.BINARY:
        return LabelKind.INTEGER if whole(labels) else LabelKind.VALUES
    if is_open_row(labels):
        return LabelKind.INTEGER if whole(labels) else LabelKind.ONE_HOT
    return LabelKind.INTEGER if size_of(of_one(labels)) == 1 else LabelKind.ONE_HOT


def _output_kind(
    task: Task,
    prediction: TensorDescription | None,
    predictor: SignatureDescription | None,
    loss: Loss,
) -> OutputKind:
    """What the graph says counts for more than a name: many call the output of a softmax logits."""
    if prediction is None:
        return OutputKind.UNKNOWN
    if prediction.producer in _PROBABILITY_OPS:
        return OutputKind.PROBABILITIES
    if task is Task.BINARY and prediction.ends == "SOFTMAX":
        return OutputKind.PROBABILITIES
    if _says(prediction.name, LOGIT_NAMES):
        return OutputKind.LOGITS
    probable, tail = _says(prediction.name, PROBABILITY_NAMES), set(prediction.tail)
    squashed = tail & (_SQUASHES if probable else set(_PROBABILITY_OPS))
    if prediction.producer in _SUMS and squashed:
        return OutputKind.UNKNOWN  # such as the mean of two softmaxes
    if prediction.producer in _LINEAR_OPS:
        return OutputKind.LOGITS
    if task is Task.BINARY and loss in (Loss.MARGIN, Loss.SIGNS):
        return OutputKind.LOGITS  # yes above 0, such as a hyperbolic tangent
    if loss is Loss.SOFTMAX and tail and not tail & (_SQUASHES | _CALLS):
        return OutputKind.LOGITS  # the softmax is the loss's
    if probable and tail and tail <= _STRAIGHT:
        return OutputKind.UNKNOWN
    if probable:
        return OutputKind.PROBABILITIES
    others = [o for o in predictor.outputs if o is not prediction] if predictor else []
    if any(o.producer in _PROBABILITY_OPS and o.shape == prediction.shape for o in others):
        return OutputKind.LOGITS
    return OutputKind.UNKNOWN


def _are_distances(
    prediction: TensorDescription | None, trainer: SignatureDescription | None
) -> bool:
    """Whether the smallest of some scores is the answer's: as an op that picks it tells, or one in
    training that makes shares of what is computed alike; else by what they are.
    """
    if prediction is None or prediction.producer in _PROBABILITY_OPS:
        return False
    if prediction.wins:
        return prediction.wins < 0
    if trainer and (prediction.producer, prediction.shape[-1]) in trainer.smallest:
        return True
    said = words(prediction.name)
    named = said & DISTANCE_WORDS and not said & NEGATION_WORDS and prediction.ends != "NEG"
    return prediction.distance or bool(named)


def _activation(loss: Loss, prediction: TensorDescription | None, squashed: bool) -> Activation:
    """That which the loss applies to what a model of numbers predicts. squashed: it compares
    targets with a sigmoid of it.
    """
    if prediction is None or whole(prediction) or prediction.ends in _PROBABILITY_OPS:
        return Activation.NONE
    if loss is Loss.SOFTMAX:
        return Activation.SOFTMAX  # of its logarithm, a softmax is the softmax itself
    return Activation.SIGMOID if loss is Loss.SIGMOID or squashed else Activation.NONE


def _says(name: str, known: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in known)
