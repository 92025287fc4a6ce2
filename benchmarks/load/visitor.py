"""One visitor of the load test: the steps of a visit, each timed as the visitor would see it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.load.person import as_zip, pictures_of, stroke
from benchmarks.load.server import DashboardServer
from benchmarks.load.tab import Tab, TabError

STEPS_AN_EPOCH = 2  # 20 samples in batches of 16 own ones
EPOCHS = 10
PATIENCE = 120.0  # seconds after which a visitor gives up on one thing


@dataclass(frozen=True)
class Did:
    """One thing that a visitor did."""

    visitor: int
    what: str
    seconds: float  # until the page showed what came of it
    error: str = ""


class Visitor:
    """Does a visit phase by phase; what went wrong is recorded and ends only that phase."""

    def __init__(
        self, server: DashboardServer, number: int, token: str = "", epochs: int = EPOCHS
    ) -> None:
        """token: of the workspace to come back to; "" for a new one. epochs: to train."""
        self.number, self.epochs = number, epochs
        self.did: list[Did] = []
        self.trained = (0.0, 0.0)  # when Train was pressed and when the last step was shown
        self.samples = 0
        self._rng = np.random.default_rng(number)
        self._tab: Tab = server.tab(token)

    @property
    def token(self) -> str:
        """Of the workspace, once the page has been opened."""
        return self._tab.token

    def arrive(self) -> None:
        """Open the page: a new workspace, a model in a process of its own."""
        self._timed("open the page", lambda: self._tab.open().idle(PATIENCE))

    def add_samples(self) -> None:
        """Upload a zip, then draw three samples, each a click on Add."""
        self._timed("upload 20 samples", self._upload)
        for _ in range(3):
            self._timed("add a drawing", self._add_drawing)

    def try_it(self) -> None:
        """Three strokes; each is answered by the base model and the own one."""
        for _ in range(3):
            self._timed("stroke", self._stroke)

    def train(self) -> None:
        """Train, with a stroke in between, until the page says that it is done."""
        self._tab.errors.clear()
        self._tab.idle(PATIENCE)  # the last stroke's answers are there before its run is over
        if not self._timed("set epochs", self._set_epochs):
            return
        began = time.monotonic()
        if not self._timed("press Train", lambda: self._tab.press("train").idle(PATIENCE)):
            return
        self._timed("stroke while training", self._stroke)
        if self._timed("until trained", self._until_trained):
            self.trained = (began, time.monotonic())

    def compare(self) -> None:
        """Base and own on the test sets: another tab on the page Evaluate."""
        self._timed("compare on the test sets", self._evaluate)

    def reset(self) -> None:
        """Your model is the base model again."""
        self._timed("reset to base", lambda: self._tab.press("reset").idle(PATIENCE))

    def leave(self) -> None:
        """Close the tab."""
        self._tab.close()

    def _timed(self, what: str, act: Callable[[], object]) -> bool:
        began, shown = time.monotonic(), len(self._tab.errors)
        error = ""
        try:
            act()
        except (TabError, OSError) as problem:
            error = str(problem) or type(problem).__name__
        if not error and len(self._tab.errors) > shown:
            error = self._tab.errors[-1]
        self.did.append(Did(self.number, what, time.monotonic() - began, error))
        return not error

    def _upload(self) -> None:
        self._tab.set("samples_way", string_array_value=_strings("Upload")).idle(PATIENCE)
        self._tab.upload("upload_0", "mine.zip", as_zip(pictures_of(self.number)))
        self._tab.wait(lambda tab: tab.says("20 samples"), "20 samples", PATIENCE).idle(PATIENCE)
        self._tab.set("samples_way", string_array_value=_strings("Draw"))
        self._tab.wait(lambda tab: tab.find("pad") is not None, "the canvas", PATIENCE)
        self.samples = 20

    def _add_drawing(self) -> None:
        drawing = stroke(self._rng)
        self.samples += 1
        act = {"n": self.samples, "png": drawing["png"], "what": "3"}
        self._tab.act("pad", "acts", [act])
        said = f"{self.samples} samples"
        self._tab.wait(lambda tab: tab.says(said), said, PATIENCE).idle(PATIENCE)

    def _stroke(self) -> None:
        before = self._base_answer()
        state = {"drawing": {"epoch": 0, **stroke(self._rng)}}
        self._tab.set("sketch", json_value=json.dumps(state))
        self._tab.wait(lambda tab: _another(before, self._base_answer()), "both answers", PATIENCE)

    def _set_epochs(self) -> None:
        self._tab.set("set_epochs", int_value=self.epochs).idle(PATIENCE)

    def _until_trained(self) -> None:
        said = f"personalised · {STEPS_AN_EPOCH * self.epochs:,} steps"
        self._tab.wait(
            lambda tab: tab.says(said) or bool(tab.errors),
            "the end of training",
            PATIENCE,
        ).idle(PATIENCE)

    def _evaluate(self) -> None:
        other = Tab(self._tab.host, self._tab.port, self._tab.query, "evaluate")
        try:
            other.open()
            other.wait(lambda tab: tab.says("Price") and tab.says("points"), "the scores")
            if other.errors:
                raise TabError(other.errors[-1])
        finally:
            other.close()

    def _base_answer(self) -> dict[str, float]:
        """The bars of the base model. Both models' come in one message, and only these stay as they
        are for a drawing while the other model trains.
        """
        piece = self._tab.find("answers")
        if piece is None:
            return {}
        data = json.loads(piece.proto.json or piece.proto.mixed.json)
        return {label: share for label, share, *_ in data["sides"][0]["bars"]}


def all_do(visitors: list[Visitor], phase: Callable[[Visitor], None]) -> float:
    """All visitors do a phase at once, each in a thread; the seconds until the last is done."""
    began = time.monotonic()
    threads = [threading.Thread(target=phase, args=(one,)) for one in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def _another(before: dict[str, float], now: dict[str, float]) -> bool:
    """Whether these are a model's answers to another drawing. Only some labels have bars, and
    others can come into view as the other model trains.
    """
    stayed = before.keys() & now.keys()
    return "" not in now and (not stayed or any(before[name] != now[name] for name in stayed))


def _strings(*values: str) -> object:
    from streamlit.proto.Common_pb2 import StringArray

    return StringArray(data=values)
