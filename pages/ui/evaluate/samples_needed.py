"""Samples needed: accuracy against samples per label, several seeds, with intervals."""

from __future__ import annotations

import math

import streamlit as st

from odt_core.studies import Point, SamplesNeeded, samples_needed
from odt_core.words import sentences
from odt_core.workspace import Part
from pages.ui import pieces
from pages.ui.base_sets import base_test_of, replay_of
from pages.ui.base_words import head_in_words
from pages.ui.desk import Desk
from pages.ui.desk.jobs import Job
from pages.ui.evaluate.figure import BASE, OWN, figure
from pages.ui.evaluate.large import verdict
from pages.ui.evaluate.study import (
    NEEDED,
    about_training,
    study,
    told,
    trainer_of,
    why_not,
    with_settings,
)
from pages.ui.numbers import figure as short
from pages.ui.say import between, percent

_SEEDS = (0, 1, 2)


def samples_needed_card(desk: Desk) -> None:
    """Draw the card."""
    with st.container(key="card_needed", border=True, gap="small"):
        pieces.heading("How many samples does it take?", f"{len(_SEEDS)} seeds a point")
        pieces.note(
            "Trains again and again from the base model, in a process of its own: your model stays "
            "as it is. Each point is the mean over the seeds on your test samples. "
            + sentences(with_settings(desk), head_in_words(desk.base_side, "here"))
        )
        study(
            desk,
            NEEDED,
            "needed",
            lambda job: _work(desk, job),
            _show,
            ready=why_not(desk),
            about=about_training(desk),
        )


def _work(desk: Desk, job: Job) -> SamplesNeeded:
    train, settings = desk.samples(Part.TRAIN), desk.trained_with()
    test, left_out = desk.tests_to_judge_by()
    with trainer_of(desk) as trainer:
        return samples_needed(
            trainer,
            train,
            test,
            settings,
            seeds=_SEEDS,
            replay=replay_of(desk.card) if settings.replay else None,
            base_test=base_test_of(desk.card),
            left_out=left_out,
            progress=told(job),
            stopped=job.stopped,
        )


def _show(result: SamplesNeeded) -> None:
    verdict("", result.sentence)
    shares, of_each = result.quantity.is_share, result.quantity.of_each
    names = [_name(point) for point in result.points]
    base = result.points[0].own.mean
    traces = [
        _band(names, [point.own.interval for point in result.points]),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": f"your test samples, n = {result.points[0].own.n}",
            "x": names,
            "y": [point.own.mean for point in result.points],
            "line": {"color": OWN, "width": 3},
            "marker": {"size": 11, "color": OWN},
            "hovertemplate": "%{y:.1%}<extra></extra>" if shares else "%{y:.4g}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "base model",
            "x": names,
            "y": [base] * len(names),
            "line": {"color": BASE, "width": 2, "dash": "dash"},
            "hoverinfo": "skip",
        },
    ]
    tasks = [point.base_test for point in result.points]
    if all(task is not None for task in tasks):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"base test set, n = {tasks[0].n if tasks[0] else 0:,}",
                "x": names,
                "y": [task.mean if task else None for task in tasks],
                "line": {"color": "@own:45", "width": 2},
                "marker": {"symbol": "square", "size": 8},
                "hovertemplate": "%{y:.1%}<extra></extra>",
            }
        )
    figure(
        "chart_needed",
        traces,
        height=360,
        label="Samples per label: "
        + ", ".join(f"{_name(point)}: {_said(point, shares)}" for point in result.points),
        layout={
            "xaxis": {"type": "category", "title": {"text": "training samples" + of_each}},
            "yaxis": {"tickformat": ".0%" if shares else ""},
        },
    )
    pieces.table(
        (
            f"Samples{of_each}",
            "In all",
            result.quantity.value.capitalize(),
            "95 % interval",
            "Each seed",
            "n",
        ),
        [
            (
                _name(point),
                str(point.samples),
                _number(point.own.mean, shares),
                _ends(point.own.interval, shares),
                ", ".join(_number(value, shares) for value in point.own.per_seed),
                str(point.own.n),
            )
            for point in result.points
        ],
    )
    if not result.complete:
        pieces.note("It was stopped: these are the points that were finished.")


def _band(names: list[str], intervals: list[tuple[float, float]]) -> dict:
    """The 95 % interval as a filled ribbon."""
    known = [(low, high) if math.isfinite(high) else (None, None) for low, high in intervals]
    high, low = [end for _, end in known], [start for start, _ in known]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "95 % interval",
        "x": [*names, *names[::-1]],
        "y": [*high, *low[::-1]],
        "fill": "toself",
        "fillcolor": "@own:15",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _name(point: Point) -> str:
    if point.per_label == 0:
        return "none"
    return "all" if point.per_label is None else str(point.per_label)


def _said(point: Point, shares: bool) -> str:
    return _number(point.own.mean, shares)


def _ends(interval: tuple[float, float], shares: bool) -> str:
    if shares:
        return between(interval)
    low, high = interval
    return f"{short(low)} – {short(high)}" if math.isfinite(high) else "not known"


def _number(value: float, shares: bool) -> str:
    return percent(value).replace(" ", "\u00a0") if shares else short(value)
