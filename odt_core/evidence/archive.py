"""A zip that depends on its contents alone: fixed order, times and permissions."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
# Trained weights shrink by a tenth at most, and compressing them would take most of the time.
_SAMPLES, _BYTES, _WORTH = 16, 2**12, 0.8
MANIFEST = "SHA256SUMS"


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files as one zip, with a list of their digests; equal files give equal bytes."""
    listed = {**files, MANIFEST: checksums(files)}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(listed):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # so that permissions mean the same wherever it was made
            entry.external_attr = 0o644 << 16
            shrinks = _shrinks(listed[name])
            entry.compress_type = zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED
            archive.writestr(entry, listed[name])
    return stream.getvalue()


def _shrinks(content: bytes) -> bool:
    """Whether compressing pays, judged by pieces from all over the content."""
    step = max(len(content) // _SAMPLES, _BYTES)
    pieces = b"".join(content[at : at + _BYTES] for at in range(0, len(content), step))
    return len(zlib.compress(pieces, 1)) <= _WORTH * len(pieces)


def checksums(files: Mapping[str, bytes]) -> bytes:
    """A line a file, as `sha256sum --check` reads it."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return "".join(lines).encode()


def array_file(array: np.ndarray) -> bytes:
    """The array as an .npy file: its exact numbers."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0))
    return stream.getvalue()
