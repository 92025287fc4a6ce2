"""What a person should know of a model's contract, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from odt_core.dialects.contract import (
    LOSS_NAME,
    InferRole,
    OutputKind,
    SampleInput,
    Task,
    TrainRole,
)
from odt_core.dialects.inputs import Found
from odt_core.dialects.scaled import of_scalings
from odt_core.dialects.targets import filled_inputs, filling, is_switch, usual_value, zero_filled
from odt_core.dialects.tasks import Goal
from odt_core.dialects.vocabulary import MASK_WORDS, SAMPLE_WEIGHT_WORDS, TRAINING_WORDS, is_memory
from odt_core.graph import ALL_SCORES, SignatureDescription, TensorDescription
from odt_core.graph.pixel_inputs import PIXELS, SIGNED
from odt_core.graph.rules.stateful_random import PREFIX
from odt_core.samples.shapes import is_picture
from odt_core.words import inputs_in_words, words

NO_INFER = (
    "This model has no signature that predicts (such as 'infer'), so it cannot be tried out and "
    "its accuracy cannot be measured."
)
_BUILD = (
    "To train it, convert the Keras model that it was made from: python -m odt_core build "
    "MODEL.keras OUT.tflite."
)
NO_TRAIN = (
    "This model has no 'train' signature, so it cannot be trained; it can still be used for "
    f"predictions. {_BUILD}"
)
NO_TRAIN_EITHER = (
    "This model has no 'train' signature either, so it cannot be trained; its signatures can be "
    f"called with Session.run. {_BUILD}"
)
_PIXELS_IN_ROWS = (
    "This model takes numbers from 0 to 255. If a sample is a picture laid out in a row, these are "
    "its pixels as they are."
)
_PIXEL_RANGES: dict[tuple[float, ...], str] = {
    PIXELS: "This model scales pictures by itself: it takes pixels as they are, from 0 to 255.",
    SIGNED: "This model was quantised for numbers from −1 to 1: pictures are brought to these, "
    "black to −1 and white to 1.",
}
_UNLIKE_PIXELS = (
    "Training and predicting may see pictures on different scales: one of them brings pixels from "
    "0 to 255, or what a quantised input reaches, to its own scale by itself, and nothing shows "
    "that the other does. If it does not, the model learns from other numbers than it is asked "
    "with: scale pictures alike in both when you build it."
)


def explain(
    train: Sequence[TrainRole],
    infer: InferRole | None,
    trainer: SignatureDescription | None,
    predictor: SignatureDescription | None,
    found: Found,
    goal: Goal,
    taking: tuple[SampleInput, ...],
) -> Iterator[str]:
    """What was guessed, a note each."""
    if taking:
        sizes = {one.name: one.size for one in taking}
        yield (
            f"A sample of this model has {len(taking)} parts, each an input of its own: "
            f"{inputs_in_words(sizes)}. The header of a table, or the names of arrays in an .npz, "
            f"say which is which; numbers without names stand in this order."
        )
    if taking and train and train[0].labels is None and found.samples is not None:
        yield f"Of these it learns to give '{found.samples.name}' back; no label is needed."
    if train and trainer is not None:
        yield from _of_inputs_beside(train[0], trainer)
    if infer is not None and predictor is not None:
        # Before the first call there is nothing to remember.
        yield from _of_zeros(
            predictor, [one for one in zero_filled(infer, predictor) if not is_memory(one.name)]
        )
    if train:
        yield from of_scalings(train[0], infer.signature if infer is not None else "")
        yield from _of_what_is_learnt(train[0], infer, goal)
    if infer is not None and goal.output_kind is OutputKind.DISTANCES:
        name = "" if infer.prediction == ALL_SCORES else f" ('{infer.prediction}')"
        yield (
            f"This model computes distances{name}, of which the smallest is the answer. odt "
            f"negates them where it needs scores; a file that it writes gives them as this one "
            f"does. Choose logits (--use output_kind=logits) if the largest is the answer."
        )


def of_changes(predictor: SignatureDescription) -> Iterator[str]:
    """What to know of a signature that predicts and changes variables as it does."""
    if not predictor.assigns:
        return
    drawn = all(name.startswith(PREFIX) for name in predictor.assigns)
    kept = ", ".join(f"'{name}'" for name in predictor.assigns)
    what = "draws random numbers" if drawn else f"keeps state ({kept})"
    yield (
        f"Predicting {what}, so an answer depends on what was asked before. odt asks from the same "
        f"state each time and leaves it as it was; elsewhere answers differ from call to call."
    )


def of_pixels(
    ranges: Set[tuple[float, ...]], shape: Sequence[int], *, trains: bool
) -> Iterator[str]:
    """What to know of inputs of this shape to which black and white are one of `ranges`, () for
    nothing: of a row no more than holds if it is no picture, as sounds are from −1 to 1, too.
    """
    picture = is_picture(shape)
    if len(ranges) > 1:
        if trains and (picture or PIXELS in ranges):
            yield _UNLIKE_PIXELS
    elif picture:
        yield from (_PIXEL_RANGES[pixels] for pixels in ranges if pixels)
    elif PIXELS in ranges:
        yield _PIXELS_IN_ROWS


def perhaps(names: Sequence[str]) -> str:
    """Of signatures of which nothing tells that they train."""
    listed = ", ".join(f"'{name}'" for name in names)
    return (
        f"Nothing tells which signature trains. What predicting computes with is changed by "
        f"{listed}: choose it if it trains (--use train={names[0]})."
    )


def _of_inputs_beside(role: TrainRole, trainer: SignatureDescription) -> Iterator[str]:
    """What the inputs of training are given that take neither samples nor labels."""
    if role.mask:
        mask, ids = role.mask
        yield (
            f"'{mask}' is 0 where '{ids}' is 0, and 1 elsewhere: fill up shorter samples with the "
            f"id 0."
        )
    beside = filled_inputs(role, trainer)
    values = {one.name: usual_value(one.name, one.dtype, one.shape) for one in beside}
    usual = {name: value for name, value in values.items() if value is not None}
    for tensor in beside:
        if tensor.name in role.blank:
            continue
        given = filling(tensor.name, tensor.dtype, tensor.shape)
        if tensor.dtype == "bool":
            if not words(tensor.name) & TRAINING_WORDS:
                yield (
                    f"The signature '{trainer.name}' also has a switch '{tensor.name}': it is "
                    f"{'on' if given else 'off'} in training."
                )
        elif given == 1 and tensor.shape and words(tensor.name) & SAMPLE_WEIGHT_WORDS:
            yield (
                f"The signature '{trainer.name}' also takes '{tensor.name}': every sample "
                f"counts alike, with a weight of 1."
            )
        elif given == 1 and tensor.shape and words(tensor.name) & MASK_WORDS:
            yield (
                f"The signature '{trainer.name}' also takes '{tensor.name}': it is filled with "
                f"ones, so that nothing is masked."
            )
        elif given and not is_switch(tensor.name, tensor.shape) and tensor.name not in usual:
            what = "1" if given == 1 else "so large that it limits nothing"
            yield (
                f"The signature '{trainer.name}' also uses an input '{tensor.name}', for which "
                f"there is nothing to give: it is {what}."
            )
    yield from _of_zeros(trainer, zero_filled(role, trainer))
    if usual:
        told = [f"'{name}' ({value:g})" for name, value in usual.items()]
        yield (
            f"The signature '{trainer.name}' also takes {', '.join(told)}: what optimisers have "
            f"by default."
        )


def _of_zeros(
    signature: SignatureDescription, inputs: Sequence[TensorDescription]
) -> Iterator[str]:
    for one in inputs:
        yield (
            f"The signature '{signature.name}' also uses an input '{one.name}', for which there is "
            f"nothing to give: it is filled with zeros."
        )


def _of_what_is_learnt(role: TrainRole, infer: InferRole | None, goal: Goal) -> Iterator[str]:
    if role.first_label:
        yield (
            f"The signature '{role.signature}' takes labels that begin at {role.first_label}; odt "
            f"counts outputs from 0 and adds {role.first_label}."
        )
    if role.labels is not None and goal.task is Task.RECONSTRUCTION:
        yield (
            f"The input '{role.labels}' has the samples' shape, so the model is taken for one "
            f"that learns to give its input back. Choose numbers ('values') if it learns something "
            f"else, such as masks."
        )
    if goal.independent:
        yield (
            f"Each of the {goal.outputs} outputs is a probability of its own (a sigmoid). They are "
            f"taken for labels of which one is right. Choose numbers ('values') if several can be "
            f"right at once."
        )
    if infer is not None and goal.others:
        names = ", ".join(f"'{name}'" for name in goal.others)
        yield (
            f"Several outputs have the targets' shape: '{infer.prediction}' was taken for the "
            f"prediction, not {names}. Choose another if that is wrong (--use "
            f"prediction={goal.others[0]})."
        )
    if infer is not None and goal.of_likeness:
        yield (
            f"The loss does not compare a prediction ('{infer.prediction}') itself with a label, "
            f"so training works, but answers cannot be scored. If answers are labels or numbers "
            f"all the same, say so (--use task=classes, or task=values)."
        )
    elif infer is not None and not goal.comparable:
        yield (
            f"A prediction ('{infer.prediction}') has another number of values than a target, so "
            f"training works, but answers cannot be scored. Choose another output if there is one "
            f"that has the targets' shape."
        )
    if infer is not None and goal.task is Task.BINARY and _is_distance(goal):
        yield (
            f"'{infer.prediction}' looks like a distance; odt reads large values as yes. If small "
            f"means yes, training works, but answers and accuracy are inverted."
        )
    if goal.task is Task.CLASSES and goal.outputs is None:
        yield (
            "Nothing in the file says how many labels this model tells apart, so labels must be "
            "given as numbers."
        )


def _is_distance(goal: Goal) -> bool:
    return goal.prediction is not None and goal.prediction.ends == "SQRT"


def loss_note(trainer: SignatureDescription | None, train: Sequence[TrainRole]) -> str:
    """What to call the loss, and what is known of it."""
    if trainer is None:
        return LOSS_NAME
    loss = next((o for o in trainer.outputs if o.name == train[0].loss), None)
    if loss is not None and loss.running:
        return f"{LOSS_NAME} (a mean over all steps so far, not of this batch)"
    return LOSS_NAME
