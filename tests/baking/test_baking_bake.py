"""A baked model starts where the session it came from stands, and runs without odt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from odt_core.baking import bake
from odt_core.errors import CheckpointError, LabelError, ModelError
from odt_core.graph import describe, lower
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.record import read_record, write_record
from odt_core.graph.state import add_state_signatures
from odt_core.runtime import load_model
from odt_core.samples import Labels
from tests.zoo_models import zoo_file

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "tests" / "models"
DIGITS = ROOT / "assets" / "models" / "digits.tflite"
ADAM = ROOT / "tests" / "runtime" / "models" / "tiny_adam.tflite"
FAULTS = MODELS / "flower__android-automotive__enginefaultdb.tflite"  # its train cannot work
LOGISTIC = MODELS / "flower__android-kotlin-new__logistic_regression.tflite"


def interpreter(data: bytes) -> Interpreter:
    return Interpreter(model_content=data, num_threads=1)


def run(model: Interpreter, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    outputs = model.get_signature_runner(signature)(**inputs)
    return {name: value.copy() for name, value in outputs.items()}


def inputs_for(data: bytes, signature: str, count: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        tensor.name: rng.random([count if size is None else size for size in tensor.shape]).astype(
            tensor.dtype
        )
        for tensor in describe(data).signature(signature).inputs
    }


def state_of(model: Interpreter, data: bytes) -> dict[str, np.ndarray]:
    values = run(model, "odt_get_state")
    return {v.name: values[f"v{at}"] for at, v in enumerate(describe(data).variables)}


def trained(path: Path, steps: int = 3) -> tuple[bytes, Interpreter, dict[str, np.ndarray]]:
    """The lowered model, a session of it that has learnt something, and the session's state."""
    data = lower(path.read_bytes()).data
    session = interpreter(data)
    if describe(data).signature("train"):
        for step in range(steps):
            run(session, "train", **inputs_for(data, "train", 8, step))
    else:
        state = run(session, "odt_get_state")
        run(session, "odt_set_state", **{k: v + v.dtype.type(1) for k, v in state.items()})
    return data, session, state_of(session, data)


class TestBake:
    @pytest.mark.parametrize("path", [DIGITS, ADAM, FAULTS, LOGISTIC], ids=lambda p: p.stem)
    def test_outputs_when_baked_then_are_those_of_the_session_to_the_bit(self, path):
        data, session, state = trained(path)
        baked = bake(path.read_bytes(), state)
        names = [s.name for s in describe(data).signatures]
        assert [s.name for s in describe(baked).signatures] == names
        for name in {"infer", "evaluate", "parameters", "odt_get_state"} & set(names):
            inputs = inputs_for(data, name, 5, 9)
            fresh = run(interpreter(baked), name, **inputs)  # each as the first that is called
            expected = run(session, name, **inputs)
            assert fresh.keys() == expected.keys()
            for key, value in expected.items():
                assert value.tobytes() == fresh[key].tobytes()

    def test_training_when_continued_from_the_file_then_gives_the_same_losses(self):
        data, session, state = trained(DIGITS)
        other = interpreter(bake(data, state))
        for step in range(3, 6):
            inputs = inputs_for(data, "train", 8, step)
            losses = [run(model, "train", **inputs)["loss"] for model in (session, other)]
            assert losses[0].tobytes() == losses[1].tobytes()

    def test_same_state_when_baked_twice_then_is_the_same_file_and_grows_no_further(self):
        data, _, state = trained(ADAM)
        baked = bake(data, state)
        assert baked == bake(ADAM.read_bytes(), state)
        assert bake(baked, state) == bake(bake(baked, state), state)
        assert len(bake(baked, state)) == len(baked)

    @pytest.mark.parametrize("inference_only", [False, True])
    def test_names_of_outputs_when_baked_then_are_what_the_file_says(self, inference_only):
        model = load_model(ADAM)
        session, labels = model.session(), Labels(("owl", None, "\u00e9", "4"))
        session.labels = labels
        baked = session.bake(inference_only=inference_only)
        assert load_model(baked).labels == labels
        assert describe(lower(baked).data).labels == labels.names

    @pytest.mark.parametrize(
        ("labels", "said"),
        [
            (
                ["owl", "cat", "4", None],
                r"come as odt\.Labels, such as session\.labels, not as list",
            ),
            (Labels(("owl",)), "has 4 outputs, and there are 1 names"),
            (Labels(()), "has 4 outputs, and there are 0 names"),
        ],
    )
    @pytest.mark.parametrize("inference_only", [False, True])
    def test_names_that_are_none_of_all_outputs_then_are_refused(
        self, labels, said, inference_only
    ):
        data, _, state = trained(ADAM)
        with pytest.raises(LabelError, match=said):
            bake(data, state, labels=labels, inference_only=inference_only)

    def test_names_when_baked_again_then_stay(self):
        data, _, state = trained(ADAM)
        labels = Labels(("owl", None, "cat", "4"))
        baked = bake(data, state, labels=labels)
        assert load_model(bake(baked, state)).labels == labels
        assert bake(baked, state) == bake(baked, state, labels=labels)
        assert load_model(bake(baked, state, inference_only=True)).labels == labels

    @pytest.mark.parametrize("inference_only", [False, True])
    def test_names_of_a_file_that_cannot_be_names_then_are_none(self, inference_only):
        data, _, state = trained(ADAM)
        odd = read(bake(data, state))
        write_record(odd, replace(read_record(odd), labels=("owl", "owl", "/", "4")))
        baked = bake(write(odd), state, inference_only=inference_only)
        assert load_model(baked).labels == Labels.numbered(4)

    @pytest.mark.parametrize("inference_only", [False, True])
    def test_numbers_when_baked_then_are_no_names(self, inference_only):
        data, _, state = trained(ADAM)
        plain = bake(data, state, inference_only=inference_only)
        numbered = Labels.numbered(4)
        assert bake(data, state, inference_only=inference_only, labels=numbered) == plain
        assert b'"labels"' not in plain
        assert load_model(plain).labels == numbered

    def test_all_variables_when_baked_then_have_initial_values(self):
        data, _, state = trained(LOGISTIC)
        found = describe(bake(data, state)).variables
        assert [v.name for v in found] == [v.name for v in describe(data).variables]
        assert all(v.has_initial_value for v in found)

    @pytest.mark.parametrize("change", ["name", "shape", "dtype", "missing"])
    def test_state_when_it_does_not_fit_then_is_refused(self, change):
        data, _, state = trained(ADAM)
        name = next(name for name in state if name.endswith("/bias"))
        value = state.pop(name)
        if change == "name":
            state[name + "es"] = value
        elif change == "shape":
            state[name] = value[:-1]
        elif change == "dtype":
            state[name] = value.astype(np.float64)
        with pytest.raises(CheckpointError, match="bias"):
            bake(data, state)

    @pytest.mark.parametrize("inference_only", [False, True])
    def test_state_when_not_finite_then_is_refused(self, inference_only):
        data, _, state = trained(ADAM)
        name = next(name for name in state if name.endswith("/bias"))
        state[name][0] = np.nan
        with pytest.raises(CheckpointError, match="bias' holds numbers that are not finite"):
            bake(data, state, inference_only=inference_only)


