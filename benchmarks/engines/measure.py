"""Everything but the race, a part at a time: python -m benchmarks.engines.measure PART [--quick].

Each part runs in a process of its own, so that one that crashes takes no other with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.engines.environments import ENTRANTS
from benchmarks.engines.making import sources
from benchmarks.engines.plan import FULL, QUICK, Plan
from benchmarks.engines.results import Results, now


def _limit(plan: Plan) -> dict[str, Any]:
    from benchmarks.engines.limit import sgemm_limit

    return sgemm_limit()


def _starts(plan: Plan) -> dict[str, Any]:
    from benchmarks.engines.starting import measure_starts

    return {"engines": measure_starts(ENTRANTS, plan.starts, say), "processes": plan.starts}


def _loop(plan: Plan) -> dict[str, Any]:
    from benchmarks.engines.loop import measure_loop

    return measure_loop(plan.rounds)


def _public(plan: Plan) -> dict[str, Any]:
    from benchmarks.engines.public import measure_public

    return measure_public(plan, say)


def _growth(plan: Plan) -> dict[str, Any]:
    from benchmarks.engines.growth import measure_growth

    return {"series": measure_growth(plan.seconds, say)}


PARTS: dict[str, Callable[[Plan], dict[str, Any]]] = {
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
    load = os.getloadavg()[0]
    document = PARTS[name](QUICK if quick else FULL)
    stamp = {"measured": now(), "load": load, "quick": quick, "sources": sources("odt")}
    Results().keep_part(name, document | stamp)


if __name__ == "__main__":
    main()
