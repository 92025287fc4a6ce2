"""What ties a progress to its run, and what the base task's samples must be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.errors import TrainingError
from odt_core.runtime import Session, load_model
from odt_core.samples import Labels, Samples
from odt_core.training import Callback, Settings, fit
from odt_core.training.checks import fingerprint, why_one_label_alone

MODELS = Path(__file__).parents[1] / "runtime" / "models"
X = np.arange(24, dtype=np.float32).reshape(6, 4) / 8
LABELLED = Samples(X, np.arange(6) % 3, Labels.numbered(3))
OF_VALUES = Samples(X, X[:, :2], Labels(()))
SETTINGS = Settings(epochs=4, batch_size=4, replay=0.0, average=1.0)
OWN, OTHER = Labels(("a", "b", "c", "d")), Labels(("b", "a", "c", "d"))


def some(count: int, labels: Labels = OWN) -> Samples:
    rng = np.random.default_rng(count)
    x = rng.random((count, 8, 8, 1), dtype=np.float32)
    return Samples(x, np.arange(count) % 4, labels)


@pytest.fixture
def session() -> Session:
    return load_model(MODELS / "tiny_momentum.tflite").session()


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


class TestOneLabel:
    def test_one_label_is_told_unless_base_samples_of_another_are_mixed_in(self, session):
        contract, every = session.contract, some(8)
        lone = every.take(every.y == 2)
        assert "is of one label, 'c'" in why_one_label_alone(contract, lone, None)
        assert "is of one label, 'c'" in why_one_label_alone(contract, lone, lone)
        assert why_one_label_alone(contract, lone, every) == ""
        assert why_one_label_alone(contract, every, None) == ""

    def test_nothing_is_told_of_values(self):
        contract = load_model(MODELS / "dialect_regression.tflite").contract
        assert why_one_label_alone(contract, OF_VALUES, None) == ""


class TestBaseSamples:
    @pytest.mark.parametrize(("kind", "what"), [("replay", "replay"), ("base_test", "base test")])
    def test_labels_in_another_order_are_refused(self, session, kind, what):
        settings = replace(SETTINGS, replay=0.5)
        with pytest.raises(TrainingError, match=f"'b' is output 0 of the {what} samples and out"):
            fit(session, some(8), settings, **{kind: some(8, OTHER)})

    @pytest.mark.parametrize("kind", ["replay", "base_test"])
    def test_the_models_own_names_hold_whatever_a_person_calls_its_outputs(self, session, kind):
        own = some(8, Labels(("1", "0", "2", "3")))
        settings = replace(SETTINGS, replay=0.5, epochs=1)
        assert fit(session, own, settings, **{kind: some(8, session.model.labels)}).steps

    def test_base_test_samples_that_cannot_be_judged_by_are_refused(self, session):
        bad = some(5)
        bad.x[3] = np.nan
        with pytest.raises(TrainingError, match=r"Sample 4 of the base test samples.*not finite"):
            fit(session, some(8), SETTINGS, base_test=bad)
        bad = Samples(np.zeros((3, 9, 9, 1), np.float32), np.arange(3), OWN)
        with pytest.raises(TrainingError, match=r"base test samples have shape \[3, 9, 9, 1\]"):
            fit(session, some(8), SETTINGS, base_test=bad)


class _Stop(Callback):
    def on_step_end(self, run, record):
        if record.step == 3:
            run.control.stop()


class TestAverage:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda sums: {},
            lambda sums: {"zzz": np.ones(3)},
            lambda sums: {name: array[:1] for name, array in sums.items()},
            lambda sums: {name: array * np.nan for name, array in sums.items()},
        ],
    )
    def test_sums_that_do_not_fit_are_refused_and_change_nothing(self, session, damage):
        progress = fit(session, some(8), SETTINGS, [_Stop()]).progress
        session.reset()
        before = session.state()
        broken = replace(progress, average=damage(progress.average))
        with pytest.raises(TrainingError, match=r"averaged weights .* are damaged"):
            fit(session, some(8), SETTINGS, start=broken)
        assert all(np.array_equal(before[name], now) for name, now in session.state().items())
        assert fit(session, some(8), SETTINGS, start=progress).steps == 8

    def test_sums_of_no_step_are_refused(self, session):
        progress = fit(session, some(8), SETTINGS, [_Stop()]).progress
        with pytest.raises(TrainingError, match="averaged weights"):
            fit(session, some(8), SETTINGS, start=replace(progress, average_count=0))
