"""Sessions train and predict: what each takes, gives and refuses."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.bundled import bundled_models
from odt_core.dialects.contract import OutputKind
from odt_core.errors import LabelError, SignatureError, TrainingError
from odt_core.runtime import load_model
from odt_core.runtime.chunks import INFER_CHUNK
from odt_core.runtime.interpreter import BoundSignature
from odt_core.runtime.scores import probabilities
from odt_core.samples import Labels, RawSamples
from tests.runtime.tiny_models import OWN, PUBLIC, X, Y, of_the_zoo

DENSE = PUBLIC / "flower__android-automotive__enginefaultdb.tflite"


def labelled(*, one_hot):
    """A model that takes its labels so, and samples for Y."""
    if one_hot:
        return load_model(OWN / "tiny_momentum.tflite"), X
    return of_the_zoo("mlp_adagrad_keras3"), X.reshape(12, -1)[:, :12]


class TestTrainStep:
    def test_train_step_changes_what_infer_of_the_same_session_says(self, model):
        session, other = model.session(), model.session()
        before = session.infer(X)
        losses = [session.train_step(X, Y) for _ in range(20)]
        assert losses[-1] < losses[0]
        assert not np.array_equal(session.infer(X), before)
        np.testing.assert_array_equal(other.infer(X), before)

    def test_loss_is_the_cross_entropy_of_that_batch_before_the_step(self, model):
        session = model.session()
        logits = session.infer(X).astype(np.float64)
        log_sums = np.log(np.exp(logits).sum(axis=1))
        expected = (log_sums - logits[np.arange(12), Y]).mean()
        assert session.train_step(X, Y) == pytest.approx(expected, rel=1e-5)

    def test_integer_and_one_hot_labels_give_the_same_step(self, model):
        one, two = model.session(), model.session()
        assert one.train_step(X, Y) == two.train_step(X, np.eye(4, dtype=np.float32)[Y])
        np.testing.assert_array_equal(one.infer(X), two.infer(X))

    def test_changing_batch_size_between_steps_gives_the_same_as_fresh_sessions(self, model):
        session, fresh = model.session(), model.session()
        for count in (3, 12, 1, 12):
            fresh_state = session.state()
            loss = session.train_step(X[:count], Y[:count])
            fresh.load_state(fresh_state)
            assert fresh.train_step(X[:count], Y[:count]) == loss

    def test_wrong_sample_shape_says_what_is_wanted_and_what_was_given(self, model):
        with pytest.raises(SignatureError, match=r"\[N, 8, 8, 1\]; got \[12, 8, 8\]"):
            model.session().train_step(X[..., 0], Y)

    def test_label_out_of_range_is_refused_and_changes_nothing(self, model):
        session = model.session()
        before = session.state()
        with pytest.raises(SignatureError, match="between 0 and 3"):
            session.train_step(X, Y + 1)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("one_hot", [True, False])
    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (Y + 1, "between 0 and 3 for this model; got 1 to 4"),
            (Y - 1, "between 0 and 3"),
            (Y + 0.5, "whole numbers; got 0.5"),
            (np.where(Y, Y, np.nan), "whole numbers; got nan"),
            (Y.astype(str), "as numbers; got an array of <U"),
            (Y.astype(object), "as numbers; got an array of object"),
        ],
    )
    def test_labels_that_are_none_are_refused_and_change_nothing(self, one_hot, labels, message):
        model, x = labelled(one_hot=one_hot)
        session = model.session()
        before = session.state()
        with pytest.raises(SignatureError, match=message):
            session.train_step(x, labels)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("one_hot", [True, False])
    def test_labels_of_any_kind_of_whole_number_give_the_same_step(self, one_hot):
        model, x = labelled(one_hot=one_hot)
        losses = [
            model.session().train_step(x, labels)
            for labels in (Y, Y.astype(np.uint8), Y.astype(np.float64), Y.tolist())
        ]
        assert len(set(losses)) == 1

    @pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, np.bool_])
    @pytest.mark.parametrize("one_hot", [True, False])
    def test_one_hot_rows_of_any_kind_of_number_give_the_same_step(self, one_hot, dtype):
        model, x = labelled(one_hot=one_hot)
        rows = np.eye(4)[Y].astype(dtype)
        assert model.session().train_step(x, rows) == model.session().train_step(x, Y)

    @pytest.mark.parametrize("row", [[0, 0, 0, 0], [0.5, 0, 0, 0], [1, 1, 0, 0], [0.5, 0.5, 0, 0]])
    def test_rows_that_choose_no_one_label_are_none_of_whole_labels(self, row):
        model, x = labelled(one_hot=False)
        with pytest.raises(SignatureError, match="one number is 1 and the others are 0"):
            model.session().train_step(x[:2], np.array([row, [0, 1, 0, 0]]))

    def test_labels_of_several_places_are_none_of_a_label_for_each_sample(self):
        model, x = labelled(one_hot=False)
        with pytest.raises(SignatureError, match=r"a label for each sample; got \[12, 2, 2\]"):
            model.session().train_step(x, np.zeros((12, 2, 2), np.int64))

    def test_unequal_counts_are_refused(self, model):
        with pytest.raises(SignatureError, match="12 samples and 3 labels"):
            model.session().train_step(X, Y[:3])

    def test_single_number_is_no_label_of_one_sample(self, model):
        session = model.session()
        with pytest.raises(SignatureError, match="1 samples and a single number as labels"):
            session.train_step(X[:1], 3)
        with pytest.raises(SignatureError, match="takes an array of labels"):
            session.targets(np.array(3))

    def test_model_without_train_says_that_it_cannot_be_trained(self):
        model = load_model(OWN / "tiny_inference.tflite")
        assert model.session().infer(X).shape == (12, 4)
        with pytest.raises(TrainingError, match="no 'train' signature"):
            model.session().train_step(X, Y)

    def test_static_batch_of_one_makes_a_step_of_each_sample(self):
        model = load_model(PUBLIC / "flutter_litert__training_model.tflite")
        both, single = model.session(), model.session()
        x, y = np.array([[1.0], [2.0]], np.float32), np.array([[3.0], [5.0]], np.float32)
        losses = [single.train_step(x[i : i + 1], y[i : i + 1]) for i in range(2)]
        assert losses[0] == 9.0  # w and b start at 0, the loss is (3 - 0)²
        assert both.train_step(x, y) == pytest.approx(np.mean(losses))
        assert both.infer(x).shape == (2, 1)
        np.testing.assert_array_equal(both.infer(x), single.infer(x))

    def test_batch_that_is_not_finite_is_refused_by_number_and_changes_nothing(self, model):
        session = model.session()
        before = session.state()
        x, y = X.copy(), np.eye(4, dtype=np.float32)[Y]
        x[4, 1, 1, 0] = np.nan
        y[2, 1] = np.inf
        with pytest.raises(SignatureError, match=r"Sample 5 of the batch .*not finite"):
            session.train_step(x, Y)
        with pytest.raises(SignatureError, match=r"Sample 1 of the batch .*beyond float32"):
            session.train_step(X.astype(np.float64) + 1e200, Y)
        with pytest.raises(SignatureError, match=r"target of sample 3 of the batch .*not finite"):
            session.train_step(X, y)
        for name, array in session.state().items():
            np.testing.assert_array_equal(array, before[name])


class TestInfer:
    @pytest.mark.parametrize("count", [0, 1, INFER_CHUNK - 1, INFER_CHUNK, 2 * INFER_CHUNK + 3])
    def test_any_number_of_samples_gives_what_each_alone_gives(self, model, count):
        session = model.session()
        x = np.random.default_rng(0).random((count, 8, 8, 1), dtype=np.float32)
        got = session.infer(x)
        assert got.shape == (count, 4)
        for at in {0, count // 2, count - 1} if count else set():
            np.testing.assert_allclose(got[at], session.infer(x[at : at + 1])[0], rtol=1e-5)

    @pytest.mark.parametrize(
        ("path", "count", "calls"),
        [
            (bundled_models()[0], 200, 8),
            (bundled_models()[1], 408, 2),  # of 204 at most: there is no third of another size
            (bundled_models()[1], 512, 4),
            (bundled_models()[1], 509, 3),  # a prime
            (DENSE, 200, 1),
        ],
    )
    def test_many_samples_are_asked_in_calls_that_stay_in_the_cache(
        self, path, count, calls, monkeypatch
    ):
        session, again = (load_model(path).session(whole=True) for _ in range(2))
        x = np.zeros((count, *session.contract.feature_shape), np.float32)
        expected = session.infer(x)
        asked, invoke = [], BoundSignature.invoke
        monkeypatch.setattr(
            BoundSignature, "invoke", lambda self, arrays: asked.append(1) or invoke(self, arrays)
        )
        np.testing.assert_array_equal(again.infer(x), expected)
        assert len(asked) == calls

    def test_predict_proba_of_used_outputs_sums_to_one(self, model):
        labels = Labels(("a", "b", None, None))
        got = model.session().predict_proba(X, labels)
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got[:, 2:], 0)
        np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-6)

    def test_probabilities_of_known_logits(self):
        used = np.array([True, True, False])
        logits = np.array([[0.0, np.log(3.0), 50.0]], np.float32)
        got = probabilities(logits, used, OutputKind.LOGITS)
        np.testing.assert_allclose(got, [[0.25, 0.75, 0.0]], rtol=1e-6)

    def test_probabilities_of_known_probabilities(self):
        used = np.array([True, True, False])
        given = np.array([[0.1, 0.3, 0.6]], np.float32)
        got = probabilities(given, used, OutputKind.PROBABILITIES)
        np.testing.assert_allclose(got, [[0.25, 0.75, 0.0]], rtol=1e-6)


class TestNamesOfSamples:
    """Of a model whose outputs nobody has named."""

    def raw(self, *labels: str) -> RawSamples:
        pictures = [np.zeros((8, 8), np.uint8)] * len(labels)
        return RawSamples(pictures, list(labels), [f"{k}.png" for k in range(len(labels))])

    def test_samples_of_as_many_labels_name_its_outputs(self):
        model = load_model(OWN / "tiny_adam.tflite")
        mine = model.prepare(self.raw("owl", "ant", "cat", "bee", "ant"))
        assert mine.labels.names == ("ant", "bee", "cat", "owl")
        assert mine.y.tolist() == [3, 0, 2, 1, 0]
        assert model.prepare(self.raw("cat"), labels=mine.labels).y.tolist() == [2]

    def test_samples_of_fewer_labels_are_refused(self):
        model = load_model(OWN / "tiny_adam.tflite")
        with pytest.raises(LabelError, match=r"2 labels \('ant', 'owl'\), and nobody has named"):
            model.prepare(self.raw("owl", "ant"))

    def test_numbers_of_outputs_stay_what_they_are(self):
        model = load_model(OWN / "tiny_adam.tflite")
        assert model.prepare(self.raw("3", "0")).y.tolist() == [3, 0]
