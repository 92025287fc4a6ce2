"""Names that people type, on every page that shows them, in a real Chromium: text, never markup."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.load.server import DashboardServer
from benchmarks.load.tab import Tab
from tests.browser.conftest import IDLE

pytestmark = pytest.mark.browser

SCRIPT = "<img src=x onerror=window.hacked=1>"
MARKDOWN = "**b** _i_ `c` [l](javascript:hacked=1)"
LATEX = "$x^2$ :red[r] :material-home: ~~s~~"
FORMULA = "=1+1"
LABELS = (LATEX, MARKDOWN, SCRIPT, FORMULA)  # as a zip sorts them
FILE = "=1+1<img src=x onerror=window.hacked=1>**b**{}.png"
NOTE = "<script>window.hacked=1</script>" + SCRIPT + MARKDOWN + LATEX
MODEL = "<img src=x onerror=window.hacked=1>**b**.tflite"
LAST_LABEL = f".st-key-shelf li:nth-child({10 + len(LABELS)})"  # ten digits come first
# Every text of the page, the insides of our own elements and form fields included.
ALL_TEXT = """() => { const out = []; const walk = (root) => {
  for (const e of root.querySelectorAll("*")) {
    if (e.shadowRoot) walk(e.shadowRoot);
    if (e.value && typeof e.value === "string") out.push(e.value);
    for (const n of e.childNodes) if (n.nodeType === 3) out.push(n.data); } };
  walk(document); return out.join("\\n"); }"""


@pytest.fixture(scope="module")
def trained(dashboard: DashboardServer) -> Iterator[Tab]:
    """A workspace with nasty labels, file names and notes, three samples of each, trained."""
    rng = np.random.default_rng(0)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for k, label in enumerate(LABELS):
            for n in range(18 if label == FORMULA else 5):  # more than the shelf shows
                picture = io.BytesIO()
                pixels = rng.integers(0, 40, (28, 28), np.uint8)
                pixels[4:24, 4 + 5 * k : 8 + 5 * k] = 250
                Image.fromarray(pixels).save(picture, "PNG")
                archive.writestr(f"all/{label}/{FILE.format(n)}", picture.getvalue())
    tab = dashboard.tab().open().idle()
    tab.set("samples_way", string_array_value={"data": ["Upload"]}).idle()
    tab.upload("upload_0", f"{SCRIPT}.zip", stream.getvalue())
    tab.wait(lambda page: page.says("33 samples"), "33 samples").idle()
    tab.set("set_epochs", int_value=1).idle().press("train")
    tab.wait(lambda page: page.says("personalised ·"), "the end of training").idle()
    yield tab
    tab.close()


@pytest.fixture
def page(browser: Browser, dashboard: DashboardServer, trained: Tab) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    one = context.new_page()
    one.set_default_timeout(20_000)
    asked: list[str] = []
    one.on("request", lambda request: asked.append(request.url))
    one.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    yield one
    assert one.evaluate("window.hacked") is None
    assert one.locator("img[src='x']").count() == 0  # looks into our own elements too
    assert one.locator("a[href^='javascript']").count() == 0
    outside = [url for url in asked if not url.startswith((dashboard.url, "data:", "blob:"))]
    assert outside == []
    assert not [url for url in asked if url.endswith("/x")]
    context.close()


def visit(page: Page, dashboard: DashboardServer, trained: Tab, name: str, until: str) -> str:
    """Open a page and wait for an element; everything that the page says, letter for letter."""
    page.goto(f"{dashboard.url}/{name}?w={trained.token}")
    page.locator(until).last.wait_for()
    page.wait_for_selector(IDLE)
    return page.evaluate(ALL_TEXT)


class TestLabels:
    def test_first_page_when_labels_are_nasty_shows_them_letter_for_letter(
        self, page, dashboard, trained
    ):
        said = visit(page, dashboard, trained, "personalise", LAST_LABEL)
        for label in LABELS:
            assert label in said
        box = page.locator(".st-key-sketch canvas").first.bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 200, steps=4)
        page.mouse.up()
        page.get_by_text("sure").first.wait_for()
        page.locator(".st-key-loss .odt-chart-graph svg").first.wait_for(state="attached")

    def test_evaluate_page_when_labels_are_nasty_shows_them_letter_for_letter(
        self, page, dashboard, trained
    ):
        visit(page, dashboard, trained, "evaluate", ".odt-large")
        page.get_by_role("radio", name="Mistakes").click()
        page.locator(".st-key-card_labels .odt-table").wait_for()
        page.locator(".st-key-chart_matrix_own .heatmaplayer").wait_for(state="attached")
        said = page.evaluate(ALL_TEXT)
        for label in LABELS:
            assert label in said

    def test_question_before_a_deletion_when_label_is_nasty_shows_it_letter_for_letter(
        self, page, dashboard, trained
    ):
        visit(page, dashboard, trained, "personalise", LAST_LABEL)
        for k, label in enumerate((LATEX, MARKDOWN)):  # the two that a dialog's Markdown knows
            row = page.locator(".st-key-shelf li").nth(10 + k)
            row.locator(".name").click()
            row.locator(".delete").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_text("and its").wait_for()
            assert dialog.locator("strong").first.inner_text() == label
            assert dialog.locator("em, code, a, .katex, del").count() == 0
            page.locator(".st-key-keep_label button").click()
            dialog.wait_for(state="detached")


class TestFileNames:
    def test_sample_when_its_file_name_is_nasty_shows_it_letter_for_letter(
        self, page, dashboard, trained
    ):
        visit(page, dashboard, trained, "personalise", LAST_LABEL)
        page.locator(".st-key-shelf .thumb").last.click()
        page.get_by_role("dialog").get_by_text("added").wait_for()
        assert FILE.partition("{")[0] in page.evaluate(ALL_TEXT)

    def test_model_when_its_file_name_is_nasty_is_shown_letter_for_letter(
        self, page, dashboard, trained
    ):
        from benchmarks.load.server import ROOT

        data = (ROOT / "tests/runtime/models/tiny_momentum.tflite").read_bytes()
        other = dashboard.tab().open().idle()
        other.set("top_model", string_value="Your own .tflite …").idle()
        other.upload("own_model_0", MODEL, data).idle()
        page.goto(f"{dashboard.url}/model?w={other.token}")
        page.get_by_text("Signatures").first.wait_for()
        page.wait_for_timeout(500)
        other.close()
        assert MODEL.removesuffix(".tflite") in page.evaluate(ALL_TEXT)


class TestNotes:
    def test_note_when_nasty_is_shown_letter_for_letter(self, page, dashboard, trained):
        timeline = dashboard.tab(trained.token, "checkpoints").open().idle()
        notes = [one.proto.id for one in timeline.pieces.values() if "-note_" in str(one.proto)]
        timeline.set(notes[0].rpartition("-")[2], string_value=NOTE)
        timeline.idle().close()
        assert timeline.errors == []
        assert NOTE in visit(page, dashboard, trained, "checkpoints", "[class*=st-key-note_] input")


class TestTables:
    def test_gallery_offers_no_csv_of_names(self, page, dashboard, trained):
        """The table's own toolbar would make it in the browser; a spreadsheet would obey =1+1."""
        visit(page, dashboard, trained, "personalise", LAST_LABEL)
        row = page.locator(".st-key-shelf li").last
        row.locator(".name").click()
        row.locator(".all").click()
        table = page.get_by_role("dialog").get_by_test_id("stDataFrame")
        table.wait_for()
        table.hover()
        expect(page.get_by_role("button", name="Search", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
