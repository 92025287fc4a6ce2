"""A server that is cold, starts again, or is killed while a page is open."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


class TestFirstVisit:
    @pytest.mark.parametrize("path", ["/personalise", "/evaluate", "/checkpoints", "/model"])
    def test_deep_link_when_server_is_cold_opens_that_page(self, server, visit, path):
        tab = visit(server).open(path)
        tab.page.wait_for_selector("[class*=st-key-card_]")
        assert tab.page.url.split("?")[0] == server.url + path
        assert "?w=" in tab.page.url


class TestRestart:
    """The server starts again while a page is open; nobody reloads it."""

    def restart(self, tab, server):
        before = tab.page.locator("[data-testid=stApp]")
        server.stop()
        expect(before).not_to_have_attribute("data-test-connection-state", "CONNECTED")
        server.start()
        expect(before).to_have_attribute("data-test-connection-state", "CONNECTED")
        tab.page.wait_for_timeout(1000)
        tab.idle()

    def test_train_when_pressed_once_then_trains(self, server, visit):
        tab = visit(server).open().load_person().set_epochs(3).idle()
        self.restart(tab, server)
        tab.press("train").sees("personalised ·")

    def test_drawing_when_on_the_canvas_stays_and_the_next_stroke_is_answered(self, server, visit):
        tab = visit(server).open().draw("sketch").sees("Not trained yet").idle()
        answer = tab.page.locator(".st-key-answers .answer").first
        expect(answer).to_have_text("7")
        self.restart(tab, server)
        expect(answer).to_have_text("7")
        tab.part("sketch", ".undo").click()
        tab.sees("Draw something above")
        assert "does not exist anymore" not in server.log

    def test_page_when_it_is_not_the_first_is_open_still(self, server, visit):
        tab = visit(server).open("/evaluate").idle()
        address = tab.page.url
        self.restart(tab, server)
        tab.page.wait_for_selector("[class*=st-key-card_]")
        assert tab.page.url == address
        assert "does not exist anymore" not in server.log


class TestTraining:
    def test_training_when_server_is_killed_can_go_on(self, server, visit):
        tab = visit(server).open().load_person().set_epochs(3000).press("train")
        manifests = server.folder / "workspaces"
        tab.until(  # an automatic checkpoint is made
            lambda: any('"auto"' in one.read_text() for one in manifests.glob("*/history/*.json"))
        )
        server.stop(kill=True)
        server.start()
        tab.page.reload()
        tab.idle().sees("Training was interrupted.")
        tab.press("go_on").sees("steps a second")
        tab.press("stop").sees("personalised ·")
