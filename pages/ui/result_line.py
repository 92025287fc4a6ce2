"""What comes of personalising, below the progress bar: two figures, a sentence, and the way on."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from odt_core.evaluation import Evaluation
from odt_core.training.history import Score
from pages.ui import pieces
from pages.ui.compare import headline
from pages.ui.desk import Result


def result_in_words(result: Result) -> str:
    """The line for those who do not see it."""
    base, own = result.scores.base, result.scores.own
    what = _what(own).lower()
    return f"Your test samples: {headline(base)} → {headline(own)} {what}. {_said(result)}"


def result_line(result: Result) -> None:
    """Draw it, with the way to all the rest."""
    then = "" if result.of_now else " as they were then"
    told = f" on your test samples{then}. {_said(result)}"
    with _figures(result.scores.base, result.scores.own, told):
        st.page_link("pages/evaluate.py", label="See the evidence")


def result_so_far(base: Evaluation | None, own: Score | None, *, over: bool = False) -> None:
    """The same while a run goes on, so that nothing moves when it ends; None: not measured yet.
    over: it has ended, and both are about to be compared.
    """
    then = ". Both models are being measured …" if over else " so far."
    _figures(base, own, f" on your test samples{then}")


def _said(result: Result) -> str:
    claims = result.claims
    new = claims.new.in_short if claims.new is not None else None
    said = (claims.comparison.sentence, claims.chosen_sentence, claims.leak_sentence, new)
    return " ".join(sentence for sentence in (*said, result.price) if sentence)


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
