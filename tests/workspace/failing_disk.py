"""A disk that fails when it is told to."""

from __future__ import annotations

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
