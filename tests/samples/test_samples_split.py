import numpy as np
import pytest

from odt_core.errors import SettingsError
from odt_core.samples import Labels, Samples, split


def samples(counts: list[int]) -> Samples:
    y = np.repeat(np.arange(len(counts)), counts)
    return Samples(np.arange(len(y), dtype=np.float32)[:, None], y, Labels.numbered(len(counts)))


class TestSplit:
    def test_each_label_gives_its_share(self):
        train, test = split(samples([10, 20]), share=0.2)
        assert np.bincount(train.y).tolist() == [8, 16]
        assert np.bincount(test.y).tolist() == [2, 4]

    def test_nothing_is_lost_or_doubled(self):
        train, test = split(samples([7, 5, 3]))
        assert sorted([*train.x[:, 0], *test.x[:, 0]]) == list(range(15))

    def test_the_third_sample_of_a_label_is_the_first_to_be_kept_for_the_test(self):
        assert [len(split(samples([n]))[1]) for n in (1, 2, 3, 4)] == [0, 0, 1, 1]

    def test_share_of_zero_keeps_everything_for_training(self):
        train, test = split(samples([9]), share=0)
        assert (len(train), len(test)) == (9, 0)

    def test_same_seed_gives_the_same_and_another_a_different_split(self):
        first, again, other = (split(samples([40]), seed=s)[1].x for s in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_more_samples_of_one_label_do_not_move_those_of_another(self):
        before, after = split(samples([10, 5]))[1], split(samples([10, 50]))[1]
        assert np.array_equal(before.x[before.y == 0], after.x[after.y == 0])

    def test_samples_that_are_equal_go_to_one_part_whatever_their_labels(self):
        x = np.random.default_rng(0).normal(size=(30, 4)).repeat(4, axis=0)
        y = np.arange(len(x)) % 2  # of four equal ones two have the other label
        train, test = split(Samples(x, y, Labels.numbered(2)), share=0.5)
        assert (len(train), len(test)) == (60, 60)
        assert not {row.tobytes() for row in train.x} & {row.tobytes() for row in test.x}

    def test_label_whose_samples_are_all_equal_to_another_s_stays_in_training(self):
        x = np.random.default_rng(0).normal(size=(4, 40)).astype(np.float32)[[0, 1, 2, 3, 1, 1, 1]]
        both = Samples(x, [0] * 4 + [1] * 3, Labels(("a", "b")))
        for seed in range(20):  # some choose the one that b's are equal to
            train, test = split(both, share=0.25, seed=seed)
            assert set(train.y) == {0, 1}
            assert not {row.tobytes() for row in train.x} & {row.tobytes() for row in test.x}

    def test_samples_that_are_equal_count_as_one_and_move_no_other(self):
        once = samples([10, 5])
        x, y = np.sqrt(once.x + 0.5), once.y
        again = Samples(np.r_[x, x[:3].repeat(20, axis=0)], np.r_[y, [0] * 60], once.labels)
        test, before = split(again)[1], split(Samples(x, y, once.labels))[1]
        assert np.unique(test.x).tolist() == np.unique(before.x).tolist()

    def test_rows_of_a_few_whole_numbers_are_divided_even_where_they_come_again(self):
        xor = np.float32([[0, 0], [0, 1], [1, 0], [1, 1]] * 5)
        y = [0, 1, 1, 0] * 5
        assert len(split(Samples(xor, y, Labels.numbered(2)))[1]) == 4

    def test_rows_of_few_grades_are_divided_even_where_they_come_again(self):
        grades = np.random.default_rng(0).integers(0, 5, (500, 3)) / 2
        y = np.arange(500) % 2
        assert len(split(Samples(grades, y, Labels.numbered(2)))[1]) == 100

    @pytest.mark.parametrize("share", [1, -1, 1.5, float("nan"), "0.2", None])
    def test_share_that_is_none_is_refused(self, share):
        with pytest.raises(SettingsError, match="from 0 to below 1"):
            split(samples([9]), share=share)

    @pytest.mark.parametrize("seed", [-1, 0.5, "a"])
    def test_seed_that_is_none_is_refused(self, seed):
        with pytest.raises(SettingsError, match="A seed is a whole number"):
            split(samples([9]), seed=seed)


def test_samples_with_targets_are_divided_as_one_group():
    y = np.linspace(0, 1, 20, dtype=np.float32)[:, None]
    samples = Samples(np.zeros((20, 3), np.float32), y, Labels(()))
    train, test = split(samples, share=0.2)
    assert (len(train), len(test)) == (16, 4)
    assert sorted([*train.y[:, 0], *test.y[:, 0]]) == y[:, 0].tolist()
