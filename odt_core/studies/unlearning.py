"""Unlearning, verified: the weights without some samples are those of a model never shown them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from odt_core.errors import SampleError
from odt_core.evaluation.repeats import repeated
from odt_core.studies.study import OnProgress, Stopped, StudyProgress, StudyStopped, never, quiet
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.samples import Samples
    from odt_core.studies.trainer import Trainer


@dataclass(frozen=True)
class Unlearned:
    """Digests are of all variables (state_digest).

    digest: derived again from the base, without the removed samples, by a trainer that had seen
    them where `shown_digest` is there. never_shown: of a trainer that never saw them. identical:
    the two are equal. shown_digest: with the removed samples; None where they were not given.
    state: the weights without them.
    """

    digest: str
    never_shown: str
    identical: bool
    shown_digest: str | None
    removed: int
    samples: int
    state: dict[str, np.ndarray]
    sentence: str


def unlearn(
    trainer: Trainer,
    samples_without: Samples,
    settings: Settings,
    *,
    removed: Samples | None = None,
    replay: Samples | None = None,
    progress: OnProgress = quiet,
    stopped: Stopped = never,
) -> Unlearned:
    """Derive the model again from the base without the removed samples, and check the result
    against a model that was never shown them, in `trainer.fresh()`.

    removed: what was taken out; the trainer is then first shown everything, so that there is
    something to forget. replay: as Trainer.train takes it.
    Raises SampleError when a removed sample is still among the others or the replayed ones, to the
    last number, or none are left; StudyStopped when stopped.
    """
    if not len(samples_without):
        raise SampleError(
            "Without the removed samples there is nothing left to train on: the base model is the "
            "model that was never shown them."
        )
    gone = 0 if removed is None else len(removed)
    if removed is not None:
        _check_gone(samples_without, removed, "still there a second time. Remove those too")
        replay = trainer.replayed(settings, replay)
        if replay is not None and settings.replay:
            also = "also among the base samples that are mixed in. Set replay to 0"
            _check_gone(replay, removed, also)
    shown, total = None, 3 if gone else 2
    if removed is not None and gone:
        progress(StudyProgress(0, total, "with the removed samples"))
        shown = trainer.train(
            _together(samples_without, removed), settings, replay=replay, stopped=stopped
        )
    if stopped():
        raise StudyStopped
    progress(StudyProgress(total - 2, total, "again from the base, without them"))
    digest = trainer.train(samples_without, settings, replay=replay, stopped=stopped)
    state = trainer.state()
    progress(StudyProgress(total - 1, total, "a model never shown them"))
    with trainer.fresh() as other:
        reference = other.train(samples_without, settings, replay=replay, stopped=stopped)
    progress(StudyProgress(total, total, "finished"))
    return Unlearned(
        digest=digest,
        never_shown=reference,
        identical=digest == reference,
        shown_digest=shown,
        removed=gone,
        samples=len(samples_without),
        state=state,
        sentence=_sentence(digest, reference, gone, len(samples_without)),
    )


def _check_gone(samples: Samples, removed: Samples, what: str) -> None:
    twice = int(repeated(removed.x, samples.x).sum())
    if twice:
        are = "is" if twice == 1 else "are"
        raise SampleError(
            f"{twice} of the removed samples {are} {what}, or the model goes on seeing them."
        )


def _together(samples: Samples, removed: Samples) -> Samples:
    from odt_core.samples import Samples

    return Samples(
        np.concatenate([samples.x, removed.x]),
        np.concatenate([samples.y, removed.y]),
        samples.labels,
    )


def _sentence(digest: str, reference: str, gone: int, left: int) -> str:
    what = "the removed samples"
    if gone:
        what = "the removed sample" if gone == 1 else f"the {gone} removed samples"
    if digest == reference:
        return (
            f"Forgotten: trained again from the base on the other {left}, the weights equal those "
            f"of a model never shown {what}, bit for bit ({digest[:12]}). Copies that differ in "
            "any number would count as others."
        )
    return (
        f"Not verified: the weights ({digest[:12]}) differ from those of a model never shown "
        f"{what} ({reference[:12]}), so training is not deterministic on this machine."
    )
