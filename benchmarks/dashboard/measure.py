"""How fast the dashboard feels, measured in Chromium. Prints one JSON object.

    python -m benchmarks.dashboard.measure

Times are seconds as a person at this machine would see them; memory is proportional set size of
the server and its worker processes, in MB.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from odt_core.bundled import bundled_models, find_card
from odt_core.workspace import Source, Workspaces
from tests.browser.conftest import Server, Visitor
from tests.conftest import FLAGS

STROKES = 10
MANY = 2_000
# Resolves with the seconds from `act` until `done()` holds, looked at every frame.
UNTIL = """([act, done]) => new Promise((resolve) => {
  const from = performance.now(), is = new Function("return " + done);
  new Function(act)();
  const look = () => is()
    ? resolve((performance.now() - from) / 1000) : requestAnimationFrame(look);
  look();
})"""
ANSWERS = """() => { const root = [...document.querySelectorAll(".st-key-answers *")]
  .find((e) => e.shadowRoot).shadowRoot;
  window.shown = () => root.querySelector(".sides").innerText;
  window.before = window.shown(); window.changed = null;
  document.addEventListener("pointerup", () => { const from = performance.now();
    const look = () => window.shown() !== window.before
      ? window.changed = (performance.now() - from) / 1000 : requestAnimationFrame(look);
    look(); }, { once: true, capture: true }); }"""

DROP = """(name) => { window.known = null;
  document.addEventListener("change", () => { const from = performance.now();
    const look = () => document.querySelector(".st-key-card_about")?.innerText.includes(name)
      ? window.known = (performance.now() - from) / 1000 : requestAnimationFrame(look);
    look(); }, { once: true, capture: true }); }"""
OTHERS = Path(__file__).resolve().parents[2] / "tests" / "models"


def tab(browser: Browser, server: Server) -> Visitor:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    return Visitor(context.new_page(), server.url)


def until(visitor: Visitor, act: str, done: str) -> float:
    """Seconds from `act` to `done`, both JavaScript."""
    return visitor.page.evaluate(UNTIL, [act, done])


def click(key: str) -> str:
    return f"document.querySelector('.st-key-{key} button').click()"


def stroke(visitor: Visitor, k: int) -> float:
    """Seconds from the end of a stroke until the answers have changed."""
    visitor.part("sketch", ".clear").click() if k else None
    visitor.page.wait_for_timeout(600)
    visitor.page.evaluate(ANSWERS)
    bend = 0.3 + 0.04 * k
    visitor.draw("sketch", ((0.3, 0.25), (0.7, bend), (0.45, 0.8)))
    visitor.page.wait_for_function("window.changed !== null")
    return visitor.page.evaluate("window.changed")


def drop(visitor: Visitor, path: Path) -> float:
    """Seconds from a .tflite arriving in the page until the page says what it is."""
    visitor.page.evaluate(DROP, path.name)
    visitor.page.locator("[class*=st-key-drop_] input[type=file]").set_input_files(path)
    visitor.page.wait_for_function("window.known !== null")
    visitor.idle()
    return visitor.page.evaluate("window.known")


def memory(server: Server) -> float:
    """PSS of the server and all that it started, MB."""
    assert server.process is not None
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    total, todo = 0, [server.process.pid]
    while todo:
        pid = todo.pop()
        todo += children.get(pid, [])
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    return total / 1024


def big_workspace(folder: Path) -> str:
    """A workspace with MANY samples; its token."""
    rng = np.random.default_rng(0)
    model = bundled_models()[0]
    card = find_card(model)
    assert card is not None
    workspaces = Workspaces(folder)
    workspace = workspaces.create()
    workspace.set_model(card.name, card.labels, bundled=model.stem)
    for label in workspace.manifest.labels:
        each = MANY // len(workspace.manifest.labels)
        items = rng.integers(0, 256, (each, 64, 64), np.uint8)
        workspace.add_samples(list(items), label.id, Source.UPLOAD)
    workspaces.close(workspace.token)
    return workspace.token


def measure(browser: Browser, folder: Path) -> dict[str, float | int]:
    token = big_workspace(folder / "workspaces")
    server = Server(folder)
    began = time.perf_counter()
    server.start()
    answering = time.perf_counter() - began
    person = tab(browser, server)
    opened = time.perf_counter()
    person.page.goto(server.url)
    person.part("sketch", "canvas").wait_for()
    person.idle()
    usable = time.perf_counter()
    figures: dict[str, float | int] = {
        "server_start": answering,
        "open_to_usable_cold": usable - opened,
        "start_to_usable": usable - began,
    }
    person.page.wait_for_timeout(12_000)  # what the server prepares in the background is ready
    figures["stroke_to_answers_first"] = stroke(person, 0)
    strokes = [stroke(person, k) for k in range(1, STROKES)]
    figures["stroke_to_answers_median"] = statistics.median(strokes)
    figures["stroke_to_answers_worst"] = max(strokes)

    guest = tab(browser, server).open("/model")
    guest.page.wait_for_selector(".st-key-card_about h2")
    guest.idle()
    dropped = [drop(guest, path) for path in sorted(OTHERS.glob("*.tflite"))]
    figures["drop_to_what_it_is_median"] = statistics.median(dropped)
    figures["drop_to_what_it_is_worst"] = max(dropped)
    guest.page.context.close()

    person.load_person().idle().page.wait_for_timeout(2_000)
    points = (
        "(document.querySelector('.st-key-loss .odt-chart-graph')?.data?.[0]?.x.length ?? 0) > 0"
    )
    figures["train_to_first_point"] = until(person, click("train"), points)
    began = time.perf_counter()
    person.sees("personalised ·")
    figures["first_point_to_trained"] = time.perf_counter() - began
    person.idle()

    again = time.perf_counter()
    second = tab(browser, server)
    second.page.goto(server.url)
    second.part("sketch", "canvas").wait_for()
    second.idle()
    figures["open_to_usable_warm"] = time.perf_counter() - again
    second.page.context.close()
    before = memory(server)
    other = tab(browser, server).open().load_person()
    other.draw("sketch").press("train").sees("personalised ·").idle()
    figures["memory_of_one_more_visitor_mb"] = memory(server) - before
    other.page.context.close()

    full = tab(browser, server).open(f"/personalise?w={token}")
    full.page.wait_for_timeout(2_000)
    full.draw("pad")
    add = (
        "[...document.querySelectorAll('.st-key-pad *')].find(e => e.shadowRoot).shadowRoot"
        ".querySelector('.add').click()"
    )
    done = f"document.body.innerText.includes('{MANY + 1:,} samples')"
    figures["add_a_sample_among_2000"] = until(full, add, done)
    server.stop()
    return figures


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="odt-bench-"))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            figures = measure(browser, folder)
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
