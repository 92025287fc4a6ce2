import numpy as np
import pytest

from odt_core.bundled import ASSETS
from odt_core.errors import SampleError
from odt_core.samples import Augmentation, Preprocessing


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(ASSETS / "data" / "replay.npz") as arrays:
        pictures = arrays["x"][:16]
    return np.stack([Preprocessing("ink", (28, 28, 1)).apply(p) for p in pictures])


class TestAugmentation:
    def test_strength_zero_changes_nothing(self, digits):
        out = Augmentation().scaled(0).batch(digits, np.random.default_rng(0))
        assert np.array_equal(out, digits)

    def test_same_generator_gives_the_same_variants(self, digits):
        first, again, other = (
            Augmentation().batch(digits, np.random.default_rng(s)) for s in (1, 1, 2)
        )
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_variants_keep_shape_range_and_most_of_the_ink(self, digits):
        out = Augmentation().batch(digits, np.random.default_rng(0))
        assert out.shape == digits.shape
        assert out.dtype == np.float32
        assert 0 <= out.min() <= out.max() <= 1
        ratio = out.sum(axis=(1, 2, 3)) / digits.sum(axis=(1, 2, 3))
        assert 0.6 < ratio.min() < ratio.max() < 1.6

    def test_move_alone_shifts_whole_pixels_of_every_channel(self):
        picture = np.zeros((1, 8, 8, 2), np.float32)
        picture[0, 4, 4] = (1.0, 0.5)
        still = Augmentation(rotation=0, shear=0, zoom=0, aspect=0, bend=0, move=14)
        out = still.batch(picture, np.random.default_rng(3))
        assert out[0, ..., 0].sum() == pytest.approx(2 * out[0, ..., 1].sum())

    def test_input_that_is_no_picture_is_returned_as_it_is(self):
        x = np.ones((3, 5), np.float32)
        assert Augmentation().batch(x, np.random.default_rng(0)) is x

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "0.1"])
    @pytest.mark.parametrize("name", ["rotation", "paper"])
    def test_what_is_no_finite_number_raises(self, name, value):
        with pytest.raises(SampleError, match=f"augmentation's {name} is .*finite number"):
            Augmentation(**{name: value})

    def test_negative_strength_raises(self):
        with pytest.raises(SampleError, match="cannot be negative"):
            Augmentation().scaled(-1)
