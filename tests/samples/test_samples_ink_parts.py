"""The quick forms of numpy's calls in odt_core.samples.ink give the same numbers, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from odt_core.samples.ink import _histogram, _padded, _percentiles


def fields() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    drawing = np.zeros((97, 140), np.float32)
    drawing[30:60, 20:44] = rng.random((30, 24), np.float32) * 255
    return {
        "drawing": drawing,
        "drawing on dark paper": 255 - drawing,
        "photo": rng.normal(120, 30, (97, 140)).astype(np.float32),
        "two levels": np.where(drawing > 100, np.float32(255), np.float32(3)),
        "paper alone": np.full((48, 50), 7, np.float32),
        "empty paper": np.zeros((48, 50), np.float32),
        "one pixel": np.full((1, 1), 3, np.float32),
        "darkest at the edge of a bin": np.arange(65 * 2, dtype=np.float32).reshape(2, 65),
    }


@pytest.fixture(params=fields(), ids=str)
def field(request: pytest.FixtureRequest) -> np.ndarray:
    return fields()[request.param]


def test_histogram_is_numpys(field: np.ndarray):
    counts, edges = _histogram(field)
    wanted, wanted_edges = np.histogram(field, 64)
    assert counts.tolist() == wanted.tolist()
    assert edges.tobytes() == wanted_edges.tobytes()


def test_padded_is_numpys(field: np.ndarray):
    assert np.asarray(_padded(field, 9)).tobytes() == np.pad(field, 9).tobytes()


@pytest.mark.parametrize("q", [0, 30, 50, 100])
def test_percentiles_are_numpys_of_each_block(field: np.ndarray, q: float):
    rows, columns = (np.linspace(0, n, min(n, 6) + 1).astype(int) for n in field.shape)
    wanted = [
        [
            np.percentile(field[top:bottom, left:right], q)
            for left, right in itertools.pairwise(columns)
        ]
        for top, bottom in itertools.pairwise(rows)
    ]
    assert _percentiles(field, rows, columns, q).tobytes() == np.float32(wanted).tobytes()
