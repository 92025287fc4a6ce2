"""What personalising cost on this machine: time, memory, bytes over the network, size."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")


@dataclass(frozen=True)
class Cost:
    """Measured figures; None where they were not, or cannot be on this system."""

    step_ms: float | None = None  # mean over `steps` steps of training, measuring included
    steps: int = 0
    inference_ms: float | None = None  # median of `inferences` predictions of one sample
    inferences: int = 0
    peak_memory_bytes: int | None = None  # resident, of the process that ran the model
    network_bytes: int | None = None  # sent by that process while it trained
    network_how: str = "not measured"
    checkpoint_bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return dict(vars(self))


@dataclass(frozen=True)
class Network:
    """What a process sent over the network, and how that is known."""

    sent: int | None  # bytes
    how: str


class NetworkWatch:
    """Looks, while a process trains, whether it has a connection to any network.

    Linux. A worker process is forbidden by the kernel to open one (odt_core.runtime.seccomp), and
    inherits none: then nothing was sent. Elsewhere nothing is claimed.
    """

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)
        self._looks = 0
        self._most = 0
        self._forbidden = True

    def look(self) -> None:
        """Count its connections now; cheap enough for every event of a run."""
        try:
            own = {
                link.readlink().name
                for link in (self._folder / "fd").iterdir()
                if link.is_symlink()
            }
            inodes = {f"socket:[{inode}]" for inode in self._inodes()}
            filtered = "Seccomp:\t2" in (self._folder / "status").read_text("utf-8")
        except OSError:
            return
        self._looks += 1
        self._most = max(self._most, len(own & inodes))
        self._forbidden = self._forbidden and filtered

    def result(self) -> Network:
        """What can be said after all looks."""
        if not self._looks:
            return Network(None, "not measured: this system does not show a process's connections")
        if self._most:
            return Network(None, f"not known: the process had {self._most} connections open")
        times = "once" if self._looks == 1 else f"{self._looks} times"
        if self._forbidden:
            return Network(
                0,
                f"measured: looked {times}, the process had no connection to any network, and the "
                "kernel forbids it to open one",
            )
        return Network(0, f"measured: looked {times}, the process had no connection to any network")

    def _inodes(self) -> set[str]:
        found = set()
        for table in _TABLES:
            path = self._folder / "net" / table
            if path.exists():
                for line in path.read_text("utf-8").splitlines()[1:]:
                    found.add(line.split()[9])
        return found


def peak_memory(pid: int) -> int | None:
    """The most resident memory that a process has had so far, in bytes; None but on Linux."""
    try:
        lines = (Path("/proc") / str(pid) / "status").read_text("utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def median_ms(call: Callable[[], object], seconds: float = 0.3) -> tuple[float, int]:
    """(median milliseconds, how many calls): for at least `seconds` and five calls."""
    call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000, len(times)
