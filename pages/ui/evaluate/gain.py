"""Gain and price at a glance: base and own on the person's test samples and the base test set."""

from __future__ import annotations

import streamlit as st

from odt_core.evaluation import Comparison, Evaluation, Verdict
from pages.ui import pieces, trouble
from pages.ui.base_sets import base_test_of
from pages.ui.base_words import base_in_words
from pages.ui.compare import headline, right_of
from pages.ui.curves import loss_chart, score_chart
from pages.ui.desk import BASE_TEST, Desk, Scores
from pages.ui.evaluate.figure import BASE, OWN, figure, whiskers
from pages.ui.evaluate.large import Number, numbers, verdict
from pages.ui.evaluate.test_samples import test_notes
from pages.ui.lost_run import lost_run
from pages.ui.pace import tick
from pages.ui.say import count, percent, points
from pages.ui.turns import Urgency, fragment
from pages.ui.untested import untested

_MOODS = {Verdict.BETTER: True, Verdict.WORSE: False}  # else there is no telling


def gain_and_price(desk: Desk) -> None:
    """The two cards, and what to do with a run that lost. Ticks while training runs."""
    fragment(_draw, Urgency.TICK, 4 * tick() if desk.busy else None)(desk)


def _draw(desk: Desk) -> None:
    lost_run(desk, "result")
    left, right = st.columns(2, gap="small")
    shown: dict[str, Scores] = {}
    changes: dict[str, Comparison] = {}
    with left, st.container(key="card_gain", border=True, gap="small"), trouble.shown():
        unseen = "" if desk.seen_tests() else ", never trained on"
        pieces.heading("Gain", f"on your test samples{unseen}")
        tests = None if desk.why_unscored else desk.tests()
        if tests is None:
            pieces.note(
                f"{desk.why_unwatched} The Model page lets you choose another signature or output."
            )
        elif not len(tests[1].samples):
            pieces.note(untested(desk))
        else:
            scores = shown["Your test samples"] = desk.scores(tests[1].samples, tests[0])
            claims = desk.claims(scores)
            changes["Your test samples"] = claims.comparison
            _both(desk, scores, claims.comparison, claimed=not (claims.leak or claims.chosen))
            if desk.base_side is not None:
                pieces.note(base_in_words(desk.base_side))
            said = desk.base_side is not None and not desk.base_side.known
            if claims.new is not None and desk.trained and not said:
                pieces.note(claims.new.sentence)
            test_notes(desk, listed=True)
            if claims.others is not None and desk.trained:
                others = claims.others
                pieces.note(
                    f"On the other {count(others.samples, 'test sample')}: {others.sentence}"
                )
    with right, st.container(key="card_price", border=True, gap="small"), trouble.shown():
        pieces.heading("Price", "on the frozen base test set")
        base_test = None if desk.why_unscored else base_test_of(desk.card)
        if base_test is None:
            pieces.note("This model came without a base test set: forgetting is not measured.")
            if desk.base_side is not None:
                pieces.note(
                    "Its backbone never changes and its head began without labels, so there is "
                    "nothing of the base that training could make it forget."
                )
        else:
            scores = shown["Base test set"] = desk.scores(base_test, BASE_TEST)
            changes["Base test set"] = scores.change
            _both(desk, scores, scores.change)
    if desk.tells_labels and shown and not desk.same_as_base:
        with st.container(key="card_intervals", border=True, gap="small"):
            pieces.heading("How sure is that?", "accuracy with 95 % Wilson intervals")
            _intervals(shown)
    elif desk.trained and shown:
        with st.container(key="card_intervals", border=True, gap="small"):
            pieces.heading("How sure is that?", "the mean gain with its 95 % interval")
            _gains({title: one for title, one in changes.items() if one.interval is not None})
            for title, one in changes.items():
                pieces.note(f"{title}: {one.gain_sentence or one.sentence}")
    run = desk.shown_run()
    if run is not None and desk.why_unscored and desk.reports_loss:
        with st.container(key="card_course", border=True, gap="small"), trouble.shown():
            pieces.heading("The last run", "what the model reports of itself")
            loss_chart("course", desk, run, 300)
    elif run is not None and run.evaluations:
        with st.container(key="card_course", border=True, gap="small"), trouble.shown():
            pieces.heading("The last run", "your model moves, the base model is dashed")
            score_chart("course", desk, run, 300, large=True)


