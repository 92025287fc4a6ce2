"""A zip that depends on its contents alone: fixed order, times and permissions."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping

import numpy as np

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
_STORED = (".png",)  # compressed already
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
            stored = name.endswith(_STORED)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, listed[name])
    return stream.getvalue()


def checksums(files: Mapping[str, bytes]) -> bytes:
    """A line a file, as `sha256sum --check` reads it."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return "".join(lines).encode()


def array_file(array: np.ndarray) -> bytes:
    """The array as an .npy file: its exact numbers."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0))
    return stream.getvalue()
