"""The loop on models that are no plain classifiers: values, two labels, frozen parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from odt_core.checkpoint import Checkpoint
from odt_core.errors import SettingsError, TrainingError
from odt_core.evaluation import evaluate
from odt_core.runtime import Session, load_model
from odt_core.runtime.frozen import FrozenPart
from odt_core.samples import Labels, Samples
from odt_core.training import Autosave, Callback, Control, Outcome, Reason, Record, Run, Settings
from odt_core.training.checks import infinite_by_design
from odt_core.training.events import Ended, Evaluated, Event, Progressed
from odt_core.training.loop import fit
from odt_core.worker import Worker
from tests.converting import file_of, functions_of

MODELS = Path(__file__).parents[1] / "runtime" / "models"
PUBLIC = Path(__file__).parents[1] / "models"
NOTHING = Labels(())
SETTINGS = Settings(epochs=30, batch_size=8, learning_rate=None, replay=0.0, measure_every=1)


def session_of(name: str) -> Session:
    return load_model(MODELS / f"dialect_{name}.tflite").session()


def values(count: int = 24, seed: int = 0) -> Samples:
    """Two targets that are linear in three inputs."""
    x = np.random.default_rng(seed).random((count, 3), np.float32)
    return Samples(x, x @ np.array([[1, 2], [-1, 0], [0.5, 1]], np.float32) + 0.3, NOTHING)


def pictures(count: int = 18, seed: int = 0) -> Samples:
    """Three kinds of bright stripes."""
    rng, y = np.random.default_rng(seed), np.arange(count) % 3
    x = rng.random((count, 8, 8), np.float32) * 0.2
    x[np.arange(count), y * 2] = 1
    return Samples(x, y, Labels.numbered(3))


def rows(count: int = 23) -> Samples:
    rng, y = np.random.default_rng(1), np.arange(count) % 3
    x = rng.random((count, 6), np.float32) * 0.3
    x[np.arange(count), y] += 1
    return Samples(x, y, Labels.numbered(3))


class TestValues:
    def test_errors_stand_where_accuracy_does_otherwise_and_fall(self):
        session, test = session_of("regression"), values(10, 1)
        history = fit(session, values(), SETTINGS, test=test)
        first, last = history.evaluations[0].test, history.evaluations[-1].test
        assert (first.accuracy, first.correct, first.cross_entropy) == (None, None, None)
        assert last.mean_squared_error < first.mean_squared_error / 5
        expected = np.abs(session.infer(test.x) - test.y).mean()
        assert last.mean_absolute_error == pytest.approx(expected, rel=1e-5)
        record = history.records[0]
        assert (record.accuracy, record.cross_entropy) == (None, None)
        assert record.mean_squared_error > history.records[-1].mean_squared_error

    def test_best_is_the_smallest_error(self):
        saved: list[Checkpoint] = []
        keep = Autosave(lambda c, r: saved.append(c) if r is Reason.BEST else None, 1000)
        settings = replace(SETTINGS, evaluate_every=5)
        history = fit(session_of("regression"), values(), settings, [keep], test=values(10, 1))
        errors = {e.step: e.test.mean_squared_error for e in history.evaluations}
        assert saved[-1].meta.step == min(errors, key=lambda step: errors[step])
        assert saved[-1].progress.best_mean_squared_error == min(errors.values())

    def test_targets_of_another_shape_are_refused(self):
        bad = replace(values(), y=np.zeros((24, 3), np.float32))
        with pytest.raises(TrainingError, match=r"targets of shape \[24, 3\].*learns \['N', 2\]"):
            fit(session_of("regression"), bad, SETTINGS)

    def test_labels_where_values_are_wanted_are_refused_and_the_reverse(self):
        with pytest.raises(TrainingError, match="learns labels"):
            fit(session_of("fixed_batches"), replace(rows(), y=rows().x[:, :1]), SETTINGS)


class TestReconstruction:
    def test_samples_without_targets_are_learnt(self):
        x = np.random.default_rng(2).random((20, 12), np.float32)
        samples = Samples(x, np.zeros((20, 0), np.float32), NOTHING)
        session = session_of("autoencoder")
        history = fit(session, samples, SETTINGS, test=samples)
        first, last = (history.evaluations[at].test.mean_squared_error for at in (0, -1))
        assert last < first / 2
        assert last == pytest.approx(np.mean((session.infer(x) - x) ** 2), rel=1e-5)


class TestBinary:
    def test_two_labels_are_learnt_and_judged(self):
        rng, y = np.random.default_rng(3), np.arange(30) % 2
        x = (rng.normal(size=(30, 4)) + 2 * y[:, None]).astype(np.float32)
        samples = Samples(x, y, Labels(("no", "yes")))
        session = session_of("binary")
        history = fit(session, samples, replace(SETTINGS, learning_rate=0.3), test=samples)
        assert history.evaluations[-1].test.accuracy >= 0.9
        assert history.records[0].learning_rate == 0.3
        assert evaluate(session, samples).confusion.shape == (2, 2)

    def test_third_label_is_refused(self):
        samples = Samples(np.zeros((3, 4), np.float32), np.arange(3), Labels.numbered(3))
        with pytest.raises(TrainingError, match="labels up to 2"):
            fit(session_of("binary"), samples, SETTINGS)


class TestFrozenPart:
    def test_it_is_run_once_on_each_sample_whatever_the_number_of_epochs(self, monkeypatch):
        seen: list[int] = []
        compute = FrozenPart._compute

        def counted(self, x: np.ndarray) -> np.ndarray:
            seen.append(len(x))
            return compute(self, x)

        monkeypatch.setattr(FrozenPart, "_compute", counted)
        session = session_of("bottleneck")
        samples = pictures()
        history = fit(session, samples, replace(SETTINGS, average=0.5), test=pictures(9, 1))
        assert history.evaluations[-1].test.accuracy == 1.0
        assert sum(seen) == 18
        fit(session, samples, SETTINGS)
        assert sum(seen) == 18

    def test_augmented_samples_train_too(self):
        history = fit(session_of("bottleneck"), pictures(), replace(SETTINGS, augment=0.5))
        assert history.outcome is Outcome.FINISHED
        assert history.records[-1].loss < history.records[0].loss


class TestFixedBatches:
    def test_every_sample_is_shown_in_every_epoch_and_all_alike_over_the_epochs(self):
        shown = np.zeros(23, int)

        class Count(Callback):
            def on_step_end(self, run: Run, record: Record) -> None:
                own = run.plan.own(record.step - 1)
                shown[:] += np.bincount(own, minlength=23)
                if record.step % run.plan.steps_per_epoch == 0:
                    assert shown.min() >= record.step // run.plan.steps_per_epoch

        fit(session_of("fixed_batches"), rows(), replace(SETTINGS, epochs=40), [Count()])
        assert shown.sum() == 40 * 24  # 3 steps of 8 in each epoch of 23 samples
        assert shown.max() <= 40 + 8

    def test_own_and_replayed_samples_share_each_call_of_a_batch(self):
        settings = Settings(epochs=20, batch_size=21, replay=0.5, learning_rate=None)
        session = session_of("fixed_batches")
        history = fit(session, rows(), settings, replay=rows(30), test=rows(40))
        assert history.outcome is Outcome.FINISHED
        assert history.evaluations[-1].test.accuracy == 1.0


class TestOnlyTrain:
    def test_model_that_cannot_predict_trains_by_its_own_loss(self):
        path = PUBLIC / "flower__android-kotlin-new__logistic_regression.tflite"
        session = load_model(path).session()
        rng, y = np.random.default_rng(5), np.arange(32) % 2
        x = (rng.normal(size=(32, 30)) * 0.1 + y[:, None]).astype(np.float32)
        samples = Samples(x, y, Labels.numbered(2))
        history = fit(session, samples, replace(SETTINGS, epochs=200), test=samples)
        assert history.outcome is Outcome.FINISHED
        assert history.evaluations == ()
        assert history.records[-1].loss < history.records[0].loss * 0.8


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, run: Run, record: Record) -> None:
        if record.step == self.step:
            run.control.stop()


CASES = {
    "regression": values(),
    "bottleneck": pictures(),
    "fixed_batches": rows(),
    "autoencoder": Samples(
        np.random.default_rng(2).random((20, 12), np.float32), np.zeros((20, 0), "f4"), NOTHING
    ),
}


class TestDeterminism:
    @pytest.mark.parametrize("name", sorted(CASES))
    def test_going_on_after_a_stop_equals_never_having_stopped(self, name):
        samples = CASES[name]
        settings = replace(SETTINGS, epochs=9, average=0.5, seed=3)
        whole, again, half = (session_of(name) for _ in range(3))
        fit(whole, samples, settings, test=samples)
        fit(again, samples, settings, test=samples)
        progress = fit(
            half, samples, settings, [StopAt(7)], test=samples, control=Control()
        ).progress
        other = session_of(name)
        fit(other, samples, settings, test=samples, start=progress)
        for variable, array in whole.state().items():
            np.testing.assert_array_equal(again.state()[variable], array, err_msg=variable)
            np.testing.assert_array_equal(other.state()[variable], array, err_msg=variable)


class TestWorker:
    @pytest.mark.parametrize("name", sorted(CASES))
    def test_run_in_a_worker_is_the_run_here(self, name):
        samples, events = CASES[name], list[Event]()
        here = session_of(name)
        fit(here, samples, SETTINGS, test=samples)
        with Worker.start((MODELS / f"dialect_{name}.tflite").read_bytes()) as worker:
            worker.fit(samples, SETTINGS, test=samples, on_event=events.append)
            while worker.training:
                worker.state("base")
            np.testing.assert_array_equal(worker.infer(samples.x), here.infer(samples.x))
            assert evaluate(worker.own, samples).n == len(samples)
        assert isinstance(events[-1], Ended)
        records = [r for e in events if isinstance(e, Progressed) for r in e.records]
        assert (records[-1].mean_squared_error is None) == (records[-1].accuracy is not None)
        scores = [e.evaluation.test for e in events if isinstance(e, Evaluated)]
        assert scores[0] != scores[-1]


def test_measuring_changes_nothing_where_predicting_sets_a_variable(tmp_path):
    """A recurrent network that keeps its state in a variable, between all calls."""
    net, draw = tf.Module(), np.random.default_rng(0)
    net.w = tf.Variable(draw.normal(0, 0.4, (8, 5)), dtype=tf.float32)
    net.v = tf.Variable(draw.normal(0, 0.4, (5, 1)), dtype=tf.float32)
    net.state = tf.Variable(tf.zeros([4, 5]))

    def advanced(x):
        return tf.tanh(tf.concat([x, net.state], 1) @ net.w)

    x, y = tf.TensorSpec([4, 3], tf.float32), tf.TensorSpec([4, 1], tf.float32)

    @tf.function(input_signature=[x, y])
    def train(x, y):
        with tf.GradientTape() as tape:
            state = advanced(x)
            loss = tf.reduce_mean((state @ net.v - y) ** 2)
        for weight, gradient in zip(
            (net.w, net.v), tape.gradient(loss, [net.w, net.v]), strict=True
        ):
            weight.assign_sub(0.1 * gradient)
        net.state.assign(state)
        return {"loss": loss}

    @tf.function(input_signature=[x])
    def infer(x):
        net.state.assign(advanced(x))
        return {"output": net.state @ net.v}

    model = load_model(file_of(net, tmp_path, train=train, infer=infer))
    x = draw.normal(size=(16, 3)).astype(np.float32)
    samples = Samples(x, x[:, :1], NOTHING)
    learnt = []
    for every in (0, 1, 4):
        session = model.session()
        settings = replace(SETTINGS, epochs=3, batch_size=4, measure_every=every, evaluate_every=1)
        fit(session, samples, settings, test=samples if every else None)
        learnt.append(session.state())
    for name, array in learnt[0].items():
        np.testing.assert_array_equal(learnt[1][name], array)
        np.testing.assert_array_equal(learnt[2][name], array)


@pytest.mark.parametrize("name", ["binary", "regression"])
def test_answers_that_cannot_be_mixed_into_targets_are_not_left_out_silently(name):
    two = Samples(np.ones((4, 4), np.float32), np.arange(4) % 2, Labels.numbered(2))
    session, samples = session_of(name), values() if name == "regression" else two
    settings = replace(SETTINGS, replay=0.5, distil=0.5)
    with pytest.raises(SettingsError, match="distil must be 0 for this model"):
        fit(session, samples, settings, replay=samples)
    assert fit(session, samples, replace(settings, replay=0)).outcome is Outcome.FINISHED


class Masked(tf.Module):
    """A classifier that never gives its last answer, and remembers its lowest loss."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(tf.ones([6, 3]), name="w")
        self.mask = tf.Variable([0.0, 0.0, -np.inf], trainable=False, name="mask")
        self.lowest = tf.Variable(np.inf, dtype=tf.float32, trainable=False, name="lowest")

    def scores(self, x: tf.Tensor) -> tf.Tensor:
        return x @ self.w + self.mask

    @tf.function(
        input_signature=[tf.TensorSpec([None, 6], tf.float32), tf.TensorSpec([None], tf.int32)]
    )
    def train(self, x, y):
        truth = tf.one_hot(y, 3)
        chances = tf.nn.softmax(self.scores(x))
        loss = -tf.reduce_mean(tf.math.log(tf.reduce_sum(truth * chances, 1)))
        self.w.assign_sub(0.3 * tf.matmul(x, chances - truth, transpose_a=True) / 8.0)
        self.lowest.assign(tf.minimum(self.lowest, loss))
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([None, 6], tf.float32)])
    def infer(self, x):
        return {"logits": self.scores(x)}

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float32)])
    def rule_out(self, mask):
        return {"mask": self.mask.assign(mask)}


