"""How many pixels or words have the right class."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.evaluation import places, score


def found(answers, truth):
    return places(score(np.asarray(answers, np.float32), np.asarray(truth, np.float32)))


def test_half_of_a_mask_is_half_right():
    truth = np.zeros((2, 4, 4, 1))
    truth[:, :, 2:] = 1
    said = np.full((2, 4, 4, 1), 0.2)
    said[0, :, 2:] = 0.9
    got = found(said, truth)
    assert got.right == pytest.approx(0.75)
    # background: 16 of 24 places, object: 8 of 16
    assert got.mean_iou == pytest.approx((16 / 24 + 8 / 16) / 2)


def test_best_of_k_counts_and_places_of_no_class_do_not():
    truth = np.zeros((1, 2, 2, 3))
    truth[0, 0, 0, 2] = truth[0, 0, 1, 1] = truth[0, 1, 0, 0] = 1  # the last has no class
    said = np.zeros((1, 2, 2, 3))
    said[..., 2] = 0.4
    said[0, 0, 1, 1] = 0.6
    got = found(said, truth)
    assert got.right == pytest.approx(2 / 3)
    assert got.mean_iou == pytest.approx((0 + 1 + 1 / 2) / 3)


def test_all_right_is_one_however_few_have_the_class():
    truth = np.zeros((3, 8, 8))
    truth[0, 0, 0] = 1
    got = found(truth, truth)
    assert (got.right, got.mean_iou) == (1, 1)


@pytest.mark.parametrize(
    "truth", [np.ones((3, 1)), np.full((2, 4), 0.5), np.zeros((0, 4, 4)), np.array([[2.0, 1.0]])]
)
def test_numbers_have_no_places(truth):
    assert found(truth, truth) is None


def test_labels_have_no_places():
    assert places(score(np.eye(3, dtype=np.float32), np.arange(3))) is None
