"""Samples as small data URIs, made once per picture and size."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Collection

from odt_core.errors import SampleError
from odt_core.workspace import SampleEntry, Workspace

_LIMIT = 8_000  # about 2 kB each
_kept: OrderedDict[tuple[str, int], str] = OrderedDict()
_lock = threading.Lock()


def forget(digests: Collection[str]) -> None:
    """Drop the pictures of these samples."""
    with _lock:
        for key in [key for key in _kept if key[0] in digests]:
            del _kept[key]


def thumb_uri(workspace: Workspace, sample: SampleEntry, side: int = 80) -> str:
    """The sample at most `side` pixels wide; an empty URI when its file is damaged or missing."""
    key = (sample.sha256, side)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    try:
        data = workspace.thumbnail(sample.id, side)
    except SampleError:
        return "data:,"
    kind = "jpeg" if data.startswith(b"\xff\xd8") else "png"
    uri = f"data:image/{kind};base64," + base64.b64encode(data).decode()
    with _lock:
        _kept[key] = uri
        if len(_kept) > _LIMIT:
            _kept.popitem(last=False)
    return uri
