"""Reading a .tflite from disk."""

from __future__ import annotations

from pathlib import Path

from odt_core.errors import ModelError
from odt_core.files import read_within
from odt_core.graph.flatbuffer import MAX_MODEL_BYTES, check_identifier, check_size


def read_model_file(path: Path) -> bytes:
    """The bytes of a .tflite.

    Raises ModelError when there is no such file, it is larger than MAX_MODEL_BYTES, or does not
    begin as a .tflite does.
    """
    try:
        data = read_within(path, MAX_MODEL_BYTES, lambda size: check_size(size, path.name))
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}. Check the path.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}. Check the path.") from None
    check_identifier(data[:8], path.name)
    return data
