"""Numbers as small pictures: what is drawn, and how."""

import numpy as np
import pytest

from odt_core.workspace.sparkline import draw_series, is_series


class TestIsSeries:
    @pytest.mark.parametrize(
        ("shape", "series"),
        [((1,), True), ((30,), True), ((128, 3), True), ((128, 9), True), ((16, 9), False),
         ((8, 3), True), ((1, 30), True), ((28, 28), False), ((28, 28, 1), False),
         ((8, 8, 3), False), ((), True)],
    )  # fmt: skip
    def test_rows_and_windows_are_pictures_are_not(self, shape, series):
        assert is_series(np.zeros(shape, np.float32)) is series


class TestDrawing:
    def ink(self, values):
        """Share of dark pixels in each column, [side]."""
        return (np.asarray(draw_series(np.array(values, np.float32), 60).convert("L")) < 200).mean(
            0
        )

    def test_bars_grow_with_their_values(self):
        ink = self.ink([1, 2, 4])
        assert ink[10] < ink[26] < ink[42]

    def test_flat_curve_is_one_level_line(self):
        picture = np.asarray(draw_series(np.full(100, 3.0, np.float32), 60).convert("L")) < 200
        assert 1 <= picture.any(axis=1).sum() <= 4

    def test_peak_between_two_pixels_is_drawn(self):
        wave = np.zeros(16_000, np.float32)
        wave[8_005], wave[8_006] = 1, -1
        picture = np.asarray(draw_series(wave, 60).convert("L")) < 200
        assert picture[:10].any()
        assert picture[-10:].any()

    def test_two_numbers_are_digits(self):
        assert self.ink([3.25]).sum() > 0

    def test_huge_and_tiny_values_are_drawn_without_a_word(self):
        with np.errstate(all="raise"):
            assert self.ink([1e38, -1e38, 0, 1e-38]).sum() > 0
