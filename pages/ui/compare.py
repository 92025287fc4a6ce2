"""Two checkpoints side by side on the same test samples."""

from __future__ import annotations

import streamlit as st

from odt_core.errors import SampleError
from odt_core.evaluation import Evaluation, compare
from odt_core.training.history import Score
from odt_core.words import different_of, over_again
from pages.ui import pieces, trouble
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.numbers import figure
from pages.ui.say import between, percent
from pages.ui.timeline import title
from pages.ui.to_personalise import to_personalise
from pages.ui.untested import untested

_BASE = "base"
_ASKED = "compare_asked"  # which model's two were compared last: that stays, whatever is drawn anew


def compare_two(desk: Desk) -> None:
    """Choose any two, the base model included."""
    entries = {
        entry.id: entry
        for entry in reversed(desk.other_checkpoints())
        if entry.model == desk.model.key
    }
    if not entries:
        to_personalise("Train this model once: then there are two to compare.")
        return
    names = {key: title(entry) for key, entry in entries.items()} | {_BASE: "Base model"}
    options = list(names)
    # Below each other: their names are long.
    first = st.selectbox(
        "First", options, index=len(options) - 1, format_func=names.get, key="compare_first"
    )
    second = st.selectbox("Second", options, format_func=names.get, key="compare_second")
    pair = (desk.model.key, first, second)
    if st.button("Compare", key="compare", disabled=desk.busy or first == second):
        st.session_state[_ASKED] = pair
    if desk.busy or st.session_state.get(_ASKED) != pair:
        return
    with trouble.shown():
        sets = desk.test_sets()
        if not sets:
            raise SampleError(
                untested(desk)
                if not desk.why_unscored
                else f"{desk.why_unscored} Nothing can be compared."
            )
        chosen = [None if key == _BASE else key for key in (first, second)]
        first_of, second_of = (desk.evaluations(key, sets) for key in chosen)
        for (name, _), one, other in zip(sets, first_of, second_of, strict=True):
            pieces.heading("Base test set" if name == BASE_TEST else "Your test samples")
            pieces.figures(
                (names[first], headline(one), right_of(one)),
                (names[second], headline(other), right_of(other)),
            )
            changed = compare(one, other, called="The second")
            test = "sign test" if one.interval is None else "McNemar's exact test"
            pieces.note(f"From the first to the second: {changed.sentence} ({test}.)")
            if changed.gain_sentence:
                pieces.note(changed.gain_sentence)


def headline(evaluation: Evaluation | Score) -> str:
    """The one number: accuracy, the share of right pixels or words, or mean squared error."""
    share = evaluation.share_right
    return figure(evaluation.mean_squared_error) if share is None else percent(share)


def right_of(evaluation: Evaluation) -> str:
    """ "17 of 19 right · 95 % interval 68.6 – 97.1 %", or the two errors of a model of values and
    how many pixels or words it gets right.
    """
    found = evaluation.places
    if found is not None:
        return (
            f"of the {found.called} right, n = {counted(evaluation)} · mean "
            f"IoU {figure(found.mean_iou)} · squared error {figure(evaluation.mean_squared_error)}"
        )
    if evaluation.interval is None:
        return (
            f"mean squared error, n = {counted(evaluation)} · absolute error "
            f"{figure(evaluation.mean_absolute_error)}"
        )
    return (
        f"{evaluation.correct:,} of {evaluation.different:,} right"
        f"{over_again(evaluation.n, evaluation.different)} · 95 % interval "
        f"{between(evaluation.interval)}"
    )


def counted(evaluation: Evaluation) -> str:
    """ "32", or "13 different among 32": of how many samples the figures are."""
    return different_of(evaluation.n, evaluation.different)
