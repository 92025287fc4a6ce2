"""Answers of a model of numbers, masks or pictures, sample by sample: how near to their targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.dialects.contract import Task
from odt_core.evaluation import Evaluation, compare
from odt_core.evaluation.evaluation import errors_each
from odt_core.samples import Samples
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.evaluate.gallery import chosen_group, gallery, some
from pages.ui.evaluate.judged import Judged
from pages.ui.evaluate.large import Face
from pages.ui.numbers import figure, first_of
from pages.ui.picture_answers import in_pictures
from pages.ui.say import percent

_ROWS = 8  # of four pictures each
_NUMBERS = 4  # of an answer
_NONE = {
    "Nearer": "No answer came nearer to its target.",
    "Farther": "No answer came farther from its target.",
}


def value_gallery(desk: Desk, one: Judged) -> None:
    """The samples whose answers came nearest to their targets, those that went farthest from them,
    and all by what your model is still off.
    """
    changed = compare(one.base, one.own)
    after = errors_each(one.own)
    gain = errors_each(one.base) - after
    groups = {
        "Nearer": changed.fixed[np.argsort(-gain[changed.fixed], kind="stable")],
        "Farther": changed.broken[np.argsort(gain[changed.broken], kind="stable")],
        "All, worst first": np.lexsort((-after, ~one.own.judged))[: one.own.different],
    }
    chosen, index = chosen_group(desk, "gallery_of_values", groups, _NONE)
    if len(index) and desk.draws_answers:
        some(f"values_{chosen}", index, lambda shown: _rows(desk, one, shown), _ROWS)
    elif len(index):
        gallery(f"values_{chosen}", index, lambda k: _face(desk, one, int(k)))


def wanted(desk: Desk, samples: Samples, evaluation: Evaluation, k: int) -> np.ndarray:
    """The target of sample k, as `answer` gives what was answered."""
    if desk.task is Task.RECONSTRUCTION:
        return _again(desk, evaluation.truth[k])
    return samples.y[k]


def answer(desk: Desk, evaluation: Evaluation, k: int) -> np.ndarray:
    """What was answered to sample k, in the form that is drawn or said."""
    found = evaluation.predictions[k]
    if desk.task is Task.RECONSTRUCTION:
        return _again(desk, found)
    if not desk.contract.scores_each:
        return found
    return found.reshape(*found.shape[:2], -1) if desk.draws_answers else found.argmax(axis=-1)


def in_words(desk: Desk, evaluation: Evaluation, k: int) -> str:
    """ "0.33, −1.2 · squared error 0.04", "1.2 · off by 0.1", of sample k."""
    return f"{first_of(answer(desk, evaluation, k), _NUMBERS)} · {off(evaluation, k)}"


def off(evaluation: Evaluation, k: int) -> str:
    """How near the answer to sample k is to its target."""
    error = float(errors_each(evaluation)[k])
    if evaluation.places is not None:
        return f"{percent(1 - error)} right"
    if evaluation.truth[k].size == 1:
        return f"off by {figure(error**0.5)}"
    return f"squared error {figure(error)}"


def _again(desk: Desk, values: np.ndarray) -> np.ndarray:
    """What is as large as the model's input, in the shape in which that is a picture."""
    shape = desk.card.preprocessing.picture_shape
    return values.reshape(shape) if values.size == int(np.prod(shape)) else values


def _face(desk: Desk, one: Judged, k: int) -> Face:
    return Face(
        one.picture(desk, k),
        f"is {first_of(wanted(desk, one.samples, one.own, k), _NUMBERS)}",
        f"base {in_words(desk, one.base, k)}",
        f"yours {in_words(desk, one.own, k)}",
        test=bool(one.entries),
    )


def _rows(desk: Desk, one: Judged, index: Sequence[int]) -> None:
    """Each sample, its target and both answers as pictures."""
    for k in map(int, index):
        target = wanted(desk, one.samples, one.own, k)
        said = [target, *(answer(desk, each, k) for each in (one.base, one.own))]
        uris = [uri for uri, _ in in_pictures(desk, said, None)]
        pieces.pictures(
            [
                ("Sample", one.picture(desk, k), ""),
                ("Target", uris[0], ""),
                ("Base model", uris[1], off(one.base, k)),
                ("Your model", uris[2], off(one.own, k)),
            ]
        )
