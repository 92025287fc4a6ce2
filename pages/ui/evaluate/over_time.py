"""The checkpoint scrubber: drag along the timeline, the same inputs answered by each checkpoint."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st

from odt_core.evaluation import Evaluation
from odt_core.samples import Samples
from odt_core.workspace import Part, SampleEntry
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, OWN, figure
from pages.ui.evaluate.large import Face, Number, faces, numbers
from pages.ui.numbers import figure as short
from pages.ui.say import clock, percent
from pages.ui.thumbs import thumb_uri

_MOST = 40  # checkpoints on the slider, the newest
_SHOWN = 12  # inputs
_KEPT = 200  # evaluations of checkpoints a desk
_known: WeakKeyDictionary[Desk, dict[object, Evaluation]] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True)
class Stop:
    """A place on the slider: the base model (None) or a checkpoint."""

    id: str | None
    name: str
    step: int
    made: str = ""  # when


def over_time(desk: Desk) -> None:
    """Draw the part."""
    with st.container(key="card_scrubber", border=True, gap="small"), trouble.shown():
        pieces.heading("Over time", "the same samples, answered by each checkpoint")
        if not desk.can_predict:
            pieces.note("This model has no signature that predicts.")
            return
        part = Part.TEST if len(desk.samples(Part.TEST)) else Part.TRAIN
        samples, entries = desk.samples(part), desk.entries(part)
        stops = _stops(desk)
        if not len(samples):
            pieces.note("Add samples on the first page: here each checkpoint answers them.")
            return
        if len(stops) < 2:
            pieces.note("Train once: then there are checkpoints to drag through.")
            return
        if desk.busy:
            pieces.note("Training is running. When it has ended, drag through its checkpoints.")
            return
        name = (part, tuple((entry.sha256, entry.label, entry.target) for entry in entries))
        with st.spinner("Asking each checkpoint …"):
            course = [_evaluate(desk, stop, name, samples) for stop in stops]
        if part is Part.TRAIN:
            pieces.note("There are no test samples: these are training samples, easy to get right.")
        st.fragment(_scrub)(desk, stops, course, samples, entries)


def _scrub(
    desk: Desk,
    stops: list[Stop],
    course: list[Evaluation],
    samples: Samples,
    entries: tuple[SampleEntry, ...],
) -> None:
    with trouble.shown():
        names = [stop.name for stop in stops]
        if st.session_state.get("scrub") not in names:
            st.session_state["scrub"] = names[-1]
        chosen = st.select_slider("Checkpoint", names, key="scrub")
        at = names.index(chosen) if chosen in names else len(names) - 1
        base, now = course[0], course[at]
        numbers(
            Number("Base model", _headline(base), f"n = {base.n:,}"),
            Number(
                f"Checkpoint {stops[at].name}" if at else "Base model",
                _headline(now),
                f"n = {now.n:,}" + (f" · made {stops[at].made}" if at else ""),
                own=at > 0,
            ),
        )
        _chart(stops, course, at)
        if desk.tells_labels:
            faces(_faces(desk, base, now, samples, entries))
        elif len(entries) > _SHOWN:
            pieces.note(f"Errors over all {len(entries):,} samples.")


def _faces(
    desk: Desk,
    base: Evaluation,
    now: Evaluation,
    samples: Samples,
    entries: tuple[SampleEntry, ...],
) -> list[Face]:
    """First those that the base model gets wrong, then the others in their order."""
    assert now.confidences is not None
    order = np.argsort(base.predictions == base.truth, kind="stable")[:_SHOWN]
    names = samples.labels.names
    shown = []
    for k in map(int, order):
        says = names[int(now.predictions[k])] or f"output {int(now.predictions[k]) + 1}"
        right = "✓" if now.predictions[k] == now.truth[k] else "✗"
        shown.append(
            Face(
                thumb_uri(desk.workspace, entries[k], 96),
                f"is {names[int(now.truth[k])]}",
                f"{right} {says} · {percent(float(now.confidences[k]), 0)}",
                "",
            )
        )
    return shown


def _chart(stops: list[Stop], course: list[Evaluation], at: int) -> None:
    labelled = course[0].accuracy is not None
    y = [one.accuracy if labelled else one.mean_squared_error for one in course]
    x = list(range(len(stops)))
    spread = {}
    if labelled:
        bounds = [one.interval or (0.0, 1.0) for one in course]
        spread = {
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [high - value for (_, high), value in zip(bounds, y, strict=True)],
                "arrayminus": [value - low for (low, _), value in zip(bounds, y, strict=True)],
                "color": "@own:45",
                "thickness": 2,
                "width": 4,
            }
        }
    colours = [BASE] + [OWN] * (len(stops) - 1)
    figure(
        "chart_scrub",
        [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": x,
                "y": y,
                "text": [stop.name for stop in stops],
                "line": {"color": "@own:50", "width": 2},
                "marker": {"color": colours, "size": [18 if k == at else 9 for k in x]},
                "hovertemplate": "%{text}: %{y:.1%}<extra></extra>"
                if labelled
                else "%{text}: %{y:.4g}<extra></extra>",
                "showlegend": False,
                **spread,
            }
        ],
        height=230,
        label=f"{'Accuracy' if labelled else 'Mean squared error'} at each checkpoint",
        layout={
            "xaxis": {
                "tickvals": x,
                "ticktext": ["base", *(f"{stop.step}" for stop in stops[1:])],
                "title": {"text": "step"},
                "showgrid": False,
            },
            "yaxis": {"tickformat": ".0%" if labelled else "", "rangemode": "tozero"},
            "margin": {"t": 12},
        },
    )


def _stops(desk: Desk) -> list[Stop]:
    """The base model and the checkpoints of this model, oldest first."""
    entries = [e for e in desk.workspace.manifest.checkpoints if e.model == desk.model.key]
    stops = [Stop(None, "Base model", 0)]
    for number, entry in enumerate(entries[-_MOST:], 1):
        name = f"{number}: step {entry.info.step:,}"
        stops.append(Stop(entry.id, name, entry.info.step, clock(entry.added)))
    return stops


def _evaluate(desk: Desk, stop: Stop, name: object, samples: Samples) -> Evaluation:
    key = (desk.model, samples.labels, stop.id, name)
    with _lock:
        known = _known.setdefault(desk, {})
    if key not in known:
        known[key] = desk.evaluations(stop.id, [(name, samples)])[0]
        while len(known) > _KEPT:
            known.pop(next(iter(known)))
    return known[key]


def _headline(one: Evaluation) -> str:
    return short(one.mean_squared_error) if one.accuracy is None else percent(one.accuracy)
