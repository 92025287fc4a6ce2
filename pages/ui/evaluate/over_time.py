"""The checkpoint scrubber: drag along the timeline, the same inputs answered by each checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from odt_core.evaluation import Evaluation, compare
from odt_core.evaluation.evaluation import errors_each
from odt_core.samples import Labels, Samples
from odt_core.studies import Quantity
from odt_core.words import over_again
from odt_core.workspace import Kind, Part, SampleEntry, Score
from pages.ui import pieces, trouble
from pages.ui.base_sets import base_test_of
from pages.ui.base_words import base_answer, base_in_words
from pages.ui.compare import counted, headline
from pages.ui.desk import BASE_TEST, BaseSide, Desk
from pages.ui.desk.near import name_of
from pages.ui.evaluate.figure import BASE, OWN, whiskers
from pages.ui.evaluate.values import answer, in_words, off, wanted
from pages.ui.numbers import figure as short
from pages.ui.numbers import first_of
from pages.ui.picture_answers import in_pictures
from pages.ui.say import between, clock, isolated, percent
from pages.ui.served import ASSETS, PLOTLY, with_plotly
from pages.ui.thumbs import thumb_uri

_PARTS = ASSETS / "components"
_mount = st.components.v2.component(
    "odt_scrub",
    html=(_PARTS / "scrub.html").read_text(encoding="utf-8"),
    css="".join((_PARTS / f"{name}.css").read_text("utf-8") for name in ("figure", "scrub")),
    js=with_plotly("drawing.js", "scrub.js"),
    isolate_styles=False,  # large type and Plotly's style sheet stand in the document
)
_TICKS = 13  # steps named below the chart
_MOST = 40  # checkpoints on the slider, the newest
_SHOWN = 12  # inputs
_DRAWN = 6  # of those that each checkpoint answers by a picture


@dataclass(frozen=True)
class Stop:
    """A place on the slider: the base model (None) or a checkpoint."""

    id: str | None
    name: str
    step: int
    begins: bool = False  # before the first step of a training
    made: str = ""  # when
    base_test: Score | None = None  # on the base test set, where it was measured


def over_time(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_scrubber", border=True, gap="small"), trouble.shown():
        pieces.heading("Over time", "the same samples, answered by each checkpoint")
        if desk.why_unscored:
            pieces.note(desk.why_unscored)
            return
        part, (name, prepared) = Part.TEST, desk.tests()
        if not prepared.entries:
            part, prepared = Part.TRAIN, desk.prepared(Part.TRAIN)
            name = part, name_of(prepared.entries)
        samples, entries = prepared.samples, prepared.entries
        stops = _stops(desk)
        if not len(samples):
            pieces.note("There are no samples yet that each checkpoint could answer.")
            return
        if len(stops) < 2:
            pieces.note("Train once: then there are checkpoints to drag through.")
            return
        if desk.busy:
            pieces.note(f"{desk.training_is}. When it has ended, drag through its checkpoints.")
            return
        with st.spinner("Asking each checkpoint …"):
            course = [desk.evaluation_at(stop.id, name, samples) for stop in stops]
        if part is Part.TRAIN:
            pieces.note("There are no test samples: these are training samples, easy to get right.")
        if desk.base_side is not None:
            pieces.note(base_in_words(desk.base_side))
        _mount(key="chart_scrub", data=_data(desk, stops, course, samples, entries))


def _data(
    desk: Desk,
    stops: list[Stop],
    course: list[Evaluation],
    samples: Samples,
    entries: tuple[SampleEntry, ...],
) -> dict[str, Any]:
    """All that the browser needs to drag without asking the server."""
    labelled = course[0].accuracy is not None
    quantity = Quantity.of(course[0])
    shares = quantity.is_share
    marks = [one.share_right if shares else one.mean_squared_error for one in course]
    whose = "your test samples" if entries[0].part is Part.TEST else "your training samples"
    faces = (_faces if labelled else _value_faces)(desk, course, samples, entries)
    return {
        "src": PLOTLY,
        "stops": [
            {
                "name": stop.name,
                "figure": headline(one),
                "remark": _remark(stop, one, quantity),
                "sentence": _sentence(stop, course[0], one),
            }
            for stop, one in zip(stops, course, strict=True)
        ],
        "faces": faces,
        "marks": marks,
        "traces": _traces(stops, course, marks, whose, shares=shares),
        "layout": (_layout(stops, shares=shares),),
        "height": 280,
        "file": "checkpoints",
        "label": quantity.value.capitalize()
        + " at each checkpoint: "
        + ", ".join(f"{s.name} {headline(one)}" for s, one in zip(stops, course, strict=True)),
    }


def _remark(stop: Stop, one: Evaluation, quantity: Quantity) -> str:
    what = quantity.value if one.places is None else f"{one.places.called} right"
    told = f"{what}, n = {counted(one)}"
    if one.interval is not None:
        told = (
            f"{one.correct} of {one.different:,} right{over_again(one.n, one.different)}, 95 % "
            f"interval {between(one.interval)}"
        )
    return told + (f" · made {stop.made}" if stop.made else "")


def _sentence(stop: Stop, base: Evaluation, one: Evaluation) -> str:
    if stop.id is None:
        return "The base model, before any training."
    told = compare(base, one, called="").sentence
    score = stop.base_test
    if score is None:
        return told
    share = score.share_right
    kept = percent(share) if share is not None else short(score.error or 0.0)
    return f"{told} Base test set: {kept}, n = {score.n:,}."


def _faces(
    desk: Desk,
    course: list[Evaluation],
    samples: Samples,
    entries: tuple[SampleEntry, ...],
) -> list[dict[str, Any]]:
    """First those that the base model gets wrong, then those whose answer changes on the way."""
    base, labels = course[0], samples.labels
    predictions = np.stack([one.predictions for one in course])  # [stops, N]
    moves = (predictions != predictions[0]).any(axis=0)
    right = base.predictions == base.truth
    order = np.lexsort((~moves, right, ~base.judged))[: min(_SHOWN, base.different)]
    sides = [desk.base_side] + [None] * (len(course) - 1)
    return [
        {
            "uri": thumb_uri(desk.workspace, entries[k], 96),
            "title": f"is {isolated(labels.called(int(base.truth[k])))}",
            "says": [_says(one, k, labels, side) for one, side in zip(course, sides, strict=True)],
            "right": [bool(one.predictions[k] == one.truth[k]) for one in course],
        }
        for k in map(int, order)
    ]


def _value_faces(
    desk: Desk,
    course: list[Evaluation],
    samples: Samples,
    entries: tuple[SampleEntry, ...],
) -> list[dict[str, Any]]:
    """Those whose distance from the target changes most; what is no picture is said in numbers."""
    away = np.stack([errors_each(one) for one in course])  # [stops, N]
    order = np.lexsort((-np.ptp(away, axis=0), ~course[0].judged))[: course[0].different]
    found = []
    for k in map(int, order[: _DRAWN if desk.draws_answers else _SHOWN]):
        face: dict[str, Any] = {"uri": thumb_uri(desk.workspace, entries[k], 96), "right": []}
        target = wanted(desk, samples, course[0], k)
        if desk.draws_answers:
            said = [target, *(answer(desk, one, k) for one in course)]
            face["target"], *face["answers"] = [u for u, _ in in_pictures(desk, said, None)]
            face |= {"title": "Sample and target", "says": [off(one, k) for one in course]}
        else:
            face["title"] = f"is {first_of(target, 4)}"
            face["says"] = [in_words(desk, one, k) for one in course]
        found.append(face)
    return found


def _says(one: Evaluation, k: int, labels: Labels, side: BaseSide | None) -> str:
    assert one.confidences is not None
    called = labels.called(int(one.predictions[k]))
    return base_answer(side, called, float(one.confidences[k]))


def _traces(
    stops: list[Stop],
    course: list[Evaluation],
    marks: list[float | None],
    whose: str,
    *,
    shares: bool,
) -> list[dict[str, Any]]:
    x = list(range(len(stops)))
    names = [stop.name for stop in stops]
    hover = "%{text}: %{y:.1%}<extra></extra>" if shares else "%{text}: %{y:.4g}<extra></extra>"
    own: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"{whose}, n = {counted(course[0])}",
        "x": x,
        "y": marks,
        "text": names,
        "line": {"color": OWN, "width": 3},
        "marker": {"color": [BASE] + [OWN] * (len(stops) - 1), "size": 9},
        "hovertemplate": hover,
        "cliponaxis": False,
    }
    ends = [one.interval for one in course if one.interval is not None]
    if len(ends) == len(marks):
        own["error_y"] = whiskers([y or 0.0 for y in marks], ends, "@own:45", 2, 4)
    level = {
        "type": "scatter",
        "mode": "lines",
        "name": "base model",
        "x": [0, len(stops) - 1],
        "y": [marks[0]] * 2,
        "line": {"color": BASE, "width": 2, "dash": "dash"},
        "hoverinfo": "skip",
    }
    kept = [(k, s.base_test) for k, s in enumerate(stops) if s.base_test is not None]
    kept = [(k, score) for k, score in kept if score.share_right is not None]
    if not shares or not kept:
        return [level, own]
    task = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"base test set, n = {kept[0][1].n:,}",
        "x": [k for k, _ in kept],
        "y": [score.share_right for _, score in kept],
        "text": [names[k] for k, _ in kept],
        "line": {"color": "@own:45", "width": 2},
        "marker": {"symbol": "square", "size": 7},
        "hovertemplate": hover,
        "cliponaxis": False,
    }
    return [level, task, own]


def _layout(stops: list[Stop], *, shares: bool) -> dict[str, Any]:
    every = -(-len(stops) // _TICKS)  # so that the steps do not run into each other
    told = [k for k in range(len(stops)) if k % every == 0]
    return {
        "xaxis": {
            "tickvals": told,
            "ticktext": [
                "base" if not k else "start" if stops[k].begins else f"{stops[k].step:,}"
                for k in told
            ],
            "title": {"text": "steps of training"},
            "showgrid": False,
            "range": [-0.4, len(stops) - 0.6],
        },
        "yaxis": {"tickformat": ".0%", "rangemode": "normal"} if shares else {},
    }


def _stops(desk: Desk) -> list[Stop]:
    """The base model and the newest checkpoints of this model, in the order of training."""
    entries = desk.checkpoints_in_order()
    stops = [Stop(None, "Base model", 0, base_test=_base_score(desk))]
    for number, entry in enumerate(entries[-_MOST:], 1):
        stops.append(
            Stop(
                entry.id,
                f"Checkpoint {number}: step {entry.info.steps:,}",
                entry.info.steps,
                entry.info.kind is Kind.START,
                clock(entry.added),
                entry.info.base,
            )
        )
    return stops


def _base_score(desk: Desk) -> Score | None:
    """Of the base model on the base test set."""
    base_test = base_test_of(desk.card)
    if base_test is None:
        return None
    return Score.of(desk.evaluation_at(None, BASE_TEST, base_test))
