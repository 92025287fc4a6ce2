"""What an engine costs before it is useful: import, load, first step, and memory after that."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, RATES
from benchmarks.engines.environments import BENCH, Entrant
from benchmarks.engines.making import made
from benchmarks.engines.material import write_material
from benchmarks.engines.networks import STRIDED
from benchmarks.engines.team import Engine, EngineError


def measure_starts(
    entrants: Iterable[Entrant], times: int, log: Callable[[str], None]
) -> Iterator[dict[str, dict[str, Any]]]:
    """Medians over fresh processes, started in turn: the strided CNN, batch 32, one thread. Given
    anew after every round.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(times):
        for entrant in entrants:
            if entrant.missing is None and entrant.name != "odt_baked":
                try:
                    found.setdefault(entrant.name, []).append(_start(entrant))
                except EngineError as error:
                    log(f"  {entrant.title} does not start: {error}")
        yield {
            name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            for name, runs in found.items()
            if runs
        }


def _start(entrant: Entrant) -> dict[str, float]:
    material = write_material(STRIDED, 32, BENCH / "material")
    folder = made(entrant, STRIDED, "sgd", material)
    engine = Engine(entrant, 1, BENCH / "logs" / f"{entrant.name}-start.txt")
    try:
        opened = engine.ask(
            "open",
            network=STRIDED.to_json(),
            batch=32,
            optimiser="sgd",
            rate=RATES["sgd"],
            adam={"beta_1": BETA_1, "beta_2": BETA_2, "epsilon": EPSILON},
            material=str(material),
            made=str(folder),
        )
        check = engine.ask("check", steps=3, rows=1, seconds=0.1)
        memory = engine.ask("memory")
    finally:
        engine.end()
    found = {"import_s": engine.hello["import_s"], "load_s": opened["load_s"], **memory}
    if "first_step_s" in check:  # absent where the engine only answers with this net
        found["first_step_s"] = check["first_step_s"]
    return found
