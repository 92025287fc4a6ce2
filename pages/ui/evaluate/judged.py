"""A set of samples with both models' answers: what matrices, galleries and tables show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from odt_core.evaluation import Evaluation
from odt_core.samples import Labels, Samples
from odt_core.workspace import Part, SampleEntry
from pages.ui import pieces
from pages.ui.base_sets import base_test_of
from pages.ui.base_words import base_answer, base_in_words
from pages.ui.desk import BASE_TEST, Desk
from pages.ui.evaluate.large import Face
from pages.ui.previews import series_uri
from pages.ui.say import answer, isolated
from pages.ui.thumbs import thumb_uri
from pages.ui.untested import untested

_OWN = "Your test samples"
_BASE = "Base test set"


@dataclass(frozen=True)
class Judged:
    """Both models on the same samples; `entries` are empty for the base test set. labels: that your
    model was asked with.
    """

    name: str
    samples: Samples
    entries: tuple[SampleEntry, ...]
    base: Evaluation
    own: Evaluation
    labels: Labels
    key: object  # equal for the same samples

    def called(self, output: int) -> str:
        """The label of an output."""
        return self.labels.called(output)

    def face(self, desk: Desk, k: int) -> Face:
        """Sample k with both answers."""
        truth = int(self.base.truth[k])
        return Face(
            self.picture(desk, k),
            f"is {isolated(self.called(truth))}",
            f"base {base_answer(desk.base_side, *self._answered(self.base, k))}",
            f"yours {answer(*self._answered(self.own, k))}",
            test=bool(self.entries),
        )

    def picture(self, desk: Desk, k: int) -> str:
        """Sample k as a data URI."""
        if self.entries:
            return thumb_uri(desk.workspace, self.entries[k], 96)
        return series_uri(self.samples.x[k].reshape(desk.card.preprocessing.picture_shape))

    def _answered(self, evaluation: Evaluation, k: int) -> tuple[str, float]:
        """Which label, and how sure."""
        assert evaluation.confidences is not None
        return self.called(int(evaluation.predictions[k])), float(evaluation.confidences[k])


def choose_judged(desk: Desk, key: str, *, values: bool = False) -> Judged | None:
    """Which samples to look at; None, with a word why, when there are none to judge, by label
    unless `values`.
    """
    if not desk.can_predict:
        pieces.note("This model has no signature that predicts: there are no answers to look at.")
        return None
    if desk.why_unscored:
        pieces.note(desk.why_unscored)
        return None
    if not (values or desk.tells_labels):
        pieces.note(
            "A sample has no label of its own for this model. How near each answer is to its "
            "target stands under Mistakes."
        )
        return None
    sets = []
    if len(desk.samples(Part.TEST)):
        sets.append(_OWN)
    if base_test_of(desk.card) is not None:
        sets.append(_BASE)
    if not sets:
        pieces.note(untested(desk))
        return None
    if st.session_state.get(key) not in sets:
        st.session_state[key] = sets[0]
    chosen = st.segmented_control(
        "Which samples", sets, key=key, required=True, label_visibility="collapsed"
    )
    if desk.base_side is not None:
        pieces.note(base_in_words(desk.base_side))
    return judged(desk, own=chosen == _OWN)


def judged(desk: Desk, *, own: bool) -> Judged:
    """Both models on the person's test samples, or on the base test set, which must be there."""
    if own:
        name, prepared = desk.tests()
        return _judged(desk, _OWN, name, prepared.samples, prepared.entries)
    base_test = base_test_of(desk.card)
    assert base_test is not None
    return _judged(desk, _BASE, BASE_TEST, base_test)


def _judged(
    desk: Desk,
    title: str,
    name: object,
    samples: Samples,
    entries: tuple[SampleEntry, ...] = (),
) -> Judged:
    scores = desk.scores(samples, name)
    return Judged(title, samples, entries, scores.base, scores.own, scores.labels, name)


def by_confidence(evaluation: Evaluation, index: np.ndarray) -> np.ndarray:
    """`index` with the surest answers first."""
    assert evaluation.confidences is not None
    return index[np.argsort(-evaluation.confidences[index], kind="stable")]