class TestUnusualInitialisers:
    """One model with what converters make of variables: see `_unusual`."""

    def test_every_way_of_initialising_when_baked_then_gives_the_state(self):
        data = _unusual()
        state = {
            "first": np.array([1, 2], np.float32),
            "second": np.array([3, 4], np.float32),
            "never": np.array([5, 6], np.float32),
        }
        baked = bake(data, state)
        assert run(interpreter(baked), "read_all") == {
            "a": pytest.approx(state["first"]),
            "b": pytest.approx(state["second"]),
            "c": pytest.approx(state["never"]),
        }
        assert run(interpreter(baked), "read_third")["c"].tolist() == [5, 6]

    def test_model_when_nothing_was_learnt_then_starts_as_before(self):
        data = _unusual()
        assert run(interpreter(data), "read_two")["a"].tolist() == [7, 7]
        assert [(v.name, v.has_initial_value) for v in describe(data).variables] == [
            ("first", True),
            ("never", False),
            ("second", True),
        ]


def _unusual() -> bytes:
    """Two initialising subgraphs that share one constant, and a variable that none initialises."""
    model = schema.ModelT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    model.subgraphs, model.signatureDefs = [], []

    def graph() -> Builder:
        part = schema.SubGraphT()
        part.tensors, part.operators = [], []
        part.inputs = part.outputs = np.array([], np.int32)
        model.subgraphs.append(part)
        return Builder(model, part)

    def handle(b: Builder, name: str):
        from odt_core.graph.resources import handle
        from odt_core.graph.variables import Variable

        variable = Variable(name, b"", name.encode(), np.dtype(np.float32), (2,), False)
        return handle(b, variable.key)

    def once(b: Builder, index: int) -> None:
        options = schema.CallOnceOptionsT()
        options.initSubgraphIndex = index
        b.emit("CALL_ONCE", [], [], options)

    def close(b: Builder, name: str, outputs: dict) -> None:
        b.graph.operators = b.operators
        b.graph.outputs = np.array([t.index for t in outputs.values()], np.int32)
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = name.encode(), len(model.subgraphs) - 1
        signature.inputs, signature.outputs = [], []
        for key, tensor in outputs.items():
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = key.encode(), tensor.index
            signature.outputs.append(entry)
        model.signatureDefs.append(signature)

    def reads(b: Builder, names: dict[str, str]) -> dict:
        found = {}
        for key, name in names.items():
            found[key] = b.new((2,), np.float32, key)
            b.emit("READ_VARIABLE", [handle(b, name)], [found[key]], schema.ReadVariableOptionsT())
        return found

    b = graph()
    once(b, 3)
    once(b, 4)
    close(b, "read_all", reads(b, {"a": "first", "b": "second", "c": "never"}))
    b = graph()
    once(b, 4)
    once(b, 3)
    close(b, "read_two", reads(b, {"a": "first", "b": "second"}))
    b = graph()  # runs no initialiser at all
    close(b, "read_third", reads(b, {"c": "never"}))
    shared = None
    for name in ("first", "second"):
        b = graph()
        value = b.constant(np.array([7, 7], np.float32))
        if shared is None:
            shared = b.graph.tensors[value.index].buffer
        b.graph.tensors[value.index].buffer = shared
        b.emit("ASSIGN_VARIABLE", [handle(b, name), value], [], schema.AssignVariableOptionsT())
        b.graph.operators = b.operators
    add_state_signatures(model)
    return write(model)


