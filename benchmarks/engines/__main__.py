"""Measures odt beside the other engines: python -m benchmarks.engines; `make bench` sets it up.

Results are written as they come, under .bench/results; what is there and still true is not measured
again. Then tables and charts are written beside them.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.engines.environments import BENCH, ENTRANTS, ROOT, Entrant, entrants
from benchmarks.engines.making import made, sources
from benchmarks.engines.material import write_material
from benchmarks.engines.measure import PARTS, say
from benchmarks.engines.networks import NETWORKS
from benchmarks.engines.plan import FULL, QUICK, Cell, Plan
from benchmarks.engines.race import Race
from benchmarks.engines.report import write_report
from benchmarks.engines.results import Results, now
from benchmarks.engines.tables import cell_line
from benchmarks.engines.team import EngineError

CONVERT, RACE = "convert", "race"
SHARE = 0.2  # of the time, at most, for each of the other parts


def main() -> None:
    options = _parse()
    results, plan = Results(), _plan(options)
    end = time.monotonic() + options.minutes * 60
    if not options.report:
        if CONVERT in options.parts:
            _convert(plan, entrants(options.engines), end)
        for name in options.parts:
            if name in PARTS:
                _measure(name, options, results, end)
        if RACE in options.parts:
            _race(plan, entrants(options.engines), results, options.fresh, end)
    for path in write_report(results, publish=options.publish):
        say(f"wrote {path}")


def _convert(plan: Plan, chosen: tuple[Entrant, ...], end: float) -> None:
    """What the race needs converted, ahead of it; kept, so that this may be done at any time."""
    began = time.monotonic()
    for entrant, optimiser, name in itertools.product(chosen, plan.optimisers, plan.networks):
        if entrant.converted != entrant.name or entrant.missing or time.monotonic() > end:
            continue
        network = NETWORKS[name]
        try:
            made(entrant, network, optimiser, write_material(network, 32, BENCH / "material"))
        except EngineError as error:
            say(f"  {entrant.title}, {name}, {optimiser}: {error}")
    say(f"convert: {time.monotonic() - began:.0f} s")


def _measure(name: str, options: argparse.Namespace, results: Results, end: float) -> None:
    """One of the other parts, in its own process; a failure is said and left at that."""
    before = results.part(name)
    if before and not options.fresh and _complete(before):
        say(f"{name}: there already")
        return
    say(f"{name}:")
    command = [sys.executable, "-m", "benchmarks.engines.measure", name]
    try:
        left = max(min(end - time.monotonic(), options.minutes * 60 * SHARE), 1)
        began = time.monotonic()
        subprocess.run(command + ["--quick"] * options.quick, cwd=ROOT, timeout=left, check=True)
        say(f"  {name} took {time.monotonic() - began:.0f} s")
    except subprocess.CalledProcessError as error:
        say(f"  {name} failed with code {error.returncode}")
    except subprocess.TimeoutExpired:
        say(f"  {name} is not finished: its time is up; the rest is kept")


def _complete(document: dict[str, Any]) -> bool:
    return bool(document["complete"]) and document["sources"] == sources("odt")


def _race(
    plan: Plan, chosen: tuple[Entrant, ...], results: Results, fresh: bool, end: float
) -> None:
    version, who = sources("odt"), sorted(entrant.name for entrant in chosen)
    left = [cell for cell in plan.cells() if fresh or not _there(results, cell, version, who)]
    for threads, group in itertools.groupby(list(left), key=lambda cell: cell.threads):
        if time.monotonic() > end:
            break
        race = Race(chosen, threads, plan, say)
        try:
            for cell in group:
                if time.monotonic() > end:
                    break
                document = race.run(cell)
                document |= {"sources": version, "entrants": who, "measured": now()}
                results.keep_cell(cell, document)
                left.remove(cell)
                say(cell_line(document))
        finally:
            race.end()
    if left:
        say(f"time is up; not measured: {', '.join(cell.key for cell in left)}")


def _there(results: Results, cell: Cell, version: str, who: list[str]) -> bool:
    before = results.cell(cell)
    return before is not None and (before["sources"], before["entrants"]) == (version, who)


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else FULL
    chosen = {
        key: tuple(getattr(options, key))
        for key in ("networks", "batches", "threads", "optimisers")
        if getattr(options, key)
    }
    return replace(plan, **chosen)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="begin nothing later than this")
    parser.add_argument("--quick", action="store_true", help="few cells, few rounds: 4 minutes")
    parser.add_argument("--fresh", action="store_true", help="measure also what is there already")
    parser.add_argument("--report", action="store_true", help="only write tables and charts again")
    parser.add_argument(
        "--publish", action="store_true", help="write them into benchmarks/engines/results too"
    )
    parts = (CONVERT, *PARTS, RACE)
    parser.add_argument("--parts", type=_some(parts), default=parts, help=_list(parts))
    names = tuple(entrant.name for entrant in ENTRANTS)
    parser.add_argument("--engines", type=_some(names), help=_list(names))
    nets = tuple(NETWORKS)
    parser.add_argument("--networks", type=_some(nets), help=_list(nets))
    parser.add_argument("--batches", type=_numbers, help="such as 1,32")
    parser.add_argument("--threads", type=_numbers, help="such as 1")
    rules = ("sgd", "adam")
    parser.add_argument("--optimisers", type=_some(rules), help=_list(rules))
    return parser.parse_args()


def _list(words: tuple[str, ...]) -> str:
    return f"some of {','.join(words)}"


def _some(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Reads words with commas between them, each of which must be known."""

    def read(text: str) -> list[str]:
        words = text.split(",")
        unknown = [word for word in words if word not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"there is no {unknown[0]}; {_list(known)}")
        return words

    return read


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
