"""Screens of any width and height, light, dark and touched: everything is in sight and apart."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import bottom
from tests.contrast import contrast

# Of elements: where each begins and ends, from above, all at one moment.
SPANS = """(all) => all.map((one) => {
  const { top, bottom } = one.getBoundingClientRect();
  return [top, bottom];
})"""


class TestScreens:
    @pytest.mark.parametrize(("width", "cards"), [(390, 300), (768, 190), (1440, 130)])
    def test_first_page_says_what_this_is_in_one_line(self, shared_server, visit, width, cards):
        tab = visit(shared_server, viewport={"width": width, "height": 844}).open()
        line = tab.part("product", "p")
        expect(line).to_have_text("odt · Teach a small model your own samples")
        card = tab.page.locator(".st-key-card_samples")
        tab.until(lambda: line.bounding_box()["height"] < 25 and card.bounding_box()["y"] <= cards)

    @pytest.mark.parametrize("width", [320, 390, 768, 769, 1440])
    def test_pages_are_named_once_at_any_width(self, shared_server, visit, width):
        tab = visit(shared_server, viewport={"width": width, "height": 844}).open("/model")
        expect(tab.page.get_by_role("link", name="Evaluate", exact=True)).to_have_count(1)
        expect(tab.page.get_by_role("button", name="Expand sidebar")).to_have_count(0)
        links = tab.page.get_by_role("link").filter(visible=True).all_inner_texts()
        pages = ["Personalise", "Evaluate", "Checkpoints", "Model"]
        assert [name for name in links if name in pages] == pages
        tab.page.get_by_role("link", name="Checkpoints", exact=True).click()
        tab.sees("Compare any two")
        assert "/checkpoints?w=" in tab.page.url

    def test_page_is_out_of_sight_until_its_style_has_come(self, shared_server, visit):
        """Else everything would be drawn plain first, and jump."""
        tab, held = visit(shared_server), []
        tab.page.route(re.compile(r"/Html\."), lambda route: held.append(route))
        tab.page.goto(shared_server.url)
        tab.page.locator(".st-key-card_samples").wait_for(state="attached")
        tab.until(lambda: bool(held))
        for part in ("page", "pages"):
            assert tab.page.locator(f".st-key-{part}").bounding_box()["height"] <= 1
        for route in held:
            route.continue_()
        tab.page.wait_for_function("document.querySelector('.st-key-page').clientHeight > 300")
        expect(tab.page.locator(".st-key-pages")).to_be_hidden()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_value_of_a_slider_can_be_read(self, shared_server, visit, scheme):
        tab = visit(shared_server, color_scheme=scheme).open()
        value = tab.part("set_replay", "[data-testid=stSliderThumbValue]")
        ink, ground = (
            [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
            for colour in (
                value.evaluate("(one) => getComputedStyle(one.querySelector('p')).color"),
                tab.page.locator(".st-key-card_train").evaluate(
                    "(one) => getComputedStyle(one).backgroundColor"
                ),
            )
        )
        assert contrast(ink, ground) >= 4.5  # AA of WCAG 2.2

    def test_parts_that_do_not_fit_on_a_phone_fade_at_the_edge(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}).open("/evaluate")
        row = tab.part("evaluate_part", "[role=radiogroup]")
        expect(row).to_have_css("mask-image", re.compile("gradient"))
        row.evaluate("(one) => one.scrollTo(1e4, 0)")
        expect(row).to_have_css("mask-image", re.compile("to right|90deg"))

    def test_page_when_390_wide_does_not_scroll_sideways(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}, has_touch=True).open()
        tab.load_person().filled()
        tab.until(lambda: tab.page.evaluate("document.documentElement.scrollWidth") <= 390)

    def test_page_when_1280_by_720_shows_the_result_a_chart_and_answers_whole(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 1280, "height": 720}).open()
        tab.load_person().draw("sketch").sees("Not trained yet").train()
        tab.sees("See the evidence")
        for key, inside in (("loss", ".odt-chart"), ("answers", ".bar >> nth=-1")):
            part = tab.page.locator(f".st-key-{key} {inside}")
            tab.until(lambda part=part: bottom(part) <= 720)

    def test_ticks_of_a_chart_in_a_low_window_stand_apart(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 1280, "height": 720}).open()
        tab.load_person().train().page.locator(".st-key-accuracy .ytick").first.wait_for()
        ticks = tab.page.locator(".st-key-accuracy .ytick text")

        def apart() -> bool:
            boxes = sorted(ticks.evaluate_all(SPANS))
            return len(boxes) > 1 and all(above[1] <= below[0] for above, below in pairwise(boxes))

        tab.until(apart)

    @pytest.mark.parametrize("width", [1440, 390])
    def test_message_when_samples_came_covers_no_undo(self, shared_server, visit, width):
        tab = visit(shared_server, viewport={"width": width, "height": 844}).open().load_person()
        toast = tab.page.get_by_test_id("stToast").first.bounding_box()
        undo = tab.part("top_acts").bounding_box()
        assert undo["y"] + undo["height"] < toast["y"]

    def test_charts_when_the_result_comes_stay_where_they_are(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().set_epochs(3000).press("train")
        tab.sees("Right on your test samples so far.")
        before = tab.page.locator(".st-key-loss .odt-chart").bounding_box()
        tab.press("stop").sees("See the evidence").idle()
        assert tab.page.locator(".st-key-loss .odt-chart").bounding_box() == before

    @pytest.mark.parametrize(("width", "side_by_side"), [(1440, 3), (1024, 2), (720, 1)])
    def test_cards_when_they_do_not_fit_side_by_side_are_stacked(
        self, shared_server, visit, width, side_by_side
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 800}).open()
        # as soon as the page has settled
        tab.page.wait_for_function(
            """many => {
              const cards = ["samples", "train", "try"].map(
                (name) => document.querySelector(`.st-key-card_${name}`),
              );
              if (cards.some((card) => !card)) return false;
              const tops = cards.map((card) => Math.round(card.getBoundingClientRect().top));
              return tops.filter((top) => top === tops[0]).length === many;
            }""",
            arg=side_by_side,
        )
        labels = [
            tab.part(f"set_{name}", "label") for name in ("epochs", "batch_size", "learning_rate")
        ]
        tab.until(lambda: all(label.bounding_box()["height"] < 30 for label in labels))  # one line

    def test_page_when_1024_by_768_shows_where_to_try_before_the_first_training(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 1024, "height": 768}).open()
        tab.part("sketch", "canvas").wait_for()
        tab.until(lambda: tab.part("sketch", "canvas").bounding_box()["y"] < 768)

    def test_buttons_of_the_top_line_when_they_do_not_fit_go_to_the_next_one_together(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 768, "height": 1024}).open()
        buttons = [tab.part(key) for key in ("undo", "redo", "download")]

        def together() -> bool:
            boxes = [button.bounding_box() for button in buttons]
            right = boxes[-1]["x"] + boxes[-1]["width"]
            return len({round(box["y"]) for box in boxes}) == 1 and right > 700

        tab.until(together)

    def test_canvas_when_dark_shows_light_ink_and_still_reads_it(self, shared_server, visit):
        tab = visit(shared_server, color_scheme="dark").open().draw("sketch")
        tab.sees("Not trained yet")
        colour = tab.part("sketch", ".pad").evaluate("e => getComputedStyle(e).color")
        assert colour == "rgb(236, 237, 244)"
        assert tab.page.locator(".st-key-answers .answer").first.inner_text() == "7"

    def test_stroke_when_made_by_touch_is_answered(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}, has_touch=True).open()
        tab.part("sketch", "canvas").scroll_into_view_if_needed()
        box = tab.part("sketch", "canvas").bounding_box()
        tab.page.touchscreen.tap(box["x"] + 90, box["y"] + 90)
        tab.sees("Not sure: for the model no label fits this clearly enough.")  # it is a dot
