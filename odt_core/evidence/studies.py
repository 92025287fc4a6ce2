"""The studies of a bundle: what training costs, negative controls, samples needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from odt_core.errors import SampleError
from odt_core.evaluation import state_digest
from odt_core.studies import (
    Controls,
    Cost,
    SamplesNeeded,
    StudyProgress,
    StudyStopped,
    WorkerTrainer,
    measure_cost,
    negative_controls,
    samples_needed,
)
from odt_core.studies.study import OnProgress, Stopped, never

if TYPE_CHECKING:
    import numpy as np

    from odt_core.samples import Samples
    from odt_core.training import Settings

Found = TypeVar("Found")
_COST, _CONTROLS = 15, 35  # percent of the way at which they are over


@dataclass(frozen=True)
class Studies:
    """What was studied, all from the base model with one set of settings; None: it was not, and
    `reasons` says why, in plain sentences.
    """

    cost: Cost | None = None
    controls: Controls | None = None
    needed: SamplesNeeded | None = None
    reasons: tuple[str, ...] = ()


def study_all(
    trainer: WorkerTrainer,
    train: Samples,
    test: Samples | None,
    settings: Settings,
    *,
    others: Samples | None,
    replay: Samples | None,
    base_test: Samples | None,
    asked: np.ndarray | None,
    left_out: str,
    progress: OnProgress,
    known: Studies = Studies(),
    stopped: Stopped = never,
) -> Studies:
    """Every study that is possible, those of `known` taken over. Arguments as those of
    measure_cost, negative_controls and samples_needed. left_out: why some of the person's test
    samples are not among `test`, "" where all are; it is one of the reasons. StudyStopped when
    stopped.
    """
    reasons: list[str] = []

    def told(name: str, low: int, high: int) -> OnProgress:
        """From low to high percent of the way."""
        return lambda now: progress(
            StudyProgress(low + round(now.share * (high - low)), 100, f"{name}: {now.doing}")
        )

    def possible(found: Found | None, study: Callable[[], Found]) -> Found | None:
        """What is known already, or comes out; why not is one of the reasons."""
        try:
            return study() if found is None else found
        except SampleError as error:
            reasons.append(str(error))
            return None

    def measured() -> Cost:
        price = told("what training costs", 0, _COST)
        price(StudyProgress(0, 1, "your samples"))
        return measure_cost(
            trainer,
            train,
            settings,
            replay=replay,
            asked=asked,
            progress=lambda share: price(StudyProgress(0, 1, "your samples", share)),
            stopped=stopped,
        )

    # Before all others, as it would be disturbed by one that trains beside it.
    cost = possible(known.cost, measured)
    weights = _as_measured(trainer, cost) if known.cost is None else None
    controls, needed = known.controls, known.needed
    if needed is not None and not needed.complete:
        needed = None
    if trainer.contract.infer is None:
        reasons.append("The model does not predict, so there is nothing to study.")
    elif test is None or not len(test):
        reasons.append("Negative controls and samples needed: there are no test samples.")
    else:
        controls = possible(
            controls,
            lambda: negative_controls(
                trainer,
                train,
                test,
                settings,
                others=others,
                replay=replay,
                weights=weights,
                progress=told("negative controls", _COST, _CONTROLS),
                stopped=stopped,
            ),
        )
        needed = possible(
            needed,
            lambda: samples_needed(
                trainer,
                train,
                test,
                settings,
                replay=replay,
                base_test=base_test,
                weights=weights,
                progress=told("samples needed", _CONTROLS, 100),
                stopped=stopped,
            ),
        )
        if needed is not None and not needed.complete:
            raise StudyStopped
    reasons += [left_out] if left_out else []
    return Studies(cost, controls, needed, tuple(dict.fromkeys(reasons)))


def _as_measured(trainer: WorkerTrainer, cost: Cost | None) -> dict[str, np.ndarray] | None:
    """The weights that the measured training gave; None where there was none, or where the answers
    that were timed since have changed some, such as the state of a recurrent network.
    """
    if cost is None:
        return None
    weights = trainer.state()
    return weights if state_digest(weights) == cost.weights else None
