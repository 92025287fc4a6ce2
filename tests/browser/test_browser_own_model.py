"""A model of somebody else in a real browser: dropped, corrected, trained, taken along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from odt_core.graph import describe
from tests.recordings import (
    GESTURES,
    SOUNDS,
    csv,
    gestures,
    sounds,
    wav,
    waves,
    windows,
)
from tests.sample_files import zipped

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "runtime" / "models"


def drop(tab, path: Path) -> None:
    """Drop a file on the Model page and wait until the page says what it is."""
    tab.page.wait_for_selector(".st-key-card_about h2")
    tab.idle()
    tab.page.locator("[class*=st-key-drop_] input[type=file]").set_input_files(path)
    tab.page.wait_for_function(
        "name => document.querySelector('.st-key-card_about')?.innerText.includes(name)",
        arg=path.name,
    )
    tab.idle()


def choose(tab, key: str, option: str) -> None:
    """Correct what the Model page takes the model for."""
    tab.page.locator(f".st-key-{key} input").click()
    tab.page.get_by_role("option", name=option).click()
    tab.idle()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """30 samples of three features and two targets."""
    x = np.random.default_rng(5).normal(size=(30, 3)).round(3)
    rows = np.hstack([x, x[:, :2] * 2])
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c,p,q\n" + "\n".join(",".join(map(str, row)) for row in rows))
    return path


class TestOwnModel:
    def test_model_of_numbers_when_dropped_is_trained_and_taken_along(
        self, shared_server, visit, table
    ):
        tab = visit(shared_server).open("/model")
        drop(tab, MODELS / "dialect_regression.tflite")
        tab.sees("Gives 2 numbers, from 3 numbers.").press("go_personalise")
        tab.page.wait_for_selector(".st-key-card_samples input[type=file]", state="attached")
        tab.idle()
        tab.page.locator(".st-key-card_samples input[type=file]").set_input_files(table)
        tab.sees("30 samples, 6 set aside for testing")
        tab.page.locator(".st-key-shelf .thumb").nth(29).wait_for(timeout=60_000)
        tab.train(10)
        tab.sees("off the target")
        tab.press("download")
        with tab.page.expect_download() as download:
            tab.part("download_model").click()
        assert download.value.suggested_filename == "dialect_regression-step10.tflite"
        data = Path(download.value.path()).read_bytes()
        assert describe(data).signature("adapt") is not None

    @pytest.mark.parametrize("kind", ["gestures", "sounds"])
    def test_recordings_when_uploaded_are_curves_and_one_can_be_tried(
        self, shared_server, visit, tmp_path, kind
    ):
        mine, one, model = {
            "gestures": (gestures(), csv(windows()[1, 0]), GESTURES),
            "sounds": (sounds(), wav(waves()[1, 0]), SOUNDS),
        }[kind]
        (tmp_path / "mine.zip").write_bytes(zipped(mine))
        lone = tmp_path / ("one.csv" if kind == "gestures" else "one.wav")
        lone.write_bytes(one)
        tab = visit(shared_server).open("/model")
        drop(tab, model)
        tab.press("go_personalise")
        files = ".st-key-card_samples input[type=file]"
        tab.page.wait_for_selector(files, state="attached")
        tab.idle()
        tab.page.locator(files).set_input_files(tmp_path / "mine.zip")
        tab.sees("18 samples, 3 set aside for testing")
        thumb = tab.page.locator(".st-key-shelf .thumb img").first
        tab.until(lambda: thumb.evaluate("image => image.naturalWidth") > 20)
        tab.train(5)
        tab.page.locator(".st-key-try_way button", has_text="Upload").click()
        tab.page.locator(".st-key-try_file_numbers input[type=file]").set_input_files(lone)
        curve = tab.page.locator(".st-key-card_try .odt-pictures img")
        expect(curve).to_have_js_property("naturalWidth", 144)
        tab.sees("values from")

    def test_mapping_when_corrected_badly_says_so_and_stays(self, shared_server, visit):
        tab = visit(shared_server).open("/model")
        drop(tab, MODELS / "tiny_adam.tflite")

        choose(tab, "map_task", "Yes or no")
        tab.page.wait_for_selector(".st-key-card_mapping [data-testid=stAlert]")
        expect(tab.page.locator(".st-key-card_about")).to_contain_text("Tells 4 labels apart")
        choose(tab, "map_output_kind", "Probabilities")
        tab.sees("Back to what odt proposes")
        expect(tab.page.locator(".st-key-card_mapping [data-testid=stAlert]")).to_have_count(0)

    def test_drawing_is_added_by_the_press_that_ends_typing_its_target(self, shared_server, visit):
        tab = visit(shared_server).open("/model")
        drop(tab, MODELS / "tiny_adam.tflite")
        choose(tab, "map_task", "Numbers")
        tab.press("go_personalise")
        tab.page.locator(".st-key-card_samples").get_by_role("radio", name="Draw").click()
        tab.page.wait_for_selector(".st-key-samples_target input")
        tab.idle().draw("pad")
        tab.part("samples_target", "input").fill("1, 0, 0, 0")
        tab.part("pad", "button.add").click(force=True)
        expect(tab.part("card_samples", ".odt-step span")).to_have_text("1 sample")
        tab.draw("pad").part("samples_target", "input").fill("1, 0, 0, a")
        tab.part("pad", "button.add").click(force=True)
        expect(tab.part("pad", "button.add")).to_have_attribute("aria-disabled", "true")
        tab.page.wait_for_timeout(2500)  # so long a press counts
        tab.part("samples_target", "input").fill("0, 1, 0, 0")
        tab.part("samples_target", "input").press("Enter")
        expect(tab.part("pad", "button.add")).to_have_attribute("aria-disabled", "false")
        expect(tab.part("card_samples", ".odt-step span")).to_have_text("1 sample")

    def test_pages_when_390_wide_do_not_scroll_sideways(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}, has_touch=True)
        tab.open("/model")
        drop(tab, MODELS / "dialect_fixed_batches.tflite")
        tab.page.wait_for_selector(".st-key-card_mapping")
        tab.until(lambda: tab.page.evaluate("document.documentElement.scrollWidth") <= 390)
        tab.press("go_personalise")
        tab.page.wait_for_selector(".st-key-card_samples input[type=file]", state="attached")
        tab.idle()
        tab.until(lambda: tab.page.evaluate("document.documentElement.scrollWidth") <= 390)
