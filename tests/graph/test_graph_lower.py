"""Lowering models written by others: no Flex op is left, signatures stay, state can be set."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from odt_core.graph import Rewrite, describe, lower
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.lost_limits import lost_limits
from odt_core.graph.record import Missing, read_record, write_record
from odt_core.graph.rules import RULES
from odt_core.graph.signature import find_signature
from tests.converting import file_of

MODELS = Path(__file__).parents[1] / "models"
FLEX = MODELS / "flower__android-kotlin-new__logistic_regression.tflite"
CHECKPOINT = MODELS / "flutter_litert__training_model_flex.tflite"
BROKEN = MODELS / "flower__android-automotive__enginefaultdb.tflite"


def signatures(data: bytes) -> dict:
    """Name, dtype and shape of every input and output."""
    return {
        s.name: [(one.name, one.dtype, one.shape) for one in (*s.inputs, *s.outputs)]
        for s in describe(data).signatures
    }


def run(interpreter: Interpreter, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    return interpreter.get_signature_runner(signature)(**inputs)


class TestLower:
    def test_flex_ops_when_lowered_then_are_gone(self):
        data = FLEX.read_bytes()
        lowered = lower(data)
        assert describe(data).flex_ops == ("BroadcastGradientArgs",)
        assert describe(lowered.data).flex_ops == ()
        assert b"Flex" not in lowered.data
        assert {r.op for r in lowered.report} == {"BroadcastGradientArgs"}
        assert lowered.report[0] == Rewrite(
            "BroadcastGradientArgs", "train", lowered.report[0].node
        )
        assert "BroadcastGradientArgs" in lowered.report[0].node

    def test_signatures_when_lowered_then_are_the_same(self):
        data = FLEX.read_bytes()
        before, after = signatures(data), signatures(lower(data).data)
        assert set(after) - set(before) == {"odt_get_state", "odt_set_state"}
        assert all(after[name] == ports for name, ports in before.items())

    def test_training_when_lowered_then_learns_with_any_batch_size(self):
        interpreter = Interpreter(model_content=lower(FLEX.read_bytes()).data, num_threads=1)
        rng = np.random.default_rng(0)
        x = rng.normal(size=(16, 30)).astype(np.float32)
        y = (x[:, :1] > 0).astype(np.float32)
        losses = []
        for size in [16, 1, 9] * 40:
            loss = run(interpreter, "train", x=x[:size], y=y[:size])["loss"]
            losses.append(float(np.ravel(loss)[0]))  # the model's own: a running mean
        assert losses[-1] < 0.9 * losses[0]

    def test_lowered_model_when_lowered_again_then_is_returned_as_it_is(self):
        once = lower(CHECKPOINT.read_bytes())
        assert lower(once.data) == once

    @pytest.mark.parametrize("renamed", ["odt_get_state", "odt_set_state"])
    def test_lowered_model_whose_state_was_renamed_since_then_can_be_read_again(self, renamed):
        model = read(lower(FLEX.read_bytes()).data)
        find_signature(model, renamed).signatureKey = b"other"
        again = lower(write(model)).data
        assert {"odt_get_state", "odt_set_state", "other"} <= set(signatures(again))
        state = run(Interpreter(model_content=again), "odt_get_state")
        assert len(state) == len(describe(again).variables)
        assert lower(again).data == again

    def test_lowered_model_that_was_given_a_custom_op_since_then_is_not_believed(self):
        model = read(lower(FLEX.read_bytes()).data)
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = b"Mine"
        model.operatorCodes.append(code)
        graph = model.subgraphs[find_signature(model, "multiply01").subgraphIndex]
        graph.operators[-1].opcodeIndex = len(model.operatorCodes) - 1
        lowered = lower(write(model))
        assert "multiply01" not in signatures(lowered.data)
        assert [(gap.op, gap.signature) for gap in lowered.missing] == [("Mine", "multiply01")]

    def test_lowered_model_that_was_changed_since_then_keeps_what_was_told_of_it(self):
        model = read(lower(CHECKPOINT.read_bytes()).data)
        done = read_record(model)
        told = replace(
            done,
            missing=(Missing("Det", "gone", "", "why"), Missing("Det", "infer", "", "why")),
            lost=("product;Relu",),
            taken_for={"infer": "infer"},
            labels=("cat", "dog"),
            unsigned=True,
            quantised=("int8", ""),
        )
        write_record(model, told)
        for name in ("odt_get_state", "restore"):
            find_signature(model, name).signatureKey = b"was_" + name.encode()
        kept = read_record(read(lower(write(model)).data))
        standing = tuple(one for one in done.checkpoints if one.signature == "save")
        assert len(standing) == 1
        assert kept == replace(told, missing=told.missing[:1], checkpoints=standing)

    def test_model_of_an_older_odt_that_was_changed_since_then_tells_of_what_it_still_has(self):
        model = read(lower(CHECKPOINT.read_bytes()).data)
        write_record(model, replace(read_record(model), passes=0))
        find_signature(model, "restore").signatureKey = b"was_restore"
        again = lower(write(model))
        assert [one.signature for one in again.checkpoints] == ["save"]

    def test_lowering_when_repeated_then_gives_the_same_bytes(self):
        assert lower(FLEX.read_bytes()).data == lower(FLEX.read_bytes()).data

    def test_op_without_a_rule_when_lowered_then_is_named_and_the_rest_works(self):
        data = FLEX.read_bytes().replace(b"BroadcastGradientArgs", b"BroadcastGradientXyzz")
        lowered = lower(data)
        assert {(m.op, m.signature) for m in lowered.missing} == {
            ("BroadcastGradientXyzz", "train")
        }
        message = lowered.missing[0].message
        assert "'train' needs the op BroadcastGradientXyzz" in message
        assert "Build the model without it: odt_core/graph/OPS.md lists" in message
        assert describe(lowered.data).signature("train") is None
        assert describe(lowered.data).missing == lowered.missing
        interpreter = Interpreter(model_content=lowered.data, num_threads=1)
        interpreter.allocate_tensors()
        assert run(interpreter, "parameters")["a0"].shape == (30, 1)

    def test_rule_that_gives_another_count_of_numbers_then_is_not_trusted(self, monkeypatch):
        def twice(b, op, inputs):
            return [b.concat([inputs[0], inputs[0]], -1)]

        monkeypatch.setitem(RULES, "ReluGrad", twice)
        missing = {m.op: m.reason for m in lower(BROKEN.read_bytes()).missing}
        assert missing["ReluGrad"].startswith("its output should be of shape (None, ")

    def test_train_broken_by_its_author_when_lowered_then_says_why(self):
        (missing,) = lower(BROKEN.read_bytes()).missing
        assert missing.signature == "train"
        assert "sparse loss with one-hot labels" in missing.message

    def test_ops_of_a_signature_that_is_left_out_then_are_not_told_as_rewritten(self):
        assert "ReluGrad" in describe(BROKEN.read_bytes()).flex_ops  # of train alone
        assert lower(BROKEN.read_bytes()).report == ()

    def test_ops_of_a_branch_of_a_signature_that_is_left_out_then_are_not_told_as_rewritten(
        self, tmp_path
    ):
        def signature(last):
            def branching(x):
                slope = partial(tf.raw_ops.ReluGrad, gradients=x, features=x)
                return {"y": last(tf.cond(tf.reduce_sum(x) > 0, slope, lambda: x))}

            return tf.function(branching, [tf.TensorSpec([3, 3], tf.float32, name="x")])

        kept, broken = signature(tf.identity), signature(tf.linalg.det)
        lowered = lower(file_of(tf.Module(), tmp_path, kept=kept, broken=broken))
        assert [gap.signature for gap in lowered.missing] == ["broken"]
        assert [rewrite.op for rewrite in lowered.report] == ["ReluGrad"]  # of `kept` alone


class TestCheckpoints:
    def test_save_when_lowered_then_returns_the_tensors(self):
        lowered = lower(CHECKPOINT.read_bytes())
        found = describe(lowered.data).signature("save")
        assert [(t.name, t.shape) for t in found.inputs] == []
        assert {t.name for t in found.outputs} == {"status", "weight", "bias"}
        save = next(c for c in lowered.checkpoints if c.kind == "save")
        assert (save.signature, save.version, save.path) == ("save", 2, "checkpoint_path")
        assert [(t.name, t.key, t.dtype, t.shape) for t in save.tensors] == [
            ("weight", "weight", "float32", (1, 1)),
            ("bias", "bias", "float32", (1,)),
        ]

    def test_restore_when_given_saved_tensors_then_brings_them_back(self):
        interpreter = Interpreter(model_content=lower(CHECKPOINT.read_bytes()).data, num_threads=1)
        x = np.array([[2.0]], np.float32)
        for _ in range(5):
            run(interpreter, "train", x=x, y=np.array([[7.0]], np.float32))
        trained = run(interpreter, "infer", x=x)["output"].copy()
        saved = run(interpreter, "save")
        fresh = Interpreter(model_content=lower(CHECKPOINT.read_bytes()).data, num_threads=1)
        run(fresh, "restore", weight=saved["weight"], bias=saved["bias"])
        assert run(fresh, "infer", x=x)["output"] == trained


class TestState:
    def test_state_when_read_first_then_is_the_initial_one(self):
        lowered = lower(FLEX.read_bytes())
        interpreter = Interpreter(model_content=lowered.data, num_threads=1)
        state = run(interpreter, "odt_get_state")
        names = [v.name for v in describe(lowered.data).variables]
        assert names == [
            "Adam/dense/bias/m",
            "Adam/dense/bias/v",
            "Adam/dense/kernel/m",
            "Adam/dense/kernel/v",
            "Adam/iter",
            "count",
            "dense/bias",
            "dense/kernel",
            "total",
        ]
        kernel = run(interpreter, "parameters")["a0"]
        assert np.array_equal(state["v7"], kernel)
        assert not state["v4"]

    def test_state_when_set_before_anything_else_then_is_not_undone(self):
        interpreter = Interpreter(model_content=lower(FLEX.read_bytes()).data, num_threads=1)
        other = Interpreter(model_content=lower(FLEX.read_bytes()).data, num_threads=1)
        state = {k: v + 3 for k, v in run(other, "odt_get_state").items()}
        assert run(interpreter, "odt_set_state", **state)["count"] == 9
        assert np.array_equal(run(interpreter, "parameters")["a0"], state["v7"])
        for name, value in run(interpreter, "odt_get_state").items():
            assert np.array_equal(value, state[name])

    def test_training_when_continued_from_a_state_then_is_the_same_to_the_bit(self):
        data = lower(FLEX.read_bytes()).data
        rng = np.random.default_rng(1)
        x = rng.normal(size=(8, 30)).astype(np.float32)
        y = (x[:, :1] > 0).astype(np.float32)
        one = Interpreter(model_content=data, num_threads=1)
        for _ in range(3):
            run(one, "train", x=x, y=y)
        two = Interpreter(model_content=data, num_threads=1)
        run(two, "odt_set_state", **run(one, "odt_get_state"))
        for _ in range(3):
            losses = [run(i, "train", x=x, y=y)["loss"].tobytes() for i in (one, two)]
            assert losses[0] == losses[1]


class TestDescribe:
    def test_model_when_described_then_lists_signatures_and_variables(self):
        data = FLEX.read_bytes()
        found = describe(data)
        assert found.size == len(data)
        train = found.signature("train")
        assert [(t.name, t.dtype, t.shape) for t in train.inputs] == [
            ("x", "float32", (None, 30)),
            ("y", "float32", (None, 1)),
        ]
        assert train.flex_ops == ("BroadcastGradientArgs",)
        assert found.signature("parameters").flex_ops == ()
        kernel = next(v for v in found.variables if v.name == "dense/kernel")
        assert (kernel.dtype, kernel.shape, kernel.bytes) == ("float32", (30, 1), 120)
        assert kernel.has_initial_value
        assert found.operators["FlexBroadcastGradientArgs"] == 3

    @pytest.mark.parametrize("path", sorted(MODELS.glob("*.tflite")), ids=lambda path: path.stem)
    def test_lowered_model_when_described_then_is_what_its_bytes_say(self, path):
        lowered = lower(path.read_bytes())
        assert lowered.describe() == describe(lowered.data)

    def test_string_input_when_described_then_is_a_string(self):
        found = describe(CHECKPOINT.read_bytes()).signature("save")
        assert [(t.name, t.dtype) for t in found.inputs] == [("checkpoint_path", "string")]


class TestLostRelu:
    """relu(x @ variable) without a bias: the converter keeps its name alone."""

    FILE = Path(__file__).parents[1] / "runtime" / "models" / "dialect_autoencoder.tflite"

    def test_it_is_told_before_and_after_lowering(self):
        data = self.FILE.read_bytes()
        assert describe(data).lost == ("matmul;Relu",)
        once = lower(data)
        assert once.describe().lost == ("matmul;Relu",)
        assert describe(once.data).lost == ("matmul;Relu",)
        assert describe(lower(once.data).data).lost == ("matmul;Relu",)

    def test_file_answers_without_it(self):
        interpreter = Interpreter(model_content=lower(self.FILE.read_bytes()).data, num_threads=1)
        x = np.random.default_rng(0).normal(size=(20, 12)).astype(np.float32)
        assert run(interpreter, "reconstruct", observation=x)["code"].min() < 0

    @pytest.mark.parametrize(
        "name", [b"gradient_tape/matmul/MatMul_1;Relu", b"matmul", b"matmul;dense/Relumatic"]
    )
    def test_other_names_tell_nothing(self, name):
        model = read(self.FILE.read_bytes())
        for graph in model.subgraphs:
            for tensor in graph.tensors:
                if tensor.name == b"matmul;Relu":
                    tensor.name = name
        assert describe(write(model)).lost == ()

    def test_relu_that_follows_is_not_lost(self):
        model = read(self.FILE.read_bytes())
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RELU
        model.operatorCodes.append(code)
        for graph in model.subgraphs:
            for index, tensor in enumerate(graph.tensors):
                if tensor.name == b"matmul;Relu":
                    operator = schema.OperatorT()
                    operator.opcodeIndex = len(model.operatorCodes) - 1
                    operator.inputs, operator.outputs = [index], [len(graph.tensors)]
                    graph.operators.append(operator)
                    graph.tensors.append(schema.TensorT())
                    graph.tensors[-1].shape, graph.tensors[-1].buffer = [1, 4], 0
                    break
        assert lost_limits(model) == ()

    @pytest.mark.parametrize("path", sorted(MODELS.glob("*.tflite")), ids=lambda path: path.stem)
    def test_public_models_have_lost_none(self, path):
        assert describe(path.read_bytes()).lost == ()
