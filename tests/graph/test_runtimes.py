"""Which runtime a file needs, by its ops: said in words, and by the file itself."""

from copy import copy

import numpy as np
import pytest
from graphs import empty

from odt_core import bake, load_model
from odt_core.graph import describe, lower
from odt_core.graph.finished import finished
from odt_core.graph.flatbuffer import read, write
from odt_core.graph.runtimes import first_runtime, needs, say_runtime
from tests.zoo_models import zoo_file

DROPOUT, PLAIN = "cnn_dropout_seeded_keras2", "mlp_adam_keras2"


def said(data):
    """What the file's own metadata says."""
    model = read(data)
    (entry,) = (one for one in model.metadata if one.name == b"min_runtime_version")
    return bytes(model.buffers[entry.buffer].data)


def product(*shapes):
    b = empty()
    inputs = [b.new(shape, np.float32) for shape in shapes]
    b.graph.outputs = [b.mul(*inputs).index]
    b.graph.inputs, b.graph.operators = [one.index for one in inputs], b.operators
    return b.model


class TestLowered:
    def test_file_that_draws_random_numbers_says_that_it_needs_the_op_for_that(self):
        lowered = lower(zoo_file(DROPOUT))
        assert said(zoo_file(DROPOUT)) == b"2.8.0".ljust(16, b"\0")  # of its builtin ops
        assert said(lowered.data) == b"2.15.0".ljust(16, b"\0")
        assert lowered.describe().needs == "needs TFLite 2.15 / LiteRT 1.0 or newer"

    def test_file_of_common_ops_runs_on_the_oldest_that_knows_variables(self):
        lowered = lower(zoo_file(PLAIN))
        assert said(lowered.data) == b"2.6.0".ljust(16, b"\0")
        assert lowered.describe().needs == "needs TFLite 2.6 / LiteRT 1.0 or newer"

    def test_baked_file_that_only_predicts_needs_no_more_than_predicting_does(self):
        model = load_model(zoo_file(DROPOUT))
        data = bake(model.data, model.session().state(), inference_only=True)
        assert said(data) == b"2.6.0".ljust(16, b"\0")


class TestOps:
    def test_op_in_a_later_version_needs_what_first_had_that(self):
        b = empty()
        x = b.new((2,), np.float32)
        b.graph.outputs, b.graph.inputs = [b.cast(x, np.int32).index], [x.index]
        b.graph.operators = b.operators
        assert first_runtime(b.model) == (2, 6)
        b.model.operatorCodes[0].version = 5
        assert first_runtime(b.model) == (2, 12)

    def test_op_on_other_numbers_needs_the_version_for_them_whatever_the_file_says(self):
        b = empty()
        x = b.new((2,), np.int32)
        b.graph.outputs, b.graph.inputs = [b.abs(x).index], [x.index]
        b.graph.operators = b.operators
        assert b.model.operatorCodes[0].version == 1
        assert first_runtime(b.model) == (2, 12)

    @pytest.mark.parametrize(
        ("shapes", "runtime"),
        [
            (((None, 1, 1, 4, 1), (None, 6, 6, 4, 2)), (2, 15)),  # ends the process in 2.14
            (((None, 6, 6, 4, 2), (None, 1, 1, 4, 2)), (2, 6)),
            (((None, 2, 2, 2, 4), (4,)), (2, 6)),
            (((2, 2, 2, 1, 4), ()), (2, 6)),
            (((4, 1, 3, 1), (4, 2, 3, 2)), (2, 6)),
        ],
    )
    def test_product_of_many_axes_needs_more_where_several_runs_are_repeated(self, shapes, runtime):
        assert first_runtime(product(*shapes)) == runtime


class TestWords:
    @pytest.mark.parametrize(
        ("runtime", "litert"),
        [((2, 16), "1.0"), ((2, 17), "1.2"), ((2, 20), "2.0"), ((2, 21), "2.3"), ((9, 9), "2.3")],
    )
    def test_package_is_the_first_that_has_all_ops_of_the_runtime(self, runtime, litert):
        assert needs(runtime).endswith(f" / LiteRT {litert} or newer")


class TestMetadata:
    def test_file_without_a_word_gets_one(self):
        data = finished(product((2,), (2,)))
        assert said(data) == b"2.6.0".ljust(16, b"\0")
        assert describe(data).runtime == (2, 6)

    def test_buffer_that_holds_something_else_too_stays_as_it_is(self):
        model = read(lower(zoo_file(PLAIN)).data)
        weights = next(at for at, one in enumerate(model.buffers) if one.data is not None)
        before = bytes(model.buffers[weights].data)
        (entry,) = (one for one in model.metadata if one.name == b"min_runtime_version")
        entry.buffer = weights
        say_runtime(model)
        assert bytes(model.buffers[weights].data) == before
        assert said(write(model)) == b"2.6.0".ljust(16, b"\0")

    def test_name_that_stands_twice_then_is_said_once(self):
        model = read(lower(zoo_file(PLAIN)).data)
        (entry,) = (one for one in model.metadata if one.name == b"min_runtime_version")
        model.metadata = [*model.metadata, copy(entry)]
        say_runtime(model)
        assert said(write(model)) == b"2.6.0".ljust(16, b"\0")