def _both(desk: Desk, scores: Scores, change: Comparison, *, claimed: bool = True) -> None:
    """claimed: whether the change may be called a better or a worse model."""
    base, own = scores.base, scores.own
    both = [Number("Base model", headline(base), right_of(base))]
    if not desk.same_as_base:
        both.append(Number("Your model", headline(own), right_of(own), own=True))
    numbers(*both)
    if not desk.trained:
        if not desk.same_as_base:
            verdict("", "Not trained yet: it has learnt nothing so far.")
        return
    mood = _MOODS.get(change.verdict) if claimed else None
    verdict(_change(base, own), _unbroken(change.sentence), good=mood)
    if change.uneven:
        pieces.note(_unbroken(change.uneven))
    if own.accuracy is not None and change.p_words in change.sentence:
        pieces.note("p: McNemar's exact test on the answers that changed, two-sided.")


def _unbroken(text: str) -> str:
    """No line ends between a number and its %."""
    return text.replace(" %", "\u00a0%")


def _change(base: Evaluation, own: Evaluation) -> str:
    if base.share_right is not None and own.share_right is not None:
        return points(own.share_right - base.share_right) + "."
    before, after = base.mean_squared_error or 0.0, own.mean_squared_error or 0.0
    if not before:
        return ""
    word = "smaller" if after <= before else "larger"
    return f"Error {percent(abs(before - after) / before)} {word}."


def _gains(shown: dict[str, Comparison]) -> None:
    """What became of the mean of a model of values: a dot and its interval for each set."""
    if not shown:
        return
    every = list(shown.values())
    quantity, scale = every[0].quantity, every[0].quantity.scale
    ends = [(scale * low, scale * high) for low, high in (one.interval for one in every)]
    dots = [scale * one.gain for one in every]
    figure(
        "chart_intervals",
        [
            {
                "type": "scatter",
                "mode": "markers",
                "x": dots,
                "y": list(range(len(every))),
                "marker": {"color": OWN, "size": 15},
                "error_x": whiskers(dots, ends, OWN),
                "hovertemplate": "%{x:.3g}<extra></extra>",
            }
        ],
        height=130 + 50 * len(every),
        label="; ".join(f"{title}: {one.gain_words}" for title, one in shown.items()),
        layout={
            "xaxis": {
                "rangemode": "tozero",
                "zeroline": True,
                "zerolinecolor": "@quiet",
                "title": {"text": quantity.gain_title},
            },
            "yaxis": {
                "range": [len(every) - 0.5, -0.5],
                "tickvals": list(range(len(every))),
                "ticktext": [f"{title}<br>n = {one.n:,}  " for title, one in shown.items()],
                "showgrid": False,
            },
            "showlegend": False,
        },
    )


def _intervals(shown: dict[str, Scores]) -> None:
    """A dot and its interval for each model on each set; the sets from top to bottom."""
    traces = []
    lowest = 1.0
    said = []
    for name, role, colour in (("Base model", "base", BASE), ("Your model", "own", OWN)):
        y, x, ends = [], [], []
        for row, (title, scores) in enumerate(shown.items()):
            one: Evaluation = getattr(scores, role)
            if one.interval is None or one.accuracy is None:
                continue
            y.append(row + (0.17 if role == "own" else -0.17))
            x.append(one.accuracy)
            ends.append(one.interval)
            lowest = min(lowest, one.interval[0])
            said.append(f"{name}, {title}: {percent(one.accuracy)}")
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": x,
                "y": y,
                "marker": {"color": colour, "size": 15},
                "error_x": whiskers(x, ends, colour),
                "hovertemplate": "%{x:.1%}<extra>" + name + "</extra>",
            }
        )
    figure(
        "chart_intervals",
        traces,
        height=110 + 70 * len(shown),
        label="Accuracy with 95 % intervals. " + "; ".join(said),
        layout={
            "xaxis": {"tickformat": ".0%", "range": [max(0.0, lowest - 0.03), 1.01]},
            "yaxis": {
                "range": [len(shown) - 0.5, -0.5],
                "tickvals": list(range(len(shown))),
                "ticktext": [f"{title}<br>n = {s.own.different:,}  " for title, s in shown.items()],
                "showgrid": False,
            },
        },
    )
