"""Checkpoints and settings that somebody made up to break the reader."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odt_core.checkpoint import Checkpoint, CheckpointMeta, load_checkpoint, save_checkpoint
from odt_core.checkpoint.tensorflow import (
    decode_v1,
    decode_v2,
    encode_v1,
    encode_v2,
    read_tf_checkpoint,
)
from odt_core.errors import CheckpointError, SettingsError
from odt_core.training.settings import Settings
from tests.hostile.damage import anything, damaged

TENSORS = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.zeros(3, np.float32),
    "step": np.array(7, np.int64),
}
WHOLE = save_checkpoint(Checkpoint(TENSORS, CheckpointMeta("0" * 64, step=3, labels=("a", None))))
V1 = encode_v1(TENSORS)
INDEX, DATA = encode_v2(TENSORS)

scalars = (
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
SETTINGS = tuple(Settings().to_json())


def with_header(header: bytes, body: bytes) -> bytes:
    """A .safetensors file of these parts."""
    return len(header).to_bytes(8, "little") + header + body


def loads_or_refuses(data: bytes) -> None:
    try:
        checkpoint = load_checkpoint(data)
    except CheckpointError:
        return
    assert isinstance(checkpoint.meta.step, int)
    assert all(isinstance(array, np.ndarray) for array in checkpoint.state.values())


class TestSafetensors:
    @given(anything(WHOLE, head=600))
    def test_checkpoint_when_damaged_is_read_or_refused(self, data):
        loads_or_refuses(data)

    @given(st.integers(0, 2**64 - 1), st.binary(max_size=40))
    def test_header_when_its_length_lies_is_refused(self, length, rest):
        with pytest.raises(CheckpointError):
            load_checkpoint(length.to_bytes(8, "little") + rest)

    @given(
        st.sampled_from(["F32", "I64", "F16", "BF16", "BOOL", "F8_E4M3", "X"]),
        st.lists(st.sampled_from([0, 1, 3, -1, 2**31, 2**63, 2**64, 1.5]), max_size=4),
        st.lists(st.sampled_from([0, 12, 24, -1, 2**40, 2**64]), max_size=3),
    )
    def test_header_when_a_tensor_is_impossible_is_read_or_refused(self, dtype, shape, offsets):
        header = json.loads(WHOLE[8 : 8 + int.from_bytes(WHOLE[:8], "little")])
        header["variable/odd"] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        body = WHOLE[8 + int.from_bytes(WHOLE[:8], "little") :]
        loads_or_refuses(with_header(json.dumps(header).encode(), body))

    @given(st.sampled_from(["step", "seed", "labels", "settings", "version", "metrics", "note",
                            "created", "model_sha256", "progress", "more"]), values)  # fmt: skip
    def test_metadata_when_it_has_odd_values_is_read_or_refused(self, name, value):
        size = int.from_bytes(WHOLE[:8], "little")
        header = json.loads(WHOLE[8 : 8 + size])
        meta = json.loads(header["__metadata__"]["odt"]) | {name: value}
        header["__metadata__"]["odt"] = json.dumps(meta)
        loads_or_refuses(with_header(json.dumps(header).encode(), WHOLE[8 + size :]))


class TestTensorflow:
    @given(anything(V1, head=80))
    def test_version_1_when_damaged_is_read_or_refused(self, data):
        with contextlib.suppress(CheckpointError):
            assert isinstance(decode_v1(data), dict)

    @given(anything(INDEX, head=80), damaged(DATA) | st.just(DATA))
    def test_version_2_when_damaged_is_read_or_refused(self, index, data):
        with contextlib.suppress(CheckpointError):
            assert isinstance(decode_v2(index, data), dict)

    @given(anything(V1, head=80))
    def test_file_when_damaged_is_left_as_it_is(self, tmp_path, data):
        path = tmp_path / "model.ckpt"
        path.write_bytes(data)
        with contextlib.suppress(CheckpointError):
            read_tf_checkpoint(path)
        assert [p.name for p in tmp_path.iterdir()] == ["model.ckpt"]
        assert path.read_bytes() == data


class TestSettings:
    @given(st.dictionaries(st.sampled_from(SETTINGS) | st.text(max_size=6), values, max_size=3))
    def test_settings_when_values_are_odd_are_taken_or_refused(self, document):
        try:
            settings = Settings.from_json(document)
        except SettingsError:
            return
        assert Settings.from_json(settings.to_json()) == settings

    @given(st.sampled_from(SETTINGS), values)
    def test_setting_when_its_value_is_odd_is_taken_or_refused(self, name, value):
        try:
            settings = Settings.from_json({name: value})
        except SettingsError:
            return
        assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
