"""One visit to a fresh server, in Chromium: what a person does, and how long each thing takes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from benchmarks.dashboard.stopwatch import ANSWERED, LONGEST_FRAME, POINTS, Wire, click, until
from benchmarks.load.server import DashboardServer
from odt_core.bundled import bundled_models, find_card
from odt_core.workspace import Source, Workspaces
from tests.browser.conftest import IDLE, Visitor

STROKES = 3
MANY = 2_000
LONG = 10_000  # epochs of the training that is watched: the most there are
WATCHED = 4.0  # seconds of it
OTHERS = Path(__file__).resolve().parents[2] / "tests" / "models"
# What is to be seen of a page before it counts as there.
PAGES = {
    "Evaluate": ".odt-large strong",
    "Checkpoints": ".st-key-card_compare",
    "Model": ".st-key-card_about h2",
    "Personalise": ".st-key-card_train .st-key-train",
}
# A card of each part of Evaluate but the first, which is there when the page is.
PARTS = {
    "Mistakes": "matrices",
    "Test samples": "near",
    "Over time": "scrubber",
    "Blind test": "blind",
    "Studies": "controls",
    "Confidence": "calibration",
    "Inside": "map",
    "Forget": "forget",
    "Evidence": "evidence",
}


def visit(browser: Browser, folder: Path, *, models: bool) -> dict[str, float]:
    """Figures by name; the unit is seconds unless the name ends in _mb or _kb.

    folder: empty, for the workspaces. models: whether to open the models in tests/models too.
    """
    full = big_workspace(folder / "workspaces")
    server = DashboardServer(folder)
    figures: dict[str, float] = {}
    try:
        person, wire = _start(browser, server, figures)
        _quiet(server)
        _strokes(person, figures)
        if models:
            _other_models(browser, server, figures)
        _train(person, wire, figures)
        _switch(person, figures)
        _others_come(browser, server, figures)
        _many_samples(browser, server, full, figures)
    finally:
        server.stop()
    return figures


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


def _tab(browser: Browser, server: DashboardServer) -> Visitor:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    return Visitor(context.new_page(), server.url)


def _start(
    browser: Browser, server: DashboardServer, figures: dict[str, float]
) -> tuple[Visitor, Wire]:
    began = time.perf_counter()
    server.start()
    figures["server_start"] = time.perf_counter() - began
    person = _tab(browser, server)
    wire = Wire(person.page)
    opened = time.perf_counter()
    _open(person)
    figures["open_to_usable_cold"] = time.perf_counter() - opened
    figures["start_to_usable"] = time.perf_counter() - began
    return person, wire


def _open(person: Visitor, path: str = "") -> None:
    person.page.goto(person.url + path)
    person.part("sketch", "canvas").wait_for()
    person.idle()


def _quiet(server: DashboardServer, most: float = 12.0) -> None:
    """Wait until the server has prepared what it prepares in the background."""
    end = time.monotonic() + most
    used, calm = server.usage().cpu_seconds, 0
    while calm < 3 and time.monotonic() < end:
        time.sleep(0.5)
        now = server.usage().cpu_seconds
        calm = calm + 1 if now - used < 0.05 else 0
        used = now


def _strokes(person: Visitor, figures: dict[str, float]) -> None:
    figures["stroke_to_answers_first"] = _stroke(person, 0)
    figures["stroke_to_answers"] = float(
        np.median([_stroke(person, k) for k in range(1, STROKES + 1)])
    )


def _stroke(person: Visitor, k: int) -> float:
    """Seconds from the end of a stroke until the answers have changed."""
    if k:
        person.part("sketch", ".clear").click()
    person.page.wait_for_timeout(600)
    person.page.evaluate(ANSWERED)
    person.draw("sketch", ((0.3, 0.25), (0.7, 0.3 + 0.04 * k), (0.45, 0.8)))
    person.page.wait_for_function("window.changed !== null")
    return person.page.evaluate("window.changed")


def _other_models(browser: Browser, server: DashboardServer, figures: dict[str, float]) -> None:
    """Seconds from a .tflite arriving in the page until the page says what it is."""
    guest = _tab(browser, server).open("/model")
    guest.page.wait_for_selector(PAGES["Model"])
    guest.idle()
    seconds = []
    for path in sorted(OTHERS.glob("*.tflite")):
        began = time.perf_counter()
        guest.page.locator("[class*=st-key-drop_] input[type=file]").set_input_files(path)
        guest.page.locator(".st-key-card_about").get_by_text(path.name).first.wait_for()
        seconds.append(time.perf_counter() - began)
        guest.idle()
    figures["drop_to_what_it_is"] = float(np.median(seconds))
    figures["drop_to_what_it_is_worst"] = max(seconds)
    guest.page.context.close()


def _train(person: Visitor, wire: Wire, figures: dict[str, float]) -> None:
    """A training that goes on, watched for a while, then stopped."""
    began = time.perf_counter()
    person.load_person().idle()
    figures["load_a_person"] = time.perf_counter() - began
    person.set_epochs(LONG)
    person.page.wait_for_timeout(1_000)
    figures["train_to_first_point"] = until(person, click("train"), f"{POINTS} > 0")
    person.page.wait_for_timeout(1_000)
    before = wire.received
    seen = person.page.evaluate(LONGEST_FRAME, WATCHED)
    ticks = max(1, seen["ticks"])
    figures["chart_tick"] = WATCHED / ticks
    figures["longest_frame_while_training"] = seen["longest"]
    figures["tick_kb"] = (wire.received - before) / ticks / 1e3
    figures["stop_to_trained"] = until(
        person, click("stop"), "document.body.innerText.includes('personalised ·')"
    )
    person.idle()


def _switch(person: Visitor, figures: dict[str, float]) -> None:
    """Every page twice: the first time, and when it has been seen."""
    for times in ("first", "again"):
        for page, content in PAGES.items():
            person.page.wait_for_timeout(500)
            figures[f"to_{page.lower()}_{times}"] = until(person, _link(page), _there(content))
            person.idle()


def _link(page: str) -> str:
    """JavaScript that goes to a page by the menu."""
    return (
        "[...document.querySelectorAll('[data-testid=stTopNavLink]')]"
        f".find((a) => a.innerText.trim() === '{page}' && a.offsetParent).click()"
    )


def _there(content: str) -> str:
    """JavaScript: whether something of that selector is to be seen, and not from before."""
    return (
        f"[...document.querySelectorAll('{content}')].some((e) => e.offsetParent"
        " && !e.closest('[data-stale=true]'))"
    )


def _others_come(browser: Browser, server: DashboardServer, figures: dict[str, float]) -> None:
    """A further visitor on a warm server: opens the page, trains with the default settings, goes
    through Evaluate.
    """
    usage = server.usage()
    before = usage.server_mb + usage.workers_mb
    began = time.perf_counter()
    other = _tab(browser, server)
    _open(other)
    figures["open_to_usable_warm"] = time.perf_counter() - began
    other.load_person().idle().draw("sketch")
    other.page.wait_for_timeout(1_000)
    figures["train_to_trained"] = until(
        other, click("train"), "document.body.innerText.includes('personalised ·')"
    )
    other.idle()
    usage = server.usage()
    figures["memory_of_one_more_visitor_mb"] = usage.server_mb + usage.workers_mb - before
    _evaluate(other, figures)
    other.page.context.close()


def _evaluate(person: Visitor, figures: dict[str, float]) -> None:
    """Each part of Evaluate for the first time; then the evidence with all studies, the longest
    that anything takes.
    """
    until(person, _link("Evaluate"), _there(PAGES["Evaluate"]))
    seconds = []
    for part, card in PARTS.items():
        person.idle().page.wait_for_timeout(500)
        button = f"[...document.querySelectorAll('button')].find(e => e.innerText === '{part}')"
        done = f"{_there(f'.st-key-card_{card}')} && document.querySelector('{IDLE}')"
        seconds.append(until(person, f"{button}.click()", done))
    figures["part_of_evaluate_worst"] = max(seconds)
    person.idle()
    done = "document.querySelector('.st-key-evidence_get')"
    figures["evidence_with_studies"] = until(person, click("evidence_run"), done, most=120.0)


def _many_samples(
    browser: Browser, server: DashboardServer, token: str, figures: dict[str, float]
) -> None:
    """One sample more on a page of MANY."""
    began = time.perf_counter()
    full = _tab(browser, server)
    _open(full, f"/personalise?w={token}")
    full.sees(f"{MANY:,} samples")
    figures["open_2000_samples"] = time.perf_counter() - began
    full.page.wait_for_timeout(2_000)
    full.draw("pad")
    add = (
        "[...document.querySelectorAll('.st-key-pad *')].find(e => e.shadowRoot).shadowRoot"
        ".querySelector('.add').click()"
    )
    done = f"document.body.innerText.includes('{MANY + 1:,} samples')"
    figures["add_a_sample_among_2000"] = until(full, add, done)
    full.page.context.close()
