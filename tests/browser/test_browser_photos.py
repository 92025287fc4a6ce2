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
        tab.press("example").sees("Added 18 samples, 8 of them set aside for testing")
        shelf = tab.page.locator(".st-key-shelf")
        for place, label in enumerate(("dam", "solar panel", "windmill")):
            expect(shelf.locator(".name").nth(place)).to_have_value(label)
        tab.press("train").sees("personalised · 20 steps · 10 samples")
        tab.sees("Finished all 20 steps.").sees("your test samples")

    def test_second_click_adds_the_next_set(self, tab):
        tab.press("example").sees("18 samples, 8 set aside")
        tab.page.wait_for_timeout(600)  # at once it would be a double click
        tab.press("example").sees("Hammer, pliers or tape measure?").sees("38 samples, ")
