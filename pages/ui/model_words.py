"""What a model is and can do, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from odt_core.dialects.contract import Contract, Task
from odt_core.words import inputs_in_words
from pages.ui.desk import Desk
from pages.ui.say import count, labels_in_words

TASKS = {
    Task.CLASSES: "labels",
    Task.BINARY: "yes or no",
    Task.VALUES: "numbers",
    Task.RECONSTRUCTION: "its own input again",
}


def what_it_does(desk: Desk) -> str:
    """ "Tells 10 labels apart, from pictures of 28 × 28 pixels, grey."; "" where nobody knows."""
    if not desk.is_understood:
        return ""
    return f"{_gives(desk)} from {_takes(desk)}."


def asked_numbers(desk: Desk) -> str:
    """ "4 numbers, with commas between: item, user (3)"."""
    asked = f"{count(prod(desk.card.input_shape), 'number')}, with commas between"
    sizes = desk.contract.input_sizes
    named = [one if size == 1 else f"{one} ({size:,})" for one, size in sizes.items()]
    return f"{asked}: {', '.join(named)}" if named else asked


def of_trained_models(desk: Desk, left: bool) -> str:
    """What becomes of what was learnt when another model is chosen. left: the last one was trained.
    "" where nothing was.
    """
    told = []
    if left:
        told.append("Your trained model is kept on the Checkpoints page, for when you come back.")
    if any(entry.model == desk.model.key for entry in desk.workspace.manifest.checkpoints):
        told.append("You have trained this one before: the Checkpoints page restores it.")
    return " ".join(told)


def of_labels_that_came_along(desk: Desk) -> str:
    """Which labels of yours this model learns although it neither came with them nor was left with
    them; "" for none.
    """
    manifest, outputs = desk.workspace.manifest, desk.model.outputs
    left = {
        (label.id, label.output)
        for one in manifest.left
        if one.key == desk.model.key
        for label in one.labels
    }
    names = [
        label.name
        for label in manifest.labels
        if label.output is not None and label.enabled and label.name not in outputs
        if (label.id, label.output) not in left
        if manifest.samples_of(label.id)
    ]
    if not names or not desk.tells_labels:
        return ""
    learnt = labels_in_words(names)
    return f"Your samples came along: it learns {learnt}. Disable what it is not to learn."


def _gives(desk: Desk) -> str:
    if desk.task is Task.CLASSES:
        if not any(desk.model.outputs):
            return f"Tells up to {count(len(desk.model.outputs), 'label')} of yours apart,"
        named = sum(name is not None for name in desk.output_names)
        free = len(desk.output_names) - named
        more = f" ({free} more are free)" if free else ""
        return f"Tells {count(named, 'label')} apart{more},"
    if desk.task is Task.BINARY:
        return "Tells two labels apart,"
    if desk.task is Task.VALUES:
        contract = desk.contract
        size = prod(contract.target_shape)
        classes = contract.scores_each or (
            contract.target_shape[-1] if contract.rows_are_one_hot else 0
        )
        places = size if contract.scores_each else size // max(classes, 1)
        if classes and places > 1:
            each = "pixels" if desk.answers_pictures else "places"
            return f"Tells one of {classes} classes for each of {places:,} {each},"
        if desk.why_unscored and contract.outputs:
            size = contract.outputs
        return "Gives one number," if size == 1 else f"Gives {size:,} numbers,"
    return "Gives its own input back (an autoencoder),"


def _takes(desk: Desk) -> str:
    preprocessing = desk.card.preprocessing
    if preprocessing.kind != "none":
        height, width = preprocessing.picture_shape[:2]
        colour = "in colour" if preprocessing.channels == 3 else "grey"
        what = "drawings" if preprocessing.kind == "ink" else "pictures"
        return f"{what} of {height} × {width} pixels, {colour}"
    shape = desk.card.input_shape
    if desk.contract.sample_inputs:
        return inputs_in_words(desk.contract.input_sizes)
    if not desk.model.bundled and desk.contract.input_dtype.startswith(("int", "uint")):
        return f"{count(prod(shape), 'whole number')} (such as the numbers of words)"
    if len(shape) > 1:
        return f"{prod(shape):,} numbers ({' × '.join(str(n) for n in shape)})"
    return count(prod(shape), "number")


def abilities(contract: Contract) -> list[tuple[bool, str]]:
    """(whether, in words) for training and for trying out."""
    if contract.trainable:
        role = contract.train[0]
        sizes = sorted({r.batch for r in contract.train if r.batch is not None})
        batch = (
            "any batch size"
            if role.batch is None
            else f"{' or '.join(str(size) for size in sizes)} at a time"
        )
        rate = (
            "learning rate can be set" if contract.sets_learning_rate else "its own learning rate"
        )
        train = (True, f"Can be trained: '{role.signature}', {batch}, {rate}.")
    else:
        train = (False, "Cannot be trained. " + _reason(contract.notes, "train"))
    if contract.infer is not None:
        measured = " and measured" if contract.scored else ""
        predict = (True, f"Can be tried out{measured}: '{contract.infer.signature}'.")
    else:
        shown = ""
        if any(role.loss for role in contract.train):
            shown = " Training shows the loss that the model reports; nothing else can be measured."
        elif contract.trainable:
            shown = " Training reports no loss, so nothing can be measured."
        why = next((note for note in contract.notes if _says_why_not_tried(note)), None)
        told = ": no signature predicts." if why is None else f". {why}"
        predict = (False, f"Cannot be tried out{told}{shown}")
    return [train, predict]


def not_tried_out(contract: Contract) -> str:
    """Why a model cannot be, and what can be done instead."""
    _, (_, told) = abilities(contract)
    if contract.trainable:
        told += " It can be trained, and downloaded."
    if _no_infer() in contract.notes:
        told += " If a signature does predict under an unusual name, choose it on the Model page."
    return told


def _says_why_not_tried(note: str) -> bool:
    return "tried out" in note and note != _no_infer()


def _no_infer() -> str:
    from odt_core.dialects.notes import NO_INFER  # what reads models is not loaded for a first page

    return NO_INFER


def _reason(notes: Sequence[str], about: str) -> str:
    return next((note for note in notes if about in note), "No signature does that.")
