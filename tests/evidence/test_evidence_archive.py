"""The zip of a bundle."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from odt_core.evidence.archive import MANIFEST, pack

WEIGHTS = np.random.default_rng(0).bytes(200_000)
FILES = {
    "card.json": b'{"name": "a card"}\n' * 500,
    "empty.txt": b"",
    "weights.safetensors": WEIGHTS,
    "with-zeros.tflite": WEIGHTS[:90_000] + bytes(110_000),
}


def test_weights_are_stored_as_they_are_and_what_shrinks_is_compressed():
    archive = zipfile.ZipFile(io.BytesIO(pack(FILES)))
    assert archive.testzip() is None
    for name, content in FILES.items():
        assert archive.read(name) == content
        about = archive.getinfo(name)
        assert (about.compress_size < len(content)) == name.endswith((".json", ".tflite"))
    assert archive.read(MANIFEST).count(b"\n") == len(FILES)


def test_equal_files_make_equal_bytes_in_any_order():
    assert pack(FILES) == pack(dict(reversed(FILES.items())))
