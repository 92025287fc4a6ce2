"""Writing a checkpoint's file."""

from __future__ import annotations

from pathlib import Path

from odt_core.errors import CheckpointError
from odt_core.files import write_whole


def write_checkpoint(path: Path, content: bytes) -> None:
    """Readers see the old file or the new one, never half of one.

    Raises CheckpointError when the disk refuses; the old file is as it was then.
    """
    try:
        write_whole(path, content, private=True)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint cannot be written to {path}: {error.strerror}. Choose another place."
        ) from error
