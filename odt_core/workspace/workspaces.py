"""All workspaces of a server: a folder of folders, each opened by whoever knows its token."""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from odt_core.errors import WorkspaceError
from odt_core.workspace.disk import Disk, FullError, failure
from odt_core.workspace.limits import Limits
from odt_core.workspace.lock import FolderLock
from odt_core.workspace.manifest import Manifest
from odt_core.workspace.revisions import Revision, Revisions
from odt_core.workspace.store import COUNTED
from odt_core.workspace.workspace import FOLDERS, Workspace

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 16 random bytes in URL-safe base 64
_NAME = re.compile(r"[0-9a-f]{32}")
_JUMP = 3600.0  # seconds by which a clock may wander before its ages are not believed any more


@dataclass(frozen=True)
class _Open:
    workspace: Workspace
    lock: FolderLock


# One object per folder for the whole process, however many Workspaces look at the same root:
# a second lock on the same folder would fail even from within the process.
_open: dict[Path, _Open] = {}
_open_lock = threading.RLock()


class Workspaces:
    """Makes, opens and sweeps the workspaces under one root folder. Thread-safe.

    The folder of a workspace is named by a digest of its token. So the token is nowhere on disk,
    in no path and no traceback; a list of the folders opens none of them; and looking one up
    compares digests, whose timing says nothing about the token.
    """

    def __init__(
        self,
        root: str | Path,
        limits: Limits | None = None,
        *,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
    ) -> None:
        """`root` is made when it is not there. Raises WorkspaceError when that fails.

        steady: seconds that have truly passed, whatever anybody does to `clock`.
        """
        self._limits = limits or Limits()
        self._disk = disk or Disk()
        self._clock = clock
        self._steady = steady or _steady
        self._offset = clock() - self._steady()
        try:
            Path(root).mkdir(parents=True, exist_ok=True)
            self._root = Path(root).resolve(strict=True)
        except OSError as error:
            raise failure(error) from error

    def create(self) -> Workspace:
        """A new, empty workspace. WorkspaceError when there are too many or the disk fails."""
        try:
            return self._create()
        except FullError as error:  # whose advice is for those who have a workspace to empty
            raise FullError(
                "The server's disk is full: there is no room for a workspace of yours. Ask whoever "
                "runs the server to free space, then reload the page."
            ) from error

    def _create(self) -> Workspace:
        with _open_lock:
            if len(self._folders()) >= self._limits.workspaces:
                raise WorkspaceError(
                    "This server has no room for another workspace. Try again later."
                )
            token = secrets.token_urlsafe(16)
            folder = self._folder(token)
            draft = self._root / f".new-{secrets.token_hex(8)}"
            try:
                draft.mkdir(0o700)
                for name in FOLDERS:
                    (draft / name).mkdir(0o700)
                Revisions(draft, self._disk, 0).commit(Revision(0, Manifest()))
                os.replace(draft, folder)
                self._disk.sync(self._root)
            except (OSError, WorkspaceError) as error:
                shutil.rmtree(draft, ignore_errors=True)
                if isinstance(error, OSError):
                    raise failure(error) from error
                raise
            return self.open(token)

    def open(self, token: str) -> Workspace:
        """The workspace of a token, the same object every time while it is open.

        Raises WorkspaceError when there is none, it is damaged, or another server has it open.
        """
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise _unknown()
        folder = self._folder(token)
        with _open_lock:
            if folder in _open:
                return _open[folder].workspace
            try:
                lock = FolderLock(folder / "lock")
            except (FileNotFoundError, NotADirectoryError):
                raise _unknown() from None
            except OSError as error:
                raise failure(error) from error
            try:
                workspace = Workspace(folder, token, self._limits, self._disk, self._clock)
            except BaseException:
                lock.release()
                raise
            self._touch(folder)
            _open[folder] = _Open(workspace, lock)
            return workspace

    def has(self, token: str) -> bool:
        """Whether there is a workspace of this token, open or not, whole or damaged."""
        return bool(_TOKEN.fullmatch(token)) and self._folder(token).is_dir()

    def close(self, token: str) -> None:
        """Close a workspace when it is open; it can be opened again."""
        with _open_lock:
            self._close(self._folder(token))

    def sweep(self, age: float, empty_age: float | None = None) -> int:
        """Delete the workspaces unused for `age` seconds; returns how many.

        Those in which nobody has done anything yet go after `empty_age` seconds (default: `age`).
        One that is open, here or in another server, is never deleted. After a jump of the clock
        nobody knows how old anything is: then nothing is deleted, and all ages begin anew.
        """
        if empty_age is None:
            empty_age = age
        if self._clock_jumped():
            for folder in self._folders():
                self._touch(folder)
            return 0
        swept = 0
        for folder in self._folders():
            with _open_lock:
                try:
                    unused = self._clock() - (folder / "history").stat().st_mtime
                    if folder in _open or unused < min(age, empty_age):
                        continue
                    if unused < age and not _untouched(folder):
                        continue
                    lock = FolderLock(folder / "lock")
                except (OSError, WorkspaceError):
                    continue
                doomed = self._root / f".swept-{secrets.token_hex(8)}"
                try:
                    os.replace(folder, doomed)
                except OSError:
                    continue
                finally:
                    lock.release()
            shutil.rmtree(doomed, ignore_errors=True)
            swept += 1
        self._remove_drafts(age)
        return swept

    def _close(self, folder: Path) -> None:
        entry = _open.pop(folder, None)
        if entry:
            entry.workspace.close()
            self._touch(folder)
            entry.lock.release()

    def _touch(self, folder: Path) -> None:
        """It is in use now; `sweep` goes by this."""
        with contextlib.suppress(OSError):
            os.utime(folder / "history", (self._clock(),) * 2)

    def _clock_jumped(self) -> bool:
        """Whether the clock was set since this was last asked."""
        offset = self._clock() - self._steady()
        before, self._offset = self._offset, offset
        return abs(offset - before) > _JUMP

    def _remove_drafts(self, age: float) -> None:
        """What a power cut in `create` or `sweep` has left."""
        with contextlib.suppress(OSError):
            for folder in self._root.iterdir():
                if folder.name.startswith((".new-", ".swept-")):
                    with contextlib.suppress(OSError):
                        if self._clock() - folder.stat().st_mtime >= min(age, 3600):
                            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, token: str) -> Path:
        return self._root / hashlib.sha256(token.encode()).hexdigest()[:32]

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self._root.iterdir() if _NAME.fullmatch(path.name)]
        except OSError as error:
            raise failure(error) from error


def _untouched(folder: Path) -> bool:
    """Whether nothing has happened after the model was chosen: its second revision."""
    return len(list((folder / "history").iterdir())) <= 2 and not any(
        any((folder / name).iterdir()) for name in COUNTED
    )


def _steady() -> float:
    """Seconds since the machine started, its sleep included where the system tells."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def _unknown() -> WorkspaceError:
    return WorkspaceError(
        "There is no workspace behind this link. It may have been swept after long disuse; "
        "start a new one."
    )
