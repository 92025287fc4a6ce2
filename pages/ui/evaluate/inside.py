"""What changed inside: layers, answers that moved, and a map of the samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from odt_core.evaluation import feature_map, most_moved, moved_labels, weight_changes
from odt_core.evaluation.feature_plane import points
from odt_core.evaluation.map_names import apart, can_name, label_middles, names_each
from odt_core.runtime.weights import weights_of
from odt_core.samples import Samples
from odt_core.workspace import Part
from pages.ui import pieces, trouble
from pages.ui.compare import counted
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, OWN, figure, letters, shortened
from pages.ui.evaluate.judged import Judged, choose_judged
from pages.ui.say import count, percent

_LAYERS = 40  # bars
_MOVES = 12  # rows
_FEW = 60  # points that are drawn larger
_AMID = 15  # px high, names in the middle of dots
_PLATE = 24  # px high, what such a name stands on
_SHORT = 14  # letters of these
_NARROW, _HIGH = 300, 360  # px of a map on a phone


def inside(desk: Desk) -> None:
    """Draw the part."""
    if not desk.trained:
        with st.container(key="card_layers", border=True):
            pieces.heading("What changed inside")
            pieces.note("Not trained yet: your model is the base model.")
        return
    if desk.busy:
        with st.container(key="card_layers", border=True):
            pieces.heading("What changed inside")
            pieces.note(
                f"{desk.training_is}: the weights are moving. Look again when it has ended."
            )
        return
    with st.container(key="card_layers", border=True, gap="small"), trouble.shown():
        _layers(desk)
    with st.container(key="card_moved", border=True, gap="small"), trouble.shown():
        pieces.heading("Which answers moved")
        one = choose_judged(desk, "inside_on")
        if one is not None:
            _moved(one)
    if desk.can_predict:
        with st.container(key="card_map", border=True, gap="small"), trouble.shown():
            pieces.heading("A map of your samples", "near each other: alike to the model")
            _map(desk)


def _layers(desk: Desk) -> None:
    worker = desk.worker()
    changes = weight_changes(
        worker.state("base"), worker.state("own"), weights_of(worker.description, worker.contract)
    )
    relative = not any(change.from_zero for change in changes)
    measure = "relative weight change, ‖yours − base‖ / ‖base‖"
    pieces.heading("Which layers moved", measure if relative else "weight change, ‖yours − base‖")
    if not changes:
        pieces.note("Weights and optimiser state cannot be told apart in this model.")
        return
    shown = most_moved(changes, _LAYERS)
    if len(changes) > _LAYERS:
        pieces.note(f"The {_LAYERS} layers that moved the most, of {len(changes)}.")
    moves = [change.relative if relative else change.norm for change in shown]
    said = [percent(move) if relative else f"{move:.3g}" for move in moves]
    figure(
        "chart_layers",
        [
            {
                "type": "bar",
                "orientation": "h",
                "x": moves,
                "y": [
                    f"{k + 1}. {letters(_short(change.name))}  " for k, change in enumerate(shown)
                ],
                "marker": {"color": OWN},
                "text": said,
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{text}<extra></extra>",
            }
        ],
        height=110 + 34 * len(shown),
        label=f"{'Relative weight' if relative else 'Weight'} change: "
        + ", ".join(
            f"{change.name} {text}" for change, text in zip(shown[:12], said, strict=False)
        ),
        layout={
            "xaxis": {
                "tickformat": ".1%" if relative else "~g",
                "range": [0, 1.5 * max([*moves, 1e-9])],
            },
            "yaxis": {"autorange": "reversed", "showgrid": False},
            "showlegend": False,
            "margin": {"t": 10},
        },
    )
    still = sum(not change.moved for change in changes)
    new = sum(change.from_zero for change in changes)
    weights = sum(change.size for change in changes)
    changed = sum(change.changed for change in changes)
    pieces.note(
        f"Of {weights:,} weights in {count(len(changes), 'layer')}, {changed:,} moved"
        + (f"; {still} of {count(len(changes), 'layer')} did not move at all." if still else ".")
        + (
            f" {count(new, 'layer')} began at zero, so that there is no relative change."
            if new
            else ""
        )
    )


def _short(name: str) -> str:
    return name if len(name) <= 34 else "…" + name[-33:]


def _moved(one: Judged) -> None:
    moved = moved_labels(one.base, one.own)
    if not moved:
        pieces.note(f"Not one answer changed, n = {counted(one.base)}.")
        return
    changed = sum(move.n for move in moved)
    pieces.note(f"{changed} of {counted(one.base)} answers changed.")
    pieces.table(
        ("Is", "Base model says", "Your model says", "How often", ""),
        [
            (
                one.called(move.truth),
                one.called(move.before),
                one.called(move.after),
                str(move.n),
                "fixed" if move.fixed else "broken" if move.broken else "still wrong",
            )
            for move in moved[:_MOVES]
        ],
    )
    if len(moved) > _MOVES:
        pieces.note(f"And {count(len(moved) - _MOVES, 'more kind')} of change.")


def _map(desk: Desk) -> None:
    samples = desk.samples(None)
    if len(samples) < 3:
        pieces.note("A map needs three samples or more.")
        return
    parts = [entry.part for entry in desk.entries(None)]
    index = points(len(samples))
    if len(index) < len(samples):
        pieces.note(f"{len(index)} of {len(samples):,} samples.")
    shown = samples.take(index)
    used = samples.labels.used if desk.tells_labels else None
    base, own = (desk.raw_scores(shown.x, own=side)[0] for side in (False, True))
    places = feature_map(base, own, used)
    (left, right), (low, high) = places.limits
    names = _names(desk, shown)
    longest = max(map(len, names), default=0)
    amid, named = can_name(names), names_each(names)
    tests = [parts[int(k)] is Part.TEST for k in index]
    few = len(index) <= _FEW
    own_test, other = (26, 18) if few else (19, 13)  # so that few can be read afar
    dot_test, dot = (15, 10) if few else (11, 6)
    # a name stands with its middle on its place, and a letter is about half as wide as high
    size = own_test if named else _AMID if amid else 0
    room = (right - left) * min(longest, _SHORT) * size / 4 / _NARROW
    ends = np.array([[left - room, right + room], [low, high]])
    for column, title, where, colour in zip(
        st.columns(2, gap="small"),
        ("Base model", "Your model"),
        (places.base, places.own),
        (BASE, OWN),
        strict=True,
    ):
        with column:
            figure(
                f"chart_map_{'base' if colour == BASE else 'own'}",
                [
                    {
                        "type": "scatter",
                        "mode": "text" if named else "markers",
                        "x": where[:, 0].tolist(),
                        "y": where[:, 1].tolist(),
                        "text": [letters(name) for name in names],
                        "marker": {
                            "color": colour,
                            "size": [dot_test if one else dot for one in tests],
                            "opacity": 0.6,  # where many lie upon each other it is darker
                        },
                        "textfont": {
                            "color": colour,
                            "size": [own_test if one else other for one in tests],
                        },
                        "hovertemplate": "\u2068%{text}\u2069<extra></extra>",
                        "hoverinfo": "all" if names else "skip",
                    },
                ],
                height=440,
                label=f"{title}: {len(index)} samples in two dimensions",
                layout={
                    "title": {"text": title, "font": {"size": 16}},
                    "xaxis": {"range": ends[0].tolist(), "showticklabels": False},
                    "yaxis": {"range": ends[1].tolist(), "showticklabels": False},
                    "showlegend": False,
                    "annotations": _amid(where, names, ends)
                    if amid and not named and not _alike(where)
                    else [],
                },
            )
    share = places.shown
    show = f", which show {percent(share, 0)} of all differences" if math.isfinite(share) else ""
    pieces.note(
        "The same two axes for both (principal components of both models' scores, each around its "
        f"mean){show}, n = {len(index)}. Large: your test samples."
        + (" A dot's label stands where the pointer rests." if names and not named else "")
        + (" The base model answers all of them alike: one place." if _alike(places.base) else "")
    )


def _alike(where: np.ndarray) -> bool:
    """Whether all places are one."""
    return bool(np.allclose(where, 0))


def _amid(where: np.ndarray, names: list[str], ends: np.ndarray) -> list[dict[str, Any]]:
    """Each label's name on a plate in the middle of its dots, on a phone apart from the others.
    where: [N, 2]. ends: [2, 2], of both axes.
    """
    each, middles = label_middles(where, names)
    said = [shortened(name, _SHORT) for name in each]
    widths = np.array([len(name) * _AMID / 2 for name in said])
    scale = np.array([_NARROW, -_HIGH]) / np.ptp(ends, axis=1)  # px; a screen counts from above
    corner = np.array([ends[0, 0], ends[1, 1]])
    at = apart((middles - corner) * scale, widths, _PLATE, (_NARROW, _HIGH)) / scale + corner
    return [
        {
            "x": x,
            "y": y,
            "text": letters(name),
            "showarrow": False,
            "font": {"color": "@text", "size": _AMID},
            "bgcolor": "@card:75",
            "borderpad": 2,
        }
        for (x, y), name in zip(at.tolist(), said, strict=True)
    ]


def _names(desk: Desk, samples: Samples) -> list[str]:
    """The label of each sample; none where the model gives numbers."""
    if not desk.tells_labels:
        return []
    return [samples.labels.names[int(y)] or "?" for y in samples.y]