ZOO = (
    "cnn_batch_norm_dropout_keras3",
    "cnn_batch_norm_static_keras2",  # a fixed batch
    "depthwise_separable_keras2",
    "dilated_keras3",
    "residual_keras3",
    "segmentation_keras2",
    "sensor_conv1d_keras2",
    "text_lstm_loop_keras2",
)


class TestZoo:
    @pytest.mark.parametrize("name", ZOO)
    def test_both_forms_when_trained_then_predict_as_the_session(self, name):
        data = lower(zoo_file(name)).data
        session = interpreter(data)
        start = state_of(session, data)
        state = {v: (array + 0.01).astype(array.dtype) for v, array in start.items()}
        places = enumerate(describe(data).variables)
        run(session, "odt_set_state", **{f"v{at}": state[v.name] for at, v in places})
        inputs = inputs_for(data, "infer", 3, 2)
        expected = run(session, "infer", **inputs)
        whole = run(interpreter(bake(data, state)), "infer", **inputs)
        small = bake(data, state, inference_only=True)
        alone = run(interpreter(small), "infer", **inputs)
        for key, value in expected.items():
            assert whole[key].tobytes() == value.tobytes()
            assert np.abs(alone[key] - value).max() <= 1e-5 * np.abs(value).max()
        before = describe(data).signature("infer")
        assert [t.shape for t in describe(small).signature("infer").inputs] == [
            t.shape for t in before.inputs
        ]


class TestInferenceOnly:
    @pytest.mark.parametrize(
        ("path", "most"),
        [
            (DIGITS, {"CONV_2D": 3, "FULLY_CONNECTED": 2, "RESHAPE": 1}),
            (ADAM, {"CONV_2D": 1, "FULLY_CONNECTED": 1, "RESHAPE": 1}),
            (FAULTS, {"FULLY_CONNECTED": 2, "SOFTMAX": 1}),
        ],
        ids=lambda value: value.stem if isinstance(value, Path) else "",
    )
    @pytest.mark.parametrize("count", [1, 33])
    def test_infer_when_constant_then_is_the_same_in_fewer_ops(self, path, most, count):
        data, session, state = trained(path)
        small = bake(data, state, inference_only=True)
        found = describe(small)
        assert found.operators == most
        assert found.variables == ()
        (signature,) = found.signatures
        before = describe(data).signature("infer")
        ends = [
            [(t.name, t.dtype, t.shape) for t in part] for part in (before.inputs, before.outputs)
        ]
        assert [(t.name, t.dtype, t.shape) for t in signature.inputs] == ends[0]
        assert [(t.name, t.dtype, t.shape) for t in signature.outputs] == ends[1]
        inputs = inputs_for(data, "infer", count, 5)
        expected, got = run(session, "infer", **inputs), run(interpreter(small), "infer", **inputs)
        for key, value in expected.items():
            assert np.abs(got[key] - value).max() <= 1e-5 * np.abs(value).max()

    def test_convolution_to_few_channels_when_constant_then_is_one_again(self):
        """In training it is a sum of products of its image's patches, or such a product turned."""
        data = lower(zoo_file("convolutional_autoencoder_keras3")).data
        small = bake(data, state_of(interpreter(data), data), inference_only=True)
        ops = set(describe(small).signature("infer").ops)
        assert "CONV_2D" in ops
        assert not ops & {"SUM", "BATCH_MATMUL", "FULLY_CONNECTED"}

    def test_file_when_constant_then_has_no_state_and_no_initialiser_left(self):
        data, _, state = trained(DIGITS, 1)
        small = bake(data, state, inference_only=True)
        weights = sum(
            state[v.name].nbytes
            for v in describe(data).variables
            if "/" in v.name and "momentum" not in v.name.lower()
        )
        assert len(small) < weights + 10_000
        assert len(read(small).subgraphs) == 1
        assert lower(small).data == small

    def test_signature_when_not_clear_then_is_asked_for(self):
        data, session, state = trained(LOGISTIC)
        with pytest.raises(ModelError, match="evaluate, multiply01"):
            bake(data, state, inference_only=True)
        small = bake(data, state, inference_only=True, signature="evaluate")
        inputs = inputs_for(data, "evaluate", 3, 1)
        assert run(interpreter(small), "evaluate", **inputs).keys() == (
            run(session, "evaluate", **inputs).keys()
        )

    @pytest.mark.parametrize(("name", "word"), [("train", "changes"), ("inferr", "no signature")])
    def test_signature_when_it_cannot_be_kept_then_says_why(self, name, word):
        data, _, state = trained(ADAM, 1)
        with pytest.raises(ModelError, match=word):
            bake(data, state, inference_only=True, signature=name)
