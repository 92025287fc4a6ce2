"""Takes the README's screenshots: assets/pictures/personalise-{light,dark}.png.

python -m benchmarks.dashboard.pictures [FOLDER]     # with FOLDER: every screen, for looking at
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import Server, Visitor
from tests.conftest import FLAGS

PICTURES = Path(__file__).resolve().parents[2] / "assets" / "pictures"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def screens(browser: Browser, server: Server, scheme: str, folder: Path, *, narrow: bool) -> None:
    """Every screen of one size and one theme."""
    context = browser.new_context(
        viewport=NARROW if narrow else WIDE, color_scheme=scheme, has_touch=narrow
    )
    visitor = Visitor(context.new_page(), server.url)
    size = "-narrow" if narrow else ""

    def take(name: str) -> None:
        visitor.idle().page.wait_for_timeout(900)
        visitor.page.screenshot(path=folder / f"{name}-{scheme}{size}.png")

    visitor.open()
    take("empty")
    visitor.load_person().page.wait_for_timeout(4500)  # the toast leaves
    take("samples")
    visitor.part("sketch", "canvas").scroll_into_view_if_needed()
    visitor.draw("sketch")
    take("answers")
    visitor.press("train").sees("personalised ·").sees("Your test samples:")
    visitor.page.mouse.move(5, 5)  # no button stays highlighted
    take("personalise")
    query = visitor.page.url.split("?")[1]
    for page in ("evaluate", "checkpoints", "model"):
        visitor.open(f"/{page}?{query}")
        visitor.page.wait_for_selector("[class*=st-key-card_]")
        take(page)
    context.close()


def main() -> None:
    everything = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = everything or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="odt-pictures-"))
    server = Server(work).start()
    try:
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for scheme in ("light", "dark"):
                for narrow in (False, True) if everything else (False,):
                    screens(browser, server, scheme, folder, narrow=narrow)
            browser.close()
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)
    PICTURES.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        shutil.copy(folder / f"personalise-{scheme}.png", PICTURES)


if __name__ == "__main__":
    main()
