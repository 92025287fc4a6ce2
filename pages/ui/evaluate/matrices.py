"""Two confusion matrices on the same scale; a cell opens its pictures with both answers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from odt_core.evaluation import Evaluation
from odt_core.evaluation.confusion_shades import cell_shades
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.evaluate.figure import BASE, MINUS, OWN, Click, figure, letters, shortened
from pages.ui.evaluate.gallery import gallery
from pages.ui.evaluate.judged import Judged, by_confidence
from pages.ui.say import count, isolated

_LARGEST = 24  # labels that a matrix is drawn for
_LONGEST = 14  # letters of a name beside it; whole where the pointer is
_BESIDE = 50  # px that title and axis take in height beyond what names take in width
_SIDES = {"Base model": "base", "Your model": "own"}


def matrices(desk: Desk, one: Judged) -> None:
    """Base | personalised, and below them the samples of the chosen cell."""
    counts = [evaluation.confusion for evaluation in (one.base, one.own)]
    assert counts[0] is not None
    assert counts[1] is not None
    both = counts[0] + counts[1]
    seen = np.flatnonzero(both.sum(axis=0) + both.sum(axis=1))
    if len(seen) > _LARGEST:
        kept = np.argsort(-(both.sum(axis=1) + both.sum(axis=0)), kind="stable")[:_LARGEST]
        pieces.note(f"The {_LARGEST} labels with the most answers, of {len(seen)}.")
        seen = np.sort(kept)
    names = [one.called(int(k)) for k in seen]
    top = int(max(table[np.ix_(seen, seen)].max() for table in counts))
    clicked: tuple[str, Click] | None = None
    for column, (title, role), colour in zip(
        st.columns(2, gap="small"), _sides(desk).items(), (BASE, OWN), strict=False
    ):
        with column:
            evaluation: Evaluation = getattr(one, role)
            click = _matrix(title, role, evaluation, seen, names, top, colour)
            clicked = (title, click) if click else clicked
    _cell(desk, one, names, seen, clicked)


def _sides(desk: Desk) -> dict[str, str]:
    return {
        title: role for title, role in _SIDES.items() if role == "base" or not desk.same_as_base
    }


def _matrix(
    title: str,
    role: str,
    evaluation: Evaluation,
    seen: np.ndarray,
    names: list[str],
    top: int,
    colour: str,
) -> Click | None:
    assert evaluation.confusion is not None
    table = evaluation.confusion[np.ix_(seen, seen)]  # [labels, labels]
    shown = [letters(shortened(name, _LONGEST)) for name in names]
    names = [letters(name) for name in names]
    shades = cell_shades(table, top)
    wrong = ~np.eye(len(names), dtype=bool)
    cells = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": np.where(wrong, -shades, shades).tolist(),
        "zmin": -1,
        "zmax": 1,
        "customdata": table.tolist(),
        "colorscale": [[0, MINUS], [0.5, "@soft"], [1, colour]],
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "hovertemplate": "is \u2068%{y}\u2069, answer \u2068%{x}\u2069: %{customdata}"
        "<extra></extra>",
    }
    places = np.argwhere(table)
    figures = {
        "type": "scatter",
        "mode": "text",
        "x": [names[column] for _, column in places],
        "y": [names[row] for row, _ in places],
        "text": [f"{table[row, column]:,}" for row, column in places],
        "meta": "on cells",
        "textfont": {
            "size": 15,  # at most (figure.js)
            "color": [
                f"@on {(MINUS if row != column else colour)[1:]}/soft:"
                f"{100 * shades[row, column]:.0f}"
                for row, column in places
            ],
        },
        "hoverinfo": "skip",
    }
    right = int(np.trace(evaluation.confusion))  # of all labels, drawn or not
    told = f"{evaluation.different - right:,} wrong of {evaluation.different:,}"
    return figure(
        f"chart_matrix_{role}",
        [cells, figures],
        height=min(520, 150 + 34 * max(3, len(names))) + 7 * max(0, max(map(len, shown)) - 4),
        label=f"{title}: {right:,} right, {told}",
        layout={
            "title": {"text": f"{title} · {told}", "font": {"size": 16}},
            "margin": {"t": 64},
            "xaxis": {
                "type": "category",
                "showgrid": False,
                "side": "bottom",
                "title": {"text": "answer", "standoff": 8},
                "tickvals": names,
                "ticktext": shown,
                "automargin": True,
                "constrain": "domain",
                "range": [-0.5, len(names) - 0.5],
            },
            "yaxis": {
                "type": "category",
                "range": [len(names) - 0.5, -0.5],
                "showgrid": False,
                "title": {"text": "is"},
                "tickvals": names,
                "ticktext": shown,
                "scaleanchor": "x",
                "constrain": "domain",
                "constraintoward": "top",
            },
            "showlegend": False,
        },
        clicks=True,
        beside=_BESIDE,
    )


def _cell(
    desk: Desk, one: Judged, names: list[str], seen: np.ndarray, clicked: tuple[str, Click] | None
) -> None:
    """Which cell is open is chosen by a click or, without a mouse, by the three boxes."""
    options = ["–", *names]
    if clicked and clicked[1].x in names and clicked[1].y in names:
        st.session_state["cell_model"] = clicked[0]
        st.session_state["cell_is"] = clicked[1].y
        st.session_state["cell_said"] = clicked[1].x
    for key in ("cell_is", "cell_said"):
        if st.session_state.get(key) not in options:
            st.session_state[key] = "–"
    a, b, c = st.columns(3, gap="small")
    model = a.selectbox("Model", list(_sides(desk)), key="cell_model")
    truth = b.selectbox("What it is", options, key="cell_is")
    answer = c.selectbox("What the model says", options, key="cell_said")
    if truth == "–" and answer == "–":
        pieces.note("Click a cell, or choose it here, to see its samples with both answers.")
        return
    evaluation: Evaluation = getattr(one, _SIDES.get(model, "own"))
    inside = evaluation.judged.copy()
    if truth != "–":
        inside &= evaluation.truth == seen[names.index(truth)]
    if answer != "–":
        inside &= evaluation.predictions == seen[names.index(answer)]
    index = by_confidence(evaluation, np.flatnonzero(inside))
    pieces.note(
        f"{model}: {count(len(index), 'sample')}"
        + (f" of '{isolated(truth)}'" if truth != "–" else "")
        + (f" answered '{isolated(answer)}'" if answer != "–" else "")
        + ", the surest answers first."
    )
    gallery(f"cell_{model}_{truth}_{answer}", index, lambda k: one.face(desk, int(k)))
