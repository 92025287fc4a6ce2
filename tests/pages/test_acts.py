"""What a person does in an element of ours counts once, however often it is sent."""

from types import SimpleNamespace

import pytest

from pages.ui import acts


@pytest.fixture
def state(monkeypatch):
    state = {}
    monkeypatch.setattr(acts, "st", SimpleNamespace(session_state=state))
    return state


def _sent(*sent):
    return SimpleNamespace(acts=list(sent))


class TestNewActs:
    def test_acts_when_sent_again_with_another_come_once_and_in_order(self, state):
        state["shelf"] = _sent({"n": 1, "do": "rename"}, {"n": 2, "do": "choose"})
        assert [act["do"] for act in acts.new_acts("shelf")] == ["rename", "choose"]
        state["shelf"] = _sent({"n": 2, "do": "choose"}, {"n": 3, "do": "add"})
        assert [act["do"] for act in acts.new_acts("shelf")] == ["add"]
        assert acts.acts_done("shelf") == 3

    @pytest.mark.parametrize(
        "sent", [None, "text", 7, {"n": 1}, ["text"], [{"n": "1"}], [{"n": 0}], [{"do": "add"}]]
    )
    def test_acts_when_the_browser_sends_anything_else_are_none(self, state, sent):
        state["shelf"] = SimpleNamespace(acts=sent)
        assert acts.new_acts("shelf") == []
        assert acts.acts_done("shelf") == 0

    def test_acts_when_refused_are_told_beside_the_number_of_the_last(self, state):
        state["pad"] = _sent({"n": 1}, {"n": 2}, {"n": 3})
        for act in acts.new_acts("pad")[1:]:
            acts.refuse("pad", act)
        assert (acts.acts_done("pad"), acts.acts_refused("pad")) == (3, [2, 3])

    def test_acts_when_nothing_came_are_none(self, state):
        assert acts.new_acts("shelf") == []
