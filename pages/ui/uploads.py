"""What a browser uploaded: a name and bytes, or nothing when it did not arrive."""

from __future__ import annotations

from typing import Any

from odt_core.errors import SampleError


def contents(file: Any) -> tuple[str, bytes]:
    """Name and bytes of an uploaded file.

    Raises SampleError when the server does not have it, as after a lost connection: Streamlit then
    gives a placeholder without a name.
    """
    if not hasattr(file, "getvalue"):
        raise SampleError("The file did not arrive. Choose it again.")
    return file.name, file.getvalue()
