"""What the first line of a table says about its columns."""

from __future__ import annotations

import pytest

from odt_core.errors import SampleError
from odt_core.samples import RawSamples
from odt_core.samples.table import read_table


def read(text: str, features: int | None = 2, targets: int | None = None) -> RawSamples:
    return read_table(
        text.encode(),
        "m.csv",
        input_shape=None if features is None else (features,),
        target_shape=None if targets is None else (targets,),
    )


def rows(raw: RawSamples) -> list[list[float]]:
    return [item.tolist() for item in raw.items]


class TestLabels:
    @pytest.mark.parametrize(
        "name", ["label", "Labels", " class ", "TARGET", "targets", "y", '"category"']
    )
    @pytest.mark.parametrize("features", [2, None])
    def test_column_with_a_usual_name_is_the_label_wherever_it_stands(self, name, features):
        for header, line in ((f"{name},a,b", "7,1,2"), (f"a,{name},b", "1,7,2")):
            raw = read(f"{header}\n{line}\n", features)
            assert (rows(raw), raw.labels) == ([[1, 2]], ("7",))

    @pytest.mark.parametrize("header", ["a,b,species", "label,b,class", "x,y,activity", "y,x,y"])
    def test_last_column_is_the_label_where_names_do_not_say_otherwise(self, header):
        raw = read(f"{header}\n1,2,7\n")
        assert (rows(raw), raw.labels) == ([[1, 2]], ("7",))

    def test_y_before_x_is_no_axis(self):
        assert read("y,x\n7,1\n", 1).labels == ("7",)

    def test_two_columns_that_may_be_it_are_not_guessed(self):
        with pytest.raises(SampleError, match="'label' or 'class' may be what the model learns"):
            read("label,class,a\n1,2,3\n")

    @pytest.mark.parametrize(
        ("header", "called"), [("species,a,b", "column 1 ('species')"), ("", "column 1")]
    )
    def test_only_column_of_words_before_the_last_is_called_by_its_name(self, header, called):
        with pytest.raises(SampleError) as error:
            read(f"{header}\nowl,1,2\ncat,3,4\n")
        assert f"{called} holds words, but the label is looked for in the last" in str(error.value)
        assert "put it last, or call it 'label' in the first line" in str(error.value)

    @pytest.mark.parametrize("line", ["owl,1,cat", "owl,1,2\n3,4,5"])
    def test_other_words_are_refused_with_their_line(self, line):
        with pytest.raises(SampleError, match="line 2, column 1: 'owl' is not a number"):
            read(f"a,b,species\n{line}\n")

    def test_label_in_the_place_of_a_feature_is_refused(self):
        with pytest.raises(SampleError, match="has a column 'label', and with it as many as"):
            read("label,a\n1,2\n")


class TestTargets:
    def test_column_called_so_is_the_target(self):
        raw = read("target,a,b\n7,1,2\n", targets=1)
        assert (rows(raw), raw.targets[0].tolist()) == ([[1, 2]], [7])

    @pytest.mark.parametrize(
        ("header", "line"),
        [
            ("y1,y2,a,b", "7,8,1,2"),
            ("a,target_0,target_1,b", "1,7,8,2"),
            ("label,label,x1,x2", "7,8,1,2"),
            ("a,y[0],b,y[1]", "1,7,2,8"),
            ("x1,y1,x2,y2", "1,2,7,8"),
            ("a,b,y_2,y_1", "1,2,8,7"),
            ("y10,y9,a,b", "8,7,1,2"),
            ("x1,x2,y2,y1", "1,2,8,7"),
            ("a,target[1],target[0],b", "1,8,7,2"),
        ],
    )
    def test_several_have_one_name_with_or_without_numbers(self, header, line):
        raw = read(f"{header}\n{line}\n", targets=2)
        assert (rows(raw), raw.targets[0].tolist()) == ([[1, 2]], [7, 8])

    @pytest.mark.parametrize("header", ["a,b,y_30,y_7", "a,y2020,b,y2015"])
    def test_numbers_need_not_follow_each_other(self, header):
        line = "1,2,8,7" if header.startswith("a,b") else "1,8,2,7"
        raw = read(f"{header}\n{line}\n", targets=2)
        assert (rows(raw), raw.targets[0].tolist()) == ([[1, 2]], [7, 8])

    @pytest.mark.parametrize("header", ["a,b,y_1,y_1", "a,b,target2,target2"])
    def test_numbers_that_tell_no_order_are_refused(self, header):
        with pytest.raises(SampleError, match=r"'m\.csv' numbers the columns of the targets"):
            read(f"{header}\n1,2,7,8\n", targets=2)

    def test_class_is_a_feature_of_a_model_of_values(self):
        raw = read("class,a,price\n1,2,7\n", targets=1)
        assert (rows(raw), raw.targets[0].tolist()) == ([[1, 2]], [7])


