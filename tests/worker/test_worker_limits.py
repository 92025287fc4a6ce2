"""What a process keeps of memory that it is done with."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# 200 pieces of 256 kB with small ones between them, after one that makes glibc keep such pieces.
SCRIPT = """
import sys
from pathlib import Path
from odt_core.worker.limits import keep_little_memory

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

if sys.argv[1] == "asked":
    keep_little_memory()
large = b"x" * 2**24
del large
pieces, between = [], []
for _ in range(200):
    pieces.append(b"x" * 2**18)
    between.append(b"x" * 2**11)
full = megabytes()
pieces.clear()
print(full - megabytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one")
def test_pieces_go_back_to_the_system_when_they_are_free() -> None:
    given_back = {}
    for what in ("asked", "left alone"):
        command = [sys.executable, "-c", SCRIPT, what]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        given_back[what] = float(run.stdout)
    assert given_back["asked"] > 45
    assert given_back["asked"] > given_back["left alone"] + 5
