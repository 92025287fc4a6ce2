"""What figures were measured on."""

from __future__ import annotations

import os

from odt_core.evidence.versions import versions


def machine() -> dict[str, object]:
    """The processor, its cores, memory in GB, Python and the system; no name of the machine."""
    found = versions()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": found["processor"],
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "python": found["python"],
        "system": found["system"],
    }
