"""Rows that are gathered into LiteRT's own memory are the rows that were chosen."""

import numpy as np
import pytest

import odt_core as odt
from odt_core.bundled import bundled_models
from odt_core.errors import SignatureError
from odt_core.runtime.rows import Rows


@pytest.fixture
def pools():
    rng = np.random.default_rng(0)
    return rng.random((40, 28, 28, 1), np.float32), np.eye(16, dtype=np.float32)[
        rng.integers(0, 10, 40)
    ]


def test_rows_when_gathered_then_they_are_the_chosen_ones_in_order(pools):
    x, _ = pools
    rows = Rows((x, np.array([3, 3, 39])), (x[::-1], np.array([0])))
    assert (len(rows), rows.shape, rows.ndim, rows.dtype) == (4, (4, 28, 28, 1), 4, np.float32)
    assert np.array_equal(np.asarray(rows), x[[3, 3, 39, 39]])
    assert np.array_equal(np.asarray(rows, np.float64), x[[3, 3, 39, 39]].astype(np.float64))


def test_train_features_when_given_rows_then_the_weights_are_those_of_the_arrays(pools):
    x, y = pools
    model = odt.load_model(bundled_models()[0])
    plain, gathered = model.session(), model.session()
    rng = np.random.default_rng(1)
    for size in (16, 16, 7, 16):  # another size has LiteRT plan its memory anew
        rows = rng.integers(0, 40, size)
        loss = plain.train_features(x[rows], y[rows])
        assert gathered.train_features(Rows((x, rows)), Rows((y, rows))) == loss
    for name, array in plain.state().items():
        assert np.array_equal(array, gathered.state()[name]), name


def test_train_features_when_rows_need_another_form_then_they_get_it(pools):
    x, y = pools
    model = odt.load_model(bundled_models()[0])
    plain, gathered = model.session(), model.session()
    rows = np.arange(8)
    flat, labels = x.reshape(40, -1).astype(np.float64), y.argmax(1)
    assert gathered.train_features(
        Rows((flat, rows)), Rows((labels, rows))
    ) == plain.train_features(x[rows], y[rows])


def test_train_features_when_rows_do_not_fit_then_it_says_so_and_trains_on(pools):
    x, y = pools
    session = odt.load_model(bundled_models()[0]).session()
    rows = np.arange(8)
    with pytest.raises(SignatureError, match="wants"):
        session.train_features(Rows((x[:, :20], rows)), Rows((y, rows)))
    with pytest.raises(SignatureError, match="8 samples and 7 labels"):
        session.train_features(Rows((x, rows)), Rows((y, rows[:7])))
    assert np.isfinite(session.train_features(Rows((x, rows)), Rows((y, rows))))
