"""TensorFlow checkpoints of your model: as the model's own save writes and its restore reads."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odt_core.checkpoint.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.errors import CheckpointError, OdtError
from odt_core.files import DAMAGED_ZIP
from odt_core.workspace import CheckpointInfo, Kind
from odt_core.workspace.disk import Disk
from pages.ui.desk.checkpoints import HasCheckpoints
from pages.ui.desk.worker import ELSEWHERE

if TYPE_CHECKING:
    from odt_core.worker.remote import Worker

_MOST = 256 * 1024 * 1024  # bytes that a zip may unpack to
_NAME = "checkpoint"
_PARTS = (".index", ".data-00000-of-00001")


class HasTfCheckpoints(HasCheckpoints):
    """The part of a desk that speaks TensorFlow's checkpoint formats."""

    def tf_versions(self, kind: str) -> set[int]:
        """Which versions (1: one file, 2: two) the model can "save" or "restore"; empty: none."""
        if self.model.bundled:
            return set()
        forms = self.worker().description.checkpoints
        return {form.version for form in forms if form.kind == kind}

    def save_tf_checkpoint(self) -> bytes:
        """Your model as a TensorFlow checkpoint: one file, or a zip of the two of version 2."""
        from odt_core.runtime import tf_checkpoint

        with self._lock, tempfile.TemporaryDirectory() as folder:
            self._check_idle("make a TensorFlow checkpoint")
            worker = self.worker()
            run = partial(_run, worker)
            files = tf_checkpoint.save(worker.description, run, Path(folder) / _NAME, None)
            if len(files) == 1:
                return files[0].read_bytes()
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in files:
                    archive.write(file, file.name)
            return stream.getvalue()

    def add_tf_checkpoint(self, data: bytes, name: str) -> None:
        """Keep an uploaded TensorFlow checkpoint after the worker has restored it.

        data: one file of version 1, or a zip of the files of version 2. Raises CheckpointError or
        ModelError, and keeps nothing, when it does not belong to this model.
        """
        from odt_core.runtime import tf_checkpoint

        with self.changing("upload a checkpoint"), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _NAME
            files = _files(data, name)
            Disk().write({Path(f"{path}{suffix}"): content for suffix, content in files.items()})
            worker = self.worker()
            self._worker_head = ELSEWHERE
            worker.reset()
            tf_checkpoint.load(worker.description, partial(_run, worker), path, None)
            labels = tuple(self.labels.names)
            meta = CheckpointMeta(model_sha256=worker.sha256, labels=labels, note=name[:100])
            kept = save_checkpoint(Checkpoint(worker.state(), meta))
            self.workspace.add_checkpoint(kept, CheckpointInfo(Kind.UPLOADED, 0, 0, note=name))


def _run(worker: Worker, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    return worker.run(signature, "own", **inputs)


def _files(data: bytes, name: str) -> dict[str, bytes]:
    """The checkpoint's files by what follows their common name; nothing of a zip's names is used
    but the ends.
    """
    if not data.startswith(b"PK\x03\x04"):
        return {"": data}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > _MOST:
                raise CheckpointError(f"'{name}' unpacks to too much. Zip the checkpoint alone.")
            found: dict[str, bytes] = {}
            for member in members:
                suffix = next((part for part in _PARTS if member.filename.endswith(part)), None)
                if suffix is not None or len(members) == 1:
                    with archive.open(member) as file:
                        found[suffix or ""] = file.read(_MOST)
    except OdtError:  # it says itself what is wrong
        raise
    except (*DAMAGED_ZIP, ValueError) as error:
        raise CheckpointError(f"'{name}' is damaged ({error}). Zip the files again.") from error
    if set(found) not in ({""}, set(_PARTS)):
        raise CheckpointError(
            f"'{name}' does not hold one TensorFlow checkpoint. Zip its .index and its "
            ".data-00000-of-00001, nothing else."
        )
    return found
