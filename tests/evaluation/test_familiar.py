"""How strange features are beside those a model learnt from."""

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.evaluation.familiar import fit_familiar


def around(*means: list[float], n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = np.array(means, np.float32)
    y = np.repeat(np.arange(len(centres)), n)
    x = np.abs(centres[y] + rng.normal(0, 0.3, (len(y), centres.shape[1])))
    return x.astype(np.float32), y


class TestFitFamiliar:
    def test_score_when_features_are_a_labels_mean_is_zero(self):
        x = np.array([[4, 0], [4, 0], [0, 9], [0, 9]], np.float32)
        got = fit_familiar(x, np.array([0, 0, 1, 1]))
        assert got.score(np.array([[1, 0], [0, 2]], np.float32)) == pytest.approx([0, 0], abs=1e-6)
        assert got.score(np.array([[5, 5]], np.float32)) == pytest.approx([1 - np.sqrt(0.5)])

    def test_threshold_keeps_the_share_of_samples_that_were_left_out(self):
        x, y = around([9, 1, 1, 1], [1, 9, 1, 1], n=20)
        got = fit_familiar(x, y, kept=0.9)
        left_out = []
        for k in range(len(x)):
            others = np.arange(len(x)) != k
            left_out.append(fit_familiar(x[others], y[others]).score(x[k : k + 1])[0])
        assert (np.array(left_out) <= got.threshold + 1e-6).mean() == pytest.approx(0.9, abs=0.03)
        assert (got.n, got.count) == (40, 36)

    def test_samples_that_tie_with_the_threshold_are_counted(self):
        assert fit_familiar(np.ones((40, 2)), np.repeat([0, 1], 20)).count == 40

    def test_other_directions_are_unknown_and_new_samples_are_not(self):
        x, y = around([9, 1, 1, 1], [1, 9, 1, 1], n=20)
        got = fit_familiar(x, y)
        assert got.is_unknown(around([1, 1, 9, 1], [1, 1, 1, 9], n=10)[0]).all()
        assert got.is_unknown(around([9, 1, 1, 1], [1, 9, 1, 1], n=50, seed=1)[0]).mean() < 0.2

    def test_single_sample_of_a_label_is_known_but_sets_no_threshold(self):
        x, y = around([9, 1, 1], [1, 9, 1], n=5)
        got = fit_familiar(np.append(x, [[0, 0, 5]], axis=0).astype(np.float32), np.append(y, 7))
        assert got.n == 10
        assert not got.is_unknown(np.array([[0, 0, 4]], np.float32))[0]

    def test_labels_of_one_sample_each_raise(self):
        with pytest.raises(SampleError, match="two samples"):
            fit_familiar(np.eye(3, dtype=np.float32), np.arange(3))

    def test_negative_features_keep_their_sign(self):
        got = fit_familiar(np.array([[-4, 1], [-4, 1]], np.float32), np.zeros(2, int))
        assert got.score(np.array([[4, -1]], np.float32)) == pytest.approx([2])
