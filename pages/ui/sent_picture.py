"""A picture that an element of ours sends as a data URL: nothing in it is trusted."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from PIL import Image

from odt_core.errors import SampleError


@contextmanager
def sent_picture(
    url: Any, kind: Literal["PNG", "JPEG"], longest: int, *, absent: str, broken: str
) -> Iterator[Image.Image]:
    """The picture, open but not decoded yet. longest: characters of the URL.

    Raises SampleError: `absent` where there is no such picture, `broken` where it is damaged, also
    while the block decodes it.
    """
    prefix = f"data:image/{kind.lower()};base64,"
    if not isinstance(url, str) or not url.startswith(prefix) or len(url) > longest:
        raise SampleError(absent)
    try:
        data = base64.b64decode(url[len(prefix) :], validate=True)
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            yield image
    except SampleError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SampleError(broken) from error
