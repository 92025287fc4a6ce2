"""What both models make of a picture: the picture again, or a mask of it, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.dialects.contract import Contract, Task
from odt_core.runtime.scores import right_answers
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.numbers import figure
from pages.ui.previews import mask_uri, series_uri
from pages.ui.say import percent


def picture_answers(
    desk: Desk, item: np.ndarray, base: np.ndarray, own: np.ndarray, target: np.ndarray | None
) -> None:
    """item: the sample as the model gets it. base, own: such as it, or of the targets' shape, or
    [H, W, K] of K classes. target: what they should be, where that is known.
    """
    contract = desk.contract
    wanted = target if contract.task is Task.VALUES else None  # else it is the input again
    every = [base, own] if wanted is None else [base, own, wanted]
    (base_uri, base_is), (own_uri, own_is), *known = in_pictures(desk, every, target)
    again = contract.task is Task.RECONSTRUCTION  # then the input has the answers' shades
    limits = _range(contract, [item, base, own]) if again else ()
    pieces.pictures(
        [
            ("Input", series_uri(item, *limits), "as the model gets it"),
            *(("Target", uri, "") for uri, _ in known),
            ("Base model", base_uri, base_is),
            ("Your model", own_uri, own_is),
        ]
    )
    if not desk.trained:
        pieces.note("Not trained yet: your model is the base model.")
    elif target is not None and base.size == target.size:
        before, after = (float(np.mean((one - target) ** 2)) for one in (base, own))
        if before:
            word = "smaller" if after <= before else "larger"
            change = percent(abs(before - after) / before)
            pieces.note(f"Your model's squared error is {change} {word}.")


def given_back(desk: Desk, item: np.ndarray, *answers: np.ndarray) -> list[np.ndarray]:
    """What a model that learns its own input should answer to an item, and its answers, each in the
    form that is drawn: of a sample with several parts the one that is learnt again.
    """
    x, part = desk.input_of(item), desk.contract.given_back
    shape = desk.card.preprocessing.picture_shape
    wanted = x[0].reshape(shape) if part is None else desk.contract.part(x, part)[0]
    return [
        wanted,
        *(one.reshape(wanted.shape) if one.size == wanted.size else one for one in answers),
    ]


def in_pictures(
    desk: Desk, answers: Sequence[np.ndarray], target: np.ndarray | None
) -> list[tuple[str, str]]:
    """Each answer as a picture, in the same shades, and how near it is to a target."""
    contract = desk.contract
    low, high = _range(contract, [one for one in (*answers, target) if one is not None])
    return [(_drawn(one, contract, low, high), _remark(one, target, contract)) for one in answers]


def target_uri(target: np.ndarray, contract: Contract) -> str:
    """A sample's target as a picture."""
    return _drawn(target, contract, *_range(contract, [target]))


def _drawn(values: np.ndarray, contract: Contract, low: float, high: float) -> str:
    classes = _classes(values, contract)
    return series_uri(values, low, high) if classes is None else mask_uri(classes)


def _classes(values: np.ndarray, contract: Contract) -> np.ndarray | None:
    """[H, W], which of several classes each pixel is; None where values are shades or colours."""
    if contract.task is not Task.VALUES:
        return None
    if contract.scores_each and values.shape == contract.target_shape:
        return values.reshape(values.shape[:2]).astype(np.int64)
    if values.ndim < 3 or values.shape[-1] < 2:
        return None
    best, sure = values.argmax(axis=-1), values.max(axis=-1)
    if contract.one_of_classes:
        return best
    # none of them may be there
    return np.where(sure >= 0.5, best + 1, 0) if contract.targets_are_probabilities else None


def _range(contract: Contract, pictures: list[np.ndarray]) -> tuple[float, float]:
    """What is black and what is white in all of them."""
    if contract.tells_places:
        return 0.0, 1.0
    finite = [one[np.isfinite(one)] for one in pictures]
    return (
        min(float(one.min(initial=np.inf)) for one in finite),
        max(float(one.max(initial=-np.inf)) for one in finite),
    )


def _remark(values: np.ndarray, target: np.ndarray | None, contract: Contract) -> str:
    """How near an answer is to the target."""
    from odt_core.evaluation.place_scores import places  # not before there is something to judge

    if target is None:
        return ""
    if contract.tells_places:
        found = places(values[None], right_answers(target[None], target[None], contract), contract)
        if found is not None:
            return f"{percent(found.right)} of the pixels right"
    if values.size != target.size:
        return ""
    return f"squared error {figure(float(np.mean((values - target) ** 2)))}"
