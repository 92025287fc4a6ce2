"""Walks the raw bytes of a flatbuffer before anyone parses them: every offset must stay inside.

The parser that FlatBuffers generates for Python follows whatever it finds: a hostile file of a few
hundred bytes can have it read one table a billion times. So each table, vector and string of the
model's skeleton is visited here first, with bounds checked and the visits counted. What a file
can make anybody do is thus proportional to its size. Layout:
https://flatbuffers.dev/internals/; fields: the order of the .tflite schema.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError

_MOST_TABLES = 400_000
_MOST_DEPTH = 8
_SHARED = 2  # vectors may be shared between tables, but not to blow the file up by more than this


@dataclass(frozen=True)
class _Table:
    """Fields of a table that lead elsewhere, by number.

    vectors: bytes an item. tables: vectors of tables. unions: number of the type's field and the
    tables that it may stand for; other types are tables of which nothing is known.
    """

    vectors: Mapping[int, int] = field(default_factory=dict)
    tables: Mapping[int, _Table] = field(default_factory=dict)
    inner: Mapping[int, _Table] = field(default_factory=dict)
    unions: Mapping[int, tuple[int, Mapping[int, _Table]]] = field(default_factory=dict)


_PLAIN = _Table()
_SPARSE = {1: _Table({0: 4}), 2: _Table({0: 2}), 3: _Table({0: 1})}
_DIMENSION = _Table(unions={3: (2, _SPARSE), 5: (4, _SPARSE)})
_SPARSITY = _Table({0: 4, 1: 4}, {2: _DIMENSION})
_DETAILS = {1: _Table({0: 1}), 2: _Table({3: 4}), 3: _Table({3: 4})}
_QUANTISATION = _Table({0: 4, 1: 4, 2: 4, 3: 8}, unions={5: (4, _DETAILS)})
_TENSOR = _Table(
    {0: 4, 3: 1, 7: 4}, tables={9: _Table({0: 4})}, inner={4: _QUANTISATION, 6: _SPARSITY}
)
_BUILTIN, _BUILTIN_2 = schema.BuiltinOptions, schema.BuiltinOptions2
_OPTIONS = {  # those that have vectors or strings
    _BUILTIN.BucketizeOptions: _Table({0: 4}),
    _BUILTIN.ConcatEmbeddingsOptions: _Table({1: 4, 2: 4}),
    _BUILTIN.FullyConnectedOptions: _Table({5: 1}),
    _BUILTIN.ReshapeOptions: _Table({0: 4}),
    _BUILTIN.SqueezeOptions: _Table({0: 4}),
    _BUILTIN.VarHandleOptions: _Table({0: 1, 1: 1}),
}
_OPTIONS_2 = {
    _BUILTIN_2.StablehloBroadcastInDimOptions: _Table({0: 8}),
    _BUILTIN_2.StablehloCaseOptions: _Table({0: 4}),
    _BUILTIN_2.StableHLOCompositeOptions: _Table({0: 1, 2: 1}),
    _BUILTIN_2.StablehloConvolutionOptions: _Table(
        {0: 8, 1: 8, 2: 8, 3: 8, 4: 1, 7: 8, 10: 8, 13: 8, 16: 4}
    ),
    _BUILTIN_2.StablehloCustomCallOptions: _Table({0: 1, 2: 1, 4: 4, 5: 1}),
    _BUILTIN_2.StablehloDotGeneralOptions: _Table({0: 8, 1: 8, 2: 8, 3: 8, 4: 4}),
    _BUILTIN_2.StablehloDynamicSliceOptions: _Table({0: 8}),
    _BUILTIN_2.StablehloGatherOptions: _Table({0: 8, 1: 8, 2: 8, 4: 8}),
    _BUILTIN_2.StablehloPadOptions: _Table({0: 8, 1: 8, 2: 8}),
    _BUILTIN_2.StablehloReduceOptions: _Table({0: 8}),
    _BUILTIN_2.StablehloReduceWindowOptions: _Table({0: 8, 1: 8, 2: 8, 3: 8, 4: 8}),
    _BUILTIN_2.StablehloScatterOptions: _Table({1: 8, 2: 8, 3: 8}),
    _BUILTIN_2.StablehloSliceOptions: _Table({0: 8, 1: 8, 2: 8}),
    _BUILTIN_2.StablehloTransposeOptions: _Table({0: 8}),
}
_OPERATOR = _Table({1: 4, 2: 4, 5: 1, 7: 1, 8: 4}, unions={4: (3, _OPTIONS), 12: (11, _OPTIONS_2)})
_SUBGRAPH = _Table({1: 4, 2: 4, 4: 1}, {0: _TENSOR, 3: _OPERATOR})
_ENTRY = _Table({0: 1})
_SIGNATURE = _Table({2: 1, 3: 1}, {0: _ENTRY, 1: _ENTRY})
_MODEL = _Table(
    {3: 1, 5: 4},
    {
        1: _Table({1: 1}),
        2: _SUBGRAPH,
        4: _Table({0: 1}),
        6: _ENTRY,
        7: _SIGNATURE,
        8: _ENTRY,
        9: _Table({4: 1}),
    },
)


def verify(data: bytes) -> None:
    """ModelError unless every table, vector and string of the .tflite lies inside `data`."""
    try:
        _Walk(data).start()
    except (struct.error, IndexError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise _outside() from error


class _Walk:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.tables = 0
        self.bytes = 0

    def start(self) -> None:
        self.table(self._u32(0), _MODEL, 0)

    def table(self, at: int, kind: _Table, depth: int) -> None:
        """Checks one table and all that it leads to."""
        self.tables += 1
        if self.tables > min(_MOST_TABLES, self.size // 4) or depth > _MOST_DEPTH:
            raise ModelError(
                f"The .tflite is damaged: it has more parts than fit into a file of {self.size:,} "
                f"bytes (or more than {_MOST_TABLES:,}). Copy or convert it again."
            )
        fields = self._fields(at)
        for number, item in kind.vectors.items():
            if number in fields:
                self._vector(fields[number], item)
        for number, inner in kind.inner.items():
            if number in fields:
                self.table(fields[number] + self._u32(fields[number]), inner, depth + 1)
        for number, (type_field, kinds) in kind.unions.items():
            if number in fields and type_field in fields:
                known = kinds.get(self.data[fields[type_field]], _PLAIN)
                self.table(fields[number] + self._u32(fields[number]), known, depth + 1)
        for number, items in kind.tables.items():
            if number not in fields:
                continue
            start, count = self._vector(fields[number], 4)
            offsets = np.frombuffer(self.data, "<u4", count, start).astype(np.int64)
            offsets += start + 4 * np.arange(count)
            for offset in offsets.tolist():
                self.table(offset, items, depth + 1)

    def _fields(self, at: int) -> dict[int, int]:
        """Where each field of a table is."""
        vtable = at - self._i32(at)
        length, size = struct.unpack_from("<HH", self.data, self._inside(vtable, 4))
        if length < 4 or length % 2 or size < 4:
            raise _outside()
        self._inside(at, size)
        slots = struct.unpack_from(
            f"<{length // 2 - 2}H", self.data, self._inside(vtable, length) + 4
        )
        found = {}
        for number, slot in enumerate(slots):
            if slot:
                if not 4 <= slot < size:
                    raise _outside()
                found[number] = at + slot
        return found

    def _vector(self, at: int, item: int) -> tuple[int, int]:
        """(place of the first item, number of items) of a vector or string."""
        start = at + self._u32(at)
        count = self._u32(start)
        self.bytes += count * item
        if self.bytes > _SHARED * self.size:
            raise _outside()
        self._inside(start + 4, count * item)
        return start + 4, count

    def _u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self.data, self._inside(at, 4))[0])

    def _i32(self, at: int) -> int:
        return int(struct.unpack_from("<i", self.data, self._inside(at, 4))[0])

    def _inside(self, at: int, length: int) -> int:
        if at < 0 or at + length > self.size:
            raise _outside()
        return at


def _outside() -> ModelError:
    return ModelError(
        "The .tflite is damaged: its contents point outside the file. Copy or convert it again."
    )
