"""What training is given in the place of samples and targets that predicting sees on another scale:
many normalise in their app before they call the one, and inside the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from odt_core.dialects.contract import TrainRole
from odt_core.graph import TensorDescription
from odt_core.scaling import Scaling


def samples_scaling(trained: TensorDescription, asked: TensorDescription) -> Scaling | None:
    """What brings samples as predicting takes them ('asked') to what training takes, so that the
    first layer sees the same of both; None where they need not be, or where nothing tells.
    """
    theirs = {one.variable: one.scaling for one in asked.enters}
    pairs = [
        (one.scaling, theirs[one.variable]) for one in trained.enters if one.variable in theirs
    ]
    if all(ours.near(other) for ours, other in pairs):
        return None
    found = {_through(ours.inverse(), other) for ours, other in pairs}
    return found.pop() if len(found) == 1 else None


def targets_scaling(labels: TensorDescription, prediction: TensorDescription) -> Scaling | None:
    """The same for targets, which predictions are to come near."""
    ours, theirs = labels.answer, prediction.answer
    if ours is None or theirs is None or ours.variable != theirs.variable:
        return None
    found = _through(ours.scaling, theirs.scaling.inverse())
    return None if found is None or found.near(Scaling()) else found


def of_scalings(role: TrainRole, predictor: str) -> Iterator[str]:
    """What to know of a role that is given something else than what a person gives."""
    if role.scaling is not None:
        yield (
            f"'{predictor}' and '{role.signature}' do not scale a sample alike before their first "
            f"layer. Give samples as '{predictor}' takes them: before '{role.signature}' is called "
            f"their numbers are {role.scaling}, so that both see the same."
        )
    if role.target_scaling not in (None, role.scaling):
        yield (
            f"What '{predictor}' gives is on another scale than what '{role.signature}' compares "
            f"targets with. Give targets as '{predictor}' gives them: before '{role.signature}' is "
            f"called their numbers are {role.target_scaling}."
        )


def _through(last: Scaling | None, first: Scaling | None) -> Scaling | None:
    return None if last is None or first is None else last.after(first)
