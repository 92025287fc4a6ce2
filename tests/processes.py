"""Of a process that is not ours to wait for: whether it has ended."""

from __future__ import annotations

import os
import time
from pathlib import Path


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds."""
    for _ in range(500):
        if _ended(pid):
            return True
        time.sleep(0.02)
    return False


def _ended(pid: int) -> bool:
    """Also when nobody has waited for it, as in a container whose first process waits for none."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return True
    except FileNotFoundError:  # there is no /proc, or no such process any more
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"
