"""The trainings of a bundle repeated, and what of their weights is not as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.training import Callback, Control, Settings, fit

if TYPE_CHECKING:
    from odt_core.runtime import Model
    from odt_core.samples import Samples
    from odt_core.training import Record, Run

State = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class TrainedAgain:
    """state: after all trainings. rates: the learning rate of the last step of each. wrong: what is
    said of their steps and is otherwise, in words.
    """

    state: dict[str, np.ndarray]
    rates: tuple[float, ...]
    wrong: tuple[str, ...]


class _StopAfter(Callback):
    def __init__(self, step: int, control: Control) -> None:
        self.step, self.control = step, control

    def on_step_end(self, run: Run, record: Record) -> None:
        if record.step >= self.step:
            self.control.stop()


def train_again(
    model: Model,
    stages: Sequence[Mapping[str, Any]],
    settings: Sequence[Settings],
    samples: Samples,
    replay: Samples | None,
    start: State | None,
) -> TrainedAgain:
    """stages: the card's, each a training up to its step; settings: theirs. start: the weights that
    the first began with, where they are not the base model's.
    """
    session = model.session()
    if start is not None:
        session.load_state(start)
    rates, wrong = [], []
    for stage, how in zip(stages, settings, strict=True):
        if stage["step"] == 0:
            continue
        control = Control()
        stop = _StopAfter(stage["step"], control)
        history = fit(session, samples, how, [stop], replay=replay, control=control)
        said, made = (stage["step"], stage["total"]), (history.steps, history.total)
        if said != made:
            wrong.append(
                f"a training made {said[0]} of {said[1]} steps, and again {made[0]} of {made[1]}"
            )
        if not stage["averaged"]:  # a run that diverged lost its average
            session.load_state(history.progress.state)
        rates += [one.learning_rate for one in history.records[-1:] if one.learning_rate]
    return TrainedAgain(session.state(), tuple(rates), tuple(wrong))


def rates_left(model: Model, published: State, again: TrainedAgain) -> list[str]:
    """Variables of the learning rate that differ as an older odt left them: at the rate of a last
    step, rather than at the one before the training.
    """
    name = model.contract.learning_rate
    about = None if name is None else model.description.signature(name)
    held = () if about is None else about.assigns
    return [
        one
        for one in set(held) & published.keys()
        if published[one].tobytes() != again.state[one].tobytes()
        and any(
            np.array_equal(published[one], np.full_like(again.state[one], rate))
            for rate in again.rates
        )
    ]


def differences(published: State, again: State) -> list[str]:
    """Each variable that is not the same to the last bit, and by how much."""
    found = []
    for name in sorted(published.keys() | again.keys()):
        if name not in published or name not in again:
            found.append(f"{name}: only in one of the two")
            continue
        one, other = published[name], again[name]
        if one.dtype != other.dtype or one.shape != other.shape:
            found.append(f"{name}: {one.dtype} {one.shape} against {other.dtype} {other.shape}")
        elif one.tobytes() != other.tobytes():
            away = np.abs(one.astype(np.float64) - other.astype(np.float64))
            found.append(f"{name}: largest difference {np.max(away):.3g}")
    return found
