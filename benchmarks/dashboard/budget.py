"""Is the dashboard slower than it was? Exit code 1 when it is, whatever the machine.

    python -m benchmarks.dashboard.budget

`budget.json` says of each figure what it may be: seconds as a multiple of the calibration loop of
the same run (`calibration.py`), plus the timers of the page that no processor shortens; memory and
bytes as they are. Noise only ever adds, so a figure counts by its best run, and as long as one is
over its budget another visit is made, up to a limit. A new budget from measured runs:

    python -m benchmarks.dashboard.measure --runs 20 --out runs.json
    python -m benchmarks.dashboard.budget --from runs.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Error

from benchmarks.dashboard.measure import CALIBRATION, chromium, measured

FILE = Path(__file__).with_name("budget.json")
MOST_RUNS = 4
MOST_SECONDS = 150.0  # no visit is begun later than this
SLACK = 3.0  # a figure may be so many times what it was: a change, not the weather
SLACK_OF_SIZES = 2.0  # and memory and bytes so many times the most that they were
SHORTEST = 0.1  # seconds: shorter waits are judged as if they were so long
# Seconds of a figure that pass by the page's own clock, on any machine.
TIMERS = {
    "train_to_first_point": 0.25,
    "chart_tick": 0.25,
    "stop_to_trained": 0.25,
    "train_to_trained": 0.25,
}
_SIZES = ("_mb", "_kb")


@dataclass(frozen=True)
class Allowance:
    """What one figure may be."""

    most: float  # calibration loops, or MB, or kB as the figure's name says
    timer: float = 0.0  # seconds on top

    def ratio(self, value: float, loop: float) -> float:
        """How much of the allowance `value` takes, where a calibration loop takes `loop` s."""
        return value / (self.timer + self.most * loop)


@dataclass(frozen=True)
class Verdict:
    """One figure, judged."""

    name: str
    used: float  # share of the allowance in the best run; inf: no run had the figure
    value: float  # in that run

    @property
    def fits(self) -> bool:
        """Whether the figure is within its budget."""
        return self.used <= 1.0


def is_size(name: str) -> bool:
    """Whether a figure counts memory or bytes, not seconds."""
    return name.endswith(_SIZES)


def judged(
    runs: Sequence[Mapping[str, float]], budget: Mapping[str, Allowance]
) -> tuple[Verdict, ...]:
    """Every figure of the budget by its best run, in the budget's order."""
    return tuple(_judged(name, allowance, runs) for name, allowance in budget.items())


def _judged(name: str, allowance: Allowance, runs: Sequence[Mapping[str, float]]) -> Verdict:
    found = [
        Verdict(
            name, allowance.ratio(run[name], 1.0 if is_size(name) else run[CALIBRATION]), run[name]
        )
        for run in runs
        if name in run
    ]
    return min(found, key=lambda one: one.used, default=Verdict(name, np.inf, np.nan))


def budget_from(runs: Sequence[Mapping[str, float]]) -> dict[str, Allowance]:
    """What the figures may be from now on: times by the median of `runs`, sizes by the largest."""
    names = dict.fromkeys(name for run in runs for name in run if name != CALIBRATION)
    return {name: _allowance(name, [run for run in runs if name in run]) for name in names}


def _allowance(name: str, runs: Sequence[Mapping[str, float]]) -> Allowance:
    if is_size(name):
        return Allowance(round(SLACK_OF_SIZES * max(run[name] for run in runs), 1))
    timer = TIMERS.get(name, 0.0)
    loops = [max(run[name] - timer, SHORTEST) / run[CALIBRATION] for run in runs]
    return Allowance(round(SLACK * float(np.median(loops)), 2), timer)


def read(path: Path = FILE) -> dict[str, Allowance]:
    """The budget in a file."""
    return {name: Allowance(**one) for name, one in json.loads(path.read_text()).items()}


def write(budget: Mapping[str, Allowance], path: Path = FILE) -> None:
    """Keep a budget in a file, one figure a line."""
    lines = [f' "{name}": {json.dumps(asdict(one))}' for name, one in budget.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as text for people."""
    lines = [f"{'figure':34}{'best run':>10}{'of budget':>11}"]
    lines += [
        f"{one.name:34}{one.value:10.3f}{one.used:11.0%}{'' if one.fits else '  over'}"
        for one in verdicts
    ]
    return "\n".join(lines)


def check() -> bool:
    """Visit until every figure is within the budget, or it is clear that one is not."""
    budget = read()
    runs: list[dict[str, float]] = []
    verdicts = judged(runs, budget)
    end = time.monotonic() + MOST_SECONDS
    with chromium() as browser:
        for _ in range(MOST_RUNS):
            try:
                runs.append(measured(browser, models=False))
            except (Error, RuntimeError) as problem:  # something did not come: visit again
                print(f"a visit failed: {problem}", file=sys.stderr)
            verdicts = judged(runs, budget)
            if all(one.fits for one in verdicts) or time.monotonic() > end:
                break
    loops = ", ".join(f"{run[CALIBRATION]:.3f}" for run in runs)
    print(f"visits: {len(runs)}; seconds a calibration loop: {loops}\n{table(verdicts)}")
    return all(one.fits for one in verdicts)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", dest="runs", type=Path, help="make the budget of these runs")
    arguments = parser.parse_args()
    if arguments.runs:
        made = budget_from(json.loads(arguments.runs.read_text()))
        write({name: one for name, one in made.items() if not name.startswith("drop_")})
        return
    if not check():
        print("Slower than the budget. What changed?", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
