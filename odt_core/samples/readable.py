"""Of several pictures those that can be read; the others are named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.image import WORKING_SIDE, decode_image
from odt_core.words import count, some_of

_LONGEST = 60  # letters of a name among several


def decode_pictures(
    files: Sequence[tuple[str, bytes]], side: int = WORKING_SIDE, *, alone: bool = True
) -> tuple[list[np.ndarray | None], str]:
    """The picture in each file (name, content), as `decode_image` gives it, None where it cannot be
    read; and a sentence that names these, "" where there are none. alone: whether there are no
    other samples beside; then SampleError where none can be read.
    """
    pictures: list[np.ndarray | None] = []
    wrong: dict[str, SampleError] = {}
    for name, data in files:
        try:
            pictures.append(decode_image(data, name, side))
        except SampleError as error:
            pictures.append(None)
            wrong.setdefault(name, error)
    unread = sum(picture is None for picture in pictures)
    if not unread:
        return pictures, ""
    first = next(iter(wrong.values()))
    if alone and len(files) == 1:
        raise first
    named = some_of([f"'{name[:_LONGEST]}'" for name in wrong])
    if alone and unread == len(files):
        raise SampleError(
            f"None of {len(files):,} pictures can be read: {named}. {first}"
        ) from first
    return pictures, f"Left out {count(unread, 'picture')} that cannot be read: {named}. {first}"
