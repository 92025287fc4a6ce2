"""Writing files so that a power cut leaves the old file or the new one, never half of one."""

import contextlib
import errno
import os
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from odt_core.errors import WorkspaceError

TRY_AGAIN = " Nothing was changed; try again."  # how each message of a failed write ends
_TEMPORARY = ".tmp"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FREE = "Ask whoever runs the server to free space, or delete everything, under Reset"
_REASONS = {
    errno.ENOSPC: f"the disk is full. {_FREE}",
    errno.EDQUOT: f"the disk quota is used up. {_FREE}",
    errno.EROFS: "the disk is read-only. Ask whoever runs the server",
    errno.EMFILE: "the server has so many files open that it can open no more. Wait for a minute",
    errno.EACCES: "the server may not write there. Ask whoever runs the server",
}


class FullError(WorkspaceError):
    """The disk, or what the server may use of it, has no room left."""


class Disk:
    """The few file operations of a workspace. OSError comes out as WorkspaceError.

    The methods that begin with an underscore are the single system calls; tests replace them to
    make a disk fail at a chosen moment.
    """

    def write(self, files: Mapping[Path, bytes]) -> None:
        """Write whole files: temporary file, fsync, rename, then fsync of each folder.

        Raises WorkspaceError when any of them fails; then files that were not there before are
        not there afterwards either.
        """
        present = {path for path in files if path.exists()}
        temporary: list[Path] = []
        renamed: list[Path] = []
        try:
            for path, data in files.items():
                temporary.append(path.with_name(f"{secrets.token_hex(8)}{_TEMPORARY}"))
                self._write(temporary[-1], data)
            self._sync_all(temporary)
            for source, path in zip(temporary, files, strict=True):
                self._replace(source, path)
                renamed.append(path)
            for folder in {path.parent for path in files}:
                self.sync(folder)
        except OSError as error:
            for path in (*temporary, *(path for path in renamed if path not in present)):
                with contextlib.suppress(OSError):
                    self._unlink(path)
            raise failure(error) from error

    def append(self, path: Path, data: bytes) -> None:
        """Add `data` to the end of a file, all of it or nothing. Raises WorkspaceError."""
        try:
            size = path.stat().st_size if path.exists() else 0
            try:
                self._append(path, data)
                self.sync(path)
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(path, size)
                raise
            if not size:
                self.sync(path.parent)
        except OSError as error:
            raise failure(error) from error

    def read(self, path: Path) -> bytes:
        """The bytes of a file. OSError when it is missing or cannot be read."""
        return path.read_bytes()

    def remove(self, path: Path) -> None:
        """Remove a file that nothing names any more; that it stays is no harm."""
        with contextlib.suppress(OSError):
            self._unlink(path)

    def names(self, folder: Path) -> dict[str, int]:
        """Name -> size in bytes of the files in a folder; empty when there is no such folder."""
        try:
            with os.scandir(folder) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
        except FileNotFoundError:
            return {}

    def size(self, path: Path) -> int | None:
        """The size of a file in bytes, or None when it is not there."""
        try:
            return path.stat().st_size
        except OSError:
            return None

    def sync(self, path: Path) -> None:
        """Make a file's content, or the names in a folder, survive a power cut. OSError."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, path: Path, data: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            self._put(descriptor, data)
        finally:
            os.close(descriptor)

    def _sync_all(self, paths: Sequence[Path]) -> None:
        """fsync of each, at once from a few threads: then they share the disk's commits."""
        done = 0
        if len(paths) > 2:
            # Python takes no new work for threads once it shuts down: then what is left is synced
            # here, as the write is to be whole all the same.
            with contextlib.suppress(RuntimeError), ThreadPoolExecutor(min(8, len(paths))) as pool:
                for _ in pool.map(self.sync, paths):
                    done += 1
        for path in paths[done:]:
            self.sync(path)

    def _append(self, path: Path, data: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._put(descriptor, data)
        finally:
            os.close(descriptor)

    def _put(self, descriptor: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def _replace(self, source: Path, path: Path) -> None:
        os.replace(source, path)

    def _unlink(self, path: Path) -> None:
        os.unlink(path)


def is_temporary(name: str) -> bool:
    """Whether a file is left over from a write that was cut short."""
    return name.endswith(_TEMPORARY)


def failure(error: OSError) -> WorkspaceError:
    """The WorkspaceError for a failed system call; names no path, since a path may be secret."""
    reason = _REASONS.get(error.errno or 0, f"the disk answered: {error.strerror or error}")
    kind = FullError if error.errno in _FULL else WorkspaceError
    return kind(f"This could not be saved: {reason}.{TRY_AGAIN}")
