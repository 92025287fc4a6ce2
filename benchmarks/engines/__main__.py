"""The race between the engines: python -m benchmarks.engines [--quick]; `make bench` sets it up."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from benchmarks.engines.environments import BENCH, ENTRANTS, entrants
from benchmarks.engines.making import sources
from benchmarks.engines.networks import NETWORKS
from benchmarks.engines.plan import FULL, QUICK, Plan
from benchmarks.engines.race import Race
from benchmarks.engines.tables import cell_line

CELLS = BENCH / "results" / "cells"


def main() -> None:
    options = _parse()
    plan, chosen = _plan(options), entrants(options.engines)
    version = sources("odt")
    who = sorted(entrant.name for entrant in chosen)
    for threads in plan.threads:
        left = []
        for cell in plan.cells():
            if cell.threads != threads:
                continue
            path = CELLS / f"{cell.key}.json"
            if path.exists() and not options.fresh:
                before = json.loads(path.read_text())
                if before["sources"] == version and before["entrants"] == who:
                    continue
            left.append((cell, path))
        if not left:
            continue
        race = Race(chosen, threads, plan, _say)
        try:
            for cell, path in left:
                document = race.run(cell) | {"sources": version, "entrants": who}
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(document, indent=1) + "\n")
                _say(cell_line(document))
        finally:
            race.end()


def _say(line: str) -> None:
    print(line, flush=True)


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
    parser.add_argument("--quick", action="store_true", help="about 3 minutes instead of 25")
    parser.add_argument("--fresh", action="store_true", help="measure also what is there already")
    names = [entrant.name for entrant in ENTRANTS]
    parser.add_argument("--engines", type=_words, help=f"some of {','.join(names)}")
    parser.add_argument("--networks", type=_words, help=f"some of {','.join(NETWORKS)}")
    parser.add_argument("--batches", type=_numbers, help="such as 1,32")
    parser.add_argument("--threads", type=_numbers, help="such as 1")
    parser.add_argument("--optimisers", type=_words, help="sgd, adam or both")
    return parser.parse_args()


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
