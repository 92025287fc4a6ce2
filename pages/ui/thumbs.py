"""Samples as small data URIs, made once per picture and size."""

from __future__ import annotations

import base64
from collections.abc import Collection

from odt_core.errors import SampleError
from odt_core.workspace import SampleEntry, Workspace
from odt_core.workspace.recent import Recent

_kept = Recent[str](16_000_000, len)  # about 2 kB each


def forget(digests: Collection[str]) -> None:
    """Drop the pictures of these samples."""
    _kept.forget(digests)


def thumb_uri(workspace: Workspace, sample: SampleEntry, side: int = 80) -> str:
    """The sample at most `side` pixels wide; an empty URI when its file is damaged or missing."""
    known = _kept.get(sample.sha256, side)
    if known is not None:
        return known
    try:
        data = workspace.thumbnail(sample.id, side)
    except SampleError:
        return "data:,"
    kind = "jpeg" if data.startswith(b"\xff\xd8") else "png"
    uri = f"data:image/{kind};base64," + base64.b64encode(data).decode()
    _kept.put(sample.sha256, side, uri)
    return uri
