"""Writing a file in one go, and what reading a damaged one raises."""

from __future__ import annotations

import lzma
import os
import tempfile
import zipfile
import zlib
from pathlib import Path

DAMAGED_ZIP = (  # what zipfile lets through when a member is broken or packed in an unknown way
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


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
