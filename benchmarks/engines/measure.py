"""Everything but the race, a part at a time: python -m benchmarks.engines.measure PART [--quick].

Each part runs in a process of its own, so that one that crashes takes no other with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.engines.environments import ENTRANTS
from benchmarks.engines.making import sources
from benchmarks.engines.plan import FULL, QUICK, Plan
from benchmarks.engines.results import Results, now

Document = dict[str, Any]


def _limit(plan: Plan) -> Iterator[Document]:
    from benchmarks.engines.limit import sgemm_limit

    yield sgemm_limit()


def _starts(plan: Plan) -> Iterator[Document]:
    from benchmarks.engines.starting import measure_starts

    for count, engines in enumerate(measure_starts(ENTRANTS, plan.starts, say), 1):
        yield {"engines": engines, "processes": count}


def _loop(plan: Plan) -> Iterator[Document]:
    from benchmarks.engines.loop import measure_loop

    yield measure_loop(plan.rounds)


def _public(plan: Plan) -> Iterator[Document]:
    from benchmarks.engines.public import BATCH, measure_public, missing

    if why := missing():
        say(f"  left out: {why}")
        yield {"models": [], "skipped": why}
        return
    models: list[Document] = []
    for model in measure_public(plan, say):
        models.append(model)
        yield {"models": models, "batch": BATCH}


def _growth(plan: Plan) -> Iterator[Document]:
    from benchmarks.engines.growth import measure_growth

    series: list[Document] = []
    for one in measure_growth(plan.seconds, say):
        series.append(one)
        yield {"series": series}


# Each gives its whole document anew as it grows.
PARTS: dict[str, Callable[[Plan], Iterator[Document]]] = {
    "limit": _limit,
    "starts": _starts,
    "loop": _loop,
    "public": _public,
    "growth": _growth,
}


def say(line: str) -> None:
    """Progress, at once also through a pipe."""
    print(line, flush=True)


def main() -> None:
    name, quick = sys.argv[1], "--quick" in sys.argv
    stamp: Document = {"quick": quick, "sources": sources("odt"), "load": os.getloadavg()[0]}
    document: Document = {}
    for document in PARTS[name](QUICK if quick else FULL):
        Results().keep_part(name, document | stamp | {"measured": now(), "complete": False})
    Results().keep_part(name, document | stamp | {"measured": now(), "complete": True})


if __name__ == "__main__":
    main()
