from odt_core.workspace import Part
from odt_core.workspace.holdout import part_of_next


def parts(count: int, seed: int = 0) -> list[Part]:
    chosen: list[Part] = []
    for position in range(count):
        chosen.append(part_of_next(position, chosen.count(Part.TEST), seed))
    return chosen


class TestPartOfNext:
    def test_the_third_sample_is_the_first_test_sample(self):
        assert parts(5) == [Part.TRAIN, Part.TRAIN, Part.TEST, Part.TRAIN, Part.TRAIN]

    def test_of_every_five_samples_one_is_a_test_sample(self):
        for seed in range(20):
            chosen = parts(100, seed)
            fives = [chosen[start : start + 5] for start in range(0, 100, 5)]
            assert [five.count(Part.TEST) for five in fives] == [1] * 20

    def test_the_place_within_five_differs_between_groups(self):
        chosen = parts(100)
        assert len({chosen[start : start + 5].index(Part.TEST) for start in range(0, 100, 5)}) == 5

    def test_a_longer_list_begins_like_a_shorter_one(self):
        assert parts(40)[:13] == parts(13)

    def test_without_any_test_sample_the_next_one_becomes_one(self):
        assert part_of_next(count=10, tests=0, seed=0) is Part.TEST

    def test_with_a_fifth_set_aside_by_hand_none_is_added(self):
        assert {part_of_next(count, 4, 0) for count in range(2, 19)} == {Part.TRAIN}