class TestInfiniteVariables:
    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, tmp_path_factory):
        net = Masked()
        calls = functions_of(net, "train", "infer", "rule_out")
        data = file_of(net, tmp_path_factory.mktemp("masked"), **calls)
        for sign in (1, -1):  # TensorFlow's converter writes the largest number instead
            largest, infinite = np.float32([sign * np.finfo(np.float32).max, sign * np.inf])
            data = data.replace(largest.tobytes(), infinite.tobytes())
        return data

    def test_model_that_has_such_on_purpose_trains_and_is_saved(self, data):
        session, saved = load_model(data).session(), []
        save = Autosave(lambda checkpoint, reason: saved.append(reason), every_seconds=0.0)
        own = rows(20)
        own = Samples(own.x, own.y % 2, Labels.numbered(3))
        history = fit(session, own, SETTINGS, [save])
        assert (history.outcome, history.learnt) == (Outcome.FINISHED, True)
        assert saved.count(Reason.PERIODIC) == history.total
        state = session.state()
        assert np.isneginf(state["mask"][2])
        assert np.isfinite(state["lowest"])

    def test_weight_that_training_changes_may_not_be_infinite(self, data):
        ones = np.ones((6, 3), np.float32)
        broken = data.replace(ones.tobytes(), (ones * np.inf).tobytes())
        assert broken != data
        assert infinite_by_design(load_model(data).session()) == {"lowest", "mask"}
        assert infinite_by_design(load_model(broken).session()) == {"lowest", "mask"}

    def test_model_that_diverges_by_them_names_them(self, data):
        session = load_model(data).session()
        own = rows(20)  # of the label that the mask rules out too
        history = fit(session, own, SETTINGS)
        assert history.outcome is Outcome.DIVERGED
        assert (
            "Perhaps what is infinite in the file may not be: 'lowest', 'mask'." in history.message
        )


class Apart(tf.Module):
    """A linear model whose answers go through a function that training does not know of."""

    def __init__(self, after: Callable[[tf.Tensor], tf.Tensor]) -> None:
        super().__init__()
        self.w = tf.Variable(tf.zeros([3, 2]), name="w")
        self.after = after

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32),
            tf.TensorSpec([None, 2], tf.float32),
        ]
    )
    def train(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ self.w - y))
        self.w.assign_sub(0.1 * tape.gradient(loss, self.w))
        return {"loss": loss}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def infer(self, x):
        return {"output": self.after(x @ self.w)}


@pytest.mark.parametrize(
    ("after", "told"), [(tf.identity, False), (lambda z: tf.exp(3 * z), True)], ids=["same", "exp"]
)
def test_loss_that_falls_while_answers_stay_no_better_than_a_guess_is_told(tmp_path, after, told):
    module = Apart(after)
    session = load_model(file_of(module, tmp_path, **functions_of(module, "train", "infer")))
    history = fit(session.session(), values(), SETTINGS)
    assert ("may take samples or targets on different scales" in history.message) is told
