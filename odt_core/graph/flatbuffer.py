"""The .tflite file as editable data: bytes to object tree and back."""

from __future__ import annotations

import struct

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph.verify import verify
from odt_core.kinds import check_kind

MAX_MODEL_BYTES = 512 * 2**20  # of a .tflite that odt accepts

_IDENTIFIER = b"TFL3"
_OTHERS = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"PK\x03\x04", "a zip archive; a .keras, .npz or .task file is one too"),
    (b"\x89HDF", "an HDF5 file, such as Keras' .h5"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<", "a web page or XML"),
)
_ALIGNMENT = 16  # bytes; the schema's force_align, which Python's packer forgets


class _AlignedBuffer(schema.BufferT):
    """A buffer whose data starts at a multiple of 16 bytes in the packed file."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 (the schema's own name)
        vector = None
        if self.data is not None:
            data = np.asarray(self.data, np.uint8).tobytes()
            builder.StartVector(1, len(data), _ALIGNMENT)
            builder.head = builder.Head() - len(data)
            builder.Bytes[builder.Head() : builder.Head() + len(data)] = data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        schema.BufferAddOffset(builder, self.offset)
        schema.BufferAddSize(builder, self.size)
        return schema.BufferEnd(builder)


def check_size(size: int, name: str = "The model file") -> None:
    """ModelError for a file of `size` bytes that is too large to be read."""
    if size > MAX_MODEL_BYTES:
        raise ModelError(
            f"{name} has {size:,} bytes; odt reads models of up to {MAX_MODEL_BYTES // 2**20} MB "
            f"({MAX_MODEL_BYTES:,} bytes). Choose a smaller model."
        )


def check_identifier(head: bytes, name: str = "This") -> None:
    """ModelError unless a file begins as a .tflite does, saying what it is where that is known."""
    if not head:
        raise ModelError(f"{_subject(name)} is empty. Choose a .tflite file.")
    if head[4:8] == _IDENTIFIER:
        return
    known = next((what for start, what in _OTHERS if bytes(head[:8]).startswith(start)), None)
    what = f"it is {known}" if known else "its identifier 'TFL3' is missing"
    raise ModelError(
        f"{name} is not a .tflite file ({what}). "
        f"Choose a model converted by TensorFlow Lite or LiteRT."
    )


def _subject(name: str) -> str:
    return "The model file" if name == "This" else name


def read(data: bytes) -> schema.ModelT:
    """The object tree of a .tflite.

    Raises ModelError when `data` is not a whole .tflite.
    """
    wanted = "A .tflite comes as its bytes, such as model.data or Path(…).read_bytes() give them"
    check_kind(data, (bytes, bytearray, memoryview), wanted, ModelError)
    check_size(len(data))
    check_identifier(data)
    data = bytes(data)
    verify(data)
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    except (struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ModelError(
            "The .tflite is damaged: its contents point outside the file. Copy or convert it again."
        ) from error
    if not model.subgraphs or not model.buffers or model.operatorCodes is None:
        raise ModelError("The .tflite holds no graph. Copy or convert it again.")
    _fetch(model, data)
    return model


def _fetch(model: schema.ModelT, data: bytes) -> None:
    """Takes in what the file keeps behind its graph, as converters do for large models.

    Offsets count from the file's start; 0 and 1 stand for none. What points outside the file stays
    as it is (`check` refuses it).
    """

    left = len(data)  # ranges may not overlap, or a small file could ask for much memory

    def fetch(offset: int, size: int) -> np.ndarray | None:
        nonlocal left
        left -= size
        if offset <= 1 or size < 0 or left < 0 or offset + size > len(data):
            return None
        return np.frombuffer(data, np.uint8, size, offset)

    for buffer in model.buffers:
        found = fetch(buffer.offset, buffer.size)
        if found is not None:
            buffer.data = found if found.size else None
            buffer.offset = buffer.size = 0
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            found = fetch(operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize)
            if found is not None:
                operator.customOptions = found
                operator.largeCustomOptionsOffset = operator.largeCustomOptionsSize = 0


def write(model: schema.ModelT) -> bytes:
    """The bytes of a .tflite, its buffers aligned as the schema demands."""
    size = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    for index, buffer in enumerate(model.buffers):
        aligned = _AlignedBuffer()
        aligned.data, aligned.offset, aligned.size = buffer.data, buffer.offset, buffer.size
        model.buffers[index] = aligned
    builder = flatbuffers.Builder(size + size // 8 + 65536)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())
