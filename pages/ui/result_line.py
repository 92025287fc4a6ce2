"""What came of personalising, in one line below the progress bar."""

from __future__ import annotations

import streamlit as st

from odt_core.evaluation import compare
from pages.ui import pieces
from pages.ui.compare import headline
from pages.ui.desk import Scores


def result_in_words(scores: Scores) -> str:
    """scores: on the person's test samples."""
    base, own = headline(scores.base), headline(scores.own)
    what = "right" if scores.own.share_right is not None else "squared error"
    said = compare(scores.base, scores.own).sentence
    return f"Your test samples: {base} → {own} {what}. {said}"


def result_line(said: str) -> None:
    """Draw it, with the way to all the rest."""
    with st.container(key="result", horizontal=True, vertical_alignment="center", gap="small"):
        pieces.note(said)
        st.page_link("pages/evaluate.py", label="Evaluate")
