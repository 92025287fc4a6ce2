"""The race: every engine in its turn on the same cell, round after round."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from benchmarks.engines.agreement import Verdict, compare_answers, compare_losses
from benchmarks.engines.clock import Timing
from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, RATES
from benchmarks.engines.environments import BENCH, Entrant
from benchmarks.engines.making import made
from benchmarks.engines.material import BATCHES, write_material
from benchmarks.engines.networks import NETWORKS
from benchmarks.engines.plan import Cell, Plan
from benchmarks.engines.team import Engine, EngineError, settle

ANSWERS = 8  # rows of logits that are compared
CLEAR_STEP = 0.1  # seconds; a shorter step says little about larger batches
MOST_RESTARTS = 2  # of one engine in one race
SLOW_STEP = 0.25  # seconds; such an engine is timed while its losses are checked, and not again
_KEPT = ("answers", "losses", "first_step_s", "train_error")


class Race:
    """The engines of one number of threads, ready in their processes."""

    def __init__(
        self, entrants: Iterable[Entrant], threads: int, plan: Plan, log: Callable[[str], None]
    ) -> None:
        self._plan, self._log, self._threads = plan, log, threads
        self._engines: list[Engine] = []
        self._restarts: dict[str, int] = {}
        self.absent: dict[str, str] = {}  # engine -> why
        self._step_seconds: dict[tuple[str, str], tuple[int, float]] = {}  # batch, seconds
        for entrant in entrants:
            why = entrant.missing
            if why is None and threads not in entrant.threads:
                why = f"has no run on {threads} threads"
            if why is None:
                self._start(entrant)
            else:
                self._leave_out(entrant, why)

    def _start(self, entrant: Entrant) -> None:
        log = BENCH / "logs" / f"{entrant.name}-{self._threads}.txt"
        try:
            self._engines.append(Engine(entrant, self._threads, log))
        except EngineError as error:
            self._leave_out(entrant, str(error))

    def _leave_out(self, entrant: Entrant, why: str) -> None:
        self.absent[entrant.name] = why
        self._log(f"  {entrant.title} is left out: {why}")

    def _revive(self) -> None:
        """Starts those again whose process has gone, a few times at most."""
        for engine in [engine for engine in self._engines if not engine.alive]:
            engine.end(0.0)
            self._engines.remove(engine)
            name = engine.entrant.name
            self._restarts[name] = self._restarts.get(name, 0) + 1
            if self._restarts[name] > MOST_RESTARTS:
                self._leave_out(engine.entrant, f"ended {self._restarts[name]} times")
            else:
                self._start(engine.entrant)

    def end(self) -> None:
        """Ends every process."""
        for engine in self._engines:
            engine.end()

    def run(self, cell: Cell) -> dict[str, Any]:
        """Measures one cell; a plain JSON document."""
        self._revive()
        found: dict[str, dict[str, Any]] = {}
        ready = [engine for engine in self._engines if self._open(engine, cell, found)]
        self._judge(found)
        timed = [engine for engine in ready if "slow" not in found[engine.entrant.name]]
        jobs = {engine: _jobs(cell, found[engine.entrant.name]) for engine in timed}
        turns: dict[tuple[str, str], list[Timing]] = {}
        idle = 0.0
        for round_ in range(self._plan.rounds):
            shift = round_ % max(len(timed), 1)  # so that nobody always follows the same one
            for engine in timed[shift:] + timed[:shift]:
                name = engine.entrant.name
                if "failed" in found[name]:
                    continue
                others = [other for other in self._engines if other is not engine]
                settle(self._engines)
                before = sum(other.busy_seconds() for other in others)
                try:
                    for job in jobs[engine]:
                        answer = engine.ask(job, seconds=self._plan.seconds)
                        turns.setdefault((name, job), []).append(Timing(**answer))
                except EngineError as error:
                    found[name]["failed"] = str(error)
                    self._log(f"  {engine.entrant.title} fails in {cell.key}: {error}")
                idle += sum(other.busy_seconds() for other in others) - before
        for (name, job), timings in turns.items():
            found[name][job] = summary(timings)
        for engine in ready:
            with suppress(EngineError):
                engine.ask("close")
        return {
            "cell": {**vars(cell), "key": cell.key},
            "idle_seconds": idle,  # used by engines while it was another's turn
            "load": os.getloadavg()[0],
            "absent": self.absent,
            "engines": found,
        }

    def _open(self, engine: Engine, cell: Cell, found: dict[str, dict[str, Any]]) -> bool:
        """The check of one engine on a cell; False when it cannot take part."""
        name, network = engine.entrant.name, NETWORKS[cell.network]
        entry = found[name] = {"version": engine.hello["version"]}
        batch, seconds = self._step_seconds.get((name, cell.network), (1, 0.0))
        expected = seconds * cell.batch / batch
        if seconds > CLEAR_STEP and expected > self._plan.longest:
            entry["failed"] = f"not measured: about {expected:.1f} s a step"
            return False
        material = write_material(network, cell.batch, BENCH / "material")
        try:
            folder = made(engine.entrant, network, cell.optimiser, material)
            opened = engine.ask(
                "open",
                network=network.to_json(),
                optimiser=cell.optimiser,
                batch=cell.batch,
                rate=RATES[cell.optimiser],
                adam={"beta_1": BETA_1, "beta_2": BETA_2, "epsilon": EPSILON},
                material=str(material),
                made=str(folder),
            )
            check = engine.ask(
                "check", steps=BATCHES, rows=ANSWERS, seconds=self._plan.check_seconds
            )
        except EngineError as error:
            entry["failed"] = str(error)
            return False
        entry |= opened | {key: check[key] for key in _KEPT if key in check}
        if not check["losses"]:
            return True
        step = check["steps"]["median"] / 1000
        self._step_seconds[name, cell.network] = (cell.batch, step)
        if step > SLOW_STEP:
            entry |= {"slow": True, "train": check["steps"] | {"rounds": 1}}
            if cell.infers:
                entry["infer"] = {"median": check["infer_ms"], "rounds": 1}
        return True

    @staticmethod
    def _judge(found: dict[str, dict[str, Any]]) -> None:
        """Adds to each engine's entry whether it did what the others did."""
        took_part = {name: entry for name, entry in found.items() if "losses" in entry}
        losses = compare_losses({name: entry["losses"] for name, entry in took_part.items()})
        answers = compare_answers({name: entry["answers"] for name, entry in took_part.items()})
        for name, entry in took_part.items():
            del entry["answers"]
            entry["agreement"] = _agreement(losses[name], answers[name])


def _jobs(cell: Cell, entry: dict[str, Any]) -> list[str]:
    """What is timed: steps where the engine takes them, answers where the cell asks for them."""
    return ["train"] * bool(entry["losses"]) + ["infer"] * cell.infers


def _agreement(losses: Verdict, answers: Verdict) -> dict[str, Any]:
    return {
        "agrees": losses.agrees and answers.agrees,
        "steps": losses.steps,
        "worst_loss": losses.worst,
        "worst_answer": answers.worst,
    }


def summary(timings: list[Timing]) -> dict[str, float]:
    """Median and quartiles of the medians of an engine's turns, and the least of all calls."""
    medians = Timing.of([timing.median for timing in timings])
    return {
        "low": medians.low,
        "median": medians.median,
        "high": medians.high,
        "least": min(timing.least for timing in timings),
        "count": sum(timing.count for timing in timings),
        "rounds": len(timings),
    }
