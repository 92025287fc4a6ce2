"""Names of a model's outputs, kept in its file: else whoever opens it has to guess them."""

from __future__ import annotations

from dataclasses import replace

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.flatbuffer import read, write
from odt_core.graph.passes.prune import compact
from odt_core.graph.record import Record, read_record, write_record
from odt_core.samples.labels import Labels


def name_outputs(model: schema.ModelT, labels: Labels) -> bool:
    """Have a model say what its outputs are called; numbers are no names. Gives whether the model
    is another one now.
    """
    record = read_record(model) or Record()
    said = any(labels.names) and labels != Labels.numbered(len(labels))
    names = labels.names if said else ()
    if names == record.labels:
        return False
    write_record(model, replace(record, labels=names))
    compact(model)
    return True


def with_names(data: bytes, labels: Labels) -> bytes:
    """`name_outputs` of a file."""
    model = read(data)
    return write(model) if name_outputs(model, labels) else data
