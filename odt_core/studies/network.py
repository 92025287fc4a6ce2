"""What a process sends over the network, measured from outside it, in /proc. Linux."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class NetworkUse:
    """What a process could and did send over the network.

    sockets: the most that it had at any of `looks` looks, but for Unix sockets, which reach this
    machine's programs alone.
    confined: whether odt's own filter in the kernel, which no process can take off again, kept it
    from making any. bytes_sent: 0 where it was confined and had none: then nothing can have been
    sent. None where that cannot be told (another system than Linux, no filter of odt's).
    machine_bytes: what all programs of the machine together sent through its network cards between
    the first look and the last, counted by the kernel: no process can have sent more.
    """

    sockets: int | None
    confined: bool
    bytes_sent: int | None
    sentence: str
    looks: int = 0
    machine_bytes: int | None = None


class NetworkWatch:
    """Looks, while a process works, whether it has a connection to any network."""

    def __init__(self, pid: int, *, confined: bool = False) -> None:
        """confined: whether odt's filter is on the process, as Worker.confined tells. /proc tells
        only that there is one, which may be another's, such as a container's, and allow sockets.
        """
        self._pid, self._confined = pid, confined
        self._looks = 0
        self._most: int | None = 0
        self._before = self._after = sent_by_machine()
        self.look()

    def look(self) -> None:
        """Count its sockets now; cheap enough for every event of a run."""
        found = network_sockets(self._pid)
        self._looks += 1
        self._most = None if found is None or self._most is None else max(self._most, found)
        self._after = sent_by_machine()

    def result(self) -> NetworkUse:
        """What can be said after all looks."""
        looks = "once" if self._looks == 1 else f"{self._looks} times"
        sent: int | None = None
        if self._most is None:
            sentence = "What is sent over the network cannot be measured on this system."
        elif self._most:
            one = "a network socket" if self._most == 1 else f"{self._most} network sockets"
            sentence = f"Not known: the process held {one}, so it may have sent something."
        elif not self._confined:
            sentence = (
                f"Not known: looked {looks} and saw no network socket, but no filter of odt's "
                "kept the process from having one."
            )
        else:
            sent = 0
            sentence = (
                f"0 bytes sent: looked {looks}, the process held no network socket, and the kernel "
                "refuses it one."
            )
        machine = None
        if self._before is not None and self._after is not None and self._most is not None:
            machine = max(0, self._after - self._before)
            sentence += (
                f" Meanwhile all programs of this machine together sent {machine:,} bytes through "
                "its network cards."
            )
        return NetworkUse(self._most, self._confined, sent, sentence, self._looks, machine)


def network_sockets(pid: int) -> int | None:
    """How many sockets a process holds that are no Unix ones; None where the system does not tell.
    The lists of other kinds in /proc are many, and lack those that are not bound yet.
    """
    process = Path(f"/proc/{pid}")
    open_files = []
    try:
        for path in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed in the meantime
                open_files.append(os.readlink(path))
        lines = (process / "net" / "unix").read_text("ascii", "replace").splitlines()[1:]
        local = {f"socket:[{line.split()[6]}]" for line in lines}
    except (OSError, IndexError):
        return None
    return sum(name.startswith("socket:[") and name not in local for name in open_files)


def sent_by_machine() -> int | None:
    """Bytes that the network cards have sent since the machine started, what programs send each
    other on the machine itself (loopback) left out; None where the system does not tell.
    """
    try:
        lines = Path("/proc/net/dev").read_text("ascii", "replace").splitlines()[2:]
        cards = (line.split(":", 1) for line in lines)
        return sum(int(counts.split()[8]) for name, counts in cards if name.strip() != "lo")
    except (OSError, ValueError, IndexError):
        return None


def process_status(pid: int) -> str:
    """/proc/<pid>/status, empty where there is none."""
    try:
        return Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return ""
