"""The photo model with the photographs that ship: nobody needs a camera to try it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.fixture
def tab(shared_server, visit):
    one = visit(shared_server).open()
    one.page.locator(".st-key-top_model input").click()
    one.page.get_by_role("option", name="Photos").click()
    return one.sees("Load example photos")


class TestExamplePhotos:
    def test_one_click_when_the_photo_model_is_chosen_fills_the_cards_and_it_trains(self, tab):
        shelf = tab.page.locator(".st-key-shelf")
        tab.press("example").sees("Added 20 samples, 3 of them set aside for testing")
        for label in ("hammer", "pliers", "tape measure"):
            expect(shelf.get_by_text(label, exact=True).first).to_be_visible()
        tab.press("train").sees("personalised · 20 steps · 17 samples")
        tab.page.screenshot(path="/tmp/h6s/t.png")

    def test_second_click_adds_the_next_set(self, tab):
        tab.press("example").sees("20 samples")
        tab.press("example").sees("Dam, solar panel or windmill?").sees("38 samples")

    def test_model_when_chosen_says_what_it_must_not_be_used_for(self, tab):
        tab.page.locator(".st-key-top [data-testid=stTooltipIcon]").first.hover()
        tab.sees("Not for: recognising or identifying people, or faces")
