"""Writing a checkpoint's file in one go."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from odt_core.errors import CheckpointError


def write_whole(path: Path, content: bytes) -> None:
    """Readers see the old file or the new one, never half of one.

    Raises CheckpointError when the disk refuses; the old file is as it was then.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint cannot be written to {path}: {error.strerror}. Choose another place."
        ) from error
