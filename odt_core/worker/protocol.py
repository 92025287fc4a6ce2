"""Frames between a worker and its owner: a JSON header and raw arrays; neither trusts the other.

A frame is `b"ODT1"`, the header's length (uint32), the arrays' length (uint64), both little-endian,
then the header as JSON `{"kind", "id", "body", "arrays": [[name, dtype, shape], …]}`, then the
arrays one after the other in C order.
"""

from __future__ import annotations

import contextlib
import json
import math
import select
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from odt_core.byte_order import native
from odt_core.errors import WorkerError

_MAGIC = b"ODT1"
_PREFIX = struct.Struct("<4sIQ")
MAX_HEADER = 16 * 2**20
MAX_ARRAYS = 2 * 2**30
_INTEGERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64"
_DTYPES = frozenset(f"bool {_INTEGERS} float16 float32 float64".split())


@dataclass(frozen=True)
class Message:
    """One frame. `id` links an answer to its question; 0 is for events."""

    kind: str
    id: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


class Channel:
    """Whole messages over a stream socket. One thread may send while another receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)

    def send(self, message: Message) -> None:
        """Send all of it. OSError when the other side is gone, WorkerError when a message cannot
        hold it: then nothing was sent.
        """
        arrays = {name: _array(name, given) for name, given in message.arrays.items()}
        header = json.dumps(
            {
                "kind": message.kind,
                "id": message.id,
                "body": message.body,
                "arrays": [
                    [name, array.dtype.name, list(array.shape)] for name, array in arrays.items()
                ],
            },
            default=_in_json,
        ).encode()
        size = sum(array.nbytes for array in arrays.values())
        if len(header) > MAX_HEADER or size > MAX_ARRAYS:
            raise WorkerError(
                "This is too much data for one message. Use fewer or smaller samples."
            )
        self._socket.sendall(_PREFIX.pack(_MAGIC, len(header), size) + header)
        for array in arrays.values():
            if array.nbytes:
                self._socket.sendall(array.reshape(-1).view(np.uint8).data)

    def receive(self) -> Message:
        """The next message.

        EOFError when the other side is gone, WorkerError when it talks nonsense.
        """
        magic, header_size, arrays_size = _PREFIX.unpack(self._exactly(_PREFIX.size))
        if magic != _MAGIC or header_size > MAX_HEADER or arrays_size > MAX_ARRAYS:
            raise WorkerError("The model's process sent something that is not a message.")
        return parse(self._exactly(header_size), self._exactly(arrays_size))

    def ready(self, timeout: float = 0.0) -> bool:
        """Whether `receive` has something to read within `timeout` seconds."""
        return bool(self._poll.poll(timeout * 1000))

    def has_room(self) -> bool:
        """Whether a short message can be sent without waiting for the other side to read."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLOUT)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Hang up; a `receive` that waits on this side or the other ends with EOFError."""
        with contextlib.suppress(OSError):  # the other side was quicker
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _exactly(self, size: int) -> bytearray:
        buffer = bytearray(size)
        view, done = memoryview(buffer), 0
        while done < size:
            got = self._socket.recv_into(view[done:])
            if got == 0:
                raise EOFError
            done += got
        return buffer


def _array(name: str, given: np.ndarray) -> np.ndarray:
    """As its bytes are sent; WorkerError for what is no array of numbers."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise WorkerError(
            f"'{name}' holds lists of different lengths; only arrays can be sent."
        ) from None
    if array.dtype.name not in _DTYPES:
        raise WorkerError(f"'{name}' is {array.dtype}; only numbers can be sent.")
    return np.ascontiguousarray(native(array)).reshape(array.shape)


def _in_json(value: object) -> Any:
    """A number of NumPy's as Python's; WorkerError for what JSON has no form of."""
    if isinstance(value, np.generic):
        return value.item()
    raise WorkerError(
        f"The model's process cannot be sent a value of the type {type(value).__name__}. Give a "
        "number or a text."
    )


def parse(header: bytes | bytearray, payload: bytearray) -> Message:
    """A header and the arrays' bytes as a message; WorkerError when they do not agree."""
    try:
        document = json.loads(header)
        kind, number, body = document["kind"], document["id"], document["body"]
        if not (isinstance(kind, str) and isinstance(number, int) and isinstance(body, dict)):
            raise TypeError(kind)
        arrays, at = {}, 0
        for name, dtype_name, shape in document["arrays"]:
            if dtype_name not in _DTYPES or not all(isinstance(n, int) and n >= 0 for n in shape):
                raise ValueError(name)
            dtype = np.dtype(dtype_name)
            size = math.prod(shape) * dtype.itemsize
            if at + size > len(payload):
                raise ValueError(name)
            arrays[str(name)] = np.frombuffer(payload, dtype, math.prod(shape), at).reshape(shape)
            at += size
        if at != len(payload):
            raise ValueError("left over")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WorkerError("The model's process sent a message that makes no sense.") from error
    return Message(kind, number, body, arrays)
