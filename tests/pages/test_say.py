"""Names that people typed, beside figures; and what is said of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from odt_core.dialects.notes import NO_INFER
from odt_core.evaluation import Proportion
from odt_core.runtime import load_model
from pages.ui.evaluate import label_rows
from pages.ui.model_words import abilities, not_tried_out, what_it_does
from pages.ui.say import beside, isolated, labels_in_words, off_by

MODELS = Path(__file__).parents[1] / "runtime" / "models"


class TestIsolated:
    @pytest.mark.parametrize("name", ["תשע", "جدًا 4", "a תשע"])
    def test_name_when_written_from_right_to_left_is_set_apart(self, name):
        assert isolated(name) == f"\u2068{name}\u2069"

    @pytest.mark.parametrize("name", ["", "7", "écureuil", "Ζωή", "四"])
    def test_name_when_written_from_left_to_right_is_as_it_was(self, name):
        assert isolated(name) == name


def test_parts_of_a_line_when_some_are_empty_have_dots_between_the_others():
    assert beside("", "תשע", "", "a.png") == "\u2068תשע\u2069 · a.png"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["cup"], "'cup'"),
        (["a", "b", "c", "d"], "'a', 'b', 'c' and 1 other label"),
        (["a", "b", "c", "d", "e"], "'a', 'b', 'c' and 2 other labels"),
    ],
)
def test_labels_when_many_are_told_by_the_first_and_how_many_more(names, said):
    assert labels_in_words(names) == said


@pytest.mark.parametrize(
    ("right", "n", "said"),
    [
        (25, 30, "83 % (66–93 %)"),
        (2999, 3000, "99.97 % (99.8–99.99 %)"),
        (1, 3000, "0.03 % (0.01–0.2 %)"),
        (30, 30, "100 % (89–100 %)"),
    ],
)
def test_share_of_a_label_is_all_or_none_only_where_it_is(right, n, said):
    told = label_rows._said(Proportion(right, n))
    assert told.replace("\u00a0", " ").replace("\u2060", "") == said


@pytest.mark.parametrize(
    ("error", "said"),
    [(0.0, "0.0 points"), (2e-9, "<0.1 points"), (0.0172, "1.7 points"), (0.269, "26.9 points")],
)
def test_error_of_confidences_has_one_decimal_at_most(error, said):
    assert off_by(error) == said


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("objective", " Training shows the loss that the model reports; nothing else can be"),
        (None, " Training reports no loss, so nothing can be measured."),
    ],
)
def test_model_that_only_trains_is_said_to_report_what_it_does(loss, said):
    contract = load_model(MODELS / "dialect_regression.tflite").contract
    (role,) = contract.train
    alone = replace(contract, infer=None, train=(replace(role, loss=loss),))
    assert f"no signature predicts.{said}" in abilities(alone)[1][1]
    neither = replace(alone, train=())
    assert abilities(neither)[1][1] == "Cannot be tried out: no signature predicts."


def test_model_that_is_not_tried_out_for_a_reason_is_said_to_be_for_that():
    contract = load_model(MODELS / "dialect_regression.tflite").contract
    why = "The signature 'infer' takes text ('x'), so this model cannot be tried out here."
    refused = replace(contract, infer=None, train=(), notes=(why,))
    assert abilities(refused)[1][1] == f"Cannot be tried out. {why}"


def test_model_that_is_not_tried_out_is_said_to_be_trainable_only_where_it_is():
    contract = load_model(MODELS / "dialect_regression.tflite").contract
    alone = replace(contract, infer=None, notes=(NO_INFER,))
    said = "It can be trained, and downloaded. If a signature does predict under an unusual name"
    assert said in not_tried_out(alone)
    why = "The signature 'infer' takes text ('x'), so this model cannot be tried out here."
    refused = replace(contract, infer=None, train=(), notes=(why,))
    assert not_tried_out(refused) == f"Cannot be tried out. {why}"


def test_of_a_model_that_neither_trains_nor_answers_nothing_is_said():
    assert what_it_does(SimpleNamespace(is_understood=False)) == ""
