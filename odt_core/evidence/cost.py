"""What personalising cost on this machine: time, memory, bytes over the network, size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from odt_core.evaluation.cost import is_confined, network_sockets


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
        self._pid = pid
        self._looks = 0
        self._most = 0
        self._confined = True

    def look(self) -> None:
        """Count its connections now; cheap enough for every event of a run."""
        found = network_sockets(self._pid)
        if found is not None:
            self._looks += 1
            self._most = max(self._most, found)
            self._confined = self._confined and is_confined(self._pid)

    def result(self) -> Network:
        """What can be said after all looks."""
        if not self._looks:
            return Network(None, "not measured: this system does not show a process's connections")
        if self._most:
            return Network(None, f"not known: the process had {self._most} connections open")
        times = "once" if self._looks == 1 else f"{self._looks} times"
        if not self._confined:
            how = f"not known: looked {times} and saw no connection, but nothing forbids one"
            return Network(None, how)
        return Network(
            0,
            f"measured: looked {times}, the process had no connection to any network, and the "
            "kernel forbids it to open one",
        )
