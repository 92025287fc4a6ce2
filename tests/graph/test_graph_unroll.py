"""Loops over lists of tensors (recurrent layers as Keras makes them) against eager TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from odt_core import load_model
from odt_core.graph import describe, flatbuffer, lower
from odt_core.graph.operators import name_of
from odt_core.runtime.model import Model
from tests.converting import file_of

STEPS, FEATURES, UNITS = 5, 3, 4


class Recurrent(tf.Module):
    """h' = tanh(x·w + h·u), every step's h kept; the last one times v is compared with y."""

    def __init__(self) -> None:
        super().__init__()
        random = np.random.default_rng(3)
        self.w = tf.Variable(random.normal(0, 0.5, (FEATURES, UNITS)).astype("f"), name="w")
        self.u = tf.Variable(random.normal(0, 0.5, (UNITS, UNITS)).astype("f"), name="u")
        self.v = tf.Variable(random.normal(0, 0.5, (UNITS, 1)).astype("f"), name="v")

    def forward(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        steps = tf.transpose(x, [1, 0, 2])  # [T, N, F]
        count = tf.shape(steps)[0]
        given = tf.TensorArray(tf.float32, count).unstack(steps)
        kept = tf.TensorArray(tf.float32, count)
        h = tf.zeros([tf.shape(x)[0], UNITS])
        _, h, kept = tf.while_loop(
            lambda t, h, kept: t < count,
            lambda t, h, kept: self._step(t, h, kept, given),
            (tf.constant(0), h, kept),
        )
        return h @ self.v, tf.transpose(kept.stack(), [1, 0, 2])

    def _step(self, t, h, kept, given):  # type: ignore[no-untyped-def]
        h = tf.tanh(given.read(t) @ self.w + h @ self.u)
        return t + 1, h, kept.write(t, h)

    def step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            prediction, kept = self.forward(x)
            loss = tf.reduce_mean(tf.square(prediction - y)) + 0.1 * tf.reduce_mean(kept)
        variables = [self.w, self.u, self.v]
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.1 * gradient)
        return loss


def recurrent(folder: Path, steps: int | None) -> bytes:
    module = Recurrent()
    x = tf.TensorSpec([None, steps, FEATURES], tf.float32, name="x")
    y = tf.TensorSpec([None, 1], tf.float32, name="y")
    train = tf.function(lambda x, y: {"loss": module.step(x, y)}, input_signature=[x, y])
    infer = tf.function(
        lambda x: dict(zip(("output", "steps"), module.forward(x), strict=True)),
        input_signature=[x],
    )
    weights = tf.function(lambda: {"w": module.w.read_value()}, input_signature=[])
    return file_of(module, folder, train=train, infer=infer, weights=weights)


def ops_of(data: bytes) -> int:
    """How many ops a file has when it is lowered."""
    return sum(len(graph.operators) for graph in flatbuffer.read(lower(data).data).subgraphs)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return recurrent(tmp_path_factory.mktemp("fixed"), STEPS)


@pytest.fixture(scope="module")
def fixed(converted: bytes) -> Model:
    return load_model(converted)


def without_ranks(data: bytes) -> bytes:
    """The model as converters before 2.8 write it: no shapes of what loop bodies work out."""
    model = flatbuffer.read(data)
    signatures = {signature.subgraphIndex for signature in model.signatureDefs}
    for index, graph in enumerate(model.subgraphs):
        for operator in [] if index in signatures else graph.operators:
            output = graph.tensors[operator.outputs[0]] if len(operator.outputs) else None
            if output is not None and name_of(model, operator) in ("ADD", "MUL", "SUB", "TANH"):
                output.shape, output.shapeSignature, output.hasRank = None, None, False
    return flatbuffer.write(model)


def with_roots(data: bytes) -> bytes:
    """The model with 1 / √x for each tanh: a division and a root once it is written."""
    model = flatbuffer.read(data)
    for code in model.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.TANH:
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RSQRT
    return flatbuffer.write(model)


class TestFixedNumberOfSteps:
    def test_losses_when_trained_then_equal_tensorflows(self, fixed: Model) -> None:
        module, session, random = Recurrent(), fixed.session(), np.random.default_rng(5)
        for batch in (4, 4, 1, 7, 4, 4, 4, 4):
            x = random.normal(size=(batch, STEPS, FEATURES)).astype("f")
            y = random.normal(size=(batch, 1)).astype("f")
            expected = module.step(tf.constant(x), tf.constant(y)).numpy()
            assert session.run("train", x=x, y=y)["loss"] == pytest.approx(expected, rel=1e-5)
        x = random.normal(size=(3, STEPS, FEATURES)).astype("f")
        output, steps = module.forward(tf.constant(x))
        got = session.run("infer", x=x)
        np.testing.assert_allclose(got["output"], output, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(got["steps"], steps, rtol=1e-4, atol=1e-6)

    def test_losses_when_the_file_leaves_out_ranks_then_are_the_same(
        self, converted: bytes, fixed: Model
    ) -> None:
        random = np.random.default_rng(6)
        x = random.normal(size=(4, STEPS, FEATURES)).astype("f")
        y = random.normal(size=(4, 1)).astype("f")
        first, second = fixed.session(), load_model(without_ranks(converted)).session()
        for _ in range(3):
            expected = first.run("train", x=x, y=y)["loss"]
            assert second.run("train", x=x, y=y)["loss"] == pytest.approx(expected, rel=1e-6)

    def test_ops_when_lowered_then_no_loop_and_no_list_is_left(self, fixed: Model) -> None:
        ops = describe(fixed.data).operators
        assert not [op for op in ops if op == "WHILE" or "TensorList" in op]

    def test_report_when_lowered_then_names_the_ops_that_are_gone(self, fixed: Model) -> None:
        gone = {rewrite.op for rewrite in fixed.description.rewrites}
        assert {"TensorListStack", "TensorListPopBack", "TensorListPushBack"} <= gone


class TestManySteps:
    @pytest.mark.parametrize("fewer", [1, 20])  # 1: fewer than what odt adds has
    def test_signature_that_is_too_long_then_is_named_and_the_others_work(
        self, converted: bytes, monkeypatch: pytest.MonkeyPatch, fewer: int
    ) -> None:
        monkeypatch.setattr("odt_core.graph.checks.many_ops.MOST_OPS", ops_of(converted) - fewer)
        lowered = lower(converted)
        assert [gap.message for gap in lowered.missing] == [
            "The signature 'train' needs the op While: its loops have too many steps to be written "
            "out. Convert the model with fewer time steps."
        ]
        x = np.ones((2, STEPS, FEATURES), np.float32)
        assert load_model(lowered.data).session().run("infer", x=x)["output"].shape == (2, 1)

    def test_ops_that_only_writing_needs_then_count_too(
        self, converted: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = with_roots(converted)
        monkeypatch.setattr("odt_core.graph.checks.many_ops.MOST_OPS", ops_of(data) - 1)
        assert [gap.signature for gap in lower(data).missing] == ["train"]

    def test_signatures_that_just_fit_then_are_kept(
        self, converted: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("odt_core.graph.checks.many_ops.MOST_OPS", ops_of(converted))
        assert lower(converted).missing == ()


class TestUnknownNumberOfSteps:
    def test_train_when_steps_are_dynamic_then_is_explained_and_others_work(
        self, tmp_path: Path
    ) -> None:
        lowered = lower(recurrent(tmp_path, None))
        (missing,) = [m for m in lowered.missing if m.signature == "train"]
        assert "fixed number of time steps" in missing.message
        assert "instead of tf.map_fn, compute all samples at once" in missing.message
        assert "needs the op While: " in missing.message  # of which no node is known
        session = load_model(lowered.data).session()
        assert session.run("weights")["w"].shape == (FEATURES, UNITS)


class TestLists:
    def test_entry_when_never_written_then_is_zeros(self, tmp_path: Path) -> None:
        def fill(x: tf.Tensor) -> dict[str, tf.Tensor]:
            kept = tf.TensorArray(tf.float32, 4, element_shape=[2])
            _, kept = tf.while_loop(
                lambda t, kept: t < 3,
                lambda t, kept: (t + 2, kept.write(t, x * tf.cast(t + 1, tf.float32))),
                (tf.constant(0), kept),
            )
            return {"y": kept.stack()}

        spec = tf.TensorSpec([2], tf.float32, name="x")
        data = file_of(tf.Module(), tmp_path, fill=tf.function(fill, input_signature=[spec]))
        got = load_model(data).session().run("fill", x=np.array([1, 2], "f"))["y"]
        assert got.tolist() == [[1, 2], [0, 0], [3, 6], [0, 0]]

    def test_loop_when_without_lists_then_stays_a_loop(self, tmp_path: Path) -> None:
        def double(x: tf.Tensor, times: tf.Tensor) -> dict[str, tf.Tensor]:
            loop = tf.while_loop(
                lambda t, x: t < times, lambda t, x: (t + 1, x * 2), (tf.constant(0), x)
            )
            return {"y": loop[1]}

        specs = [tf.TensorSpec([2], tf.float32, name="x"), tf.TensorSpec([], tf.int32, "times")]
        data = file_of(tf.Module(), tmp_path, double=tf.function(double, input_signature=specs))
        model = load_model(data)
        got = model.session().run("double", x=np.array([1, 3], "f"), times=np.array(4, "i"))["y"]
        assert got.tolist() == [16, 48]
        assert "WHILE" in describe(model.data).operators


class TestConditions:
    """tf.cond whose gradient is taken; right ones are in the zoo (conditions_module)."""

    def converted(self, folder: Path, step: object) -> bytes:
        module = tf.Module()
        module.w = tf.Variable(np.ones((3, 1), "f"), name="w")
        module.n = tf.Variable(0, name="n")
        x = tf.TensorSpec([None, 3], tf.float32, name="x")
        train = tf.function(lambda x: {"loss": step(module, x)}, input_signature=[x])  # type: ignore[operator]
        infer = tf.function(lambda x: {"output": x @ module.w}, input_signature=[x])
        return file_of(module, folder, train=train, infer=infer)

    def test_train_when_a_branch_sets_a_variable_then_is_explained_and_others_work(
        self, tmp_path: Path
    ) -> None:
        def step(module, x):  # type: ignore[no-untyped-def]
            def counted() -> tf.Tensor:
                module.n.assign_add(1)
                return tf.tanh(x @ module.w)

            with tf.GradientTape() as tape:
                h = tf.cond(tf.reduce_sum(x) > 0, counted, lambda: x @ module.w)
                loss = tf.reduce_mean(h)
            module.w.assign_sub(tape.gradient(loss, module.w))
            return loss

        lowered = lower(self.converted(tmp_path, step))
        (message,) = {missing.message for missing in lowered.missing}
        assert "a branch of its tf.cond sets variables" in message
        assert "infer" in {one.name for one in lowered.describe().signatures}

    def test_branch_that_only_one_value_leaves_then_both_kinds_of_step_learn(
        self, tmp_path: Path
    ) -> None:
        def step(module, x):  # type: ignore[no-untyped-def]
            with tf.GradientTape() as tape:
                rare = tf.reduce_sum(x) > 0
                h = tf.cond(rare, lambda: tf.exp(x @ module.w) ** 2, lambda: -(x @ module.w))
                loss = tf.reduce_mean(h)
            module.w.assign_sub(0.01 * tape.gradient(loss, module.w))
            return loss

        session = load_model(self.converted(tmp_path, step)).session()
        w = np.ones((3, 1), "f")
        for sign in (1, -1, -1, 1):
            x = sign * np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]], "f")
            slope = 2 * np.exp(2 * x @ w) * x if sign > 0 else -x
            w = w - 0.01 * slope.mean(0)[:, None]
            session.run("train", x=x)
            np.testing.assert_allclose(
                session.run("infer", x=np.eye(3, dtype="f"))["output"], w, rtol=1e-5
            )

    def test_switch_case_then_is_told_to_be_written_with_cond(self, tmp_path: Path) -> None:
        def step(module, x):  # type: ignore[no-untyped-def]
            steps = [lambda: 0.9 * module.w, lambda: 1.1 * module.w, lambda: module.w + 0.2]
            module.n.assign_add(1)
            module.w.assign(tf.switch_case(module.n.read_value(), steps))
            return tf.reduce_mean(x @ module.w)

        (missing,) = lower(self.converted(tmp_path, step)).missing
        assert "Use tf.cond in place of tf.switch_case." in missing.message
