"""Label by label, moved answers, layers, maps and digests."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from odt_core.bundled import bundled_models
from odt_core.errors import CheckpointError, SampleError
from odt_core.evaluation import (
    FeatureMap,
    Proportion,
    feature_map,
    label_table,
    moved_labels,
    score,
    state_digest,
    weight_changes,
    wilson,
)
from odt_core.evaluation.feature_plane import points
from odt_core.runtime import load_model
from odt_core.runtime.weights import weights_of
from tests.evaluation.evaluation_material import zoo_model


def said(predictions: list[int], truth: list[int], outputs: int = 4):
    """An evaluation with exactly these answers."""
    return score(np.eye(outputs)[predictions] * 0.8 + 0.05, np.array(truth))


TRUTH = [0, 0, 0, 1, 1, 3, 3, 3]
BASE = said([0, 1, 1, 1, 0, 3, 0, 0], TRUTH)
OWN = said([0, 0, 1, 0, 1, 3, 3, 2], TRUTH)


class TestLabelTable:
    def test_rows_worked_by_hand(self):
        zero, one, three = label_table(BASE, OWN)
        assert (zero.label, zero.n, zero.fixed, zero.broken) == (0, 3, 1, 0)
        assert (zero.base, zero.own) == (Proportion(1, 3), Proportion(2, 3))
        assert (one.label, one.n, one.fixed, one.broken) == (1, 2, 1, 1)
        assert (three.label, three.base.correct, three.own.correct) == (3, 1, 2)
        assert zero.own.interval == wilson(2, 3)

    def test_counts_equal_the_diagonal_of_scikit_learns_confusion(self):
        rng = np.random.default_rng(0)
        truth, answer = rng.integers(0, 5, (2, 200))
        rows = label_table(said(truth, truth, 5), said(answer, truth, 5))
        expected = confusion_matrix(truth, answer)
        assert [row.own.correct for row in rows] == np.diag(expected).tolist()
        assert [row.n for row in rows] == expected.sum(axis=1).tolist()

    def test_moved_answers_are_grouped_most_frequent_first(self):
        got = [(m.truth, m.before, m.after, m.index) for m in moved_labels(BASE, OWN)]
        assert got == [
            (0, 1, 0, (1,)),
            (1, 0, 1, (4,)),
            (1, 1, 0, (3,)),
            (3, 0, 2, (7,)),
            (3, 0, 3, (6,)),
        ]
        kinds = [(m.fixed, m.broken, m.n) for m in moved_labels(BASE, OWN)]
        assert kinds[2:4] == [(False, True, 1), (False, False, 1)]
        many = moved_labels(said([0, 1, 1], [1, 0, 0]), said([1, 0, 0], [1, 0, 0]))
        assert [m.n for m in many] == [2, 1]

    def test_different_samples_and_values_are_refused(self):
        with pytest.raises(SampleError, match="different samples"):
            label_table(BASE, said([0], [0]))
        values = score(np.zeros((2, 1), np.float32), np.zeros((2, 1), np.float32))
        with pytest.raises(SampleError, match="no labels"):
            moved_labels(values, values)


class TestLayers:
    def test_change_worked_by_hand(self):
        base = {"d/kernel": np.array([[3.0, 0.0]]), "d/bias": np.array([4.0]), "w": np.zeros(2)}
        own = {"d/kernel": np.array([[3.0, 1.0]]), "d/bias": np.array([4.0]), "w": np.zeros(2)}
        layer, plain = weight_changes(base, own)
        assert (layer.name, layer.relative, layer.norm, layer.size) == ("d", 0.2, 1.0, 3)
        assert layer.variables == ("d/bias", "d/kernel")
        assert (plain.name, plain.relative, plain.moved) == ("w", 0.0, False)
        (_, grown) = weight_changes(base, own | {"w": np.ones(2)})
        assert grown.relative == float("inf")

    def test_weights_that_changed_are_counted(self):
        base = {"head/kernel": np.ones((2, 3)), "head/bias": np.zeros(3)}
        own = {"head/kernel": np.array([[2.0, 1, 1], [1, 1, 3]]), "head/bias": np.zeros(3)}
        (head,) = weight_changes(base, own)
        assert (head.changed, head.size) == (2, 9)

    def test_switch_of_the_bundled_photo_model_is_no_weight(self):
        (photos,) = (path for path in bundled_models() if path.stem == "photos")
        model = load_model(photos)
        found = weights_of(model.description, model.contract)
        assert found == {"labels/kernel", "labels/bias"}

    def test_layers_come_in_the_order_of_their_numbers(self):
        state = {f"conv{k}/kernel": np.ones(1) for k in (10, 2, 1)}
        assert [c.name for c in weight_changes(state, state)] == ["conv1", "conv2", "conv10"]

    @pytest.mark.parametrize(
        ("name", "layers"),
        [
            ("mlp_adam_keras2", ["hidden", "scores"]),
            ("mlp_legacy_adam_keras2", ["hidden", "scores"]),
            (
                "cnn_batch_norm_dropout_keras3",
                ["batch_normalization", "batch_normalization_1", "conv2d", "conv2d_1", "scores"],
            ),
            ("personalise_keras2", ["head"]),
            ("plain_module", ["b1", "b2", "w1", "w2"]),
            ("dropout_unseeded_module", ["w1", "w2"]),
        ],
    )
    def test_slots_counters_and_seeds_are_left_out(self, name, layers):
        model = load_model(zoo_model(name))
        state = model.session().state()
        weights = weights_of(model.description, model.contract)
        assert [c.name for c in weight_changes(state, state, weights)] == layers
        assert not any(c.moved for c in weight_changes(state, state, weights))

    @pytest.mark.parametrize(
        "name",
        [
            "mlp_adadelta_keras2",
            "mlp_legacy_ftrl_keras2",
            "mlp_rmsprop_static_keras2",
            "layers_keras2",
        ],
    )
    def test_names_alone_tell_slots_from_weights(self, name):
        model = load_model(zoo_model(name))
        state = model.session().state()
        wanted = weight_changes(state, state, weights_of(model.description, model.contract))
        assert weight_changes(state, state) == wanted

    def test_weights_of_another_model_are_refused(self):
        with pytest.raises(CheckpointError, match="different models"):
            weight_changes({"a": np.ones(2)}, {"a": np.ones(3)})


class TestFeatureMap:
    def test_equals_scikit_learn_up_to_the_sign(self):
        rng = np.random.default_rng(0)
        base, own = rng.normal(size=(2, 30, 6)) * [1, 5, 2, 1, 1, 1]
        got = feature_map(base, own + 99)  # each model's scores are taken around their own mean
        base, own = base - base.mean(axis=0), own - own.mean(axis=0)
        pca = PCA(2).fit(np.concatenate([base, own]))
        for mine, theirs in ((got.base, pca.transform(base)), (got.own, pca.transform(own))):
            np.testing.assert_allclose(np.abs(mine), np.abs(theirs), atol=1e-9)
        assert got.explained == pytest.approx(pca.explained_variance_ratio_)
        assert got.n == 30

    def test_signs_do_not_depend_on_the_order_of_the_samples(self):
        rng = np.random.default_rng(1)
        base, own = rng.normal(size=(2, 20, 5)) * [3, 2, 1, 1, 1]
        order = rng.permutation(20)
        got, again = feature_map(base, own), feature_map(base[order], own[order])
        np.testing.assert_allclose(again.own, got.own[order], atol=1e-9)

    def test_two_labels_probabilities_come_out_one_way_round(self):
        """p and 1 − p weigh the same, and rounding must not choose between them."""
        for seed in range(20):
            p = np.random.default_rng(seed).random((2, 30)).astype(np.float32)
            base, own = np.stack([p, 1 - p], axis=-1)
            got = feature_map(base, own)
            assert np.corrcoef(got.own[:, 0], own[:, 0])[0, 1] > 0.99

    @pytest.mark.parametrize("shape", [(0, 4), (1, 4), (5, 1), (3, 2, 2)])
    def test_any_number_of_samples_and_outputs(self, shape):
        scores = np.random.default_rng(2).normal(size=shape)
        got = feature_map(scores, scores)
        assert got.base.shape == got.own.shape == (shape[0], 2)

    def test_equal_scores_are_one_point(self):
        got = feature_map(np.ones((3, 4)), np.ones((3, 4)))
        assert not got.base.any()
        assert np.isnan(got.explained[0])

    def test_two_axes_show_all_where_no_more_than_rounding_is_left(self):
        """Three labels' probabilities lie in a plane."""
        p = np.random.default_rng(0).dirichlet(np.ones(3), (2, 300)).astype(np.float32)
        assert feature_map(*p).shown == 1
        assert FeatureMap(p[0], p[1], (0.9, 0.0999)).shown == pytest.approx(0.9999)

    def test_unused_outputs_play_no_part(self):
        rng = np.random.default_rng(3)
        base, own = rng.normal(size=(2, 9, 3))
        wide = [np.insert(scores, 1, rng.normal(size=9) * 99, axis=1) for scores in (base, own)]
        got = feature_map(*wide, used=np.array([True, False, True, True]))
        np.testing.assert_allclose(got.base, feature_map(base, own).base)

    def test_outputs_that_are_not_the_scores_are_ignored(self):
        scores = np.random.default_rng(4).normal(size=(5, 1))  # one score for two labels
        got = feature_map(scores, scores, used=np.array([True, True]))
        np.testing.assert_array_equal(got.base, feature_map(scores, scores).base)

    def test_limits_hold_the_places_of_both_models_and_some_room(self):
        got = FeatureMap(np.array([[0.0, 5.0]]), np.array([[100.0, 5.0]]), (1.0, 0.0))
        assert got.limits[0] == pytest.approx((-7, 107))
        assert got.limits[1] == pytest.approx((5, 5))
        assert got.limits[1][0] < 5 < got.limits[1][1]

    @pytest.mark.parametrize(("n", "kept"), [(0, 0), (3, 3), (500, 500), (501, 500), (9999, 500)])
    def test_points_when_there_are_many_are_spread_over_all(self, n, kept):
        got = points(n)
        assert len(got) == kept
        assert not kept or (got[0], got[-1]) == (0, n - 1)
        assert (np.diff(got) > 0).all()

    def test_answers_that_do_not_fit_are_refused(self):
        with pytest.raises(SampleError, match="differ in shape"):
            feature_map(np.ones((3, 4)), np.ones((2, 4)))
        with pytest.raises(SampleError, match="finite"):
            feature_map(np.full((3, 4), np.inf), np.ones((3, 4)))


