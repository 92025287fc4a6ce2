"""Many files at once, and folders, at the uploader of samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.dashboard.calibration import calibrate
from tests.browser.conftest import Visitor

ZONE = ".st-key-card_samples [data-testid=stFileUploaderDropzone]"
LONGEST = """() => {
  window.longest = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    window.longest = Math.max(window.longest, one.duration);
  })).observe({ type: "longtask" });
}"""


def picture(path: Path, number: int) -> Path:
    """A small picture that is like no other number's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (12, 12), 255)
    image.putpixel((number % 12, number // 12 % 12), number // 144 * 20)
    image.save(path)
    return path


def drop(tab: Visitor, *paths: Path) -> None:
    """As from a file manager: only so does the browser have folders."""
    zone = tab.page.locator(ZONE)
    zone.hover()  # once it keeps still
    box = zone.bounding_box()
    assert box is not None
    devtools = tab.page.context.new_cdp_session(tab.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + 20, "y": box["y"] + 20}
        devtools.send("Input.dispatchDragEvent", {"type": step, "data": data, **place})


def sent(tab: Visitor) -> int:
    """How many files have gone to the server."""
    return len({url for url in tab.requests if "/_stcore/upload_file/" in url})


class TestUploads:
    @pytest.fixture
    def tab(self, shared_server, visit):
        tab = visit(shared_server).open()
        tab.part("samples_way", "button:has-text('Upload')").click()
        tab.page.locator(ZONE).wait_for()
        tab.idle().page.wait_for_function("window.Plotly")  # the last that a page waits for
        return tab

    @pytest.mark.parametrize("way", ["chosen", "dropped"])
    def test_files_when_many_arrive_under_the_chosen_label_and_the_page_stays_alive(
        self, tab, tmp_path, way
    ):
        files = [picture(tmp_path / f"{k}.png", k) for k in range(300)]
        tab.page.locator(".st-key-shelf li").nth(3).click()
        tab.sees("Pictures go to '3'")
        loop = calibrate(tab.page)
        tab.page.evaluate(LONGEST)
        if way == "dropped":
            drop(tab, *files)
        else:
            with tab.page.expect_file_chooser() as chooser:
                tab.page.locator(f"{ZONE} button").first.click()
            chooser.value.set_files(files)
        tab.sees("Added 300 samples").idle()
        assert tab.page.locator(".st-key-shelf li").nth(3).inner_text().startswith("300")
        assert sent(tab) == 1
        # Milliseconds; it takes about as long as one calibration loop.
        assert tab.page.evaluate("window.longest") < 6000 * loop

    def test_files_when_too_large_for_one_zip_arrive_in_two(self, tab, tmp_path):
        files = [tmp_path / f"{k}.bmp" for k in range(22)]
        for k, file in enumerate(files):
            pixels = np.random.default_rng(k).integers(0, 256, (1000, 1000, 3), np.uint8)
            Image.fromarray(pixels).save(file)  # 3 MB
        drop(tab, *files)
        tab.sees("Added 22 samples")
        assert sent(tab) == 2

    def test_files_when_few_are_left_to_the_uploader(self, tab, tmp_path):
        drop(tab, *(picture(tmp_path / f"{k}.png", k) for k in range(3)))
        tab.sees("Added 3 samples")
        assert sent(tab) == 3

    def test_folder_when_dropped_then_the_folders_in_it_are_labels(self, tab, tmp_path):
        for k in range(3):
            picture(tmp_path / "mine" / "heart" / f"{k}.png", k)
            picture(tmp_path / "mine" / "7" / f"{k}.png", 9 + k)  # the names come twice
        (tmp_path / "mine" / ".hidden").write_text("x")
        drop(tab, tmp_path / "mine")
        tab.sees("Added 6 samples").idle()
        names = tab.page.locator(".st-key-shelf li")
        counts = {
            names.nth(k).locator("input.name").input_value(): names.nth(k).inner_text().strip()
            for k in range(names.count())
        }
        assert counts["heart"].startswith("3")
        assert counts["7"].startswith("3")
        assert counts["0"].startswith("0")

    def test_files_when_one_cannot_be_read_the_others_are_added_and_it_is_named(
        self, tab, tmp_path
    ):
        files = [picture(tmp_path / f"{k}.png", k) for k in range(30)]
        files[7].write_bytes(b"no picture")
        drop(tab, *files)
        tab.sees("Left out 1 picture that cannot be read: '7.png'.").sees("29 samples")

    def test_folder_when_it_holds_too_much_says_so_before_anything_is_sent(self, tab, tmp_path):
        (tmp_path / "films").mkdir()
        with (tmp_path / "films" / "long.mp4").open("wb") as film:
            film.truncate(300_000_000)
        drop(tab, tmp_path / "films")
        tab.sees("That is 300 MB; of folders at most 200 MB are taken at once.")
        assert sent(tab) == 0
