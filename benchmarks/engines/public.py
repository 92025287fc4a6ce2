"""Other people's trainable models, lowered by odt, against the same files in real Flex.

The models are those of tests/models (published by others) and of tests/oracle (written as the
tutorials on on-device training do); the drills say how each is called.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.engines.clock import Timing
from benchmarks.engines.environments import BENCH, ENTRANTS, ROOT, DrillEntrant
from benchmarks.engines.plan import Plan
from benchmarks.engines.race import summary
from benchmarks.engines.team import Engine, EngineError, settle

ORACLE = ROOT / "tests" / "oracle"
CORES = 3  # at most, that both work on in turn: there are many models
BATCH = 32  # of models that take any
SAME = 2e-3  # largest relative distance between losses that is taken for rounding
_FLEX = next(entrant for entrant in ENTRANTS if entrant.name == "flex")
SIDES = (
    DrillEntrant("odt", "odt", None, "ai_edge_litert"),
    DrillEntrant("flex", _FLEX.title, _FLEX.environment, _FLEX.package),
)


def missing() -> str | None:
    """Why odt and Flex cannot be compared here; None when they can."""
    for side in SIDES:
        if side.missing:
            return f"{side.title}: {side.missing}"
    return None


def measure_public(plan: Plan, log: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """An entry for each model that Flex itself can train; see `Pair.measure`."""
    pair = Pair(plan)
    try:
        for path in sorted((ORACLE / "recordings").glob("*.json")):
            recording = json.loads(path.read_text())
            if "losses" not in recording and "mean" not in recording:
                continue  # Flex refuses it
            entry = pair.measure(path.stem, recording["drill"])
            log("  " + line(entry))
            yield entry
    finally:
        pair.end()


class Pair:
    """odt and Flex, each in its process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._engines: dict[str, Engine] = {}

    def end(self) -> None:
        """Ends both processes."""
        for engine in self._engines.values():
            engine.end()

    def measure(self, name: str, drill: dict[str, Any]) -> dict[str, Any]:
        """Both on one model, in turns: {"name", "batch", "same", "train", "infer"} or "failed"."""
        entry: dict[str, Any] = {"name": name, "published": not _zoo(name).exists()}
        for batch in (BATCH, None):  # a model of static batch sizes refuses the first
            try:
                opened = {side.name: self._open(side, name, drill, batch) for side in SIDES}
                break
            except EngineError as error:
                entry["failed"] = str(error)
        else:
            return entry
        entry.pop("failed", None)
        entry["batch"] = batch or max(call["batch"] for call in drill["train"])
        entry["load_s"] = {side: found["load_s"] for side, found in opened.items()}
        if not drill["random"]:
            entry["same"] = distance(*(found["losses"] for found in opened.values())) <= SAME
        try:
            for job in ("train", "infer"):
                if job == "train" or opened["odt"]["answers"]:
                    entry[job] = self._turns(job)
        except EngineError as error:
            entry["failed"] = str(error)
        return entry

    def _open(
        self, side: DrillEntrant, name: str, drill: dict[str, Any], batch: int | None
    ) -> dict[str, Any]:
        engine = self._engines.get(side.name)
        if engine is None or not engine.alive:
            log = BENCH / "logs" / f"public-{side.name}.txt"
            engine = self._engines[side.name] = Engine(side, 1, log)
        path = _zoo(name) if _zoo(name).exists() else ROOT / "tests" / "models" / f"{name}.tflite"
        return engine.ask("open", model=str(path), drill=drill, batch=batch)

    def _turns(self, job: str) -> dict[str, dict[str, float]]:
        """Both in turn, on every core in turn: one core of a shared machine may be half as fast as
        the next for minutes, and a process stays where it is.
        """
        turns: dict[str, list[Timing]] = {side.name: [] for side in SIDES}
        cores = sorted(os.sched_getaffinity(0))[:CORES]
        for core, sides in product(cores, (SIDES[::-1], SIDES)):
            for side in sides:
                settle(list(self._engines.values()))
                self._engines[side.name].stay_on(core)
                answer = self._engines[side.name].ask(job, seconds=self._plan.seconds / 2)
                turns[side.name].append(Timing(**answer))
        return {side: summary(timings) for side, timings in turns.items()}


def _zoo(name: str) -> Path:
    return ORACLE / "models" / f"{name}.tflite.gz"


def distance(ours: list[float], theirs: list[float]) -> float:
    """The largest gap of two lists of losses, relative to the larger of 1 and the loss."""
    return max(abs(a - b) / max(abs(b), 1.0) for a, b in zip(ours, theirs, strict=True))


def speedups(models: list[dict[str, Any]], job: str) -> dict[str, float]:
    """How many times as fast as Flex each model is that both ran."""
    return {
        model["name"]: model[job]["flex"]["median"] / model[job]["odt"]["median"]
        for model in models
        if job in model and "failed" not in model
    }


def line(entry: dict[str, Any]) -> str:
    """One model in one line."""
    if "failed" in entry:
        return f"{entry['name']}: {entry['failed']}"
    parts = []
    for job in ("train", "infer"):
        if job in entry:
            ours, theirs = (entry[job][side]["median"] for side in ("odt", "flex"))
            parts.append(f"{job} {ours:.4f} against {theirs:.4f} ms, {theirs / ours:.1f} times")
    same = "" if entry.get("same", True) else "  DISAGREES"
    return f"{entry['name']}, batch {entry['batch']}: {'; '.join(parts)}{same}"
