"""Unknown input: how sure your model is of what it knows, and from where on it is "not sure"."""

from __future__ import annotations

import numpy as np
import streamlit as st

from odt_core.evaluation import Unknown
from odt_core.evaluation.familiar import Familiar
from odt_core.evaluation.intervals import wilson
from pages.ui import pieces, trouble
from pages.ui.compare import counted
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, figure
from pages.ui.evaluate.judged import Judged
from pages.ui.evaluate.large import Number, numbers
from pages.ui.say import between, percent

_BARS = 25


def unknown_card(desk: Desk, one: Judged) -> None:
    """Draw the card."""
    with st.container(key="card_unknown", border=True, gap="small"), trouble.shown():
        what = "a scribble" if desk.sees_pictures else "what is like none of your samples"
        pieces.heading("Unknown input", f"{what} is answered with “not sure”")
        _unknown(desk, one)


def _unknown(desk: Desk, one: Judged) -> None:
    if desk.busy:
        pieces.note(f"{desk.training_is}: when it has ended, the threshold is chosen again.")
        return
    familiar = desk.familiar()
    if familiar is not None:
        _by_features(desk, one, familiar)
        return
    limit = desk.unknown()
    if limit is None:
        pieces.note("There are no samples yet from which to learn what is known.")
        return
    _histogram(
        desk,
        one,
        limit,
        ("how sure your model is", "sure"),
        "Left of the dashed line “Try it” answers “not sure”"
        + (": draw a scribble there to see it" if desk.sees_pictures else "")
        + ". The out-of-distribution score is 1 minus the confidence of the answer.",
    )


def _by_features(desk: Desk, one: Judged, limit: Familiar) -> None:
    _histogram(
        desk,
        one,
        limit,
        ("how like the samples of one of your labels", "alike"),
        "Left of the dashed line “Try it” answers “not sure”: show it something else there "
        "to see it. The out-of-distribution score is 1 minus the cosine between a sample's "
        "features and the mean of the nearest label.",
    )


def _histogram(
    desk: Desk, one: Judged, limit: Unknown | Familiar, axis: tuple[str, str], note: str
) -> None:
    """Both scores are 1 minus a number from 0 to 1, which is drawn."""
    strange = desk.strangeness(one.samples.x)[one.own.judged]
    n, unsure = len(strange), int((strange > limit.threshold).sum())
    if isinstance(limit, Familiar):
        sure_of_it = f"95 % interval {between(wilson(unsure, n))}"
    else:
        sure_of_it = "the threshold was chosen on these"
    surest = 1 - limit.threshold
    numbers(
        Number(
            f"“Not sure” when less {axis[1]} than",
            percent(surest),
            f"{limit.count:,} of {limit.n:,} known samples are answered still",
            own=True,
        ),
        Number(
            "Answered “not sure” here",
            f"{unsure:,}",
            f"of {counted(one.own)}: {one.name.lower()} · {sure_of_it}",
        ),
    )
    sure = np.clip(1 - strange, 0, 1)
    highest = int(np.histogram(sure, _BARS, (0, 1))[0].max()) if len(sure) else 0
    right = (one.own.predictions == one.own.truth)[one.own.judged]
    figure(
        "chart_unknown",
        [
            {
                "type": "histogram",
                "name": f"{name}, n = {int(mask.sum()):,}",
                "x": sure[mask].tolist(),
                "marker": {"color": colour},
                "xbins": {"start": 0, "end": 1.0001, "size": 1 / _BARS},
                "hovertemplate": "%{y} samples, %{x} sure<extra>" + name + "</extra>",
            }
            for name, mask, colour in (
                ("right answers", right, "@own:70"),
                ("wrong answers", ~right, BASE),
            )
        ],
        height=300,
        label=f"{n - unsure} of {n} samples are more {axis[1]} than {percent(surest)}",
        layout={
            "barmode": "stack",
            "showlegend": True,
            "xaxis": {
                "title": {"text": axis[0]},
                "tickformat": ".0%",
                "range": [0, 1.01],
            },
            "yaxis": {"title": {"text": "samples"}, "rangemode": "tozero"}
            | ({"dtick": 1} if highest < 6 else {"nticks": 6}),
            "shapes": [
                {
                    "type": "line",
                    "x0": surest,
                    "x1": surest,
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "line": {"color": "@text", "dash": "dash", "width": 2},
                }
            ],
        },
    )
    pieces.note(note)
