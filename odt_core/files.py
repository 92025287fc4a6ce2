"""Reading a file within limits, writing one in one go, and what reading a damaged one raises."""

from __future__ import annotations

import errno
import lzma
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from odt_core.errors import OdtError

DAMAGED_ZIP = (  # what zipfile lets through when a member is broken or packed in an unknown way
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


def read_within(path: Path, most: int, check: Callable[[int], None]) -> bytes:
    """The bytes of an ordinary file. check: raises where so many as it is called with are more than
    `most`; it is asked before they are read. OSError where there is no such file, or where it is
    something else: a device may never end, and a pipe never begin.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    size = status.st_size
    check(size)
    with path.open("rb") as file:
        data = file.read(size + 1)
        if len(data) > size:  # it has grown meanwhile, or is one of the system's, which have none
            data += file.read(most - size)
    check(len(data))
    return data


def is_file(path: Path, error: type[OdtError]) -> bool:
    """Whether there is an ordinary file at the path; `error` where the system does not tell, as of
    a folder that is closed to us, or of a name that is too long.
    """
    try:
        return path.is_file()
    except OSError as failure:
        raise error(f"{path} cannot be read: {failure.strerror}. Check the path.") from failure


def check_writable(folder: Path) -> None:
    """OSError where no file can be written into the folder now: one of a byte is tried, which no
    one sees.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0")
        file.flush()


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Readers see the old file or the new one, never half of one; OSError leaves the old one. A
    link stays one: the file that it leads to is written.

    private: only its owner may read it; else as if it had been opened in the ordinary way.
    """
    path = Path(os.path.realpath(path))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
