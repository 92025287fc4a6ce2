"""Gain on the person's own test samples and forgetting on the base test set."""

from __future__ import annotations

import numpy as np
import streamlit as st

from odt_core.evaluation import Evaluation, compare
from odt_core.samples import Labels
from odt_core.workspace import Part
from pages.ui import pieces, trouble
from pages.ui.base_sets import base_test_of
from pages.ui.compare import headline, right_of
from pages.ui.desk import BASE_TEST, Desk, Scores
from pages.ui.say import percent, points

_LARGEST = 24  # labels that a confusion matrix is drawn for


def own_samples(desk: Desk) -> None:
    """The gain: the person's test samples, which were never trained on."""
    pieces.heading("Gain", "on your test samples, never trained on")
    with trouble.shown():
        if not desk.can_predict:
            pieces.note(
                "This model has no signature that predicts, so only the loss that it reports while "
                "training can be watched. The Model page lets you choose one that predicts."
            )
            return
        test = desk.samples(Part.TEST)
        if not len(test):
            pieces.note(
                "You have no test samples yet. Of every five samples of a label one is set aside, "
                "from the third on: add three or more on the first page."
            )
            return
        _both(desk, desk.scores(test, desk.test_name()), test.labels)


def base_task(desk: Desk) -> None:
    """The price: what the base model could do before."""
    pieces.heading("Forgetting", "on the frozen base test set")
    with trouble.shown():
        base_test = base_test_of(desk.card)
        if base_test is None:
            pieces.note("This model came without a base test set, so forgetting is not measured.")
            return
        _both(desk, desk.scores(base_test, BASE_TEST), base_test.labels)


def _both(desk: Desk, scores: Scores, labels: Labels) -> None:
    base, own = scores.base, scores.own
    pieces.figures(
        ("Base model", headline(base), right_of(base)),
        ("Your model", headline(own), right_of(own)),
    )
    if not desk.trained:
        pieces.note("Not trained yet: your model is the base model.")
    else:
        result = compare(base, own)
        gain = points(result.gain) if own.accuracy is not None else _less(base, own)
        pieces.note(f"{gain}. {result.sentence}")
    if base.confusion is None or own.confusion is None:
        return
    a, b = st.columns(2, gap="small")
    with a:
        _matrix(base, labels, own=False)
    with b:
        _matrix(own, labels, own=True)


def _less(base: Evaluation, own: Evaluation) -> str:
    """ "Error 42.0 % smaller"."""
    before, after = base.mean_squared_error or 0.0, own.mean_squared_error or 0.0
    if not before:
        return "The base model made no error"
    word = "smaller" if after <= before else "larger"
    return f"Error {percent(abs(before - after) / before)} {word}"


def _matrix(evaluation: Evaluation, labels: Labels, *, own: bool) -> None:
    """Rows: right label, columns: answer; only labels that occur."""
    counts = evaluation.confusion
    assert counts is not None
    seen = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    if len(seen) > _LARGEST:
        pieces.note(f"{len(seen)} labels are too many for a matrix.")
        return
    names = [labels.names[k] or "–" for k in seen]
    pieces.confusion(
        names,
        counts[np.ix_(seen, seen)].tolist(),
        own=own,
        title="Your model" if own else "Base model",
    )
