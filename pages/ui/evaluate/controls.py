"""Negative controls: with shuffled labels, or another person's samples, the gain must vanish."""

from __future__ import annotations

import contextlib

import streamlit as st

from odt_core.errors import OdtError
from odt_core.evaluation import Comparison, Controls, negative_controls
from odt_core.samples import Samples, prepare
from odt_core.workspace import Part
from pages.ui import pieces
from pages.ui.base_sets import replay_of
from pages.ui.desk import Desk
from pages.ui.evaluate.background import Job
from pages.ui.evaluate.figure import BASE, OWN, figure
from pages.ui.evaluate.large import verdict
from pages.ui.evaluate.study import about_training, settings_of, study, told, trainer_of, why_not
from pages.ui.say import points


def controls_card(desk: Desk) -> None:
    """Draw the card."""
    with st.container(key="card_controls", border=True, gap="small"):
        pieces.heading("Is the gain real?", "negative controls")
        pieces.note(
            "Trains three times from the base model: on your samples, on the same with "
            "their labels shuffled, and on another person's. Only the first may help."
        )
        ready = why_not(desk)
        if not ready and not desk.tells_labels:
            ready = "This model gives numbers: there are no labels to shuffle."
        study(
            desk,
            "the study of negative controls",
            "controls",
            lambda job: _work(desk, job),
            _show,
            ready=ready,
            about=about_training(desk),
        )


def _work(desk: Desk, job: Job) -> Controls:
    train, test, settings = desk.samples(Part.TRAIN), desk.samples(Part.TEST), settings_of(desk)
    others = _other_person(desk)
    with trainer_of(desk) as trainer:
        return negative_controls(
            trainer,
            train,
            test,
            settings,
            others=others,
            replay=replay_of(desk.card) if settings.replay else None,
            progress=told(job),
            stopped=job.stopped,
        )


def _other_person(desk: Desk) -> Samples | None:
    """Samples of somebody of the model's card who is not in the workspace."""
    there = {sample.origin for sample in desk.workspace.manifest.samples}
    for raw in desk.card.load_people().values() if desk.card.people else ():
        if any(name in there for name in raw.names):
            continue
        with contextlib.suppress(OdtError):  # labels that this workspace does not have
            return prepare(raw, desk.card.preprocessing, desk.labels)
    return None


def _show(result: Controls) -> None:
    good = result.vanished is not False
    verdict("" if result.vanished is None else "As it should." if good else "Beware.",
            result.sentence, good=good)  # fmt: skip
    rows: list[tuple[str, Comparison]] = [("Your samples", result.own)]
    if result.shuffled is not None:
        rows.append(("Shuffled labels", result.shuffled))
    if result.other_person is not None:
        rows.append(("Another person's", result.other_person))
    names = [name for name, _ in rows]
    colours = [OWN] + [BASE] * (len(rows) - 1)
    figure(
        "chart_controls",
        [
            {
                "type": "bar",
                "x": names,
                "y": [one.gain for _, one in rows],
                "marker": {"color": colours},
                "text": [points(one.gain) for _, one in rows],
                "textposition": "outside",
                "textfont": {"size": 18},
                "cliponaxis": False,
                "hovertemplate": "%{x}: %{y:+.1%}<extra></extra>",
            }
        ],
        height=320,
        label="Gain over the base model: "
        + ", ".join(f"{name} {points(one.gain)}" for name, one in rows),
        layout={
            "yaxis": {"tickformat": "+.0%", "zeroline": True, "title": {"text": "gain"}},
            "xaxis": {"showgrid": False, "tickfont": {"size": 15}},
            "showlegend": False,
        },
    )
    pieces.table(
        ("Trained on", "Gain", "Fixed", "Broken", "n", "In words"),
        [
            (
                name,
                points(one.gain),
                str(len(one.fixed)),
                str(len(one.broken)),
                str(one.n),
                one.sentence,
            )
            for name, one in rows
        ],
    )
    pieces.note(
        f"Trained on {result.samples} samples each"
        + (f" ({result.other_samples} of another person)" if result.other_samples else "")
        + f". When the labels were shuffled, {100 * result.kept:.0f} % kept theirs by chance."
    )
