"""Models whose variables have no initial values are told apart, and can be given some.

models/keras3_direct.tflite: a Keras 3 Sequential that is an attribute of a tf.Module, with `train`
and `infer`, converted by TensorFlow 2.18.1 as the tutorial for Keras 2 says.
"""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from odt_core.baking import bake
from odt_core.graph import describe, lower
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.operators import name_of
from odt_core.runtime import load_model

HERE = Path(__file__).parent
KERAS_3 = HERE / "models" / "keras3_direct.tflite"
INITIALISED = HERE.parent / "runtime" / "models" / "dialect_bottleneck.tflite"
WHOLE = HERE.parent / "runtime" / "models" / "tiny_momentum.tflite"


def without(*names: str, file: Path = WHOLE) -> bytes:
    """A whole model without the ops of those names."""
    model = read(file.read_bytes())
    model.metadata = []
    _remove(model, names)
    return write(model)


def _remove(model: schema.ModelT, names: tuple[str, ...]) -> None:
    called = {
        o.builtinOptions.initSubgraphIndex
        for g in model.subgraphs
        for o in g.operators
        if name_of(model, o) == "CALL_ONCE"
    }
    for index, graph in enumerate(model.subgraphs):
        doomed = set(names) - (set() if index in called else {"ASSIGN_VARIABLE"})
        graph.operators = [o for o in graph.operators if name_of(model, o) not in doomed]


class TestUninitialised:
    @pytest.mark.parametrize(
        "data",
        [
            KERAS_3.read_bytes(),
            without("CALL_ONCE"),  # nobody runs what assigns
            without("ASSIGN_VARIABLE"),  # what is run assigns nothing
        ],
        ids=["keras 3", "no initialiser", "initialiser that assigns nothing"],
    )
    def test_variables_without_values_then_are_known(self, data):
        for found in (describe(data), describe(lower(data).data)):
            assert found.variables
            assert not any(v.has_initial_value for v in found.variables)

    def test_whole_model_then_has_them_all(self):
        assert all(v.has_initial_value for v in describe(WHOLE.read_bytes()).variables)

    def test_model_when_loaded_then_says_how_to_convert_it(self):
        (note, *_) = load_model(KERAS_3).contract.notes
        assert "4 of 4 variables have no initial values" in note
        assert "python -m odt_core build" in note

    def test_weights_that_a_signature_of_the_file_sets_then_are_not_missed(self):
        model = load_model(without("CALL_ONCE", file=INITIALISED))
        assert not any(v.has_initial_value for v in model.description.variables)
        (note,) = model.contract.notes
        assert note.startswith("The signature 'initialize' sets the first weights")
        assert not model.session().uninitialised

    def test_such_a_file_that_does_not_train_then_says_both(self):
        data = read(without("CALL_ONCE", file=INITIALISED))
        data.signatureDefs = [one for one in data.signatureDefs if one.signatureKey != b"train"]
        notes = load_model(write(data)).contract.notes
        assert "sets the first weights" in notes[0]
        assert any("cannot be trained" in note for note in notes[1:])

    def test_model_when_weights_are_baked_in_then_predicts(self):
        data = KERAS_3.read_bytes()
        state = {v.name: np.full(v.shape, 0.5, np.float32) for v in describe(data).variables}
        x = np.ones((1, 4), np.float32)
        # dense of 3 units: 4 · 0.5 + 0.5 = 2.5 each; dense of 2: 3 · 2.5 · 0.5 + 0.5 = 4.25
        for inference_only in (False, True):
            baked = bake(data, state, inference_only=inference_only)
            model = Interpreter(model_content=baked, num_threads=1)
            got = model.get_signature_runner("infer")(x=x)["output"]
            assert got.tolist() == [[4.25, 4.25]]
            assert all(v.has_initial_value for v in describe(baked).variables)
