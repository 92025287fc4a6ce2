"""The camera with Chromium's fake device: pictures, bursts, live answers; and without one."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

FAKE = "--use-fake-device-for-media-stream"
ALLOW = "--use-fake-ui-for-media-stream"
# Remembers every stream that the page was given, so that a test can ask which still run.
REMEMBER = """
  window.streams = [];
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (ask) navigator.mediaDevices.getUserMedia = async (what) => {
    const stream = await ask(what);
    window.streams.push(stream);
    return stream;
  };
"""
RUNNING = """() => window.streams.flatMap((stream) => stream.getVideoTracks())
  .filter((track) => track.readyState === "live").length"""

# A camera in front of a red left half and a blue right half.
HALVES = """
  navigator.mediaDevices.getUserMedia = async () => {
    const sheet = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const ctx = sheet.getContext("2d");
    setInterval(() => ["red", "blue"].forEach((colour, k) => {
      ctx.fillStyle = colour; ctx.fillRect(160 * k, 0, 160, 240);
    }), 50);
    return sheet.captureStream(20);
  };
"""

# A camera of which no picture is like another: a stripe moves on with each.
STRIPES = """
  navigator.mediaDevices.getUserMedia = async () => {
    const sheet = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const ctx = sheet.getContext("2d");
    let at = 0;
    setInterval(() => {
      ctx.fillStyle = "white"; ctx.fillRect(0, 0, 320, 240);
      ctx.fillStyle = "red"; ctx.fillRect(0, 0, at = (at + 1) % 320, 240);
    }, 50);
    return sheet.captureStream(20);
  };
"""


@dataclass
class Camera:
    """The element in one of the two cards, as a person meets it."""

    tab: object
    key: str

    def part(self, name: str) -> Locator:
        return self.tab.page.locator(f".st-key-{self.key} .camera .{name}").first

    def ready(self) -> Camera:
        button = self.part("shoot" if self.key == "camera" else "pause")
        expect(button).to_be_enabled()
        return self

    def running(self) -> int:
        return self.tab.page.evaluate(RUNNING)

    def saved(self) -> tuple[int, int]:
        """How many pictures were saved and left out, once all that were taken are: a busy machine's
        camera may show a frame twice.
        """
        said = self.part("status")
        expect(said).to_contain_text("saved.")
        kept, *twice = map(int, re.findall(r"(\d+) (?:picture|left)", said.inner_text()))
        return kept, sum(twice)

    def answered(self) -> int:
        """How many live frames have been answered."""
        root = self.tab.page.locator(f".st-key-{self.key} .camera").first
        return int(root.evaluate("(root) => root.dataset.answered ?? 0"))

    def answer_more(self, than: int) -> int:
        """Wait until more live frames than that have been answered."""
        self.tab.until(lambda: self.answered() > than)
        return self.answered()

    def is_still(self) -> bool:
        """Whether no live frame is answered for a second."""
        before = self.answered()
        self.tab.page.wait_for_timeout(1000)
        return self.answered() == before


def open_camera(tab, way: str = "samples_way") -> Camera:
    """The Camera tab of the card of samples, or of the card to try with ("try_way")."""
    tab.part(way, "button:has-text('Camera')").click()
    return Camera(tab, "camera" if way == "samples_way" else "live")


def on_disk(server) -> list[Path]:
    """The sample files of all workspaces of the server."""
    return list((server.folder / "workspaces").glob("*/samples/*"))


@pytest.fixture
def tab(shared_server, visit):
    one = visit(shared_server)
    one.page.add_init_script(REMEMBER)
    return one.open()


@pytest.fixture
def other_chromium(browser: Browser) -> Iterator[Callable[..., Browser]]:
    """Launches Chromium with other flags than the shared one has."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    opened: list[Browser] = []

    def launch(*flags: str) -> Browser:
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", *flags]
        opened.append(browser.browser_type.launch(executable_path=found, args=args))
        return opened[-1]

    yield launch
    for one in opened:
        one.close()


