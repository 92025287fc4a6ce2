"""A visit from the first page to the last: it asks only this server, and what is done is there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import visits

# A double click: by the page itself, which is as quick on a busy machine.
TWICE = """(button) => {
  button.click();
  setTimeout(() => document.querySelector(".st-key-example button").click(), 250);
}"""

# All heights that an element has had since the page has its style.
HEIGHTS = """window.heights = new Set();
(function look() {
  const [part, menu] = [".st-key-KEY", ".st-key-menu"].map((one) => document.querySelector(one));
  if (part && menu && getComputedStyle(menu).display === "none")
    heights.add(Math.round(part.getBoundingClientRect().height));
  requestAnimationFrame(look);
})()"""


class TestFirstVisit:
    @pytest.mark.parametrize("path", ["/", "/personalise"])
    def test_menu_when_first_page_is_open_shows_it_once_and_as_open(
        self, shared_server, visit, path
    ):
        tab = visit(shared_server).open(path)
        links = tab.page.get_by_test_id("stTopNavLink")
        expect(links).to_have_text(["Personalise", "Evaluate", "Checkpoints", "Model"])
        expect(links.first).to_have_attribute("aria-current", "page")

    def test_pages_are_told_apart_by_their_titles(self, shared_server, visit):
        tab = visit(shared_server).open()
        for name in ("Personalise", "Evaluate", "Checkpoints", "Model"):
            tab.page.get_by_role("link", name=name, exact=True).first.click()
            expect(tab.page).to_have_title(f"{name} · odt")
            expect(tab.page.get_by_role("heading", level=1)).to_have_text(name)

    @pytest.mark.parametrize("path", ["/", "/evaluate", "/checkpoints", "/model"])
    def test_headings_when_read_one_after_another_leave_no_level_out(
        self, shared_server, visit, path
    ):
        tab = visit(shared_server).open(path).idle()
        headings = tab.page.locator(":is(h1, h2, h3, h4, h5, h6):visible")
        levels = headings.evaluate_all("all => all.map((one) => Number(one.nodeName[1]))")
        assert levels[:2] == [1, 2]
        assert all(after - before <= 1 for before, after in pairwise(levels))

    @pytest.mark.parametrize("key", ["pad", "sketch"])
    @pytest.mark.parametrize("width", [390, 1440])
    def test_canvas_when_its_script_comes_pushes_nothing_down(
        self, shared_server, visit, key, width
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 900})
        tab.page.add_init_script(HEIGHTS.replace("KEY", key))
        tab.open().part(key, "canvas").wait_for()
        tab.idle().page.wait_for_timeout(500)
        (height,) = tab.page.evaluate("[...heights]")
        assert height > 170


class TestFirstPage:
    @pytest.fixture(scope="class")
    @staticmethod
    def tab(shared_server, browser):
        """As it is with an example person's samples."""
        with visits(browser) as visit:
            yield visit(shared_server).open().load_person()

    def test_page_when_1440_by_900_needs_no_scrolling(self, tab):
        main = "document.querySelector('[data-testid=stMain]')"
        tab.filled().until(lambda: tab.page.evaluate(f"{main}.scrollHeight <= {main}.clientHeight"))

    def test_fonts_when_loaded_are_ours(self, tab):
        tab.page.wait_for_function(
            "[...document.fonts].some((f) => f.family === 'Inter' && f.status === 'loaded')"
        )
        assert any("inter-latin" in url for url in tab.requests)

    def test_page_when_drawn_on_has_asked_only_this_server(self, tab):
        tab.draw("sketch").sees("Not trained yet").page.wait_for_timeout(500)
        outside = [url for url in tab.requests if not url.startswith((tab.url, "data:", "blob:"))]
        assert outside == []


class TestExamplePerson:
    def test_button_when_double_clicked_loads_one_person(self, shared_server, visit):
        tab = visit(shared_server).open()
        tab.part("example").evaluate(TWICE)
        tab.sees("set aside for testing").page.wait_for_timeout(1000)  # so that two would be there
        tab.idle().press("undo")
        expect(tab.part("card_samples", ".odt-step span")).to_have_text("0 samples")


class TestAddress:
    def test_back_when_pressed_once_then_the_page_before_is_there(self, shared_server, visit):
        tab = visit(shared_server).open().load_person()
        pages = ("Evaluate", "Checkpoints", "Model")
        before = tab.page.evaluate("history.length")
        for name in pages:
            tab.page.get_by_role("link", name=name, exact=True).first.click()
            tab.page.wait_for_url(f"**/{name.lower()}?w=*")
            tab.idle()
        assert tab.page.evaluate("history.length") == before + len(pages)
        for name in pages[-2::-1]:
            tab.page.go_back()
            tab.page.wait_for_url(f"**/{name.lower()}?w=*")
            tab.idle()

    @pytest.mark.parametrize("width", [1440, 390])
    def test_link_when_opened_in_another_tab_shows_the_same_workspace(
        self, shared_server, visit, width
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 900}).open().load_person()
        link = tab.page.get_by_role("link", name="Evaluate", exact=True).locator("visible=true")
        for how in ({"button": "middle"}, {"modifiers": ["Control"]}):
            with tab.page.context.expect_page() as other:
                link.click(**how)
            assert other.value.url == tab.url + "/evaluate?" + tab.page.url.split("?")[1]

    def test_first_page_when_opened_from_another_on_a_phone_is_the_first_page(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 390, "height": 900}).open("/model")
        link = tab.page.locator(".st-key-pages").get_by_role("link", name="Personalise")
        with tab.page.context.expect_page() as other:
            link.click(button="middle")
        assert other.value.url == tab.url + "/?" + tab.page.url.split("?")[1]


class TestCamera:
    def test_photo_when_taken_by_the_plain_camera_is_a_sample_of_the_chosen_label(
        self, shared_server, visit
    ):
        tab = visit(shared_server, permissions=["camera"]).open()
        tab.part("samples_way", "button >> text=Camera").click()
        tab.part("camera_simple", "label").click()
        # Streamlit's button is there before the camera is, and does nothing until then.
        tab.page.wait_for_function("document.querySelector('video')?.readyState >= 2")
        tab.page.get_by_role("button", name="Take Photo").click()
        tab.sees("1 sample to learn from")


class TestDeletion:
    def test_everything_is_kept_by_enter_and_what_deletes_looks_like_nothing_else(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().load_person()
        train = tab.part("train").evaluate("(one) => getComputedStyle(one).backgroundColor")
        tab.page.get_by_role("button", name="Reset").click()
        tab.press("erase").sees("Delete everything?")
        erase = tab.part("really_erase")
        assert erase.evaluate("(one) => getComputedStyle(one).backgroundColor") != train
        expect(tab.page.get_by_role("dialog")).to_be_focused()
        tab.page.keyboard.press("Enter")
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
        tab.idle().sees("set aside for testing")


class TestWholeWay:
    def test_person_when_trained_compares_restores_and_downloads(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().draw("sketch").train()
        tab.press("download")
        with tab.page.expect_download() as download:
            tab.part("download_checkpoint").click()
        assert download.value.suggested_filename.endswith(".safetensors")

        tab.page.get_by_role("link", name="Checkpoints").first.click()
        tab.sees("Compare any two").press("compare").sees("McNemar")
        tab.page.get_by_role("button", name="Restore").locator("visible=true").last.click()
        tab.page.get_by_role("link", name="Personalise").first.click()
        tab.sees("base · 0 steps")  # a first run starts with the base model's weights
