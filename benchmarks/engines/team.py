"""The engines' processes: started, asked in turn, ended."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.engines.environments import ROOT, Entrant

# What would slow or steer libraries in one environment and not in another.
_UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


PATIENCE = 90.0  # seconds an engine may take for one answer before it counts as hung


class EngineError(Exception):
    """An engine said that it cannot, or is gone; the message is its own."""


class Engine:
    """One entrant's worker process."""

    def __init__(self, entrant: Entrant, threads: int, log: Path) -> None:
        """Raises EngineError when it does not start."""
        self.entrant = entrant
        environment = {k: v for k, v in os.environ.items() if k not in _UNSET}
        environment |= {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
        environment |= {"NODE_PATH": str((entrant.environment or ROOT) / "node_modules")}
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        if threads == 1:
            environment |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as stderr:
            self._process = subprocess.Popen(
                entrant.command(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=ROOT,
                env=environment,
            )
        self.hello = self._answer()

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """One request, answered. EngineError with the engine's own words when it cannot, or when it
        is gone or hangs; then `alive` is false.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise EngineError("its process is gone") from None
        return self._answer()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            self.end(0.0)
            raise EngineError(f"gave no answer in {PATIENCE:.0f} seconds")
        line = self._process.stdout.readline()
        if not line:
            raise EngineError(f"its process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer

    def stay_on(self, core: int) -> None:
        """Have its main thread work on one core from now on."""
        with suppress(OSError):
            os.sched_setaffinity(self._process.pid, {core})

    def busy_seconds(self) -> float:
        """Processor time that all its threads have used so far."""
        total = 0
        with suppress(OSError):
            for task in Path(f"/proc/{self._process.pid}/task").iterdir():
                with suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def end(self, patience: float = 5.0) -> None:
        """Ends the process, by force where it takes longer than `patience` seconds."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def settle(engines: list[Engine], longest: float = 0.2) -> float:
    """Waits until no worker's threads spin any more, as pools do for a moment after their work;
    returns the seconds it took.
    """
    began = time.perf_counter()
    before = [engine.busy_seconds() for engine in engines]
    while time.perf_counter() - began < longest:
        time.sleep(0.005)
        after = [engine.busy_seconds() for engine in engines]
        if all(b - a < 0.0005 for a, b in zip(before, after, strict=True)):
            break
        before = after
    return time.perf_counter() - began
