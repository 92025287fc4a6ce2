"""TensorFlow ops that a converter stored as custom ops do what TensorFlow's own do."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from flatbuffers import flexbuffers

from odt_core.errors import LoweringError, ModelError
from odt_core.graph import describe, lower
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.flex import read_flex
from odt_core.graph.operators import name_of
from odt_core.runtime.interpreter import Interpreter
from tests.converting import functions_of

X = np.random.default_rng(0).normal(size=(2, 4, 4, 2)).astype(np.float32)


class Net(tf.Module):
    """Ops whose attributes all differ from their defaults, and a signature without such ops."""

    @tf.function(input_signature=[tf.TensorSpec(X.shape)])
    def ops(self, x):
        raw, seed = tf.raw_ops, tf.constant([1, 2])
        window = {"strides": [1, 2, 1, 1], "padding": "SAME"}
        key, counter = raw.StatelessRandomGetKeyCounter(seed=seed)
        drawn = {"key": key, "counter": counter, "alg": 1, "shape": [3], "dtype": tf.uint32}
        return {
            "slope": raw.LeakyReluGrad(gradients=x, features=x, alpha=0.4),
            "product": raw.Cumprod(x=x, axis=1, exclusive=True, reverse=True),
            "larger": raw.ResizeBicubic(images=x, size=[7, 8], half_pixel_centers=True),
            "patches": raw.ExtractImagePatches(
                images=x, ksizes=[1, 2, 3, 1], rates=[1, 1, 2, 1], **window
            ),
            "kernel": raw.Conv2DBackpropFilter(
                input=x, filter_sizes=[2, 2, 2, 2], out_backprop=x[:, :2], **window
            ),
            "quantised": raw.FakeQuantWithMinMaxArgsGradient(
                gradients=x, inputs=x, min=-0.1, max=0.5, num_bits=4
            ),
            "drawn": raw.StatelessRandomUniformFullIntV2(**drawn),
        }

    @tf.function(input_signature=[tf.TensorSpec(X.shape)])
    def plain(self, x):
        return {"y": 2 * x}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> bytes:
    net, folder = Net(), str(tmp_path_factory.mktemp("model"))
    tf.saved_model.save(net, folder, signatures={"ops": net.ops, "plain": net.plain})
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    converter.allow_custom_ops = True
    return converter.convert()


class Odd(tf.Module):
    """An op that odt has no rule for, one that LiteRT has, and a signature without such ops."""

    @tf.function(input_signature=[tf.TensorSpec([4])])
    def odd(self, x):
        return {"y": tf.raw_ops.Digamma(x=x)}

    @tf.function(input_signature=[tf.TensorSpec([64, 1])])
    def heard(self, x):
        return {"y": tf.raw_ops.AudioSpectrogram(input=x, window_size=16, stride=8)}

    @tf.function(input_signature=[tf.TensorSpec([4])])
    def plain(self, x):
        return {"y": 2 * x}


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> bytes:
    net, folder = Odd(), str(tmp_path_factory.mktemp("odd"))
    tf.saved_model.save(net, folder, functions_of(net, "odd", "heard", "plain"))
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    converter.allow_custom_ops = True
    return converter.convert()


def with_options(data: bytes, change) -> bytes:
    """The file with other options of its LeakyReluGrad."""
    model = read(data)
    for operator in (o for graph in model.subgraphs for o in graph.operators):
        if name_of(model, operator) == "LeakyReluGrad":
            made = change(bytes(np.asarray(operator.customOptions, np.uint8)))
            operator.customOptions = None if made is None else np.frombuffer(made, np.uint8)
    return write(model)


class TestCustomOps:
    def test_file_when_lowered_then_answers_as_tensorflow(self, data):
        custom = set(describe(data).custom_ops)
        assert len(custom) == 8  # all but what `plain` does
        lowered = lower(data)
        assert lowered.missing == ()
        assert lowered.describe().custom_ops == ()
        given = Interpreter(lowered.data).signature("ops")({"x": X})
        for name, expected in Net().ops(tf.constant(X)).items():
            np.testing.assert_allclose(given[name], expected.numpy(), atol=1e-5, err_msg=name)

    @pytest.mark.parametrize(
        "change",
        [
            lambda options: None,
            lambda options: b"",
            lambda options: options[:-3],
            lambda options: b"\xff" * 40,
            lambda options: flexbuffers.Dumps([1, "alpha"]),
            lambda options: flexbuffers.Dumps({f"a{i}": i for i in range(1000)}),
            lambda options: flexbuffers.Dumps({"alpha": None}),
            lambda options: flexbuffers.Dumps({"alpha": 0.4, "text": "x" * 2**17}),
        ],
        ids=["none", "empty", "cut", "ones", "a vector", "many", "of no kind", "long"],
    )
    def test_attributes_that_cannot_be_read_then_cost_their_signature_alone(self, data, change):
        lowered = lower(with_options(data, change))
        (missing,) = lowered.missing
        assert (missing.op, missing.signature) == ("LeakyReluGrad", "ops")
        assert "attributes cannot be read" in missing.message
        given = Interpreter(lowered.data).signature("plain")({"x": X})
        np.testing.assert_array_equal(given["y"], 2 * X)

    def test_options_with_any_byte_changed_then_are_read_or_a_plain_error(self, data):
        model = read(data)
        operator = next(
            operator
            for graph in model.subgraphs
            for operator in graph.operators
            if name_of(model, operator) == "Conv2DBackpropFilter"
        )
        whole = np.asarray(operator.customOptions, np.uint8)
        refused = 0
        for at, value in itertools.product(range(len(whole)), (0, 1, 0x27, 0x7F, 0x80, 0xFF)):
            operator.customOptions = whole.copy()
            operator.customOptions[at] = value
            try:
                read_flex(model, operator)
            except ModelError:
                refused += 1
        assert refused > 100


class TestOtherCustomOps:
    def test_op_that_neither_odt_nor_litert_knows_is_missing_with_its_signature(self, odd):
        lowered = lower(odd)
        (missing,) = lowered.missing
        assert (missing.op, missing.signature) == ("Digamma", "odd")
        assert "a custom op that LiteRT does not have" in missing.message
        about = lowered.describe()
        assert about.signature("odd") is None
        assert about.signature("plain") is not None

    def test_op_that_litert_has_stays(self, odd):
        x = np.random.default_rng(0).normal(size=(64, 1)).astype(np.float32)
        lowered = lower(odd)
        assert lowered.describe().custom_ops == ("AudioSpectrogram",)
        given = Interpreter(lowered.data).signature("heard")({"x": x})["y"]
        assert np.array_equal(given, Odd().heard(x)["y"])

    def test_model_without_signatures_that_needs_one_is_refused(self, odd):
        model = read(odd)
        (own,) = (one for one in model.signatureDefs if one.signatureKey == b"odd")
        graphs, first = model.subgraphs, own.subgraphIndex
        graphs[0], graphs[first] = graphs[first], graphs[0]
        model.signatureDefs = None
        with pytest.raises(LoweringError, match="needs the op Digamma"):
            lower(write(model))
