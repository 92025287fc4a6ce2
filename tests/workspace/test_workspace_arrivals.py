"""What becomes of samples that are given: a function of the manifest alone."""

from __future__ import annotations

from functools import partial

from odt_core.workspace import Elsewhere, LabelEntry, Manifest, Part, Source
from odt_core.workspace.arrivals import Encoded, arrivals
from odt_core.workspace.changes import with_samples

CAT, DOG = LabelEntry("l1", "cat", 0), LabelEntry("l2", "dog", 1)
EMPTY = Manifest(labels=(CAT, DOG))
arrive = partial(arrivals, source=Source.UPLOAD, first=7, now=1.5)


def picture(k: int) -> Encoded:
    return Encoded(bytes([k]), "png", f"{k}.png")


def numbers(k: int, target: bytes = b"") -> Encoded:
    return Encoded(bytes(128 + 4 * k), "npy", f"row {k}", target)


class TestArrivals:
    def test_new_samples_are_numbered_in_order_and_the_third_is_a_test(self):
        found = arrive(EMPTY, [picture(k) for k in range(5)], ["l1"] * 5)
        assert [one.number for one in found.entries] == [7, 8, 9, 10, 11]
        assert [one.id for one in found.entries if one.part is Part.TEST] == ["s9"]
        assert {one.added for one in found.entries} == {1.5}
        assert set(found.files.values()) == {bytes([k]) for k in range(5)}

    def test_picture_when_given_twice_or_there_already_is_a_duplicate(self):
        there = with_samples(EMPTY, arrive(EMPTY, [picture(1)], ["l1"]).entries)
        found = arrive(there, [picture(1), picture(2), picture(2)], ["l1"] * 3)
        assert found.duplicates == ("1.png", "2.png")
        assert [one.origin for one in found.entries] == ["2.png"]

    def test_numbers_when_given_more_often_than_there_are_the_rest_is_new(self):
        there = with_samples(EMPTY, arrive(EMPTY, [numbers(1)], ["l1"]).entries)
        found = arrive(there, [numbers(1)] * 3, ["l1"] * 3)
        assert (len(found.entries), len(found.duplicates)) == (2, 1)

    def test_numbers_when_their_target_differs_are_another_sample(self):
        there = with_samples(EMPTY, arrive(EMPTY, [numbers(1, b"a")], [""]).entries)
        assert len(arrive(there, [numbers(1, b"b")], [""]).entries) == 1

    def test_picture_when_another_label_has_it_is_added_and_told(self):
        there = with_samples(EMPTY, arrive(EMPTY, [picture(1)], ["l2"]).entries)
        found = arrive(there, [picture(1)], ["l1"])
        assert len(found.entries) == 1
        assert found.elsewhere == (Elsewhere("1.png", "dog"),)

    def test_part_when_said_is_that(self):
        found = arrive(EMPTY, [picture(1), picture(2)], ["l1", "l1"], [True, False])
        assert [one.part for one in found.entries] == [Part.TEST, Part.TRAIN]

    def test_take_is_of_one_part(self):
        burst = [picture(k) for k in range(9)]
        found = arrive(EMPTY, burst, ["l1"] * 9, take="burst")
        assert {(one.part, one.take) for one in found.entries} == {(Part.TRAIN, "burst")}
