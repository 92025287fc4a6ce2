"""How constants scale an input on its way to the first weights."""

from __future__ import annotations

import numpy as np

from odt_core.graph.lines import Lines
from odt_core.scaling import MOST, Scaling
from tests.graph.graphs import empty


def test_number_that_comes_on_ever_more_scales_is_not_followed_for_ever():
    b = empty()
    x = y = b.new((None, 1), np.float32)
    b.graph.inputs = np.array([x.index], np.int32)
    for k in range(40):  # 2**40 scales at the last
        ways = [b.mul(y, b.constant(1 + 2.0**-k, np.float32)), b.add(y, b.constant(k, np.float32))]
        y = b.concat(ways, 0)
    b.graph.outputs = np.array([y.index], np.int32)
    b.graph.operators = b.operators
    assert Lines(b.model, b.graph).enters(x.index) == ()


class TestScaling:
    def test_columns_repeat_in_the_numbers_of_a_row(self):
        scaling = Scaling.made(np.array([2.0, 3.0, 2.0, 3.0]), np.array(1.0))
        assert scaling == Scaling((2.0, 3.0), (1.0, 1.0))
        assert scaling.of(np.ones((1, 6), np.float32)).tolist() == [[3, 4, 3, 4, 3, 4]]

    def test_inverse_takes_back_what_was_done(self):
        scaling = Scaling((4.0,), (-1.0,))
        assert scaling.inverse().after(scaling) == Scaling()

    def test_nothing_takes_back_what_makes_all_numbers_alike(self):
        assert Scaling((0.0,), (1.0,)).inverse() is None

    def test_more_lines_than_are_kept_are_not_known(self):
        assert Scaling.made(np.arange(MOST + 1), np.array(0.0)) is None
