"""Writing what a command makes: whole or not at all, and never over what it was made from."""

from __future__ import annotations

from pathlib import Path

from odt_core.errors import ModelError
from odt_core.files import check_writable, write_whole


def check_output(output: Path, *sources: Path, kind: str = ".tflite") -> None:
    """ModelError when a file cannot be written there, or would replace one of the sources: before
    the work that it is for. kind: of file, for the message.
    """
    try:
        if output.is_dir():
            raise ModelError(f"{output} is a folder. Give the name of a {kind} file to write.")
        if not output.resolve().parent.is_dir():
            raise ModelError(f"There is no folder for {output}. Make it first.")
        if output.exists() and not output.is_file():  # a device would become a file
            raise ModelError(f"{output} is no ordinary file. Give the name of a {kind} file.")
        for source in sources:
            if output.exists() and source.exists() and output.samefile(source):
                raise ModelError(
                    f"{output} is the file to read. Give another name, so that it is not lost."
                )
        check_writable(output.resolve().parent)
    except OSError as error:
        raise ModelError(
            f"{output} cannot be written: {error.strerror}. Choose another place."
        ) from error


def write_model(output: Path, data: bytes) -> None:
    """Readers see the old file or the new one, never half of one; ModelError when it fails."""
    try:
        write_whole(output, data)
    except OSError as error:
        raise ModelError(
            f"{output} cannot be written: {error.strerror}. Choose another place."
        ) from error
