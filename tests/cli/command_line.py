"""The command line in a process of its own, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def odt(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`python -m odt_core` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "odt_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


def result(*arguments: object) -> dict:
    """The JSON that a command prints with --json."""
    done = odt(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
