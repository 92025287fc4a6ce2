"""Are confidences what they say they are? Reliability diagram, temperature, unknown input."""

from __future__ import annotations

import streamlit as st

from odt_core.evaluation import Reliability, Temperature, fit_temperature, reliability_of
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, OWN, figure
from pages.ui.evaluate.judged import Judged, choose_judged
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.say import percent


def confidence(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_calibration", border=True, gap="small"), trouble.shown():
        pieces.heading("Does it know what it knows?", "right as often as it says it is sure")
        one = choose_judged(desk, "confidence_on")
        if one is None:
            return
        _diagram(one)
    with st.container(key="card_temperature", border=True, gap="small"), trouble.shown():
        pieces.heading("Temperature", "one number that makes confidences honest")
        _temperature(desk, one)
    with st.container(key="card_unknown", border=True, gap="small"), trouble.shown():
        pieces.heading("Unknown input", "a scribble is answered with “not sure”")
        _unknown(desk, one)


def _diagram(one: Judged) -> None:
    base, own = reliability_of(one.base), reliability_of(one.own)
    numbers(
        Number("Base model", percent(base.ece), f"expected calibration error, n = {base.n:,}"),
        Number("Your model", percent(own.ece), f"expected calibration error, n = {own.n:,}", True),
    )
    figure(
        "chart_reliability",
        [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "as sure as right",
                "x": [0, 1],
                "y": [0, 1],
                "line": {"color": "@text:45", "dash": "dot", "width": 2},
                "hoverinfo": "skip",
            },
            _course("base model", base, BASE),
            _course("your model", own, OWN),
        ],
        height=420,
        label=f"Reliability: expected calibration error {percent(base.ece)} for the base model, "
        f"{percent(own.ece)} for yours, n = {own.n}",
        layout={
            "xaxis": {
                "range": [0, 1.02],
                "tickformat": ".0%",
                "title": {"text": "how sure the model says it is"},
            },
            "yaxis": {
                "range": [0, 1.04],
                "tickformat": ".0%",
                "title": {"text": "how often it is right"},
            },
        },
    )
    pieces.note(
        "Answers in ten groups by how sure the model is; larger dots stand for more answers, bars "
        "are 95 % Wilson intervals. Below the dotted line the model is too sure of itself."
    )


def _course(name: str, one: Reliability, colour: str) -> dict:
    bins = [b for b in one.bins if b.n]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [b.confidence for b in bins],
        "y": [b.accuracy for b in bins],
        "customdata": [b.n for b in bins],
        "cliponaxis": False,
        "marker": {
            "color": colour,
            "size": [9 + 16 * (b.n / one.n) ** 0.5 for b in bins],
            "opacity": 1,
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [b.interval[1] - b.accuracy for b in bins],
            "arrayminus": [b.accuracy - b.interval[0] for b in bins],
            "color": colour,
            "thickness": 1.5,
            "width": 4,
        },
        "hovertemplate": "%{x:.0%} sure, %{y:.0%} right, n = %{customdata}<extra>"
        + name
        + "</extra>",
    }


def _temperature(desk: Desk, one: Judged) -> None:
    key = (desk.model, desk.workspace.manifest.head, one.name, one.base.n)
    if not st.button("Fit a temperature", key="fit_temperature") and (
        st.session_state.get("temperature_of") != key
    ):
        pieces.note("Divides the scores by one number. It changes no answer, only how sure it is.")
        return
    st.session_state["temperature_of"] = key
    found = {
        "Base model": _fit(desk, one, own=False),
        "Your model": _fit(desk, one, own=True),
    }
    for name, fitted in found.items():
        verdict("", f"{name}: {fitted.sentence}")
    pieces.table(
        ("", "Temperature", "ECE before", "ECE after", "−ln p before", "−ln p after", "n"),
        [
            (
                name,
                f"{fitted.value:.2f}",
                percent(fitted.before.ece),
                percent(fitted.after.ece),
                f"{fitted.before.nll:.3f}",
                f"{fitted.after.nll:.3f}",
                f"{fitted.n:,}",
            )
            for name, fitted in found.items()
        ],
    )
    held_out = all(fitted.held_out for fitted in found.values())
    pieces.note(
        "Each sample is judged with the temperature of the other four fifths."
        if held_out
        else "So few samples that they are judged with the temperature fitted to them: too good."
    )


def _fit(desk: Desk, one: Judged, *, own: bool) -> Temperature:
    scores, kind = desk.raw_scores(one.samples.x, own=own)
    return fit_temperature(scores, one.base.truth, kind, used=one.samples.labels.used)


def _unknown(desk: Desk, one: Judged) -> None:
    limit = desk.unknown()
    if limit is None:
        pieces.note("There are no samples yet from which to learn what is known.")
        return
    scores, _ = desk.raw_scores(one.samples.x, own=True)
    strange = int(limit.is_unknown(scores).sum())
    numbers(
        Number("“Not sure”", f"{strange:,}", f"of {len(scores):,}: {one.name.lower()}", own=True),
        Number("Kept", f"{100 * limit.kept:.0f} %", f"of n = {limit.n:,} known samples"),
        Number("Threshold", f"{limit.threshold:.3g}", limit.method.value.replace("-", " ")),
    )
    values = limit.score(scores)
    right = one.own.predictions == one.own.truth
    figure(
        "chart_unknown",
        [
            {
                "type": "histogram",
                "name": name,
                "x": values[mask].tolist(),
                "marker": {"color": colour},
                "nbinsx": 30,
                "hovertemplate": "%{y} samples<extra>" + name + "</extra>",
            }
            for name, mask, colour in (
                ("right answers", right, "@own:70"),
                ("wrong answers", ~right, BASE),
            )
        ],
        height=280,
        label=f"{strange} of {len(scores)} samples are stranger than the threshold",
        layout={
            "barmode": "stack",
            "xaxis": {"title": {"text": "how strange a sample is to your model"}},
            "yaxis": {"title": {"text": "samples"}},
            "shapes": [
                {
                    "type": "line",
                    "x0": limit.threshold,
                    "x1": limit.threshold,
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "line": {"color": "@text", "dash": "dash", "width": 2},
                }
            ],
        },
    )
    pieces.note(
        "The first page answers “not sure” right of the dashed line. The threshold keeps the "
        "answers to that share of the known samples."
    )
