"""What rooms share: a calm collector of garbage, one Chromium, bundles without charts."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def pytest_collection_finish() -> None:
    """TensorFlow, Streamlit and thousands of tests stay to the end: no collection, of which Keras
    and Streamlit ask for many, need look at them again.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None and os.environ.get("CI"):
        pytest.fail("Chromium is not installed; .ci/run installs it")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    expect.set_options(timeout=30_000)  # as long as Playwright waits for anything else
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def without_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of a bundle's numbers alone: drawing takes most of its time."""
    monkeypatch.setattr("odt_core.evidence.bundling._drawn", lambda chart: b"")
    monkeypatch.setattr("odt_core.evidence.bundling.page", lambda title, charts: b"")
