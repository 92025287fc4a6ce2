"""What comes of personalising, below the progress bar: two figures, a sentence, and the way on."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from odt_core.evaluation import Evaluation, compare
from odt_core.training.history import Score
from pages.ui import pieces
from pages.ui.compare import headline
from pages.ui.desk import Scores


def result_in_words(scores: Scores) -> str:
    """scores: on the person's test samples."""
    base, own = headline(scores.base), headline(scores.own)
    said = compare(scores.base, scores.own).sentence
    return f"Your test samples: {base} → {own} {_what(scores.own).lower()}. {said}"


def result_line(scores: Scores) -> None:
    """Draw it, with the way to all the rest."""
    said = compare(scores.base, scores.own).sentence
    with _figures(scores.base, scores.own, f" on your test samples. {said}"):
        st.page_link("pages/evaluate.py", label="See the evidence")


def result_so_far(base: Evaluation | None, own: Score | None) -> None:
    """The same while a run goes on, so that nothing moves when it ends; None: not measured yet."""
    _figures(base, own, " on your test samples so far.")


def _figures(base: Evaluation | None, own: Evaluation | Score | None, said: str) -> DeltaGenerator:
    """Draw both and what is said of them; returns the place beside them."""
    with st.container(key="result", gap="xxsmall"):
        beside = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with beside:
            pieces.before_after(*("–" if one is None else headline(one) for one in (base, own)))
        if own is not None:
            pieces.note(f"{_what(own)}{said}")
    return beside


def _what(measured: Evaluation | Score) -> str:
    return "Squared error" if measured.share_right is None else "Right"
