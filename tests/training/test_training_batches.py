"""Which samples a step trains on."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.dialects import Contract
from odt_core.dialects.contract import LabelKind, TrainRole
from odt_core.errors import SettingsError
from odt_core.training import Settings
from odt_core.training.batches import Stream, as_trained, plan, why_other_size


def _contract(*sizes: int | None) -> Contract:
    """Of a model that trains on batches of these sizes."""
    roles = tuple(TrainRole("train", "x", "y", LabelKind.INTEGER, None, size) for size in sizes)
    return Contract(roles, None, (6,), 3, None, state=True)


class TestPlan:
    def test_batch_is_divided_by_the_replay_share(self):
        found = plan(Settings(epochs=3, batch_size=32, replay=0.5), 50, 1000)
        assert (found.own_per_step, found.replay_per_step) == (16, 16)
        assert (found.steps_per_epoch, found.total) == (4, 12)

    def test_without_replay_samples_the_batch_is_own(self):
        found = plan(Settings(epochs=1, batch_size=32, replay=0.5), 50, 0)
        assert (found.own_per_step, found.replay_per_step) == (32, 0)

    def test_at_least_one_own_sample_is_in_each_batch(self):
        found = plan(Settings(batch_size=4, replay=0.99), 50, 1000)
        assert (found.own_per_step, found.replay_per_step) == (1, 3)

    def test_at_least_one_replayed_sample_is_in_each_batch_where_any_is_to_be(self):
        found = plan(Settings(batch_size=32, replay=0.01), 50, 1000)
        assert (found.own_per_step, found.replay_per_step) == (31, 1)

    def test_batch_of_one_has_no_room_for_replay(self):
        with pytest.raises(SettingsError, match="batch size of 2 or more, or replay none"):
            plan(Settings(batch_size=1, replay=0.5), 50, 1000)
        assert plan(Settings(batch_size=1, replay=0.0), 50, 1000).own_per_step == 1
        assert plan(Settings(batch_size=1, replay=0.5), 50, 0).own_per_step == 1

    def test_batch_size_is_rounded_up_to_what_the_model_takes(self):
        found = plan(Settings(batch_size=10, replay=0.0), 50, 0, multiple=8)
        assert found.own_per_step == 16

    def test_samples_of_few_labels_get_a_smaller_part_than_replay_leaves(self):
        found = plan(
            Settings(epochs=1, batch_size=32, replay=0.5), 15, 1000, own_labels=3, replay_labels=10
        )
        assert (found.own_per_step, found.replay_per_step) == (7, 25)

    def test_samples_of_as_many_labels_as_replay_share_the_batch_as_set(self):
        found = plan(
            Settings(epochs=1, batch_size=32, replay=0.5), 50, 1000, own_labels=10, replay_labels=10
        )
        assert (found.own_per_step, found.replay_per_step) == (16, 16)

    def test_no_sample_is_refused(self):
        with pytest.raises(SettingsError, match="no samples"):
            plan(Settings(), 0, 10)


class TestBatchSize:
    @pytest.mark.parametrize(
        ("sizes", "asked", "done"),
        [((8,), 5, 8), ((8,), 16, 16), ((16, 5, 2), 7, 8), ((None,), 5, 5)],
    )
    def test_size_is_published_as_the_model_trains_with_it(self, sizes, asked, done):
        assert as_trained(Settings(batch_size=asked), _contract(*sizes)).batch_size == done

    def test_size_beyond_what_settings_may_have_is_left_as_it_is(self):
        assert as_trained(Settings(batch_size=32), _contract(5000)).batch_size == 32

    def test_other_size_than_asked_for_is_said(self):
        assert why_other_size(Settings(batch_size=5), _contract(8)) == (
            "This model is trained on multiples of 8 samples, so a batch size of 5 counts as 8."
        )

    @pytest.mark.parametrize("size", [8, 1, None])
    def test_size_as_asked_for_is_nothing_to_speak_of(self, size):
        assert why_other_size(Settings(batch_size=16), _contract(size)) == ""

    def test_model_that_does_not_train_has_none(self):
        assert why_other_size(Settings(batch_size=5), _contract()) == ""


class TestIndices:
    def test_every_own_sample_comes_once_an_epoch_and_the_last_batch_is_filled(self):
        found = plan(Settings(epochs=5, batch_size=16, replay=0.0), 50, 0)
        for epoch in range(5):
            steps = range(epoch * 4, epoch * 4 + 4)
            indices = np.concatenate([found.own(step) for step in steps])
            assert len(indices) == 64
            assert sorted(indices[:50]) == list(range(50))

    def test_fewer_samples_than_a_batch_make_a_smaller_one(self):
        found = plan(Settings(epochs=1, batch_size=32, replay=0.0), 5, 0)
        assert sorted(found.own(0)) == [0, 1, 2, 3, 4]

    def test_fewer_samples_than_a_batch_of_one_size_repeat_evenly(self):
        found = plan(Settings(epochs=1, batch_size=32, replay=0.0), 5, 0, multiple=32)
        counts = np.bincount(found.own(0), minlength=5)
        assert sorted(counts) == [6, 6, 6, 7, 7]

    def test_fewer_samples_beside_replay_repeat_evenly(self):
        found = plan(Settings(epochs=1, batch_size=64, replay=0.5), 5, 100)
        assert sorted(np.bincount(found.own(0), minlength=5)) == [6, 6, 6, 7, 7]

    def test_replay_walks_through_all_samples_before_one_comes_again(self):
        found = plan(Settings(epochs=10, batch_size=20, replay=0.5), 40, 35)
        walk = np.concatenate([found.replay(step) for step in range(7)])
        assert sorted(walk[:35]) == list(range(35))
        assert sorted(walk[35:70]) == list(range(35))

    def test_a_step_depends_on_seed_and_step_alone(self):
        one, two = (plan(Settings(epochs=4, batch_size=8, seed=9), 30, 90) for _ in range(2))
        later = [two.own(step) for step in (7, 3, 11)]
        np.testing.assert_array_equal(one.own(3), later[1])
        np.testing.assert_array_equal(one.replay(11), two.replay(11))
        assert one.rng(3, Stream.AUGMENT).random() == two.rng(3, Stream.AUGMENT).random()

    def test_seeds_epochs_and_streams_differ(self):
        first = plan(Settings(epochs=4, batch_size=30, replay=0.0), 30, 0)
        other = plan(Settings(epochs=4, batch_size=30, replay=0.0, seed=1), 30, 0)
        assert not np.array_equal(first.own(0), other.own(0))
        assert not np.array_equal(first.own(0), first.own(1))
        assert first.rng(0, Stream.OWN).random() != first.rng(0, Stream.AUGMENT).random()
