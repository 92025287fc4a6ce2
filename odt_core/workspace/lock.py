"""One server at a time on a workspace folder."""

import errno
import fcntl
import os
from pathlib import Path

from odt_core.errors import WorkspaceError
from odt_core.workspace.disk import failure


class FolderLock:
    """An advisory lock on a file in the folder; the system frees it when the process ends.

    It also holds when the disk is read-only. Child processes made by exec do not inherit it.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock. WorkspaceError when another process has it, FileNotFoundError when the
        folder is not there (any more)."""
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                raise
            self._descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._descriptor).st_ino != path.stat().st_ino:  # swept meanwhile
                raise FileNotFoundError(errno.ENOENT, "swept")
        except OSError as error:
            os.close(self._descriptor)
            if isinstance(error, BlockingIOError):
                raise WorkspaceError(
                    "This workspace is open in another server. Close that one, or go on there."
                ) from error
            if isinstance(error, FileNotFoundError):
                raise
            raise failure(error) from error

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)
