"""Reading and writing .tflite files."""

from pathlib import Path

import numpy as np
import pytest

from odt_core.errors import ModelError
from odt_core.graph import flatbuffer

MODELS = Path(__file__).parents[1] / "models"
MODEL = MODELS / "flutter_litert__training_model.tflite"


class TestRead:
    def test_read_when_empty_says_so(self):
        with pytest.raises(ModelError, match="empty"):
            flatbuffer.read(b"")

    @pytest.mark.parametrize("data", [b"hello, world", b"\x89PNG\r\n\x1a\n" + bytes(64), bytes(8)])
    def test_read_when_foreign_says_it_is_no_tflite(self, data):
        with pytest.raises(ModelError, match=r"not a \.tflite"):
            flatbuffer.read(data)

    @pytest.mark.parametrize("kept", [8, 100, 1000, 3000])
    def test_read_when_truncated_says_it_is_damaged(self, kept):
        with pytest.raises(ModelError, match=r"damaged|no graph"):
            flatbuffer.read(MODEL.read_bytes()[:kept])

    def test_read_when_weights_stand_behind_the_graph_fetches_them(self):
        model = flatbuffer.read(MODEL.read_bytes())
        expected = [None if b.data is None else bytes(b.data) for b in model.buffers]
        behind = [i for i, content in enumerate(expected) if content]
        for index in behind:
            model.buffers[index].data = None
            model.buffers[index].offset, model.buffers[index].size = 2**32, 2**32
        start = len(flatbuffer.write(model))
        tail = b""
        for index in behind:
            content = expected[index]
            model.buffers[index].offset, model.buffers[index].size = start, len(content)
            start, tail = start + len(content), tail + content
        data = flatbuffer.write(model) + tail
        found = flatbuffer.read(data).buffers
        assert behind
        assert [None if b.data is None else bytes(b.data) for b in found] == expected
        assert {(b.offset, b.size) for b in found} == {(0, 0)}


class TestWrite:
    @pytest.mark.parametrize("path", sorted(MODELS.glob("*.tflite")), ids=lambda p: p.stem)
    def test_write_when_nothing_changed_keeps_every_tensor_and_signature(self, path):
        before = flatbuffer.read(path.read_bytes())
        after = flatbuffer.read(flatbuffer.write(flatbuffer.read(path.read_bytes())))
        assert [s.signatureKey for s in after.signatureDefs] == [
            s.signatureKey for s in before.signatureDefs
        ]
        assert len(after.buffers) == len(before.buffers)
        for old, new in zip(before.buffers, after.buffers, strict=True):
            np.testing.assert_array_equal(
                [] if old.data is None else old.data, [] if new.data is None else new.data
            )

    def test_write_aligns_buffers_to_16_bytes(self):
        data = flatbuffer.write(flatbuffer.read(MODEL.read_bytes()))
        model = flatbuffer.schema.Model.GetRootAs(data, 0)
        offsets = [
            model.Buffers(i)._tab.Vector(model.Buffers(i)._tab.Offset(4))
            for i in range(model.BuffersLength())
            if not model.Buffers(i).DataIsNone() and model.Buffers(i).DataLength()
        ]
        assert offsets
        assert [offset % 16 for offset in offsets] == [0] * len(offsets)