STATE = {"b": np.array([1.0, -2.0], np.float32), "a": np.array(7, np.int64)}


class TestDigest:
    def test_is_the_sha256_of_what_its_docstring_says(self):
        wanted = hashlib.sha256()
        for name, dtype, shape, data in (
            (b"a", b"<i8", (), struct.pack("<q", 7)),
            (b"b", b"<f4", (2,), struct.pack("<2f", 1, -2)),
        ):
            wanted.update(struct.pack("<I", len(name)) + name)
            wanted.update(struct.pack("<I", len(dtype)) + dtype)
            wanted.update(struct.pack("<I", len(shape)))
            wanted.update(b"".join(struct.pack("<Q", size) for size in shape) + data)
        assert state_digest(STATE) == wanted.hexdigest()

    def test_only_order_and_byte_order_do_not_matter(self):
        a, b = STATE["a"], STATE["b"]
        same = state_digest(STATE)
        assert state_digest({"a": a, "b": b.astype(">f4")}) == same
        for other in (
            {"a": a, "b": -b},
            {"a": a, "b": b[:, None]},
            {"a": a, "b": b.astype(np.float64)},
            {"a": a, "c": b},
            {"b": b},
            {"a": a, "b": np.nextafter(b, 9, dtype=np.float32)},
        ):
            assert state_digest(other) != same
        assert state_digest({"a": np.array(0.0)}) != state_digest({"a": np.array(-0.0)})
