"""What ties a progress to its run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odt_core.samples import Labels, Samples
from odt_core.training import Settings
from odt_core.training.checks import fingerprint

X = np.arange(24, dtype=np.float32).reshape(6, 4) / 8
LABELLED = Samples(X, np.arange(6) % 3, Labels.numbered(3))
OF_VALUES = Samples(X, X[:, :2], Labels(()))
SETTINGS = Settings()


class TestFingerprint:
    def test_runs_of_before_are_known_again(self):
        wanted = "4a40778fec0168d0045982a13396a57ba106c533874da8d88f9e8de7d96397e0"
        assert fingerprint(Settings(), LABELLED, LABELLED.take(np.arange(2))) == wanted
        wanted = "d15694f1aa8d9a3167983e7f9dabfd0e36b5f85262e92aefaaf3e7127cc99e79"
        assert fingerprint(Settings(), OF_VALUES, None) == wanted

    @pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f4"])
    def test_numbers_are_the_same_in_any_dtype(self, dtype):
        x = X.astype(dtype)
        for y in (np.int32, np.uint8, ">i8"):
            same = Samples(x, LABELLED.y.astype(y), LABELLED.labels)
            assert fingerprint(SETTINGS, same, None) == fingerprint(SETTINGS, LABELLED, None)
        same = Samples(x, x[:, :2], Labels(()))
        assert fingerprint(SETTINGS, same, None) == fingerprint(SETTINGS, OF_VALUES, None)

    def test_other_numbers_are_others(self):
        other = replace(LABELLED, x=X + 1e-3)
        assert fingerprint(SETTINGS, other, None) != fingerprint(SETTINGS, LABELLED, None)
        moved = replace(LABELLED, y=(LABELLED.y + 1) % 3)
        assert fingerprint(SETTINGS, moved, None) != fingerprint(SETTINGS, LABELLED, None)
