"""Long runs of one sign, and many columns, in small files: code that tries again from each of them
would take minutes to hours, with no other visitor answered meanwhile.
"""

from __future__ import annotations

import contextlib

import pytest

from odt_core.errors import SampleError
from odt_core.samples import Labels, read_samples
from odt_core.samples.columns import columns_in
from odt_core.samples.layout import label_in_name
from odt_core.samples.rows import rows_of

pytestmark = pytest.mark.usefixtures("a_minute")

LONG = 1_000_000
WIDE = 100_000
CELL = 131_000  # characters, nearly the most that csv takes


class TestTables:
    @pytest.mark.parametrize("sign", ["1", ".", ",", "-", "_", " ", "−", "١", "#", "e", ";"])
    @pytest.mark.parametrize("end", ["", "x"])
    def test_cell_when_one_sign_for_long_is_read_or_refused(self, sign, end):
        cell = f'"{sign * CELL}{end}"'
        for text in (f"{cell},2,a\n", f"a,{cell},label\n1,2,a\n", f"1,2,{cell}\n1;2,5;{cell}\n"):
            with contextlib.suppress(SampleError):
                read_samples(text.encode(), "m.csv", input_shape=(2,))

    @pytest.mark.parametrize("sign", [" ", ", ", " ,", "#", '"', "sep=", "\t ", "# ", "\n "])
    def test_line_when_one_sign_for_long_is_divided(self, sign):
        text = sign * 95_000
        for whole in (f"{text}1 2 a\n", f"1{text}2 a\n", f"1 2 a{text}"):
            with contextlib.suppress(SampleError):
                assert rows_of(whole.encode(), "m.csv")

    @pytest.mark.parametrize("sign", ["_", "1", "-1", " ", "1_"])
    def test_name_of_a_target_when_long_is_read(self, sign):
        names = ["a", f"y{sign * LONG}x", f"y{sign * LONG}"]
        rows = [(1, names), (2, ["1", "2", "3"])]
        assert columns_in(rows, "m.csv", 1, 2, None).others == [1, 2]

    def test_columns_when_many_are_divided(self):
        rows = [(1, ["1"] * 2 * WIDE)]
        assert len(columns_in(rows, "m.csv", WIDE, WIDE, None).features) == WIDE
        empty = f"{',' * WIDE}1\n" * 3
        with pytest.raises(SampleError, match="takes 2,000,000 for each sample"):
            read_samples(empty.encode(), "m.csv", input_shape=(20 * WIDE,))


class TestNames:
    def test_labels_when_many_are_taken(self):
        assert len(Labels.numbered(WIDE)) == WIDE


class TestFileNames:
    @pytest.mark.parametrize("sign", ["_", "1", "-1", " ", "A", "Ab", "é"])
    def test_file_when_its_name_is_long_has_a_label(self, sign):
        assert label_in_name(f"{sign * LONG}cat.csv").endswith("cat")
        assert label_in_name(f"cat{sign * LONG}.csv").startswith("cat")
