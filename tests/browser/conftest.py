"""A real server and a real Chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.request import ProxyHandler, build_opener

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.server_logs import server_log, without

ROOT = Path(__file__).resolve().parents[2]
# The style comes in a file of its own, and hides the menu on every page.
STYLED = """(menu => menu && getComputedStyle(menu).display === "none")(
  document.querySelector(".st-key-menu"))"""
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"  # the script has run
SEVEN = ((0.25, 0.25), (0.7, 0.25), (0.45, 0.8))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """`streamlit run app.py` on a workspace folder of its own; can be killed and started again."""

    folder: Path
    port: int = 0
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
                 "--server.port", str(self.port)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "ODT_WORKSPACES": str(self.folder / "workspaces")},
            )  # fmt: skip
        directly = build_opener(ProxyHandler({}))
        for _ in range(300):
            try:
                with directly.open(self.url + "/_stcore/health", timeout=1):
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text())

    def stop(self, *, kill: bool = False) -> None:
        assert self.process is not None
        self.process.kill() if kill else self.process.terminate()
        self.process.wait(20)

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()


@dataclass
class Visitor:
    """One tab, and what a person does in it."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Visitor:
        self.page.goto(self.url + path)
        return self.idle()

    def idle(self) -> Visitor:
        """Wait until the script has run and the page stands there in its own style."""
        self.page.wait_for_function(STYLED)
        self.page.evaluate("document.fonts.ready.then(() => null)")
        self.page.wait_for_selector(IDLE, timeout=30_000)
        return self

    def filled(self) -> Visitor:
        """Wait until the first page has what comes last: samples, canvas and the charts' script."""
        self.part("shelf", ".thumb").wait_for()
        self.part("sketch", "canvas").wait_for()
        self.page.wait_for_function("window.Plotly")
        return self.idle()

    def until(self, true: Callable[[], bool], seconds: float = 30) -> Visitor:
        """Wait, with the page alive, until something is true that the page does not show."""
        for _ in range(int(seconds * 10)):
            if true():
                return self
            self.page.wait_for_timeout(100)
        raise AssertionError(f"not true within {seconds} seconds")

    def part(self, key: str, inside: str = "button") -> Locator:
        return self.page.locator(f".st-key-{key} {inside}").locator("visible=true").first

    def press(self, key: str) -> Visitor:
        self.part(key).click()
        return self

    def sees(self, text: str, seconds: float = 30) -> Visitor:
        self.page.get_by_text(text).first.wait_for(timeout=seconds * 1000)
        return self

    def draw(self, key: str, points: tuple[tuple[float, float], ...] = SEVEN) -> Visitor:
        canvas = self.part(key, "canvas")
        canvas.hover()  # once it is there and keeps still
        box = canvas.bounding_box()
        assert box is not None
        spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*spots[0])
        self.page.mouse.down()
        for spot in spots[1:]:
            self.page.mouse.move(*spot, steps=5)
        self.page.mouse.up()
        return self

    def load_person(self) -> Visitor:
        return self.press("example").sees("set aside for testing")

    def set_epochs(self, epochs: int) -> Visitor:
        box = self.part("set_epochs", "input")
        box.fill(str(epochs))
        box.press("Enter")
        self.page.wait_for_timeout(300)
        return self.idle()

    def train(self, epochs: int = 3) -> Visitor:
        return self.set_epochs(epochs).press("train").sees("personalised ·", 60)


def bottom(part: Locator) -> float:
    """Where it ends, from above."""
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.fixture(scope="session")
def shared_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextIO]:
    with server_log(tmp_path_factory.mktemp("shared")) as log:
        yield log


@pytest.fixture(scope="session")
def shared_server(shared_log: TextIO) -> Iterator[Server]:
    server = Server(Path(shared_log.name).parent).start()
    yield server
    server.stop()
    assert "Traceback" not in shared_log.read()


@pytest.fixture(autouse=True)
def no_traceback(request: pytest.FixtureRequest) -> Iterator[None]:
    yield from without("Traceback", request, "shared_server", "shared_log")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, for tests that restart it or need it cold."""
    server = Server(tmp_path).start()
    yield server
    server.stop()


@contextmanager
def visits(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens tabs, in another Chromium when one is given, and closes them at the end; every other
    keyword goes to Chromium's context (viewport, color_scheme …).
    """
    contexts: list[BrowserContext] = []

    def visit(server: Server, by: Browser = browser, **options) -> Visitor:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = by.new_context(**options)
        contexts.append(context)
        visitor = Visitor(context.new_page(), server.url)
        visitor.page.on("request", lambda request: visitor.requests.append(request.url))
        return visitor

    try:
        yield visit
    finally:
        for context in contexts:
            context.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Opens tabs of one test."""
    with visits(browser) as visit:
        yield visit
