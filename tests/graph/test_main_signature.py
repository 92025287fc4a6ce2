"""A file without signatures is run by one of odt's, which takes and gives what the file does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from odt_core.baking import bake
from odt_core.graph import describe, lower
from odt_core.graph.flatbuffer import read, write
from odt_core.runtime import load_model
from odt_core.worker.wire import pack_description, unpack_description

MODELS = Path(__file__).parents[1] / "runtime" / "models"
PREDICTS = (MODELS / "tiny_inference.tflite").read_bytes()


def unsigned(*names: bytes) -> bytes:
    """The model without its signatures; names: of its inputs and outputs."""
    model = read(PREDICTS)
    graph = model.subgraphs[0]
    model.signatureDefs = []
    for index, name in zip([*graph.inputs, *graph.outputs], names, strict=True):
        graph.tensors[index].name = name
    return write(model)


class TestUnsigned:
    def test_it_answers_as_with_signatures(self):
        model, other = load_model(unsigned(b"in:0", b"out:0")), load_model(PREDICTS)
        x = np.random.default_rng(0).random((4, *other.contract.input_shape), np.float32)
        answers = model.session().infer(x)
        np.testing.assert_array_equal(answers, other.session().infer(x))
        assert model.contract.outputs == other.contract.outputs

    @pytest.mark.parametrize(
        ("names", "called"),
        [
            ((b"in:0", b"out:0"), ("in", "out")),
            ((b"", b""), ("input_0", "output_0")),
            ((b"x", b"x"), ("x", "x")),
        ],
    )
    def test_its_ends_are_called_as_the_files_tensors(self, names, called):
        (only,) = describe(lower(unsigned(*names)).data).signatures
        assert only.name == "serving_default"
        assert (only.inputs[0].name, only.outputs[0].name) == called

    def test_what_it_came_without_is_told_of_the_rewritten_file_as_well(self):
        once = load_model(unsigned(b"in:0", b"out:0"))
        again = load_model(once.data)
        assert again.data == once.data
        baked = load_model(bake(once.data, once.session().state(), inference_only=True))
        for model in (once, again, baked):
            note = model.contract.notes[0]
            assert note.startswith("As it was converted, this model had no signatures")
            assert "python -m odt_core build" in model.contract.notes[0]
            assert not any("Session.run" in note for note in model.contract.notes)
        assert unpack_description(pack_description(once.description)).unsigned

    def test_file_with_signatures_is_said_to_have_them(self):
        about = lower(PREDICTS).describe()
        assert not about.unsigned
        assert not any("no signatures" in note for note in load_model(PREDICTS).contract.notes)
