"""What studies have in common: a model of their own to train, start and stop, progress."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from odt_core.workspace import Part
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.desk.jobs import Job, Look
from pages.ui.pace import tick
from pages.ui.say import count, plain, span
from pages.ui.turns import Urgency, fragment
from pages.ui.untested import untested

if TYPE_CHECKING:
    from odt_core.studies import StudyProgress, WorkerTrainer

CONTROLS = "the study of negative controls"
NEEDED = "the study of samples needed"
COST = "the measurement of cost"


def study(
    desk: Desk,
    name: str,
    key: str,
    work: Callable[[Job], Any],
    show: Callable[[Any], None],
    *,
    ready: str = "",
    button: str = "Run",
    about: object = None,
    settled: Callable[[Any], bool] = lambda result: False,
    primary: bool = True,
) -> None:
    """Button, progress, stop and result. `ready`: why it cannot run yet, "" when it can.

    `about` is equal as long as a result is still about the present model and samples; settled: of
    which results it does not matter, as what they led to is what changed.
    """
    job = desk.job(name)
    active = job is not None and job.look().running
    with st.container(horizontal=True):
        st.button(
            button,
            key=f"{key}_run",
            type="primary" if primary else "secondary",
            disabled=bool(ready) or active,
            on_click=_start,
            args=(desk, name, key, about, work),
        )
        st.button(
            "Stop",
            key=f"{key}_stop",
            disabled=not active,
            on_click=_stop,
            args=(desk, name),
        )
    trouble.show_said(key)
    if ready:
        pieces.note(ready)
    pace = 2 * tick() if active else None
    fragment(_watch, Urgency.TICK, pace)(desk, name, show, about, settled, active)


def _watch(
    desk: Desk,
    name: str,
    show: Callable[[Any], None],
    about: object,
    settled: Callable[[Any], bool],
    was_active: bool,
) -> None:
    job = desk.job(name)
    look = job.look() if job is not None else None
    if look is not None and look.running:
        st.progress(look.share, text=plain(_doing(look)))
        return
    if was_active:  # it has ended, or another tab deleted everything
        st.rerun()
    if look is None:
        return
    if look.error:
        st.error(plain(look.error))
    if look.result is None:
        if not look.error:
            pieces.note("Stopped before there was a result.")
        return
    if look.about != about and not settled(look.result):
        pieces.note("From before your samples, settings or model changed. Run it again.")
    with trouble.shown():
        show(look.result)


def _doing(look: Look) -> str:
    if look.stopping:
        return "stopping"
    left = look.seconds_left
    return look.doing if left is None else f"{look.doing} · about {span(left)} left"


def _start(desk: Desk, name: str, key: str, about: object, work: Callable[[Job], Any]) -> None:
    with trouble.caught(key):
        desk.start_job(name, about, work)


def _stop(desk: Desk, name: str) -> None:
    job = desk.job(name)
    if job is not None:
        job.stop()


def told(job: Job) -> Callable[[StudyProgress], None]:
    """What a study of odt_core.studies wants to report to."""

    def report(progress: StudyProgress) -> None:
        job.progressed(
            progress.share, f"{progress.done} of {progress.total} trainings · {progress.doing}"
        )

    return report


def about_training(desk: Desk) -> str:
    """Equal as long as training would give the same, also when the server was started again."""
    manifest = desk.workspace.manifest
    about = (
        desk.model,
        desk.labels,
        desk.trained_with(),
        tuple((s.sha256, s.label, s.target, s.part) for s in manifest.samples),
    )
    return hashlib.sha256(repr(about).encode()).hexdigest()


def with_settings(desk: Desk) -> str:
    """ "With your model's settings: 50 epochs." """
    known = desk.known_settings() is not None
    whose = "your model's settings" if known else "the settings for training"
    return f"With {whose}: {count(desk.trained_with().epochs, 'epoch')}."


def why_not(desk: Desk, *, judged: bool = True) -> str:
    """Why no study can run now, "" when one can. judged: whether it asks the test samples."""
    if not desk.can_train or (judged and not desk.can_predict):
        return f"This needs a model that trains{' and predicts' if judged else ''}."
    if judged and desk.why_unscored:
        return desk.why_unscored
    if judged and not len(desk.samples(Part.TEST)):
        return untested(desk)
    if len(desk.samples(Part.TRAIN)) < 2:
        return "There are too few samples to train on yet."
    return ""


def trainer_of(desk: Desk) -> WorkerTrainer:
    """A process of its own with the base model: your model is not touched. Close it."""
    from odt_core.studies import WorkerTrainer

    model = desk.model_file()
    return WorkerTrainer.start(model.data, desk.card, model.name, model.choice)
