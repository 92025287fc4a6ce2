"""Frames between worker and owner: what arrives, and what is refused."""

from __future__ import annotations

import json
import socket
import struct

import numpy as np
import pytest

from odt_core.errors import WorkerError
from odt_core.worker.protocol import Channel, Message, parse
from odt_core.worker.wire import unpack_event


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    yield Channel(left), Channel(right), left
    left.close()
    right.close()


class TestChannel:
    def test_message_arrives_as_it_was_sent(self, pair):
        sender, receiver, _ = pair
        arrays = {
            "a": np.arange(6, dtype=np.float32).reshape(2, 3).T,
            "scalar": np.array(7, np.int64),
            "empty": np.zeros((0, 3), np.uint8),
            "flags": np.array([True, False]),
        }
        sender.send(Message("kind", 5, {"text": "ü", "list": [1, None]}, arrays))
        got = receiver.receive()
        assert (got.kind, got.id, got.body) == ("kind", 5, {"text": "ü", "list": [1, None]})
        assert got.arrays.keys() == arrays.keys()
        for name, array in arrays.items():
            assert got.arrays[name].dtype == array.dtype
            np.testing.assert_array_equal(got.arrays[name], array)

    def test_numbers_in_another_byte_order_arrive_as_the_same_numbers(self, pair):
        sender, receiver, _ = pair
        sent = {"x": np.array([1.5, -2.0], ">f4"), "y": np.array([3, 258], ">i8")}
        sender.send(Message("kind", arrays=sent))
        got = receiver.receive().arrays
        assert {name: array.tolist() for name, array in got.items()} == {
            "x": [1.5, -2.0],
            "y": [3, 258],
        }

    def test_hang_up_is_end_of_file(self, pair):
        sender, receiver, _ = pair
        sender.close()
        with pytest.raises(EOFError):
            receiver.receive()

    def test_half_a_message_is_end_of_file(self, pair):
        _, receiver, left = pair
        left.sendall(struct.pack("<4sIQ", b"ODT1", 100, 0) + b"{")
        left.close()
        with pytest.raises(EOFError):
            receiver.receive()

    @pytest.mark.parametrize(
        "prefix",
        [
            struct.pack("<4sIQ", b"HTTP", 1, 0),
            struct.pack("<4sIQ", b"ODT1", 2**32 - 1, 0),
            struct.pack("<4sIQ", b"ODT1", 2, 2**63),
        ],
    )
    def test_nonsense_is_refused_before_anything_is_allocated(self, pair, prefix):
        _, receiver, left = pair
        left.sendall(prefix)
        with pytest.raises(WorkerError):
            receiver.receive()

    def test_objects_cannot_be_sent(self, pair):
        sender, _, _ = pair
        with pytest.raises(WorkerError, match="only numbers"):
            sender.send(Message("k", 0, {}, {"o": np.array([object()])}))
        with pytest.raises(WorkerError, match="'o' holds lists of different lengths"):
            sender.send(Message("k", 0, {}, {"o": [[1], [1, 2]]}))

    def test_numpys_numbers_in_a_body_arrive_as_numbers(self, pair):
        sender, receiver, _ = pair
        sender.send(Message("k", 0, {"a": np.int64(8), "b": [np.float32(0.5), np.bool_(True)]}))
        assert receiver.receive().body == {"a": 8, "b": [0.5, True]}

    @pytest.mark.parametrize("value", [np.zeros(2), object(), {1, 2}, 1j])
    def test_value_that_json_has_no_form_of_is_refused_and_nothing_is_sent(self, pair, value):
        sender, receiver, _ = pair
        with pytest.raises(WorkerError, match=f"value of the type {type(value).__name__}"):
            sender.send(Message("k", 0, {"a": [value]}))
        assert not receiver.ready()


class TestParse:
    @pytest.mark.parametrize(
        "arrays",
        [
            [["a", "float32", [3]]],  # more than there is
            [["a", "float32", [1]]],  # less than there is
            [["a", "object", [1]]],
            [["a", "float32", [-2]]],
            [["a", "float32", [2.0]]],
            [["a", "float32", [2**62, 2**62]]],
            [["a", "float32"]],
            "none",
        ],
    )
    def test_arrays_that_do_not_fit_the_bytes_are_refused(self, arrays):
        header = json.dumps({"kind": "k", "id": 0, "body": {}, "arrays": arrays}).encode()
        with pytest.raises(WorkerError):
            parse(header, bytearray(8))

    @pytest.mark.parametrize("header", [b"", b"[]", b"{}", b"\xff", b'{"kind": 3}', b"[" * 100_000])
    def test_header_that_is_no_header_is_refused(self, header):
        with pytest.raises(WorkerError):
            parse(header, bytearray())


class TestEvents:
    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("Started", '{"step": 0, "total": 9, "threads": Infinity}'),
            ("Progressed", '{"records": [[1, -Infinity, 0, 0, 0, 0, 0, 0, 0]]}'),
            ("Progressed", '{"records": [[1]]}'),
            ("Ended", "{}"),
            ("Nothing", "{}"),
        ],
    )
    def test_event_that_makes_no_sense_is_refused(self, kind, body):
        with pytest.raises(WorkerError, match="event"):
            unpack_event(Message(kind, 0, json.loads(body)))
