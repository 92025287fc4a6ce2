"""Where the keyboard is while menus and dialogs open over the page and close again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

# What has the focus, however deep in our own elements, as it is called.
FOCUSED = """() => {
  let one = document.activeElement;
  while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  return one === document.body ? "" : one.ariaLabel ?? one.innerText.trim();
}"""


@pytest.fixture
def tab(shared_server, visit):
    return visit(shared_server).open().load_person().filled()


def has_focus(tab, name: str) -> None:
    """Wait until what is called that has it."""
    tab.until(lambda: tab.page.evaluate(FOCUSED).startswith(name), 10)


def dialog_by_key(tab, part) -> None:
    part.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("dialog")).to_be_focused()


class TestDialog:
    def test_picture_when_its_dialog_is_closed_has_the_focus(self, tab):
        picture = tab.page.locator(".st-key-shelf li").nth(3).locator(".thumb").nth(2)
        dialog_by_key(tab, picture)
        tab.page.keyboard.press("Escape")
        expect(picture).to_be_focused()

    def test_row_when_its_picture_was_deleted_keeps_the_focus(self, tab):
        row = tab.page.locator(".st-key-shelf li").nth(3)
        dialog_by_key(tab, row.locator(".thumb").nth(2))
        tab.part("delete_sample").press("Enter")
        expect(row.locator(".count")).to_contain_text("12")
        expect(row.locator(".thumb:focus")).to_have_count(1)

    def test_row_in_place_of_a_deleted_one_has_the_focus(self, tab):
        name = tab.page.locator(".st-key-shelf input.name").nth(3)
        name.press("Enter")
        delete = tab.part("shelf", "li:nth-child(4).on .delete")
        dialog_by_key(tab, delete)
        tab.page.keyboard.press("Escape")
        expect(delete).to_be_focused()
        dialog_by_key(tab, delete)
        tab.part("really_delete").press("Enter")
        expect(name).to_have_value("4")
        expect(name).to_be_focused()

    def test_menu_whose_entry_opened_a_dialog_has_the_focus_at_its_end(self, tab):
        tab.page.get_by_role("button", name="Reset").click()
        dialog_by_key(tab, tab.part("erase"))
        tab.page.keyboard.press("Escape")
        has_focus(tab, "Reset")


class TestMove:
    def test_button_that_moves_a_sample_keeps_the_focus(self, tab):
        tab.page.get_by_role("link", name="Evaluate", exact=True).click()
        tab.page.get_by_role("radio", name="Test samples", exact=True).click()
        tab.page.get_by_role("button", name="Use it for training").press("Enter")
        tab.sees("Samples moved by hand")
        has_focus(tab, "Lock it for testing")


class TestUndo:
    def test_ctrl_z_takes_the_last_step_back_but_in_a_field_or_where_a_stroke_is(self, tab):
        told = tab.part("card_samples", ".odt-step span")
        canvas = tab.part("pad", "canvas")
        tab.page.locator(".st-key-shelf .thumb").first.click()
        tab.press("delete_sample").idle()
        expect(told).to_contain_text("129 samples")
        tab.part("set_epochs", "input").press("Control+z")
        tab.draw("pad")
        canvas.press("Control+z")
        expect(tab.part("pad", ".undo")).to_be_disabled()
        tab.idle()
        expect(told).to_contain_text("129 samples")
        canvas.press("Control+z")
        expect(told).to_contain_text("130 samples")


class TestLink:
    @pytest.mark.parametrize("key", ["pages", "to_personalise"])
    def test_link_to_a_page_when_it_has_the_focus_is_outlined(self, shared_server, visit, key):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}).open("/evaluate")
        link = tab.part(key, "a")
        link.focus()
        outline = "one => getComputedStyle(one).outline"
        assert link.evaluate(outline) == "rgb(67, 56, 202) solid 2px"


class TestMenu:
    def test_keyboard_goes_into_a_menu_that_it_opens_and_out_again(self, tab):
        tab.page.get_by_role("button", name="Reset").press("Enter")
        has_focus(tab, "Delete everything")  # there is nothing yet to reset
        tab.page.keyboard.press("Escape")
        has_focus(tab, "Reset")
        tab.page.keyboard.press("Enter")
        has_focus(tab, "Delete everything")
        tab.page.keyboard.press("Tab")
        has_focus(tab, "Download")
        expect(tab.part("erase")).to_have_count(0)
        tab.page.get_by_role("button", name="Reset").press("Enter")
        has_focus(tab, "Delete everything")
        tab.page.keyboard.press("Shift+Tab")
        has_focus(tab, "Reset")
        expect(tab.part("erase")).to_have_count(0)

    def test_reset_when_done_closes_its_menu(self, tab):
        tab.train().page.get_by_role("button", name="Reset").press("Enter")
        has_focus(tab, "Reset to base")
        tab.page.keyboard.press("Enter")
        tab.sees("base · 0 steps")
        has_focus(tab, "Reset")
        expect(tab.part("reset")).to_have_count(0)
