"""TensorFlow checkpoints against TensorFlow's own Save, Restore, SaveV2 and RestoreV2."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from odt_core.checkpoint.tensorflow import (
    decode_v1,
    decode_v2,
    encode_v1,
    encode_v2,
    read_tf_checkpoint,
    table,
    v1,
    v2,
    write_tf_checkpoint,
)
from odt_core.checkpoint.tensorflow.crc32c import crc32c
from odt_core.checkpoint.tensorflow.proto import field, varint
from odt_core.checkpoint.tensorflow.shapes import encode_shape
from odt_core.checkpoint.tensorflow.snappy import uncompress
from odt_core.checkpoint.tensorflow.table import read_table, write_table
from odt_core.errors import CheckpointError

RNG = np.random.default_rng(7)
TENSORS = {
    "dense/kernel": RNG.standard_normal((784, 128)).astype(np.float32),
    "dense/bias": np.zeros(128, np.float32),
    "step": np.array(-3, np.int64),
    "half": np.array([1.5, -2.0, 65504.0], np.float16),
    "double": RNG.standard_normal((2, 1, 3)),
    "int32": np.array([[-(2**31), 2**31 - 1]], np.int32),
    "int8": np.array([-128, 127], np.int8),
    "uint8": np.array([0, 255], np.uint8),
    "flag": np.array([True, False, True]),
    "empty": np.zeros((0, 4), np.float32),
    "odd name/ü:0": np.array([0.1], np.float32),
}


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def assert_same(got: dict, want: dict) -> None:
    assert got.keys() == want.keys()
    for name, array in want.items():
        assert got[name].dtype == array.dtype, name
        np.testing.assert_array_equal(got[name], array, err_msg=name)


class TestAgainstTensorFlow:
    def test_v1_written_here_is_read_by_restore(self, tf, tmp_path):
        write_tf_checkpoint(tmp_path / "ours", TENSORS, version=1)
        got = {
            name: tf.raw_ops.Restore(
                file_pattern=str(tmp_path / "ours"), tensor_name=name, dt=array.dtype
            ).numpy()
            for name, array in TENSORS.items()
        }
        assert_same(got, TENSORS)

    def test_v1_written_by_save_is_read_here(self, tf, tmp_path):
        tf.raw_ops.Save(
            filename=str(tmp_path / "theirs"),
            tensor_names=list(TENSORS),
            data=list(TENSORS.values()),
        )
        assert_same(read_tf_checkpoint(tmp_path / "theirs"), TENSORS)

    def test_v2_written_here_is_read_by_restore_v2(self, tf, tmp_path):
        write_tf_checkpoint(tmp_path / "ours", TENSORS, version=2)
        got = tf.raw_ops.RestoreV2(
            prefix=str(tmp_path / "ours"),
            tensor_names=list(TENSORS),
            shape_and_slices=[""] * len(TENSORS),
            dtypes=[array.dtype for array in TENSORS.values()],
        )
        assert_same(
            {name: value.numpy() for name, value in zip(TENSORS, got, strict=True)}, TENSORS
        )

    def test_v2_written_by_save_v2_is_read_here(self, tf, tmp_path):
        tf.raw_ops.SaveV2(
            prefix=str(tmp_path / "theirs"),
            tensor_names=list(TENSORS),
            shape_and_slices=[""] * len(TENSORS),
            tensors=list(TENSORS.values()),
        )
        assert_same(read_tf_checkpoint(tmp_path / "theirs"), TENSORS)
        assert_same(read_tf_checkpoint(tmp_path / "theirs.index"), TENSORS)

    @pytest.mark.parametrize("text", [b"", b"\x00\xff" * 200])
    def test_v2_with_a_text_written_here_is_read_by_restore_v2(self, tf, tmp_path, text):
        write_tf_checkpoint(tmp_path / "ours", {"step": TENSORS["step"]}, 2, {"about": text})
        got = tf.raw_ops.RestoreV2(
            prefix=str(tmp_path / "ours"),
            tensor_names=["about", "step"],
            shape_and_slices=["", ""],
            dtypes=[tf.string, tf.int64],
        )
        assert [value.numpy() for value in got] == [text, -3]

    def test_checkpoint_with_strings_is_read_without_them(self, tf, tmp_path):
        variable = tf.Variable([1.0, 2.0])
        path = tf.train.Checkpoint(v=variable).write(str(tmp_path / "theirs"))
        got = read_tf_checkpoint(path)
        np.testing.assert_array_equal(
            got["v/.ATTRIBUTES/VARIABLE_VALUE"], np.array([1, 2], np.float32)
        )


class TestDamage:
    @pytest.mark.parametrize("version", [1, 2])
    def test_every_truncation_is_refused(self, tmp_path, version):
        small = {"a": np.arange(3, dtype=np.float32), "b": np.array(1, np.int32)}
        for file in write_tf_checkpoint(tmp_path / "whole", small, version):
            whole = file.read_bytes()
            for size in range(len(whole)):
                file.write_bytes(whole[:size])
                with pytest.raises(CheckpointError):
                    read_tf_checkpoint(tmp_path / "whole")
            file.write_bytes(whole)
        assert_same(read_tf_checkpoint(tmp_path / "whole"), small)

    @pytest.mark.parametrize("version", [1, 2])
    def test_flipped_bits_are_refused_or_harmless(self, tmp_path, version):
        small = {"a": np.arange(3, dtype=np.float32), "b": np.array(1, np.int32)}
        for file in write_tf_checkpoint(tmp_path / "whole", small, version):
            whole = bytearray(file.read_bytes())
            for at in range(len(whole)):
                broken = whole.copy()
                broken[at] ^= 0x10
                file.write_bytes(broken)
                try:
                    assert_same(read_tf_checkpoint(tmp_path / "whole"), small)
                except CheckpointError:
                    continue
            file.write_bytes(whole)

    @pytest.mark.parametrize("shape", [(1,) * 65, (0, 2**62), (2**62, 0, 2**62)])
    def test_shape_that_no_array_has_is_refused(self, monkeypatch, shape):
        for version in (v1, v2):
            monkeypatch.setattr(version, "encode_shape", lambda _: encode_shape(shape))
        tensors = {"w": np.zeros(math.prod(shape), np.float32)}
        for read in (lambda: decode_v1(encode_v1(tensors)), lambda: decode_v2(*encode_v2(tensors))):
            with pytest.raises(CheckpointError, match="damaged"):
                read()

    def test_float_that_is_a_number_too_long_for_one_is_refused(self, monkeypatch):
        monkeypatch.setattr(v1, "_encode_values", lambda _: field(5, 2**32))
        with pytest.raises(CheckpointError, match="damaged"):
            decode_v1(encode_v1({"w": np.zeros(1, np.float32)}))

    @pytest.mark.parametrize(
        ("name", "message"), [(1, "comes as text, not as int"), ("w\ud800", "No file can hold")]
    )
    @pytest.mark.parametrize("version", [1, 2])
    def test_name_that_no_file_can_hold_writes_nothing(self, tmp_path, version, name, message):
        tensors = {"a": np.zeros(1, np.float32), name: np.zeros(1, np.float32)}
        with pytest.raises(CheckpointError, match=message):
            write_tf_checkpoint(tmp_path / "c", tensors, version)
        assert list(tmp_path.iterdir()) == []

    def test_nothing_there_is_named(self, tmp_path):
        with pytest.raises(CheckpointError, match="no TensorFlow checkpoint"):
            read_tf_checkpoint(tmp_path / "none")

    def test_path_that_the_system_refuses_is_told(self, tmp_path):
        with pytest.raises(CheckpointError, match="cannot be read: File name too long"):
            read_tf_checkpoint(tmp_path / ("a" * 300))

    def test_missing_data_file_is_named(self, tmp_path):
        write_tf_checkpoint(tmp_path / "two", {"a": np.zeros(2, np.float32)}, version=2)
        (tmp_path / "two.data-00000-of-00001").unlink()
        with pytest.raises(CheckpointError, match=r"two\.data-00000-of-00001 is missing"):
            read_tf_checkpoint(tmp_path / "two")

    def test_unsupported_dtype_writes_nothing(self, tmp_path):
        with pytest.raises(CheckpointError, match="complex64"):
            write_tf_checkpoint(tmp_path / "c", {"c": np.zeros(1, np.complex64)})
        assert list(tmp_path.iterdir()) == []


class TestSize:
    """What a small file claims costs no more memory than its own bytes."""

    def claiming(self, monkeypatch, shape: tuple[int, ...]) -> bytes:
        """A version 1 file of one float, which says that its tensor 'w' has `shape`."""
        monkeypatch.setattr(v1, "encode_shape", lambda _: encode_shape(shape))
        return encode_v1({"w": np.zeros(1, np.float32)})

    def test_v1_when_values_are_left_out_is_refused_without_memory_for_them(self, monkeypatch):
        data = self.claiming(monkeypatch, (2**31,))
        assert len(data) < 200
        assert peak_of_refusal(lambda: decode_v1(data)) < 10**6

    def test_v1_when_tensor_has_more_values_than_declared_reads_no_further(self, monkeypatch):
        monkeypatch.setattr(v1, "encode_shape", lambda _: encode_shape((2,)))
        data = encode_v1({"w": np.zeros(10**6, np.int64)})
        assert peak_of_refusal(lambda: decode_v1(data)) < 8 * 10**6

    def test_v2_when_tensors_share_bytes_is_refused(self, monkeypatch):
        monkeypatch.setattr(v2, "field", lambda n, v: b"" if n == 4 else field(n, v))  # offset 0
        index, data = encode_v2({"a": np.zeros(8, np.int8), "b": np.zeros(9, np.int8)})
        with pytest.raises(CheckpointError, match="damaged"):
            decode_v2(index, data[:9])

    def test_tensor_that_is_not_accepted_is_left_out(self):
        def first(name, dtype, shape):
            return (name, dtype, shape) == ("a", np.float32, (3,))

        both = {"a": np.arange(3, dtype=np.float32), "b": np.zeros(2, np.int32)}
        assert list(decode_v1(encode_v1(both), first)) == ["a"]
        assert list(decode_v2(*encode_v2(both), first)) == ["a"]

    def test_table_when_keys_share_more_than_the_file_holds_is_refused(self, monkeypatch):
        monkeypatch.setattr(table, "_BLOCK_BYTES", 2**30)  # all keys in one block
        monkeypatch.setattr(table, "_GROWTH", 2**20)
        key = bytes(10**5)
        data = write_table([(key + bytes([0, at]), b"") for at in range(32)])
        assert len(data) < 4 * 10**5
        with pytest.raises(CheckpointError, match="damaged"):
            read_table(data)


def peak_of_refusal(read: Callable[[], object]) -> int:
    """The most bytes in use while `read` raises CheckpointError."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match="damaged"):
            read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestParts:
    def test_crc32c_of_known_inputs(self):
        assert crc32c(b"") == 0
        assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's check value
        assert crc32c(bytes(32)) == 0x8A9136AA

    def test_crc32c_of_long_input_equals_the_joined_bytewise_one(self):
        data = np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes()
        table = []
        for value in range(256):
            for _ in range(8):
                value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
            table.append(value)
        crc = 0xFFFFFFFF
        for byte in data:
            crc = table[(crc ^ byte) & 255] ^ crc >> 8
        assert crc32c(data) == crc ^ 0xFFFFFFFF

    def test_snappy_literals_and_overlapping_copies(self):
        # 9 bytes: literal "abc", then a copy of 6 bytes from 3 back.
        assert uncompress(b"\x09\x08abc\x09\x03", 9) == b"abcabcabc"

    def test_snappy_copy_from_before_the_start_is_refused(self):
        with pytest.raises(CheckpointError):
            uncompress(b"\x09\x08abc\x09\x04", 9)

    def test_snappy_copy_of_one_byte_repeats_it(self):
        # 64 bytes: literal "a", then a copy of 63 bytes from 1 back.
        assert uncompress(b"\x40\x00a\xfa\x01\x00", 64) == b"a" * 64

    def test_snappy_of_more_than_there_is_room_for_is_refused(self):
        with pytest.raises(CheckpointError):
            uncompress(b"\x40\x00a\xfa\x01\x00", 63)

    def test_snappy_copies_from_far_back_take_no_more_than_they_give(self):
        literal, copies = bytes(2**20), 20_000
        size = len(literal) + 4 * copies
        data = varint(size) + b"\xf8" + (len(literal) - 1).to_bytes(3, "little") + literal
        copy = b"\x0f" + len(literal).to_bytes(4, "little")  # 4 bytes, 2**20 back
        began = time.process_time()
        assert uncompress(data + copy * copies, size) == bytes(size)
        assert time.process_time() - began < 0.5  # a copy of all that lies behind takes 1.5 s
