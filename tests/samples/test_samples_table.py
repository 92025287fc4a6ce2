"""Tables of samples: what is read, and what is said about those that cannot be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.samples import Labels, Preprocessing, prepare, read_samples
from odt_core.samples.table import read_table


class TestColumns:
    def test_features_come_first_and_the_label_last(self):
        raw = read_table(b"1,2,walk\n3,4,run\n", "m.csv")
        assert [item.tolist() for item in raw.items] == [[1, 2], [3, 4]]
        assert raw.labels == ("walk", "run")
        assert raw.names == ("m.csv, line 1", "m.csv, line 2")
        assert raw.items[0].dtype == np.float32

    def test_input_shape_gives_each_sample_its_form(self):
        raw = read_table(b"1,2,3,4,7\n", "m.csv", input_shape=(2, 2))
        assert raw.items[0].tolist() == [[1, 2], [3, 4]]
        assert raw.labels == ("7",)
        assert raw.targets[0].tolist() == [7]

    def test_target_shape_takes_the_columns_after_the_features(self):
        raw = read_table(b"1,2,0.5,1e-3\n", "m.csv", input_shape=(2,), target_shape=(2,))
        assert raw.targets[0].tolist() == [0.5, np.float32(1e-3)]
        assert raw.labels == ("",)

    def test_features_alone_have_no_label(self):
        raw = read_table(b"1,2\n3,4\n", "m.csv", input_shape=(2,))
        assert raw.labels == ("", "")
        assert raw.targets == ()

    @pytest.mark.parametrize(
        ("shape", "target", "said"),
        [
            ((3,), None, "has 5 columns. This model takes 3 feature columns, then one with the"),
            ((3,), (4,), "This model takes 3 feature columns, then 4 with the target values"),
            ((9,), None, "has 5 columns. This model takes 9 feature columns"),
            ((4,), (2,), "has 5 columns. This model takes 4 feature columns, then 2 with the"),
        ],
    )
    def test_wrong_number_says_what_is_wanted(self, shape, target, said):
        with pytest.raises(SampleError, match=said):
            read_table(b"1,2,3,4,5\n", "m.csv", input_shape=shape, target_shape=target)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a,b,s,t,u\n5,6,0,1,1\n7,8,0,0,0\n", True),
            (",a,b,s,t,u\n0,5,6,0,1,1\n1,7,8,0,0,0\n", True),
            ("a,b,s,t,u\n5,6,0,1,1\n7,8,0,2,0\n", False),
        ],
    )
    def test_several_labels_that_are_right_at_once_say_what_to_choose(self, text, told):
        with pytest.raises(SampleError, match="2 feature columns") as error:
            read_table(text.encode(), "m.csv", input_shape=(2,))
        said = "The last 3 are all 0 or 1: if they say of each label whether it is right, correct"
        assert (said in str(error.value)) is told
        assert ("--use task=values" in str(error.value)) is told


class TestForms:
    def test_decimal_commas_may_begin_in_any_line(self):
        raw = read_table(b"a;b;label\n1;2;x\n1,5;2,5;y\n", "m.csv", input_shape=(2,))
        assert [item.tolist() for item in raw.items] == [[1, 2], [1.5, 2.5]]

    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ('"1,5",2,x\n3,4,y\n', [1.5, 2], [3, 4]),  # decimals, within quotes
            ("1,234;2,5;x\n3;0,5;y\n", [1.234, 2.5], [3, 0.5]),
            ("1,234;2;x\n0,125;4;y\n", [1.234, 2], [0.125, 4]),
            ("1,234;2;x\n1234,567;4;y\n", [1.234, 2], [1234.567, 4]),
            ("1.234,5;2;x\n3.000;4;y\n", [1234.5, 2], [3000, 4]),
            ("1.234;2,5;x\n-3e2;4;y\n", [1234, 2.5], [-300, 4]),
            ("1,234.5\t2\tx\n12,500\t4\ty\n", [1234.5, 2], [12500, 4]),
            ("1,234;2.5;x\n-3;4;y\n", [1234, 2.5], [-3, 4]),
            ("1,234,567;2;x\n1,000;4;y\n", [1234567, 2], [1000, 4]),
            ("1.234,2,x\n3.5,4,y\n", [1.234, 2], [3.5, 4]),  # commas divide: points as always
            ("1.234,2.500,x\n3,4,y\n", [1.234, 2.5], [3, 4]),
            ("1.234 2.500 x\n3 4 y\n", [1.234, 2.5], [3, 4]),
            ("1.234;2;x\n3;0.500;y\n", [1.234, 2], [3, 0.5]),
            ("1.234;2;x\n3;1234.500;y\n", [1.234, 2], [3, 1234.5]),
            ("1.234\t2.5000\tx\n3\t4\ty\n", [1.234, 2.5], [3, 4]),
            ("1.234e1;2.500;x\n3;4;y\n", [12.34, 2.5], [3, 4]),
            ("1.234;2;x\n1.234.567;4;y\n", [1234, 2], [1234567, 4]),
        ],
    )
    def test_commas_are_what_the_file_tells_that_they_are(self, text, first, last):
        raw = read_table(text.encode(), "m.csv")
        expected = np.array([first, last], np.float32).tolist()
        assert [item.tolist() for item in raw.items] == expected

    @pytest.mark.parametrize(
        "text",
        ['1,"1,234",x\n', "9;1,234;x\n12,500;999;y\n", "2;1,234;x\n2.500;1;y\n"],
    )
    def test_commas_that_may_be_either_are_refused(self, text):
        with pytest.raises(SampleError, match=r"may be 1234 or 1\.234, and no other") as error:
            read_table(text.encode(), "m.csv", input_shape=(2,))
        assert "'1,234' in line 1" in str(error.value)

    def test_points_beside_whole_numbers_may_be_either_where_semicolons_divide(self):
        text = "a;b;y\n1.500;2.000;3.500\n-7;12.250;1\n"
        options = {"input_shape": (2,), "target_shape": (1,)}
        with pytest.raises(SampleError, match=r"'1\.500' in line 2 may be 1500 or 1\.500, and no"):
            read_table(text.encode(), "m.csv", **options)
        for settled, value in (("1500", 1500), ("1.5000", 1.5)):
            one = text.replace(".", "") if value == 1500 else text.replace("1.500", settled)
            assert read_table(one.encode(), "m.csv", **options).items[0][0] == value

    @pytest.mark.parametrize(("sign", "told"), [(";", True), ("\t", False), ("|", False)])
    def test_columns_of_three_decimals_are_decimals(self, sign, told):
        text = "1.500;2.000;x\n2.250;10.000;y\n".replace(";", sign)
        raw = read_table(text.encode(), "m.csv", input_shape=(2,))
        assert [item.tolist() for item in raw.items] == [[1.5, 2], [2.25, 10]]
        assert raw.notice == (
            "'m.csv': 1.500 is read as 1.5. If it is 1500, write it so." if told else ""
        )

    def test_recordings_of_three_decimals_are_decimals(self):
        raw = read_table(b"9.810;1.250\n9.790;2.500\n", "m.csv", input_shape=(2, 2))
        assert raw.items[0].tolist() == np.float32([[9.81, 1.25], [9.79, 2.5]]).tolist()

    def test_label_that_may_be_either_is_no_target(self):
        raw = read_table(b"0.5;2;1.500\n3;4;2\n", "m.csv", input_shape=(2,))
        assert (raw.labels, raw.targets) == (("1.500", "2"), ())

    def test_two_ways_to_write_decimals_are_refused(self):
        with pytest.raises(SampleError, match=r"in two ways: '1\.5' in line 2, '2,5' in line 1"):
            read_table(b"1;2,5;x\n1.5;2;y\n", "m.csv", input_shape=(2,))

    def test_targets_are_numbers_like_the_features(self):
        options = {"input_shape": (1,), "target_shape": (1,)}
        raw = read_table(b"1;12,5\n2;1.250\n", "m.csv", **options)
        assert [target.tolist() for target in raw.targets] == [[12.5], [1250]]
        with pytest.raises(SampleError, match=r"'12,500' in line 1 may be 12500 or 12\.500"):
            read_table(b"1;12,500\n2;999\n", "m.csv", **options)

    def test_commas_in_labels_tell_nothing_of_the_features(self):
        raw = read_table(b"1.5;2;0,5\n3;4;1,234\n", "m.csv", input_shape=(2,))
        assert raw.labels == ("0,5", "1,234")
        assert raw.targets[0].tolist() == [0.5]

    @pytest.mark.parametrize(
        "text",
        [
            "a,b,label\n1.5,2,x\n3,4,y\n",
            "1.5;2;x\r\n3;4;y\r\n",
            "1,5;2;x\n3,0;4,0;y\n",
            "1,5;2,0;x\n3,0;4,0;y\n",
            "1.5\t2\tx\n\n3\t4\ty\n\n",
            "1.5 2 x\n3  4 y",
            "1.5|2|x\n3|4|y",
            "\ufeff1.5, 2, x\n3, 4, y\n",
            '"1.5","2","x"\n"3","4","y"',
        ],
    )
    def test_any_usual_form_is_read_the_same(self, text):
        raw = read_table(text.encode(), "m.csv")
        assert [item.tolist() for item in raw.items] == [[1.5, 2], [3, 4]]
        assert raw.labels == ("x", "y")

    def test_utf_16_as_spreadsheets_export_it_is_read(self):
        assert read_table("1\t2\tü\n".encode("utf-16"), "m.txt").labels == ("ü",)

    def test_whole_number_labels_lose_their_point_where_all_have_one(self):
        assert read_table(b"1,2,3.0\n1,2,-10.0\n", "m.csv").labels == ("3", "-10")
        assert read_table(b"1,2,0.000e+00\n1,2,1.200e+01\n", "m.csv").labels == ("0", "12")
        assert read_table(b"1,2,3.0\n1,2,3.5\n", "m.csv").labels == ("3.0", "3.5")

    @pytest.mark.parametrize(
        "typed",
        [("01", "1", "001"), ("007", "7"), ("1e3", "1000"), ("3.0", "3"), ("1.0", "1.00"),
         ("+1", "1"), ("\u0663", "3"), ("-0", "0")],
    )  # fmt: skip
    def test_labels_that_were_typed_differently_stay_apart(self, typed):
        rows = "".join(f"1,2,{label}\n" for label in typed).encode()
        assert read_table(rows, "m.csv").labels == typed
        records = [{"a": 1, "b": 2, "label": label} for label in typed]
        assert read_table(json.dumps(records).encode(), "m.json").labels == typed

    def test_whole_numbers_that_float32_rounds_are_told_with_the_first_line(self):
        raw = read_table(b"a,b,label\n1,2,99999999999\n123456789,2,x\n16777217,2,x\n", "m.csv")
        assert raw.notice == (
            "'m.csv', line 3, has whole numbers beyond 16,777,216, of which float32 holds the "
            "first seven digits: 123456789 is read as 123456792."
        )
        raw = read_table(b"1,16777217\n", "m.csv", target_shape=(1,))
        assert raw.notice.endswith("16777217 is read as 16777216.")


class TestBad:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "is empty"),
            (b" \n\n", "is empty"),
            (b"a,b,label\n", "no samples below it"),
            (b"1,2,x\n1,zwei,x\n", "line 2, column 2: 'zwei' is not a number"),
            (b"1,2,x\n\n1,,x\n", "line 3, column 2: the cell is empty"),
            (b"1,2,x\n1,nan,x\n", "line 2, column 2: nan is not a finite number"),
            (b"1,2,x\n1,1e999,x\n", "line 2, column 2: 1e999 is not a finite"),
            (b"1,2,x\n1,1e39,x\n", "line 2, column 2: 1e39 is not a finite"),
            (b"1,2,x\n1,x\n", "line 2 has 2 columns, line 1 has 3"),
            (b"1,2,\n", "line 1, column 3: the label is missing. Give it"),
            (b"1,2," + b"x" * 41, "line 1, column 3: The label .* has 41 characters"),
            (b"1,2,../../etc\n", "line 1, column 3: '/' cannot be in a name"),
            (b"1,2,x\0y\n", "not a text file"),
            (b'1,2,"x\n3,4,y\n', "cannot be read"),
            (b"1," + b"9" * 200_000 + b",x\n", "cannot be read"),
            (b"\x89PNG\r\n\x1a\n\0\0\0", "not a text file"),
            (b"1_000,2,x\n", "line 1, column 1: '1_000' is not a number"),
        ],
    )
    def test_table_says_where_and_what(self, data, said):
        with pytest.raises(SampleError, match=said):
            read_samples(data, "m.csv")

    @pytest.mark.parametrize(
        "missing", ["", "NaN", "nan", "NA", "N/A", "#N/A", "<NA>", "null", "NULL", "?", "-", " "]
    )
    def test_nothing_is_no_label_and_no_number(self, missing):
        with pytest.raises(SampleError, match="line 2, column 3: the label is missing"):
            read_table(f"1,2,x\n3,4,{missing}\n".encode(), "m.csv")
        with pytest.raises(SampleError, match="line 2, column 2: "):
            read_table(f"1,2,x\n3,{missing},y\n".encode(), "m.csv")
        with pytest.raises(SampleError, match="line 2, column 2: "):
            read_table(f"1,2\n3,{missing}\n".encode(), "m.csv", input_shape=(1,), target_shape=())

    @pytest.mark.parametrize("name", ["None", "none", "Na", "+"])
    def test_names_that_resemble_nothing_are_labels(self, name):
        assert read_table(f"1,{name}\n2,b\n".encode(), "m.csv").labels == (name, "b")

    def test_minus_is_a_label_beside_plus(self):
        assert read_table(b"1,+\n2,-\n", "m.csv").labels == ("+", "-")

    def test_first_five_of_all_wrong_lines_are_named(self):
        lines = ["1,2,x", "1,,x", "1,2,", "1,a,x", "1,2,?", "NA,,x", "1,inf,x", "1,2,y"]
        with pytest.raises(SampleError) as error:
            read_table("\n".join(lines).encode(), "m.csv")
        assert str(error.value) == (
            "'m.csv', line 2, column 2: the cell is empty. Correct it, or remove the line. 6 lines "
            "are wrong: 2, 3, 4, 5, 6 and 1 more."
        )

    def test_table_that_is_too_large_is_sent_to_nothing_that_holds_more(self):
        with pytest.raises(SampleError, match="holds as many samples in less room"):
            read_table(b"1,2\n" * 12_600_000, "m.csv")

    def test_too_many_lines_are_refused(self):
        with pytest.raises(SampleError, match="more than 50,000 lines"):
            read_table(b"1,2\n" * 50_002, "m.csv")


class TestTargets:
    PLAIN = Preprocessing("none", (2,))

    def test_prepared_samples_have_them_in_the_models_shape(self):
        raw = read_table(b"1,2,0.5\n3,4,-1\n", "m.csv", input_shape=(2,), target_shape=(1,))
        samples = prepare(raw, self.PLAIN, Labels(()), (1,))
        assert samples.y.tolist() == [[0.5], [-1.0]]
        assert samples.y.dtype == np.float32

    def test_label_that_is_a_number_counts_as_one(self):
        raw = read_table(b"1,2,7\n", "m.csv")
        assert prepare(raw, self.PLAIN, Labels(()), ()).y.tolist() == [7.0]

    def test_sample_without_one_says_which(self):
        raw = read_table(b"1,2,walk\n", "m.csv")
        with pytest.raises(SampleError, match="line 1 has no target"):
            prepare(raw, self.PLAIN, Labels(()), (1,))

    def test_name_in_the_place_of_a_number_is_called_none(self):
        raw = read_table(b"1,2,walk\n", "m.csv")
        said = "This model learns one number .* number, which 'walk' is not"
        with pytest.raises(SampleError, match=said):
            prepare(raw, self.PLAIN, Labels(()), ())

    def test_model_that_reconstructs_needs_none(self):
        raw = read_table(b"1,2\n", "m.csv", input_shape=(2,))
        assert prepare(raw, self.PLAIN, Labels(())).x.tolist() == [[1.0, 2.0]]
