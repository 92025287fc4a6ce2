"""Reading a .tflite from disk: its size and first bytes are looked at before the rest is read."""

from __future__ import annotations

import stat
from pathlib import Path

from odt_core.errors import ModelError
from odt_core.graph.flatbuffer import MAX_MODEL_BYTES, check_identifier, check_size


def read_model_file(path: Path) -> bytes:
    """The bytes of a .tflite.

    Raises ModelError when there is no such file, it is larger than MAX_MODEL_BYTES, or does not
    begin as a .tflite does.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{path} is no ordinary file. Give a .tflite file.")
        check_size(status.st_size, path.name)
        with path.open("rb") as file:
            head = file.read(8)
            check_identifier(head, path.name)
            data = head + file.read(MAX_MODEL_BYTES + 1 - len(head))
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}. Check the path.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        what = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{path} cannot be read: {what}. Check the path.") from None
    check_size(len(data), path.name)  # it may have grown meanwhile
    return data