class TestIndex:
    @pytest.mark.parametrize("first", ["", "Unnamed: 0", '""'])
    @pytest.mark.parametrize("numbers", [("0", "1"), ('"2"', '"1"')])
    def test_column_without_a_name_that_numbers_the_rows_is_left_out(self, first, numbers):
        text = f"{first},a,b,kind\n{numbers[0]},1,2,cat\n{numbers[1]},3,4,dog\n"
        for features in (2, None):
            raw = read(text, features)
            assert (rows(raw), raw.labels) == ([[1, 2], [3, 4]], ("cat", "dog"))

    def test_one_beside_features_alone_is_no_feature(self):
        assert rows(read(",a,b\n0,1,2\n1,3,4\n")) == [[1, 2], [3, 4]]

    def test_one_that_does_not_number_them_is_refused(self):
        with pytest.raises(SampleError, match=r"'m\.csv': the first column has no name in line 1"):
            read(",a,b\n0,1,2\n0,3,4\n")

    def test_count_is_told_without_it(self):
        with pytest.raises(SampleError, match="has 2 columns beside the one that counts the rows"):
            read(",a,b\n0,1,2\n", 3)


class TestNumbersAsNames:
    def test_columns_counted_from_0_are_a_header(self):
        raw = read("0,1,2,3\n5,6,7,1\n", 3)
        assert (rows(raw), raw.labels) == ([[5, 6, 7]], ("1",))

    @pytest.mark.parametrize("header", ["0,1,label", ",0,1,2", "label,0,1"])
    def test_so_are_those_beside_names_that_mean_something(self, header):
        assert len(read(f"{header}\n" + "3," * header.count(",") + "3\n")) == 1

    @pytest.mark.parametrize("header", ["400,410,label", "1.5,b, Class "])
    def test_any_are_a_header_before_a_usual_name_for_the_label(self, header):
        raw = read(f"{header}\n5,6,a\n7,8,b\n")
        assert (rows(raw), raw.labels) == ([[5, 6], [7, 8]], ("a", "b"))

    def test_usual_name_that_other_samples_have_too_is_a_label(self):
        raw = read("400,410,class\n5,6,group\n7,8,class\n")
        assert raw.labels == ("class", "group", "class")

    def test_few_that_may_be_a_sample_are_refused(self):
        with pytest.raises(SampleError, match=r"line 1 is 0,1: the names of columns, or a sample"):
            read("0,1\n1,2\n", 1)

    @pytest.mark.parametrize("text", ["0,1,2,3\n", "0.0,1,2\n1,2,3\n", "1,2,3,4\n2,3,4,5\n"])
    def test_other_numbers_are_a_sample(self, text):
        assert len(read(text, text.split("\n")[0].count(","))) == text.count("\n")


class TestFirstLine:
    @pytest.mark.parametrize(
        ("text", "features", "said"),
        [
            ("1O,7\n1,5\n2,6\n", 1, "line 1, column 1: '1O' is not a number"),
            ("1O,cat\n1,dog\n2,cat\n", 1, "line 1, column 1: '1O' is not a number"),
            ("1,zwei,x\n1,2,y\n", 2, "line 1, column 2: 'zwei' is not a number"),
            ("a,b,2024\n1,2,3\n", 2, "none of them a number for a name"),
            ("NA,,7\n1,2,3\n", 2, "line 1, column 1: 'NA' is not a number"),
            ("\n\n1,zwei,x\n1,2,y\n", 2, "line 3, column 2: 'zwei' is not a number"),
        ],
    )
    def test_sample_with_a_slip_is_no_header(self, text, features, said):
        with pytest.raises(SampleError, match=said):
            read(text, features)

    def test_number_with_a_decimal_comma_is_one(self):
        assert rows(read("1,5;x\n2;y\n", 1)) == [[1.5], [2]]
