"""Watches in the page itself: until something is seen, how smoothly it moves, what it cost."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocket

from tests.browser.conftest import Visitor

# Points of the first curve that the loss chart shows.
POINTS = "(document.querySelector('.st-key-loss .odt-chart-graph')?.data?.[0]?.x.length ?? 0)"

# Resolves with the seconds from `act` until `done()` holds, looked at every frame.
_UNTIL = """([act, done, most]) => new Promise((resolve, reject) => {
  const from = performance.now(), is = new Function("return " + done);
  new Function(act)();
  const look = () => { const passed = (performance.now() - from) / 1000;
    if (is()) resolve(passed);
    else if (passed > most) reject(new Error("waited " + most + " s for " + done));
    else requestAnimationFrame(look); };
  look();
})"""

# After the next stroke: window.changed is the seconds until the answers are others.
ANSWERED = """() => { const root = [...document.querySelectorAll(".st-key-answers *")]
  .find((e) => e.shadowRoot).shadowRoot;
  window.shown = () => root.querySelector(".sides").innerText;
  window.before = window.shown(); window.changed = null;
  document.addEventListener("pointerup", () => { const from = performance.now();
    const look = () => window.shown() !== window.before
      ? window.changed = (performance.now() - from) / 1000 : requestAnimationFrame(look);
    look(); }, { once: true, capture: true }); }"""

# For so many seconds: the longest time between two frames, and how often the loss chart grew.
LONGEST_FRAME = (
    """(seconds) => new Promise((resolve) => {
  const from = performance.now(), points = () => """
    + POINTS
    + """;
  let last = from, longest = 0, ticks = 0, shown = points();
  const look = (now) => { longest = Math.max(longest, now - last); last = now;
    if (points() > shown) { shown = points(); ticks++; }
    now - from > seconds * 1000 ? resolve({ longest: longest / 1000, ticks })
      : requestAnimationFrame(look); };
  requestAnimationFrame(look);
})"""
)


def click(key: str) -> str:
    """JavaScript that clicks the button of that key."""
    return f"document.querySelector('.st-key-{key} button').click()"


def until(visitor: Visitor, act: str, done: str, most: float = 30.0) -> float:
    """Seconds from `act` to `done`, both JavaScript. An error of Playwright's after `most`."""
    return visitor.page.evaluate(_UNTIL, [act, done, most])


class Wire:
    """Counts what a page receives over WebSockets that it opens from now on, or reopens."""

    def __init__(self, page: Page) -> None:
        self.received = 0  # bytes
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: self._count(data))

    def _count(self, data: str | bytes) -> None:
        self.received += len(data)
