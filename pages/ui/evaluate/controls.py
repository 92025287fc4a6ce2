"""Negative controls: with shuffled labels, or another person's samples, the gain must vanish."""

from __future__ import annotations

import streamlit as st

from odt_core.evaluation import Comparison
from odt_core.studies import Controls, negative_controls, other_person
from odt_core.words import sentences
from odt_core.workspace import Part
from pages.ui import pieces
from pages.ui.base_sets import replay_of
from pages.ui.base_words import head_in_words
from pages.ui.desk import Desk
from pages.ui.desk.jobs import Job
from pages.ui.evaluate.figure import BASE, OWN, figure, whiskers
from pages.ui.evaluate.large import verdict
from pages.ui.evaluate.study import (
    CONTROLS,
    about_training,
    study,
    told,
    trainer_of,
    why_not,
    with_settings,
)
from pages.ui.say import percent


def controls_card(desk: Desk) -> None:
    """Draw the card."""
    with st.container(key="card_controls", border=True, gap="small"):
        pieces.heading("Is the gain real?", "negative controls")
        what = "labels" if desk.tells_labels else "targets"
        pieces.note(
            "Trains from the base model on your samples, three times on the same with their "
            f"{what} shuffled, and on another person's. Only the first may help. "
            + sentences(with_settings(desk), head_in_words(desk.base_side, "here"))
        )
        ready = why_not(desk)
        study(
            desk,
            CONTROLS,
            "controls",
            lambda job: _work(desk, job),
            _show,
            ready=ready,
            about=about_training(desk),
        )


def _work(desk: Desk, job: Job) -> Controls:
    train, settings = desk.samples(Part.TRAIN), desk.trained_with()
    test, left_out = desk.tests_to_judge_by()
    others = other_person(desk.card, desk.labels, train)
    with trainer_of(desk) as trainer:
        return negative_controls(
            trainer,
            train,
            test,
            settings,
            others=others,
            replay=replay_of(desk.card) if settings.replay else None,
            left_out=left_out,
            progress=told(job),
            stopped=job.stopped,
        )


def _show(result: Controls) -> None:
    what = f"{result.own.quantity.taught}s"
    verdict(_lead(result), result.sentence, good=result.vanished is not False)
    rows: list[tuple[str, Comparison]] = [("Your samples", result.own)]
    rows += [(f"Shuffled {what} {k + 1}", one) for k, one in enumerate(result.shuffled)]
    if result.other_person is not None:
        part = ", in\u00a0part" if result.shared else ""
        rows.append((f"Another person's{part}", result.other_person))
    on_shared = [("Your samples, in part", result.shared.own)] if result.shared else []
    names = [name.replace(" ", "<br>") for name, _ in rows]  # upright on a phone too
    colours = [OWN] + [BASE] * (len(rows) - 1)
    quantity, scale = result.own.quantity, result.own.quantity.scale
    gains = [scale * one.gain for _, one in rows]
    sure = [one.interval or (one.gain, one.gain) for _, one in rows]
    ends = [(scale * low, scale * high) for low, high in sure]
    reached = [0.0, *gains, *(end for both in ends for end in both)]
    room = 0.15 * (max(reached) - min(reached) or 1.0)  # for the figures above and below the bars
    below = room if any(one.gain < 0 for _, one in rows) else room / 4
    figure(
        "chart_controls",
        [
            {
                "type": "bar",
                "x": names,
                "y": gains,
                "marker": {"color": colours},
                "error_y": whiskers(gains, ends, "@text", 2),
                "hovertemplate": "%{x}: %{y:+.3g}<extra></extra>",
                "width": 0.45,
            },
            {
                "type": "scatter",
                "mode": "text",
                "x": names,
                # Beyond the interval's far end, never on the bar, where it could not be read.
                "y": [
                    low - room / 5 if gain < 0 else high + room / 5
                    for gain, (low, high) in zip(gains, ends, strict=True)
                ],
                "text": [quantity.figures(one.gain) for _, one in rows],
                "textposition": [
                    "bottom center" if one.gain < 0 else "top center" for _, one in rows
                ],
                "textfont": {"size": 18},
                "cliponaxis": False,
                "hoverinfo": "skip",
            },
        ],
        height=340,
        label="Gain over the base model: "
        + "; ".join(f"{name} {one.gain_words}" for name, one in rows),
        layout={
            "yaxis": {
                "tickformat": "+.0f" if quantity.is_share else "",
                "range": [min(reached) - below, max(reached) + room],
                "zeroline": True,
                "zerolinecolor": "@quiet",
                "title": {"text": quantity.gain_title},
            },
            "xaxis": {"showgrid": False, "tickfont": {"size": 15}, "tickangle": 0},
            "showlegend": False,
        },
    )
    pieces.table(
        ("Trained on", "Gain, 95 % interval", "Against the base model"),
        [
            (name, one.gain_figures.replace("95 % interval ", ""), one.sentence)
            for name, one in rows + on_shared
        ],
    )
    if result.other_person is None:
        pieces.note(
            "Nobody else's samples of the labels that you test are at hand for this model. From "
            "the command line: odt_core report … --others PATH."
        )
    pieces.note(
        f"Trained on {result.samples} samples each"
        + (f" ({result.other_samples} of another person)." if result.other_samples else ".")
        + (
            f" When the {what} were shuffled, {percent(result.kept, 0)} kept theirs."
            if result.shuffled
            else ""
        )
    )


def _lead(result: Controls) -> str:
    """Nothing where one control is as it should be and the sentence warns of the other."""
    if not result.vanished:
        return "" if result.vanished is None else "Beware."
    other, over = result.other_person, result.own_over_other
    helped = other is not None and other.gained
    own_is_more = over is not None and over.gained
    return "" if helped and not own_is_more else "As it should."
