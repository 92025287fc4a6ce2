"""What a model's frozen part made of samples, kept so that it looks at each sample once.

features/<sha256 of the sample>.<key of the model>.f32 holds a SHA-256 and then float32 numbers. It
can be made again at any time: one that is missing, damaged or of another size is just not there.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from math import prod

import numpy as np

from odt_core.errors import WorkspaceError
from odt_core.workspace.store import FEATURES, Store

_KEY = re.compile(r"[0-9a-f]{16}")
_DIGEST = 32  # bytes
_MOST = 64 * 2**20  # bytes of features of a workspace; those of other models go first


class HasFeatures(Store):
    """The part of a workspace that keeps features."""

    def features(
        self, key: str, samples: Collection[str], shape: tuple[int, ...]
    ) -> dict[str, np.ndarray]:
        """Sample digest -> float32 of `shape`, of those samples whose features are kept.

        key: names the model and how its input is made, 16 hex digits. samples: their digests.
        """
        found = {}
        for digest in samples:
            try:
                data = self._disk.read(self._folder / FEATURES / _name(digest, key))
            except OSError:
                continue
            content = data[_DIGEST:]
            if len(content) != 4 * prod(shape) or _sha256(content) != data[:_DIGEST]:
                continue
            found[digest] = np.frombuffer(content, np.float32).reshape(shape)
        return found

    def keep_features(self, key: str, features: Mapping[str, np.ndarray]) -> None:
        """Keep what was made of samples, by their digests; of samples that are gone nothing is.

        Raises WorkspaceError when the disk fails, ValueError for a key that is none.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"A key of features has 16 hex digits; {key!r} has not.")
        with self._changing() as manifest:
            there = {sample.sha256 for sample in manifest.samples}
            files = {}
            for digest, values in features.items():
                if digest in there:
                    content = np.ascontiguousarray(values, np.float32).tobytes()
                    files[_name(digest, key)] = _sha256(content) + content
            self._make_way(key, sum(map(len, files.values())))
            folder = self._folder / FEATURES
            try:
                folder.mkdir(0o700, exist_ok=True)  # workspaces of an older odt have none
            except OSError as error:
                raise WorkspaceError("Features could not be kept on this disk.") from error
            self._disk.write({folder / name: data for name, data in files.items()})

    def _make_way(self, key: str, size: int) -> None:
        """Delete features until `size` more bytes may be kept, those of other models first."""
        there = self._disk.names(self._folder / FEATURES)
        room = _MOST - sum(there.values()) - size
        for name in sorted(there, key=lambda name: (f".{key}." in name, name)):
            if room >= 0:
                return
            self._disk.remove(self._folder / FEATURES / name)
            room += there[name]


def _name(digest: str, key: str) -> str:
    return f"{digest}.{key}.f32"


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
