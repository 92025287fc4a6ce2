"""Files for models with several inputs: whose numbers are whose."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.samples import read_samples
from odt_core.samples.table import read_table
from tests.sample_files import npz

INPUTS = {"film": 1, "mood": 2, "person": 1}


def rows(text: str, **options) -> list[list[float]]:
    raw = read_table(text.encode(), "m.csv", input_shape=(4,), inputs=INPUTS, **options)
    return [item.tolist() for item in raw.items]


class TestTables:
    def test_header_says_whose_a_column_is_in_any_order(self):
        text = "rated,person,mood_1,mood_2,Film \n5,7,0.1,0.2,3\n"
        raw = read_table(text.encode(), "m.csv", input_shape=(4,), target_shape=(1,), inputs=INPUTS)
        assert raw.items[0].tolist() == [3, np.float32(0.1), np.float32(0.2), 7]
        assert raw.targets[0].tolist() == [5]

    @pytest.mark.parametrize("names", ["mood,mood", "mood[0],mood[1]", "Mood 1,Mood 2"])
    def test_columns_of_one_input_have_its_name(self, names):
        assert rows(f"person,{names},film\n7,1,2,3\n") == [[3, 1, 2, 7]]

    @pytest.mark.parametrize(
        "names", ["mood_2,mood_1", "mood[1],mood[0]", "mood.1,mood", "mood10,mood9"]
    )
    def test_numbers_behind_a_name_are_the_order(self, names):
        assert rows(f"person,{names},film\n7,1,2,3\n") == [[3, 2, 1, 7]]

    def test_numbers_that_come_twice_are_refused(self):
        with pytest.raises(SampleError, match=r"'m\.csv' numbers the columns of 'mood' 1, 1\. "):
            rows("person,mood_1,mood_1,film\n7,1,2,3\n")

    def test_input_whose_own_name_ends_in_a_number_has_columns_of_that_name(self):
        text = b"x1,c,x1,label\n1,2,3,a\n"
        raw = read_table(text, "m.csv", input_shape=(3,), inputs={"c": 1, "x1": 2})
        assert raw.items[0].tolist() == [2, 1, 3]

    def test_targets_beside_them_stand_in_the_order_of_their_numbers(self):
        text = b"y_2,person,mood,y_1,mood,film\n20,7,1,10,2,3\n"
        raw = read_table(text, "m.csv", input_shape=(4,), target_shape=(2,), inputs=INPUTS)
        assert (raw.items[0].tolist(), raw.targets[0].tolist()) == ([3, 1, 2, 7], [10, 20])

    def test_label_may_stand_anywhere(self):
        raw = read_table(
            b"person,liked,film,mood,mood\n7,yes,3,1,2\n", "m.csv", input_shape=(4,), inputs=INPUTS
        )
        assert (raw.items[0].tolist(), raw.labels) == ([3, 1, 2, 7], ("yes",))

    def test_without_a_header_they_stand_in_the_order_of_the_model(self):
        assert rows("3,1,2,7\n") == [[3, 1, 2, 7]]

    @pytest.mark.parametrize(
        ("header", "said"),
        [
            ("user,mood,mood,film", "no column named 'person'"),
            ("person,mood,film,film", "2 columns named 'film'"),
            ("person,mood,film,other", "one column named 'mood'"),
        ],
    )
    def test_names_that_do_not_fit_are_not_guessed(self, header, said):
        with pytest.raises(SampleError, match=said) as error:
            rows(f"{header}\n1,2,3,4\n")
        assert "'film' (1 number), 'mood' (2 numbers), 'person' (1 number)" in str(error.value)

    def test_mistake_is_told_with_the_column_of_the_file(self):
        with pytest.raises(SampleError, match=r"line 2, column 4: 'x' is not a number"):
            rows("person,mood,mood,film\n7,1,2,x\n")


class TestArrays:
    def test_array_for_each_input(self):
        data = npz(person=[7, 8], mood=[[1, 2], [3, 4]], film=[5, 6], y=[0.5, 1.5])
        raw = read_samples(data, "m.npz", inputs=INPUTS)
        assert [item.tolist() for item in raw.items] == [[5, 1, 2, 7], [6, 3, 4, 8]]
        assert [target.tolist() for target in raw.targets] == [0.5, 1.5]

    def test_rows_under_the_name_of_samples(self):
        raw = read_samples(npz(x=np.ones((2, 4)), y=[0, 1]), "m.npz", inputs=INPUTS)
        assert len(raw) == 2

    @pytest.mark.parametrize("film", [[5], [[5, 6]], 5])
    def test_arrays_that_do_not_fit_are_named_with_their_shapes(self, film):
        data = npz(person=[7, 8], mood=np.zeros((2, 2)), film=film, y=[1, 2])
        with pytest.raises(SampleError, match=r"film \[.*mood \[2, 2\]"):
            read_samples(data, "m.npz", inputs=INPUTS)

    def test_missing_one_says_what_is_wanted(self):
        with pytest.raises(SampleError, match=r"or their parts 'film' \(1 number\)"):
            read_samples(npz(person=[7], film=[5], y=[1]), "m.npz", inputs=INPUTS)
