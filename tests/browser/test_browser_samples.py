"""Strokes, and the labels they go to: drawn, taken back, named and chosen, by keyboard too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import bottom

# Two drawings, both added before the page can be drawn again.
TWO_DOTS = """(canvas) => {
  const { x, y } = canvas.getBoundingClientRect();
  for (const away of [60, 110]) {
    const at = { clientX: x + away, clientY: y + 60, pointerId: 1, bubbles: true };
    canvas.dispatchEvent(new PointerEvent("pointerdown", at));
    canvas.dispatchEvent(new PointerEvent("pointerup", at));
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  }
}"""
# What is said from now on to those who do not see the page.
LISTEN = """() => {
  window.heard = [];
  const line = document.querySelector(".st-key-heard_acts [role=status]");
  new MutationObserver(() => window.heard.push(line.textContent))
    .observe(line, { childList: true });
}"""


def _with_two_refused(server, visit):
    """A tab with two drawings for a label that another tab has deleted."""
    tab = visit(server).open()
    other = visit(server).open("/personalise?" + tab.page.url.split("?")[1])
    labels = other.page.locator(".st-key-shelf li")
    labels.first.locator(".delete").click()
    expect(labels).to_have_count(9)
    tab.part("pad", "canvas").evaluate(TWO_DOTS)
    return tab


class TestHeard:
    def test_the_same_act_done_twice_is_said_twice_to_those_who_do_not_see_it(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        tab.part("pad", "canvas").wait_for()
        tab.page.evaluate(LISTEN)
        for times, across in enumerate((0.5, 0.7), 1):
            tab.draw("pad", ((0.2, 0.2), (across, 0.8))).part("pad", ".add").click()
            tab.until(lambda times=times: len(tab.page.evaluate("window.heard")) == times)
        heard = tab.page.evaluate("window.heard")
        assert [said.strip("\u200b") for said in heard] == ["Done: add 1 sample to '0'."] * 2


class TestCanvas:
    def test_stroke_when_ended_gets_both_answers(self, shared_server, visit):
        tab = visit(shared_server).open().draw("sketch")
        tab.sees("Not trained yet: your model is the base model.")
        answers = tab.page.locator(".st-key-answers .answer").all_inner_texts()
        assert answers[0] == answers[1] != "–"
        shares = tab.page.locator(".st-key-answers .bar .share").all_inner_texts()
        assert "<1 %" in shares
        assert "0.0 %" not in shares  # none of them is nothing

    def test_drawings_when_another_page_was_open_are_there_again_with_their_answers(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().draw("pad").draw("sketch")
        tab.sees("Not trained yet: your model is the base model.")
        before = tab.page.locator(".st-key-answers .answer").all_inner_texts()
        tab.page.get_by_role("link", name="Model", exact=True).click()
        tab.sees("opened in a process of its own").idle()
        tab.page.get_by_role("link", name="Personalise", exact=True).click()
        tab.sees("Not trained yet: your model is the base model.")
        assert tab.page.locator(".st-key-answers .answer").all_inner_texts() == before
        tab.part("pad", ".add").click()
        tab.sees("1 sample")
        expect(tab.part("pad", ".add")).to_be_disabled()

    def test_drawing_when_added_is_on_the_shelf(self, shared_server, visit):
        tab = visit(shared_server).open().draw("pad")
        tab.part("pad", ".add").click()
        tab.sees("1 sample")
        expect(tab.page.locator(".st-key-shelf .thumb")).to_have_count(1)

    def test_drawings_when_refused_come_back_on_the_pad_one_after_another(
        self, shared_server, visit
    ):
        tab = _with_two_refused(shared_server, visit)
        tab.sees("is not there any more, so the drawing comes back on the pad").idle()
        tab.page.locator(".st-key-shelf li").first.click()
        expect(tab.part("pad", ".what")).to_have_text("1")
        for many in ("1 sample", "2 samples"):
            tab.part("pad", "canvas").press("Enter")
            expect(tab.part("card_samples", ".odt-step span")).to_have_text(many)
        expect(tab.part("pad", ".add")).to_be_disabled()

    def test_drawing_when_refused_comes_back_as_soon_as_the_pad_is_cleared(
        self, shared_server, visit
    ):
        tab = _with_two_refused(shared_server, visit)
        tab.sees("so the drawing comes back on the pad").idle()
        for _ in range(2):
            tab.part("pad", ".clear").click()
        expect(tab.part("pad", ".clear")).to_be_disabled()

    def test_undo_when_ctrl_z_takes_the_last_stroke(self, shared_server, visit):
        tab = visit(shared_server).open().draw("sketch").draw("sketch", ((0.2, 0.5), (0.8, 0.5)))
        tab.page.keyboard.press("Control+z")
        tab.page.keyboard.press("Control+z")
        tab.sees("Draw something above")
        assert tab.part("sketch", ".undo").is_disabled()

    def test_stroke_when_in_flight_during_a_rerun_survives(self, shared_server, visit):
        tab = visit(shared_server).open()
        box = tab.part("sketch", "canvas").bounding_box()
        tab.page.mouse.move(box["x"] + 60, box["y"] + 60)
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + 160, box["y"] + 60, steps=4)
        tab.page.evaluate("document.querySelector('.st-key-example button').click()")
        tab.sees("set aside for testing").idle()
        tab.page.mouse.move(box["x"] + 100, box["y"] + 220, steps=4)
        tab.page.mouse.up()
        tab.sees("Not trained yet")
        ink = tab.part("sketch", "canvas").evaluate(
            "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".filter((v, i) => i % 4 === 3 && v > 0).length"
        )
        assert ink > 3000


class TestShelf:
    def test_name_when_refused_then_the_old_one_is_back(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        name = tab.page.locator(".st-key-shelf input.name").nth(3)
        name.fill("4")
        name.press("Enter")
        tab.sees("There is a label '4' already")
        expect(name).to_have_value("3")

    def test_names_when_typed_one_after_another_are_all_kept(self, shared_server, visit):
        tab = visit(shared_server).open()
        names = tab.page.locator(".st-key-shelf input.name")
        rows = tab.page.locator(".st-key-shelf li")
        for at, name in enumerate(("cat", "dog", "bird")):
            names.nth(at).click()
            tab.page.keyboard.press("Control+a")
            tab.page.keyboard.type(name)
        rows.nth(2).locator(".toggle").click()
        expect(rows.nth(2)).to_have_class("on off ")
        for at, name in enumerate(("cat", "dog", "bird", "3")):
            expect(names.nth(at)).to_have_value(name)

    @pytest.mark.parametrize("press", [0, 90])  # milliseconds
    def test_name_when_another_page_is_opened_from_its_field_is_kept(
        self, shared_server, visit, press
    ):
        tab = visit(shared_server).open()
        tab.page.locator(".st-key-shelf input.name").first.fill("cat")
        tab.page.get_by_role("link", name="Checkpoints", exact=True).first.click(delay=press)
        tab.page.locator(".st-key-card_base").wait_for()
        tab.idle().page.get_by_role("link", name="Personalise", exact=True).first.click()
        expect(tab.page.locator(".st-key-shelf input.name").first).to_have_value("cat")

    def test_labels_when_added_faster_than_the_page_is_drawn_are_all_there(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        for name in ("ab", "cd", "ef"):
            tab.part("shelf", ".new-name").fill(name)
            tab.part("shelf", ".new-name").press("Enter")
        names = tab.page.locator(".st-key-shelf input.name")
        expect(names).to_have_count(13)
        for at, name in enumerate(("ab", "cd", "ef")):
            expect(names.nth(10 + at)).to_have_value(name)
        assert tab.page.locator("[data-testid=stAlert]:visible").count() == 0

    def test_button_for_a_label_can_be_pressed_once_there_is_a_name(self, shared_server, visit):
        tab = visit(shared_server).open()
        field, button = tab.part("shelf", ".new-name"), tab.part("shelf", ".new button")
        for name in ("", "   "):
            field.fill(name)
            expect(button).to_be_disabled()
        field.fill("star")
        expect(button).to_be_enabled()
        field.press("Tab")
        button.press("Enter")
        expect(tab.page.locator(".st-key-shelf input.name")).to_have_count(11)
        expect(button).to_be_disabled()
        expect(field).to_be_focused()  # where the next name is typed

    def test_button_for_a_label_when_double_clicked_adds_it_and_complains_of_nothing(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        tab.part("shelf", ".new-name").fill("star")
        tab.part("shelf", ".new button").dblclick()
        expect(tab.page.locator(".st-key-shelf input.name")).to_have_count(11)
        tab.page.wait_for_timeout(1000)  # so that a complaint would be there
        assert tab.idle().page.locator("[data-testid=stAlert]:visible").count() == 0

    def test_label_when_chosen_by_the_keyboard_is_still_chosen_at_the_drawing_area(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().load_person().idle()
        names = tab.page.locator(".st-key-shelf input.name")
        rows = tab.page.locator(".st-key-shelf li")
        names.first.focus()
        for _ in range(3):
            tab.page.keyboard.press("ArrowDown")
        expect(names.nth(3)).to_be_focused()
        tab.page.keyboard.press("Enter")
        expect(rows.nth(3)).to_have_class("on ")
        stops = 0
        canvas = tab.part("pad", "canvas")
        while not canvas.evaluate("canvas => canvas.getRootNode().activeElement === canvas"):
            assert stops < 5
            tab.page.keyboard.press("Shift+Tab")
            stops += 1
        tab.draw("pad").page.keyboard.press("Enter")
        expect(rows.nth(3).locator(".count")).to_have_text("14 samples · 6 test")
        expect(rows.nth(3)).to_have_class("on ")

    def test_labels_when_there_are_ten_are_one_stop_of_the_tab_key(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        tab.page.locator(".st-key-shelf input.name").first.focus()
        for _ in range(4):  # Disable, Delete, the pictures, the field for a new label
            tab.page.keyboard.press("Tab")
        expect(tab.part("shelf", ".new-name")).to_be_focused()

    def test_field_for_a_new_label_is_in_sight_however_many_there_are(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        field, shelf = (tab.part("shelf", part) for part in (".new", ".shelf"))
        tab.filled().until(lambda: bottom(field) <= bottom(shelf) + 1)

    def test_samples_of_the_chosen_label_when_they_come_are_in_sight(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        tab.part("shelf", ".new-name").fill("heart")
        tab.part("shelf", ".new-name").press("Enter")
        tab.page.locator(".st-key-shelf li.on .none").wait_for()
        tab.draw("pad").page.keyboard.press("Enter")
        tab.page.locator(".st-key-shelf li.on .thumb").wait_for()
        thumb, shelf = (tab.part("shelf", part) for part in ("li.on .thumb", ".labels"))
        tab.until(lambda: bottom(thumb) <= bottom(shelf))


class TestWholeWay:
    def test_name_when_it_is_markup_is_shown_letter_for_letter(self, shared_server, visit):
        tab = visit(shared_server).open()
        name = "<b>x **y** `z` [a](b)"
        tab.part("shelf", ".new-name").fill(name)
        tab.part("shelf", ".new-name").press("Enter")
        tab.page.wait_for_function(
            "n => [...document.querySelectorAll('.st-key-shelf *')].some(e => e.shadowRoot && "
            "[...e.shadowRoot.querySelectorAll('.name')].some(i => i.value === n))",
            arg=name,
        )
        assert tab.page.locator(".st-key-pad .what").inner_text() == name

    def test_name_in_wide_letters_or_in_letters_that_join_is_shown_whole(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        tab.draw("sketch").sees("Not trained yet")
        label = tab.page.locator(".st-key-answers .side.own .bar .label").first
        for name in ("日本語字", "مكتبة المدينة"):
            field = tab.page.locator(".st-key-shelf input.name").nth(7)
            field.fill(name)
            field.press("Enter")
            expect(label).to_have_text(name)
            assert len([one for one in label.locator("span").all_inner_texts() if one]) == 1
            if name == "日本語字":
                assert label.locator("span").first.evaluate("e => e.scrollWidth <= e.clientWidth")
                assert field.evaluate("e => e.scrollWidth <= e.clientWidth")

    def test_label_when_doubled_says_so_in_place_and_keeps_what_was_typed(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        field = tab.part("shelf", ".new-name")
        field.fill("7")
        field.press("Enter")
        tab.page.wait_for_selector(".st-key-card_samples [data-testid=stAlert]")
        expect(field).to_have_value("7")
