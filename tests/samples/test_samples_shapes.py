"""Which other shapes of the same size can only mean one thing."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.samples import Labels, Preprocessing, RawSamples, prepare
from odt_core.samples.shapes import arranged


def counted(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


class TestArranged:
    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ((12,), (3, 4)),
            ((3, 4), (12,)),
            ((1, 12), (3, 4)),
            ((5, 6), (5, 6, 1)),
            ((1, 5, 6), (5, 6, 1)),
            ((1, 5, 6), (5, 6)),
            ((), (1,)),
            ((1, 1), ()),
        ],
    )
    def test_rows_and_axes_of_one_are_the_same_numbers(self, given, wanted):
        array = counted(*given)
        assert np.array_equal(arranged(array, wanted), array.reshape(wanted))

    @pytest.mark.parametrize("channels", [3, 4])
    def test_channels_that_come_first_go_last(self, channels):
        picture = counted(8, 8, channels)
        found = arranged(picture.transpose(2, 0, 1), (8, 8, channels))
        assert np.array_equal(found, picture)

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ((6, 50), (50, 6)),
            ((25, 12), (50, 6)),
            ((8, 3, 8), (8, 8, 3)),
            ((3, 4, 4), (4, 4, 3)),  # so small that either may be meant
            ((2, 8, 8), (8, 8, 2)),
            ((8, 6), (6, 8, 1)),
            ((5,), (3, 2)),
        ],
    )
    def test_all_others_are_refused(self, given, wanted):
        assert arranged(counted(*given), wanted) is None


class TestSamples:
    def test_turned_series_is_refused_with_both_shapes(self):
        raw = RawSamples((counted(6, 50),), ("0",), ("a",))
        with pytest.raises(SampleError, match=r"shape \[6, 50\]; the model takes \[50, 6\]"):
            prepare(raw, Preprocessing("none", (50, 6)), Labels(("0",)))

    def test_channels_that_come_first_go_last_in_a_row_too(self):
        image = Preprocessing("image", (192,), picture=(8, 8, 3))
        ready = image.apply(counted(8, 8, 3).transpose(2, 0, 1))
        assert np.array_equal(ready, np.arange(192))

    def test_turned_target_is_refused_with_both_shapes(self):
        raw = RawSamples((counted(4),), ("",), ("a",), (counted(3, 2),))
        with pytest.raises(SampleError, match=r"of a has shape \[3, 2\]; .* of shape \[2, 3\]"):
            prepare(raw, Preprocessing("none", (4,)), Labels(()), (2, 3))

    def test_target_with_its_channels_first_is_turned(self):
        mask = counted(8, 8, 3)
        raw = RawSamples((counted(4),), ("",), ("a",), (mask.transpose(2, 0, 1),))
        samples = prepare(raw, Preprocessing("none", (4,)), Labels(()), (8, 8, 3))
        assert np.array_equal(samples.y[0], mask)
