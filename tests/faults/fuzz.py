"""Looks for what breaks odt, for as long as it is given: `make fuzz`.

First workers that are killed, then servers that are killed, then damaged models, checkpoints and
workspaces in turn until the time is over. Each finding names the seed that shows it again:
`make fuzz ARGS="--only models --seed 123 --cases 1"`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from odt_core.worker import Worker
from odt_core.worker import link as client
from odt_core.workspace import Workspaces
from tests.faults import damage, sessions, worker_runs

_CALL_SECONDS = 15.0  # no call of these small models takes longer
_LIVES = 10  # sessions that one workspace goes through
_EACH = 20  # cases of a kind before the next one has its turn
_OF_ITS_OWN = ("workers", "sessions")  # so many of them; the others share the time that is left
_SHARING = ("models", "checkpoints", "workspaces")

Case = Callable[[int], str]


class Kinds:
    """What can be looked for, by name; each case takes a seed and gives its outcome in words."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.slowest = 0.0  # seconds from the end of a process to a page that can tell
        self._lives = root / "sessions"
        self._token = ""
        self.of: dict[str, Case] = {
            "workers": self.worker,
            "sessions": self.session,
            "models": lambda seed: damage.model(seed).outcome,
            "checkpoints": lambda seed: damage.checkpoint(seed).outcome,
            "workspaces": self.workspace,
        }

    def worker(self, seed: int) -> str:
        """A worker hurt in the middle of a run."""
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            report = worker_runs.run_once(Path(folder), seed)
        resumed = "nothing kept yet" if report.resumed_from is None else "went on bit for bit"
        if report.fault.value.startswith("SIG") and report.fault is not worker_runs.Fault.HUNG:
            self.slowest = max(self.slowest, report.told_after)
        return f"{report.fault} while {report.during}: {resumed}"

    def session(self, seed: int) -> str:
        """A server killed in the middle of a session; the workspace lives on to the next one."""
        if seed % _LIVES == 0 or not self._token:
            self._token = sessions.create(Workspaces(self._lives, sessions.LIMITS))
        report = sessions.session(self._lives, self._token, seed)
        resumed = "a run went on bit for bit" if report.resumed else "no run to go on"
        resumed = "samples changed under the run" if report.refused else resumed
        return f"{(report.acknowledged > 0 and 'something') or 'nothing'} acknowledged, {resumed}"

    def workspace(self, seed: int) -> str:
        """A workspace with damaged files."""
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            return damage.workspace(Path(folder), seed).outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when nothing was found."""
    options = _options(arguments)
    client.CALL_SECONDS = client.RUN_SECONDS = _CALL_SECONDS
    ends = time.monotonic() + 60 * options.minutes
    findings: list[str] = []
    outcomes: dict[str, Counter[str]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Worker.start(worker_runs.MODEL.read_bytes()) as bystander,
    ):
        kinds = Kinds(Path(folder))
        answer = bystander.infer(worker_runs.TRAIN.x)
        for kind, seed in _plan(options, ends):
            outcomes.setdefault(kind, Counter())[_case(kinds, kind, seed, findings)] += 1
            if not np.array_equal(bystander.infer(worker_runs.TRAIN.x), answer):
                findings.append(f"{kind}, seed {seed}: another visitor noticed")
    if "workers" in outcomes:
        print(f"\nthe end of a process was told after at most {kinds.slowest:.2f} s")
    for kind, counted in outcomes.items():
        print(f"\n{kind}: {counted.total():,} cases")
        for outcome, count in counted.most_common():
            print(f"  {count:7,}  {outcome}")
    print(f"\n{len(findings)} findings", *findings, sep="\n")
    return 1 if findings else 0


def _case(kinds: Kinds, kind: str, seed: int, findings: list[str]) -> str:
    try:
        return kinds.of[kind](seed)
    except Exception as error:
        traceback.print_exc()
        findings.append(f"{kind}, seed {seed}: {type(error).__name__}: {error}")
        print(f"FOUND {findings[-1]}", flush=True)
        return "FOUND"


def _plan(options: argparse.Namespace, ends: float) -> Iterator[tuple[str, int]]:
    """(kind, seed) one after the other, until all is done or the time is over."""
    counts = {"workers": options.workers, "sessions": options.sessions}
    wanted = [options.only] if options.only else [*_OF_ITS_OWN, *_SHARING]
    for kind in _OF_ITS_OWN:
        for case in range((options.cases or counts[kind]) if kind in wanted else 0):
            if time.monotonic() > ends:
                return
            if case % _EACH == 0:
                print(f"{kind}: {case} of {options.cases or counts[kind]}", flush=True)
            yield kind, options.seed + case
    sharing = [kind for kind in _SHARING if kind in wanted]
    done = 0
    while sharing and not (options.cases and done >= options.cases):
        for kind in sharing:
            for case in range(done, min(done + _EACH, options.cases or done + _EACH)):
                if time.monotonic() > ends:
                    return
                yield kind, options.seed + case
        done += _EACH
        if done % (10 * _EACH) == 0:
            print(f"{', '.join(sharing)}: {done:,} of each", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0, help="stop after so long")
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--workers", type=int, default=200, help="runs whose worker is hurt")
    parser.add_argument("--sessions", type=int, default=50, help="sessions whose server is killed")
    parser.add_argument("--cases", type=int, default=0, help="at most so many of each kind")
    parser.add_argument("--only", choices=[*_OF_ITS_OWN, *_SHARING], help="nothing but this kind")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
