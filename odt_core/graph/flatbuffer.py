"""The .tflite file as editable data: bytes to object tree and back."""

from __future__ import annotations

import struct

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError

_IDENTIFIER = b"TFL3"
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


def read(data: bytes) -> schema.ModelT:
    """The object tree of a .tflite.

    Raises ModelError when `data` is not a whole .tflite.
    """
    if not data:
        raise ModelError("The model file is empty. Choose a .tflite file.")
    if len(data) < 8 or data[4:8] != _IDENTIFIER:
        raise ModelError(
            "This is not a .tflite file (its identifier 'TFL3' is missing). "
            "Choose a model converted by TensorFlow Lite or LiteRT."
        )
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytes(data), 0))
    except (struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ModelError(
            "The .tflite is damaged: its contents point outside the file. Copy or convert it again."
        ) from error
    if not model.subgraphs or not model.buffers or model.operatorCodes is None:
        raise ModelError("The .tflite holds no graph. Copy or convert it again.")
    return model


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
