"""What the numbers were computed with: versions and the kind of machine, no names of people."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from odt_core import __version__
from odt_core.evidence.software import REQUIREMENTS, sources_digest


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = {
        "odt": __version__,
        "odt_sources_sha256": sources_digest(),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
    }
    for name in REQUIREMENTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return tuple(found.items())


def versions() -> dict[str, str]:
    """By name; of the process that asks."""
    return dict(_versions())


def requirements() -> str:
    """requirements.txt: the packages that were used, pinned."""
    found = versions()
    return "".join(f"{name}=={found[name]}\n" for name in REQUIREMENTS if found[name] != "unknown")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
