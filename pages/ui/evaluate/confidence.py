"""Are confidences what they say they are? The reliability diagram, and the cards below it."""

from __future__ import annotations

import streamlit as st

from odt_core.evaluation import Reliability, reliability_of, too_few
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, OWN, figure
from pages.ui.evaluate.judged import Judged, choose_judged
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.evaluate.temperature import temperature_card
from pages.ui.evaluate.unknown_input import unknown_card
from pages.ui.say import percent

_FEWEST = 10  # samples below which nothing is said of confidences


def confidence(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_calibration", border=True, gap="small"), trouble.shown():
        pieces.heading("Does it know what it knows?", "right as often as it says it is sure")
        one = choose_judged(desk, "confidence_on")
        if one is None:
            return
        _diagram(desk, one)
    temperature_card(desk, one)
    unknown_card(desk, one)


def _diagram(desk: Desk, one: Judged) -> None:
    base, own = reliability_of(one.base), reliability_of(one.own)
    both = [Number("Base model", percent(base.ece), _remark(base))]
    if not desk.same_as_base:
        both.append(Number("Your model", percent(own.ece), _remark(own), own=True))
    numbers(*both)
    verdict("", _sentence(own))
    _tempered(desk, one)
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
            *([] if desk.same_as_base else [_course("your model", own, OWN)]),
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


def _remark(one: Reliability) -> str:
    chance = f" · by chance up to {percent(one.by_chance)}" if one.n >= _FEWEST else ""
    return f"expected calibration error, n = {one.n:,}{chance}"


def _sentence(own: Reliability) -> str:
    """Whether the error of your model is more than chance."""
    if own.n < _FEWEST:
        return f"{too_few(own.n)} confidences are."
    if own.dishonest:
        return (
            f"Your model's confidences are off by {percent(own.ece)}: more than chance explains. "
            "A temperature may help."
        )
    return (
        f"With n = {own.n:,} an error of {percent(own.ece)} is no more than chance: 95 of 100 "
        f"honest models stay below {percent(own.by_chance)}."
    )


def _tempered(desk: Desk, one: Judged) -> None:
    used = desk.temperature
    if used is None:
        return
    here = used.on == one.name.lower()
    pieces.note(
        f"Your model is shown at temperature {used.value:.2f}, fitted to {used.on}, n = {used.n:,}"
        + (": to these samples, so that it looks a little too good here." if here else ".")
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