class TestPictures:
    def test_click_when_the_camera_runs_adds_one_picture_of_the_chosen_label(
        self, shared_server, tab
    ):
        camera = open_camera(tab).ready()
        expect(camera.part("what")).to_have_text("0")
        before = len(on_disk(shared_server))
        camera.part("shoot").click()
        tab.sees("1 picture of '0' saved.").sees("1 sample")
        assert len(on_disk(shared_server)) == before + 1

    def test_held_button_records_a_burst_with_a_counter_about_five_a_second(
        self, shared_server, tab
    ):
        camera, before = open_camera(tab).ready(), len(on_disk(shared_server))
        box = camera.part("shoot").bounding_box()
        tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        began = time.monotonic()
        tab.page.mouse.down()
        expect(camera.part("counter")).to_have_text(re.compile(r"[4-9]|\d\d"))
        expect(camera.part("counter")).to_be_visible()
        tab.page.wait_for_timeout(1500)
        tab.page.mouse.up()
        # One at once, after 0.35 s another, then five a second.
        due = 2 + (time.monotonic() - began - 0.35) / 0.2
        kept, twice = camera.saved()
        assert 0.6 * due <= kept + twice <= due + 2
        tab.sees(re.compile(rf"A burst of {kept} pictures, all (for training|set aside)"))
        assert len(on_disk(shared_server)) == before + kept
        expect(camera.part("counter")).to_be_hidden()

    def test_burst_by_keyboard_ends_when_the_key_is_let_go(self, tab):
        camera = open_camera(tab).ready()
        camera.part("shoot").focus()
        tab.page.keyboard.down(" ")
        expect(camera.part("counter")).to_have_text(re.compile(r"[2-9]|\d\d"))
        tab.page.keyboard.up(" ")
        taken = int(camera.part("counter").text_content())
        assert sum(camera.saved()) == taken
        said = camera.part("status").inner_text()
        tab.page.wait_for_timeout(600)
        assert camera.part("status").inner_text() == said

    def test_mirrored_pictures_are_kept_so_only_when_chosen(self, shared_server, visit):
        tab = visit(shared_server)
        tab.page.add_init_script(HALVES)
        camera = open_camera(tab.open()).ready()
        for choice, red in (("view", "left"), ("kept", "right")):
            camera.part("mirror").select_option(choice)
            before = set(on_disk(shared_server))
            camera.part("shoot").click()
            expect(camera.part("status")).to_contain_text("saved")
            (newest,) = set(on_disk(shared_server)) - before
            row = np.asarray(Image.open(newest).convert("RGB"))[10].astype(int)
            there = "left" if row[5, 0] > row[-5, 0] else "right"
            assert there == red, choice

    def test_ten_in_a_row_when_undone_leave_as_one_step(self, tab):
        camera = open_camera(tab).ready()
        camera.part("row").click()
        kept, twice = camera.saved()
        assert kept + twice == 10
        tab.sees(f"A burst of {kept} pictures").sees(f"{kept} samples")
        tab.press("undo")
        expect(tab.part("card_samples", ".odt-step span")).to_have_text("0 samples")

    def test_burst_of_one_and_the_same_picture_says_that_it_was_saved_once(
        self, shared_server, visit
    ):
        tab = visit(shared_server)
        tab.page.add_init_script(HALVES)
        camera, before = open_camera(tab.open()).ready(), len(on_disk(shared_server))
        camera.part("row").click()
        said = camera.part("status")
        expect(said).to_have_text("1 picture of '0' saved. 9 left out.")
        tab.sees("Left out 9 pictures identical to earlier ones.").sees("1 sample")
        assert len(on_disk(shared_server)) == before + 1

    def test_page_when_left_turns_the_camera_off(self, tab):
        camera = open_camera(tab).ready()
        assert camera.running() == 1
        tab.part("samples_way", "button:has-text('Draw')").click()
        tab.page.wait_for_function(f"({RUNNING})() === 0")
        open_camera(tab).ready()
        assert camera.running() == 1
        tab.page.get_by_test_id("stTopNavLink").nth(3).click()
        tab.page.wait_for_function(f"({RUNNING})() === 0")


