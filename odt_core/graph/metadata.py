"""What a file says of itself beside its graph: short contents, each under a name."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def put(model: schema.ModelT, name: bytes, content: bytes) -> None:
    """Has the file's metadata say this under a name, in the place of all it said there before."""
    entries, said = model.metadata or [], np.frombuffer(content, np.uint8)
    entry = next((one for one in entries if one.name == name), None)
    if entry is None:
        entry = schema.MetadataT()
        entry.name = name
        entries = [*entries, entry]
    model.metadata = [one for one in entries if one is entry or one.name != name]
    if not np.array_equal(model.buffers[entry.buffer].data, said):
        buffer = schema.BufferT()  # the old one may be read as something else too
        buffer.data = said
        entry.buffer = len(model.buffers)
        model.buffers.append(buffer)
