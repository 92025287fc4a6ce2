"""Disks that fail: one when it is told to, one when it is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from odt_core.workspace.disk import Disk


class FailingDisk(Disk):
    """A disk whose system call number `after` from now fails, and every later one too."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.after: int | None = None

    def _fail(self) -> None:
        if self.after is not None:
            self.after -= 1
            if self.after < 0:
                raise OSError(self.code, os.strerror(self.code))

    def _put(self, descriptor: int, data: bytes) -> None:
        try:
            self._fail()
        except OSError:
            super()._put(descriptor, data[: len(data) // 2])  # a full disk takes the first half
            raise
        super()._put(descriptor, data)

    def _replace(self, source: Path, path: Path) -> None:
        self._fail()
        super()._replace(source, path)

    def sync(self, path: Path) -> None:
        self._fail()
        super().sync(path)


class SmallDisk(Disk):
    """A disk of so many blocks of 4 kB, of which each file under `root` takes whole ones."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blocks = 2**20

    def fill(self) -> None:
        """Not a block is free any more."""
        self.blocks = self._used()

    def _used(self) -> int:
        files = (path for path in self.root.rglob("*") if path.is_file())
        return sum(_blocks(path.stat().st_size) for path in files)

    def _put(self, descriptor: int, data: bytes) -> None:
        if self._used() + _blocks(len(data)) > self.blocks:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super()._put(descriptor, data)


def _blocks(size: int) -> int:
    return -(-size // 4096)
