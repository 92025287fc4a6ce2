"""What the side by side shows of answers that are no numbers."""

import json

import numpy as np
import pytest

from pages.ui import answers as module
from pages.ui.desk import BaseSide

KNOWN = np.array([0.2, 0.8], np.float32)


@pytest.fixture
def shown(monkeypatch):
    given = {}
    monkeypatch.setattr(module, "_mount", lambda key, data: given.update(data))
    return given


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_labels_when_scores_are_no_numbers_then_nothing_is_said(shown, broken):
    module.answers(("a", "b"), KNOWN, np.full(2, broken, np.float32), trained=True)
    base, own = shown["sides"]
    assert (base["answer"], own["answer"]) == ("b", "–")
    json.dumps(shown, allow_nan=False)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_values_when_they_are_no_numbers_then_the_page_can_be_drawn(shown, broken):
    module.value_answers(KNOWN, np.array([0.1, broken]), None, trained=True)
    json.dumps(shown, allow_nan=False)
    assert [bar[1] for bar in shown["sides"][0]["bars"]] == pytest.approx([0.25, 1.0])


def test_values_when_negative_reach_left_from_zero_and_the_target_is_marked(shown):
    base, own, target = np.array([0.5, -1.0]), np.array([-1.0, -1.416]), np.array([-1.5, -1.5])
    module.value_answers(base, own, target, trained=True)
    bars = [side["bars"] for side in shown["sides"]]
    # from -1.5 to 0.5: zero stands at three quarters
    assert bars[0][0] == ["1", 0.25, "0.5", 0.75, 0.75, 0.0]
    assert bars[1][0] == ["1", 0.5, "−1", 0.25, 0.75, 0.0]
    assert bars[1][1][2] == "−1.42"
    assert shown["sides"][1]["answer"] == "−1, −1.42"
    assert shown["summary"] == "Target (the mark): −1.5, −1.5. Your model is 0.958 closer."


def test_classes_of_places_when_trained_are_counted_and_the_wrong_ones_marked(shown, monkeypatch):
    tables = []
    monkeypatch.setattr(module.pieces, "table", lambda head, rows: tables.append((head, rows)))
    base, own = (np.eye(3)[[1, 2, 0, 0, 1]], np.eye(3)[[1, 0, 0, 2, 1]])
    target = np.array([1.0, 0, 2, 255, -100])  # the last two have no class
    module.class_answers(base, own, target, trained=True)
    assert [side["answer"] for side in shown["sides"]] == ["1 of 3", "2 of 3"]
    assert (shown["summary"], shown["changed"]) == ("Your model has 1 more right.", True)
    ((head, rows),) = tables
    assert head == ("Place", "Target", "Base", "Yours")
    assert rows[:3] == [("1", "1", "1", "1"), ("2", "0", "2 ✗", "0"), ("3", "2", "0 ✗", "0 ✗")]
    assert rows[3:] == [("4", "–", "0", "2"), ("5", "–", "1", "1")]


def test_classes_of_places_when_nothing_is_known_of_them_are_listed(shown, monkeypatch):
    tables = []
    monkeypatch.setattr(module.pieces, "table", lambda head, rows: tables.append((head, rows)))
    base, own = np.eye(2)[np.zeros(90, int)], np.eye(2)[np.ones(90, int)]
    module.class_answers(base, own, None, trained=True)
    assert shown["summary"] == "Changed 90 of 90."
    ((head, rows),) = tables
    assert (head, len(rows)) == (("Place", "Base", "Yours"), 40)


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "100.0 %"),
        (0.9999998, ">99.9 %"),
        (0.9996, ">99.9 %"),
        (0.9994, "99.9 %"),
        (0.83, "83.0 %"),
    ],
)
def test_share_when_it_is_not_all_is_not_said_to_be_all(shown, share, said):
    module.answers(("a", "b"), np.array([share, 1 - share]), KNOWN, trained=True)
    base = shown["sides"][0]
    assert base["sure"] == f"{said} sure"
    assert base["bars"][0][2] == said


def test_share_when_there_is_any_is_not_said_to_be_none(shown):
    shares = np.array([1 - 1e-9, 1e-9, 0.0])
    module.answers(("a", "b", "c"), shares, shares, trained=True)
    assert [bar[2] for bar in shown["sides"][0]["bars"]] == [">99.9 %", "<1 %", "0.0 %"]


def test_label_when_the_model_is_not_sure_has_no_percentage(shown):
    sure = np.array([1.0, 0.0], np.float32)
    module.answers(("a", "b"), sure, KNOWN, trained=True, base_unknown=True)
    base, own = shown["sides"]
    assert (base["answer"], base["sure"]) == ("Not sure", "closest: a")
    assert base["bars"] == [["a", 1.0, ""], ["b", 0.0, ""]]
    assert base["unsure"]  # drawn pale
    assert "unsure" not in own
    assert (own["answer"], own["sure"]) == ("b", "80.0 % sure")


@pytest.mark.parametrize(
    ("own", "summary"),
    [
        ([0.3, 0.7], "Changed its answer from dam to mill."),
        ([0.6, 0.4], "Same answer: dam is all the base model knows."),
    ],
)
def test_base_when_it_knows_one_label_alone_is_not_said_to_be_sure_of_it(shown, own, summary):
    alone = np.array([1.0, 0.0], np.float32)
    side = BaseSide(("dam",), ("mill",), 1000)
    module.answers(("dam", "mill"), alone, np.array(own), trained=True, side=side)
    base = shown["sides"][0]
    assert (base["answer"], base["sure"]) == ("dam", "the only one it knows")
    assert base["bars"][0] in (["dam", 1.0, ""], ["mill", 0.0, ""])
    assert shown["summary"] == summary


@pytest.mark.parametrize(
    ("side", "trained", "base", "own"),
    [
        (BaseSide(("mug",), (), 1000), False, ("mug", "the only label"), ("–", "")),
        (BaseSide((), ("mug",), 1000), False, ("–", ""), ("–", "")),
        (BaseSide((), ("mug",), 1000), True, ("–", ""), ("mug", "the only label")),
        (None, True, ("mug", "the only label"), ("mug", "the only label")),
    ],
)
def test_only_label_has_no_percentage_and_is_no_answer_of_who_learnt_nothing(
    shown, side, trained, base, own
):
    alone = np.array([1.0, 0.0], np.float32)
    module.answers(("mug", None), alone, alone, trained=trained, side=side)
    assert [(one["answer"], one["sure"]) for one in shown["sides"]] == [base, own]
    drawn = [[["mug", float(one[0] != "–"), ""]] for one in (base, own)]
    assert [one["bars"] for one in shown["sides"]] == drawn


def test_only_label_when_trained_is_said_to_be_told_from_none(shown):
    alone = np.array([1.0, 0.0], np.float32)
    module.answers(("mug", None), alone, alone, trained=True)
    assert shown["summary"] == "mug is the only label: add another to tell it from."
