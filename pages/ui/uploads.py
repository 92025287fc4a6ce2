"""What a browser uploaded: a name and bytes, or nothing when it did not arrive."""

from __future__ import annotations

from typing import Any

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples import decode_image


def contents(file: Any) -> tuple[str, bytes]:
    """Name and bytes of an uploaded file.

    Raises SampleError when the server does not have it, as after a lost connection: Streamlit then
    gives a placeholder without a name.
    """
    if not hasattr(file, "getvalue"):
        raise SampleError("The file did not arrive. Choose it again.")
    return file.name, file.getvalue()


def picture_in(file: Any, name: str = "") -> np.ndarray:
    """The picture in an uploaded file, or a photo. name: what messages call it; "": as it is named.

    Raises SampleError as `contents` does, and where it is no picture.
    """
    own, data = contents(file)
    return decode_image(data, name or own)
