"""Which answers are right and wrong: confusion matrices, galleries and a row for each label."""

from __future__ import annotations

import numpy as np
import streamlit as st

from odt_core.evaluation import compare
from pages.ui import pieces, trouble
from pages.ui.compare import counted
from pages.ui.desk import Desk
from pages.ui.evaluate.gallery import chosen_group, gallery
from pages.ui.evaluate.judged import Judged, by_confidence, choose_judged
from pages.ui.evaluate.label_rows import label_rows
from pages.ui.evaluate.matrices import matrices
from pages.ui.evaluate.values import value_gallery

_NONE = {
    "Fixed": "No answer went from wrong to right.",
    "Broken": "No answer went from right to wrong.",
    "Still wrong": "No answer is wrong in both models.",
}


def mistakes(desk: Desk) -> None:
    """Draw the part."""
    if not desk.tells_labels:
        with st.container(key="card_values", border=True, gap="small"), trouble.shown():
            pieces.heading("What changed", "the largest differences first")
            one = choose_judged(desk, "mistakes_on", values=True)
            if one is not None:
                value_gallery(desk, one)
        return
    with st.container(key="card_matrices", border=True, gap="small"), trouble.shown():
        pieces.heading("Right and wrong", "rows: what it is; columns: what the model says")
        one = choose_judged(desk, "mistakes_on")
        if one is None:
            return
        matrices(desk, one)
    with st.container(key="card_galleries", border=True, gap="small"), trouble.shown():
        pieces.heading("What changed", "the surest answers first")
        _galleries(desk, one)
    with st.container(key="card_labels", border=True, gap="small"), trouble.shown():
        pieces.heading("Label by label", f"{one.name.lower()}, n = {counted(one.base)}")
        label_rows(one)


def _galleries(desk: Desk, one: Judged) -> None:
    changed = compare(one.base, one.own)
    wrong = (one.base.predictions != one.base.truth) & (one.own.predictions != one.own.truth)
    wrong &= one.own.judged
    groups = {
        "Fixed": by_confidence(one.own, changed.fixed),
        "Broken": by_confidence(one.own, changed.broken),
        "Still wrong": by_confidence(one.own, np.flatnonzero(wrong)),
    }
    chosen, index = chosen_group(desk, "gallery_of", groups, _NONE)
    if len(index):
        gallery(f"changed_{chosen}", index, lambda k: one.face(desk, int(k)))
