"""One engine in a process of its own, told what to do by lines of JSON; idle means asleep.

python -m benchmarks.engines.worker CONTENDER THREADS
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.engines.clock import Clock, Timing


class Worker:
    """Answers one request at a time; each is a dict with "do" and what that needs."""

    def __init__(self, name: str, threads: int) -> None:
        began = time.perf_counter()
        self._module = importlib.import_module(f"benchmarks.engines.contenders.{name}")
        self.hello = {
            "engine": name,
            "version": self._module.VERSION,
            "import_s": time.perf_counter() - began,
            "memory": memory(),
        }
        self._threads = threads
        self._contender: Any = None
        self._batches: list[Any] = []

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """A model in the engine, ready for its first step."""
        from benchmarks.engines.contender import Work
        from benchmarks.engines.material import read_batches
        from benchmarks.engines.networks import Network

        self._contender = None  # the last one's memory first
        work = Work(
            network=Network.from_json(request["network"]),
            batch=request["batch"],
            optimiser=request["optimiser"],
            material=Path(request["material"]),
            made=Path(request["made"]),
        )
        self._batches = read_batches(work.material)
        if getattr(self._module, "INTEGER_LABELS", False):
            self._batches = [(x, y.argmax(1).astype("int64")) for x, y in self._batches]
        began = time.perf_counter()
        self._contender = self._module.CONTENDER(work, self._threads)
        return {"load_s": time.perf_counter() - began}

    def check(self, request: dict[str, Any]) -> dict[str, Any]:
        """Logits before training, and the losses of the first steps, as many as time allows.

        What the steps took tells how slow an engine is; the first one may compile, and the first
        answer too.
        """
        now = time.perf_counter
        answers = self._contender.infer(self._batches[0][0])[: request["rows"]].tolist()
        before = now()
        self._contender.infer(self._batches[0][0])
        infer, losses, times = now() - before, [], []
        if not hasattr(self._contender, "train"):
            return {"answers": answers, "infer_ms": infer * 1000, "losses": []}
        for x, y in self._batches[: request["steps"]]:
            before = now()
            losses.append(float(self._contender.train(x, y)))
            times.append((now() - before) * 1000)
            if sum(times[1:]) / 1000 > request["seconds"]:
                break
        return {
            "answers": answers,
            "losses": losses,
            "first_step_s": times[0] / 1000,
            "steps": Timing.of(times[1:]).to_json(),
            "infer_ms": infer * 1000,
        }

    def train(self, request: dict[str, Any]) -> dict[str, Any]:
        """Milliseconds of a step: quartiles, least, and how many were timed."""
        train, batches = self._contender.train, self._batches
        return _clocked([lambda x=x, y=y: train(x, y) for x, y in batches], request)

    def infer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Milliseconds of one answer to a batch."""
        infer, batches = self._contender.infer, self._batches
        return _clocked([lambda x=x: infer(x) for x, _ in batches], request)

    def memory(self, request: dict[str, Any]) -> dict[str, Any]:
        """What this process holds now, and held at most."""
        return memory()

    def close(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let the model go."""
        self._contender = None
        return {}


def _clocked(calls: list[Callable[[], object]], request: dict[str, Any]) -> dict[str, Any]:
    return Clock(request["seconds"]).time(calls).to_json()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:300]}"


def memory() -> dict[str, float]:
    """Megabytes: proportional set size now, and the largest resident set so far."""
    pss = peak = 0.0
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            pss = int(line.split()[1]) / 1024
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            peak = int(line.split()[1]) / 1024
    return {"pss_mb": pss, "peak_mb": peak}


def serve(make: Callable[[], Any]) -> None:
    """Makes a worker and calls its methods as the lines of the standard input say."""
    # Libraries print to the standard output too: answers go to a copy of it, the rest to stderr.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        worker = make()
    except Exception as error:  # told to the race, which goes on without this engine
        print(json.dumps({"error": _first_line(error)}), file=answers)
        return
    print(json.dumps(worker.hello), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request["do"])(request)
        except Exception as error:
            answer = {"error": _first_line(error)}
        print(json.dumps(answer), file=answers)


def main() -> None:
    serve(lambda: Worker(sys.argv[1], int(sys.argv[2])))


if __name__ == "__main__":
    main()
