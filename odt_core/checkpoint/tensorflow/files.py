"""TensorFlow checkpoints on disk, under the path that a model's own save and restore are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from odt_core.checkpoint.tensorflow.shapes import Accept
from odt_core.checkpoint.tensorflow.table import is_table
from odt_core.checkpoint.tensorflow.v1 import decode_v1, encode_v1
from odt_core.checkpoint.tensorflow.v2 import decode_v2, encode_v2
from odt_core.checkpoint.writing import write_checkpoint
from odt_core.errors import CheckpointError
from odt_core.files import is_file

MAX_BYTES = 2 * 2**30
_DATA = ".data-00000-of-00001"


def write_tf_checkpoint(
    path: str | Path,
    tensors: Mapping[str, np.ndarray],
    version: int = 1,
    texts: Mapping[str, bytes] | None = None,
) -> tuple[Path, ...]:
    """Write `tensors` so that TensorFlow's Restore (version 1) or RestoreV2 (version 2) reads them.
    texts: one text each, by name, in version 2.

    Returns the files: `path`, or `path`.index and `path`.data-00000-of-00001. Raises
    CheckpointError when a name or dtype has no place in the format or the files cannot be written.
    """
    if version == 1:
        files = {Path(path): encode_v1(tensors)}
    elif version == 2:
        index, data = encode_v2(tensors, texts)
        # The index names what is in the data, so it comes last.
        files = {Path(f"{path}{_DATA}"): data, Path(f"{path}.index"): index}
    else:
        raise CheckpointError(f"TensorFlow checkpoints have version 1 or 2, not {version}.")
    for file, content in files.items():
        write_checkpoint(file, content)
    return tuple(files)


def read_tf_checkpoint(path: str | Path, accept: Accept | None = None) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint of either version, by name; strings are left out.

    path: as given to the model's `save`; the name of the .index file works too. accept: asked
    before anything of a tensor is read; it is left out when False. Raises CheckpointError when
    there is none or it is damaged.
    """
    path = Path(path)
    if path.name.endswith(".index"):
        path = path.with_name(path.name.removesuffix(".index"))
    index, data = Path(f"{path}.index"), Path(f"{path}{_DATA}")
    if is_file(path, CheckpointError):
        content = _read(path)
        if not is_table(content):
            raise CheckpointError(
                f"{path.name} is not a TensorFlow checkpoint, or is cut short. Choose the file "
                f"that the model's save wrote."
            )
        return decode_v1(content, accept)
    if is_file(index, CheckpointError):
        if not is_file(data, CheckpointError):
            raise CheckpointError(
                f"{data.name} is missing beside {index.name}. A version 2 checkpoint is both files."
            )
        return decode_v2(_read(index), _read(data), accept)
    raise CheckpointError(f"There is no TensorFlow checkpoint {path}. Check the path.")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(f"{path.name} is too large to be a checkpoint of such a model.")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
