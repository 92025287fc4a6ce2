"""Windows with little room: nothing sticks out of its card, is cut off, or comes apart."""

from __future__ import annotations

from itertools import combinations

import pytest

# Of elements: where each stands, all at one moment.
BOXES = """(all) => all.map((one) => {
  const { left, right, top, bottom } = one.getBoundingClientRect();
  return { left, right, top, bottom };
})"""


def apart(a: dict[str, float], b: dict[str, float]) -> bool:
    """Whether two boxes do not overlap."""
    across = a["right"] <= b["left"] or b["right"] <= a["left"]
    return across or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]


@pytest.mark.parametrize(("motion", "seconds"), [("no-preference", "0.25s"), ("reduce", "0s")])
def test_chart_when_less_motion_is_wanted_takes_its_room_at_once(
    shared_server, visit, motion, seconds
):
    window = {"width": 768, "height": 900}
    tab = visit(shared_server, viewport=window, reduced_motion=motion).open()
    chart = tab.part("loss", ".odt-chart")
    chart.wait_for()
    assert chart.evaluate("one => getComputedStyle(one).transitionDuration") == seconds


@pytest.mark.parametrize("width", [768, 320])
class TestTrained:
    @pytest.fixture
    def tab(self, shared_server, visit, width):
        tab = visit(shared_server, viewport={"width": width, "height": 900}).open()
        return tab.load_person().train().sees("See the evidence")

    def test_way_to_the_evidence_stays_in_its_card(self, tab):
        card = tab.page.locator(".st-key-card_train").bounding_box()
        link = tab.part("result", "a").bounding_box()
        assert link["x"] + link["width"] < card["x"] + card["width"]

    def test_names_of_curves_are_whole_and_stand_apart(self, tab):
        names = tab.page.locator(".st-key-accuracy .legend .traces")
        chart = tab.page.locator(".st-key-accuracy .odt-chart").bounding_box()

        def whole_and_apart() -> bool:
            boxes = names.evaluate_all(BOXES)
            whole = all(box["right"] <= chart["x"] + chart["width"] for box in boxes)
            return len(boxes) == 4 and whole and all(apart(*two) for two in combinations(boxes, 2))

        tab.until(whole_and_apart)


class TestCheckpoints:
    @pytest.fixture
    def tab(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 1024, "height": 768}).open()
        tab.load_person().train()
        tab.page.get_by_role("link", name="Checkpoints", exact=True).first.click()
        return tab.sees("Compare any two").idle()

    def test_buttons_that_do_not_fit_beside_the_scores_go_below_them_together(self, tab):
        card = tab.page.locator("[class*=st-key-card_]:has([class*=st-key-note_])").first
        buttons = card.get_by_role("button")

        def together() -> bool:
            boxes = [button.bounding_box() for button in buttons.all()]
            return len(boxes) == 3 and len({round(box["y"]) for box in boxes}) == 1

        tab.until(together)

    def test_checkpoint_to_compare_is_named_whole(self, tab):
        name = tab.part("compare_second", "input")
        tab.until(lambda: name.input_value().startswith("Step 15 · end of a run · "))
        assert name.evaluate("one => one.scrollWidth <= one.clientWidth")
