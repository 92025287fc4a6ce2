"""Are confidences what they say they are? The reliability diagram, and the cards below it."""

from __future__ import annotations

import streamlit as st

from odt_core.evaluation import Reliability, reliability_of, too_few
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, OWN, figure, whiskers
from pages.ui.evaluate.judged import Judged, choose_judged
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.evaluate.temperature import temperature_card
from pages.ui.evaluate.unknown_input import unknown_card
from pages.ui.say import off_by

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
    side = desk.base_side
    shown = [("Your model", own, OWN)]
    if desk.same_as_base:
        shown = [("Base model", base, BASE)]
    elif side is None or len(side.known) > 1:  # else it has no choice, and so no confidence
        shown = [("Base model", base, BASE), *shown]
    numbers(
        *(
            Number(f"{title} is off by", off_by(found.ece), _remark(found), own=colour == OWN)
            for title, found, colour in shown
        )
    )
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
            *(_course(title.lower(), found, colour) for title, found, colour in shown),
        ],
        height=420,
        label="Reliability, less is better: "
        + ", ".join(f"{title} is off by {off_by(found.ece)}" for title, found, _ in shown)
        + f", n = {own.n:,}",
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
    chance = f" · by chance up to {100 * one.by_chance:.1f}" if one.n >= _FEWEST else ""
    return f"less is better · expected calibration error, n = {one.n:,}{chance}"


def _sentence(own: Reliability) -> str:
    """Whether the error of your model is more than chance."""
    if own.n < _FEWEST:
        return f"{too_few(own.n)} confidences are."
    if own.dishonest:
        return (
            f"Your model's confidences are off by {off_by(own.ece)}: more than chance explains. "
            "A temperature may help."
        )
    return (
        f"With n = {own.n:,} your model's {off_by(own.ece)} are no more than chance: one that is "
        f"as sure as it is right may be off by up to {off_by(own.by_chance)}."
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
        "error_y": whiskers([b.accuracy for b in bins], [b.interval for b in bins], colour, 1.5, 4),
        "hovertemplate": "%{x:.0%} sure, %{y:.0%} right, n = %{customdata}<extra>"
        + name
        + "</extra>",
    }
