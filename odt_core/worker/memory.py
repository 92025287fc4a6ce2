"""Whether the machine has memory left for one more model."""

from __future__ import annotations

from pathlib import Path

from odt_core.errors import WorkerError

SPARE = 128 * 2**20  # bytes that must be free before a process or a training is started
_MACHINE = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")  # a container's own limit


def check_memory(available: int | None = None) -> None:
    """WorkerError when less than SPARE bytes are free: better one is refused than all are ended.

    available: bytes; None looks it up. Nothing happens on a system that does not tell.
    """
    if available is None:
        available = available_memory()
    if available is not None and available < SPARE:
        raise WorkerError(
            "The machine is short of memory just now, as other models are being trained. Your "
            "samples and checkpoints are safe. Try again in a minute."
        )


def available_memory(machine: Path = _MACHINE, group: Path = _GROUP) -> int | None:
    """Bytes that processes can still take without swapping; None where that is not told."""
    known = [left for left in (_of_machine(machine), _of_group(group)) if left is not None]
    return min(known, default=None)


def _of_machine(path: Path) -> int | None:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _of_group(folder: Path) -> int | None:
    """cgroup version 2; what is cached of files can be had back."""
    try:
        limit = int((folder / "memory.max").read_text(encoding="ascii"))  # or "max": none
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        stat = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
        cached = next(int(line.split()[1]) for line in stat if line.startswith("inactive_file "))
        return limit - used + cached
    except (OSError, ValueError, IndexError, StopIteration):
        return None