class TestWaiting:
    """Pictures that the server has not confirmed yet."""

    @pytest.fixture
    def waiting(self, server, visit):
        """The camera, with a burst that was taken while the server was away."""
        tab = visit(server)
        tab.page.add_init_script(STRIPES)
        camera = open_camera(tab.open()).ready()
        server.stop()
        app = tab.page.locator("[data-testid=stApp]")
        expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
        camera.part("row").dispatch_event("click")
        expect(camera.part("status")).to_have_text("10 pictures taken, saving …")
        yield camera
        if server.process.poll() is not None:
            server.start()  # to be stopped

    def test_burst_when_the_server_starts_again_is_saved_and_the_camera_is_still_there(
        self, server, waiting
    ):
        server.start()
        expect(waiting.part("status")).to_have_text("10 pictures of '0' saved.", timeout=30_000)
        assert len(on_disk(server)) == 10

    def test_page_when_reloaded_with_pictures_that_wait_asks_first(self, server, waiting):
        asked, page = [], waiting.tab.page
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.evaluate("setTimeout(() => location.reload())")
        waiting.tab.until(lambda: asked == ["beforeunload"])
        server.start()
        expect(waiting.part("status")).to_contain_text("saved", timeout=30_000)
        page.reload()
        assert asked == ["beforeunload"]

    def test_burst_when_another_page_is_opened_is_saved_on_coming_back_and_says_so(
        self, server, visit
    ):
        tab = visit(server)
        tab.page.add_init_script(STRIPES)
        camera = open_camera(tab.open()).ready()
        box = camera.part("shoot").bounding_box()
        tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tab.page.mouse.down()
        expect(camera.part("counter")).to_have_text(re.compile(r"[3-9]|\d\d"))
        tab.page.get_by_test_id("stTopNavLink").nth(3).dispatch_event("click")
        expect(camera.part("shoot")).to_be_hidden()
        tab.page.mouse.up()
        tab.page.get_by_test_id("stTopNavLink").nth(0).click()
        kept, _ = camera.saved()
        assert kept == len(on_disk(server))


class TestLive:
    def test_both_models_answer_one_frame_after_another_until_held_still(self, tab):
        camera = open_camera(tab, "try_way").ready()
        camera.answer_more(camera.answer_more(1) + 5)
        expect(tab.page.locator(".st-key-answers .answer")).to_have_count(2)
        camera.part("pause").click()
        tab.until(camera.is_still)

    def test_no_picture_of_a_live_camera_is_kept(self, shared_server, tab):
        before = len(on_disk(shared_server))
        open_camera(tab, "try_way").ready().answer_more(3)
        assert len(on_disk(shared_server)) == before


class TestTrouble:
    def test_permission_when_denied_is_explained_and_upload_offered(
        self, shared_server, visit, other_chromium
    ):
        tab = visit(
            shared_server, other_chromium(FAKE)
        ).open()  # headless: nobody is there to allow it
        camera = open_camera(tab)
        tab.sees("This page may not use the camera.").sees("allow the camera, then press Try again")
        camera.part("upload").click()
        tab.page.locator(".st-key-samples_files, [data-testid=stFileUploader]").first.wait_for()

    def test_no_camera_is_explained(self, shared_server, visit, other_chromium):
        tab = visit(shared_server, other_chromium(ALLOW, FAKE + "=device-count=0")).open()
        open_camera(tab)
        tab.sees("No camera was found.").sees("Plug one in or switch it on")

    def test_of_two_cameras_one_is_chosen_and_remembered(
        self, shared_server, visit, other_chromium
    ):
        tab = visit(shared_server, other_chromium(ALLOW, FAKE + "=device-count=2")).open()
        camera = open_camera(tab).ready()
        which = camera.part("which")
        expect(which.locator("option")).to_have_count(2)
        names = which.locator("option").all_inner_texts()
        which.select_option(label=names[1])
        camera.ready()
        tab.page.reload()
        tab.idle()
        camera = open_camera(tab).ready()
        chosen = camera.part("which").evaluate("(one) => one.selectedOptions[0].textContent")
        assert chosen == names[1]


class TestReset:
    def test_camera_pictures_when_everything_is_deleted_leave_the_disk(self, shared_server, tab):
        camera, before = open_camera(tab).ready(), len(on_disk(shared_server))
        camera.part("shoot").click()
        tab.sees("1 picture of '0' saved.")
        assert len(on_disk(shared_server)) == before + 1
        tab.page.get_by_role("button", name="Reset").click()
        tab.press("erase").sees("1 camera picture among them")
        tab.press("really_erase").sees("Everything was deleted from the disk.")
        assert len(on_disk(shared_server)) == before
