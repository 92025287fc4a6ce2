"""Windows of time: tables with a row for each moment, and the arrays and folders of such."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.samples import Subset, read_samples
from odt_core.samples.layout import label_in_name, labels_in_names
from tests.sample_files import zipped

SHAPE = (4, 2)
ONE = np.arange(8, dtype=np.float32).reshape(SHAPE)
TWO = ONE + 0.5


def csv(*windows: np.ndarray, between: str = "", header: str = "aX,aY\n") -> bytes:
    """A table of them, one after the other."""
    blocks = ("".join(f"{a},{b}\n" for a, b in window) for window in windows)
    return (header + between.join(blocks)).encode()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def read(data: bytes, name: str = "punch.csv", **options):
    return read_samples(data, name, input_shape=options.pop("shape", SHAPE), **options)


def same(raw, *windows: np.ndarray) -> bool:
    return len(raw) == len(windows) and all(map(np.array_equal, raw.items, windows))


class TestOneTable:
    @pytest.mark.parametrize(
        "data",
        [
            csv(ONE, TWO),
            csv(ONE, TWO, header=""),
            csv(ONE, TWO, between="\n"),
            csv(ONE, TWO, between="\n\n\n", header="") + b"\n\n",
            csv(ONE, TWO, between=",\n"),  # as spreadsheets write a blank line
            csv(ONE) + csv(TWO),  # two files put together
            b"\xef\xbb\xbf" + csv(ONE, TWO).replace(b"\n", b"\r\n"),
            csv(ONE, TWO).replace(b"\n", b"\r\r\n"),  # line ends doubled: a blank line after each
            csv(ONE, TWO).replace(b",", b";").replace(b".", b","),
            csv(ONE, TWO).replace(b",", b"\t").decode().encode("utf-16"),
            csv(ONE, TWO, header="0,1\n"),  # as pandas names the columns of an array
            b"# 104 Hz\n" + csv(ONE, TWO),
        ],
    )
    def test_many_windows_in_any_form_are_as_many_samples(self, data):
        raw = read(data)
        assert same(raw, ONE, TWO)
        assert raw.items[0].dtype == np.float32
        assert raw.labels == ("punch", "punch")
        assert raw.notice == ""

    def test_one_window_is_called_as_its_file_and_many_by_their_lines(self):
        assert read(csv(ONE)).names == ("punch.csv",)
        assert read(csv(ONE, TWO)).names == ("punch.csv, line 2", "punch.csv, line 6")

    @pytest.mark.parametrize(
        "shape", [(4, 2, 1), (1, 4, 2)], ids=["as an image", "beside an axis of one"]
    )
    def test_axes_of_one_do_not_count(self, shape):
        assert read(csv(ONE), shape=shape).items[0].shape == shape

    def test_one_channel_needs_one_column(self):
        wave = np.arange(32, dtype=np.float32)
        raw = read("\n".join(map(str, wave)).encode(), shape=(32,))
        assert same(raw, wave)

    def test_long_row_takes_the_channels_that_the_table_has(self):
        flat = np.arange(119 * 6, dtype=np.float32)  # as the gestures of Arduino's tutorial are
        rows = "\n".join(",".join(map(str, row)) for row in flat.reshape(119, 6))
        raw = read(f"aX,aY,aZ,gX,gY,gZ\n{rows}\n\n{rows}\n".encode(), shape=(119 * 6,))
        assert same(raw, flat, flat)
        assert raw.labels == ("punch", "punch")

    @pytest.mark.parametrize("size", [64, 119 * 6 + 1, 6 * 7])
    def test_row_that_no_channels_divide_into_moments_is_one_of_features(self, size):
        with pytest.raises(SampleError, match=f"has 6 columns. This model takes {size} feature"):
            read(b"1,2,3,4,5,6\n" * 14, shape=(size,))

    def test_sample_may_still_be_a_row_with_its_label(self):
        raw = read(b"0,1,2,3,4,5,6,7,flex\n")
        assert same(raw, ONE)
        assert raw.labels == ("flex",)

    @pytest.mark.parametrize(
        "name", ["time", "Timestamp", "timestamp_ms", "Time (s)", "t", "seconds_elapsed", "index"]
    )
    def test_column_of_times_is_left_out_and_told(self, name):
        rows = "".join(f"{k / 10},{a},{b}\n" for k, (a, b) in enumerate(ONE))
        raw = read(f"{name},aX,aY\n{rows}".encode())
        assert same(raw, ONE)
        assert raw.notice == f"Left out the column '{name}' of 'punch.csv'."

    def test_column_without_a_name_counts_the_rows(self):
        rows = "".join(f"{k},{a},{b}\n" for k, (a, b) in enumerate(ONE))
        assert same(read(f",aX,aY\n{rows}".encode()), ONE)

    @pytest.mark.parametrize(
        ("header", "what"),
        [
            ("time,aX", "a column 'time'"),
            ("label,aX", "a column 'label'"),
            ("aX,label", "a column 'label'"),
            (",aX", "a first column without a name"),
        ],
    )
    def test_column_of_times_or_labels_does_not_become_a_missing_channel(self, header, what):
        said = rf"has {what}, and with it as many as the model has channels \(2\)"
        with pytest.raises(SampleError, match=said):
            read(csv(ONE, header=f"{header}\n"))

    def test_column_of_times_behind_others_is_a_channel_where_there_are_no_more_and_told(self):
        raw = read(csv(ONE, header="x,t\n"))
        assert same(raw, ONE)
        assert raw.notice == "Counted the column 't' of 'punch.csv' among the channels."

    def test_label_beside_the_rows_is_theirs_and_parts_them(self):
        rows = [f"{a},{b},{label}" for w, label in ((ONE, "flex"), (TWO, "fold")) for a, b in w]
        raw = read("\n".join(["aX,aY,activity", *rows]).encode())
        assert same(raw, ONE, TWO)
        assert raw.labels == ("flex", "fold")

    @pytest.mark.parametrize(
        ("header", "row"),
        [
            ("aX,label,class", "0,1,2"),  # as many as a model of three channels takes
            ("time,aX,label,class", "0,1,2,3"),
            ("aX,label,class,aY,aZ", "0,flex,fast,1,2"),
        ],
    )
    def test_two_columns_that_may_be_the_label_are_not_guessed(self, header, row):
        data = "\n".join([header, *[row] * 4]).encode()
        with pytest.raises(SampleError, match="has the columns 'label' and 'class', each of which"):
            read(data, shape=(4, 3))

    def test_column_that_may_be_the_label_and_is_empty_does_not_count(self):
        data = "\n".join(["aX,aY,label,class", *["0,1,,flex"] * 4]).encode()
        assert read(data).labels == ("flex",)

    def test_two_columns_that_may_be_the_label_are_not_guessed_where_channels_are_counted(self):
        data = "\n".join(["aX,aY,aZ,label,class", *["1,2,3,flex,fast"] * 40]).encode()
        with pytest.raises(SampleError, match="has the columns 'label' and 'class', each of which"):
            read(data, shape=(120,))

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (csv(ONE[:3]), "'punch.csv' has 3 rows of numbers; this model takes 4 for each sample"),
            (csv(ONE, TWO[:1]), "has 5 rows of numbers; this model takes 4"),
            (
                csv(ONE, TWO[:3], ONE[:2], between="\n"),
                "lines 7 to 9, has 3 rows .* takes 4 .* 2 of 3 parts of the file are so",
            ),
            (b"1,2,3\n" * 4, "has 3 columns. .* 4 rows of 2 columns, or all 8 .* such as time"),
            (b"aX,aY,aZ\n" + b"1,2,3\n" * 4, "has 3 columns: aX, aY, aZ. .* Leave the other"),
            (b"1\n" * 4, "has 1 column. "),
            (csv(ONE).replace(b"2.0", b"x"), "line 3, column 1: 'x' is not a finite number"),
            (csv(ONE).replace(b"2.0", b"nan"), "line 3, column 1: 'nan' is not a finite number"),
            (csv(ONE).replace(b"2.0", b""), "line 3, column 1: an empty cell is not"),
            (csv(ONE).replace(b"2.0", b"1e39"), "line 3, column 1: '1e39' is not a finite"),
            (csv(ONE).replace(b"2.0", b"9,2.0"), "line 3 has 3 columns, line 1 has 2"),
            (b"aX,aY\n", "has a header, but no rows"),
            (b"0,1\n" + csv(ONE, TWO[:1], header=""), "has 6 rows of numbers"),
            (
                b"aX,aY,label\n" + b"1,2,\n" * 3 + b"1,2,\n",
                "line 2, column 3: the label is missing",
            ),
        ],
    )
    def test_what_does_not_fit_is_told_with_what_would(self, data, said):
        with pytest.raises(SampleError, match=said):
            read(data)

    def test_first_of_too_many_values_of_one_channel_is_no_header(self):
        with pytest.raises(SampleError, match="has 33 rows of numbers; this model takes 32"):
            read("\n".join(map(str, range(33))).encode(), shape=(32,))

    def test_more_lines_than_of_other_tables_are_read_and_not_any_number(self):
        assert len(read(b"1,2\n" * 60_000)) == 15_000
        with pytest.raises(SampleError, match="more than 250,000 lines"):
            read(b"1,2\n" * 250_002)

    def test_whole_numbers_that_float32_rounds_are_told(self):
        raw = read(b"-16777217,2\n" * SHAPE[0], "punch.csv")
        assert raw.notice.endswith(": -16777217 is read as -16777216.")


class TestFolders:
    @pytest.mark.parametrize(
        "files",
        [
            ("punch/001.csv", "flex/001.csv"),
            ("PUNCH.CSV", "flex.tsv"),
            ("punch/1.csv.gz", "flex/1.CSV.GZ"),
            ("punch_1.csv", "flex-02.csv"),
            ("gestures/punch.csv", "gestures/flex.csv"),
            ("mine/train/punch/1.csv", "mine/train/flex/1.csv"),
            ("train/punch.csv", "train/flex.csv"),
        ],
    )
    def test_label_is_the_folder_or_else_the_name(self, files):
        packed = [gzip.compress(csv(w)) if "gz" in files[0] else csv(w) for w in (ONE, TWO)]
        raw = read(zipped(dict(zip(files, packed, strict=True))), "any.zip")
        found = {label.lower(): item for label, item in zip(raw.labels, raw.items, strict=True)}
        assert found.keys() == {"punch", "flex"}
        assert np.array_equal(found["punch"], ONE)

    def test_folder_on_disk_is_read_as_its_zip(self, tmp_path):
        (tmp_path / "punch").mkdir()
        (tmp_path / "punch" / "001.csv").write_bytes(csv(ONE, TWO))
        assert read_samples(tmp_path, input_shape=SHAPE).labels == ("punch", "punch")

    def test_numbers_alone_are_called_as_the_zip(self):
        raw = read(zipped({"1.csv": csv(ONE), "2.csv": csv(TWO)}), "punch.zip")
        assert raw.labels == ("punch", "punch")

    def test_rows_of_features_have_their_folder_for_a_label(self):
        files = {"walk/1.csv": b"a,b\n1,2\n3,4\n", "run.csv/1.csv": b"5,6\n"}
        raw = read(zipped(files), "any.zip", shape=(2,))
        assert [item.tolist() for item in raw.items] == [[5, 6], [1, 2], [3, 4]]
        assert raw.labels == ("run.csv", "walk", "walk")

    def test_hidden_files_and_notes_are_no_samples(self):
        files = {"punch/1.csv": csv(ONE), "__MACOSX/punch/._1.csv": b"\0", "punch/.1.csv": b"\0"}
        raw = read(zipped({**files, "punch/notes.txt": b"104 Hz", "all.csv": b"1"}), "any.zip")
        assert same(raw, ONE)
        assert raw.notice == (
            "Left out 1 file that cannot be read as samples: 1 .txt. "
            "Left out 1 outside of the label folders. Left out 1 hidden sample, such as "
            "'punch/.1.csv': give files and folders names without a dot before them."
        )

    def test_folder_test_is_for_testing(self):
        files = {"train/punch/1.csv": csv(ONE), "test/punch/1.csv": csv(TWO, ONE)}
        raw = read(zipped(files), "any.zip", subset=Subset.BOTH)
        assert raw.tests == (True, True, False)

    def test_notice_of_many_files_is_given_once(self):
        data = csv(np.hstack([ONE[:, :1], ONE])[:, 1:], header="time,aX,aY\n")
        data = b"time,aX,aY\n" + b"".join(b"0," + row + b"\n" for row in data.split()[1:])
        raw = read(zipped({f"punch/{k}.csv": data for k in range(3)}), "any.zip")
        assert raw.notice == (
            "Left out the column 'time' of 'punch/0.csv'. 2 more files are read so."
        )

    def test_label_of_the_rows_that_is_not_that_of_the_folder_is_refused(self):
        rows = "".join(f"{a},{b},flex\n" for a, b in ONE)
        data = f"aX,aY,label\n{rows}".encode()
        with pytest.raises(SampleError, match=r"1\.csv says 'flex', and its folder 'punch'"):
            read(zipped({"punch/1.csv": data}), "any.zip")
        assert read(zipped({"Flex/1.csv": data}), "any.zip").labels == ("Flex",)

    def test_file_that_does_not_fit_is_named(self):
        files = {"punch/1.csv": csv(ONE), "punch/2.csv": csv(ONE[:3])}
        with pytest.raises(SampleError, match=r"'punch/2\.csv' has 3 rows .* takes 4"):
            read(zipped(files), "any.zip")

    def test_tables_together_are_bounded(self, monkeypatch):
        monkeypatch.setattr("odt_core.samples.decoding.MAX_BYTES", 100)
        with pytest.raises(SampleError, match=r"The tables of 'any\.zip' have more than"):
            read(zipped({f"punch/{k}.csv": csv(ONE) for k in range(3)}), "any.zip")


class TestArrays:
    @pytest.mark.parametrize("array", [np.stack([ONE, TWO]), np.concatenate([ONE, TWO])])
    def test_array_of_several_is_as_many_samples(self, array):
        raw = read(zipped({"punch/1.npy": npy(array)}), "any.zip")
        assert same(raw, ONE, TWO)
        assert raw.labels == ("punch", "punch")
        assert raw.names[1] == "punch/1.npy, sample 2"

    def test_array_alone_has_its_name_for_a_label(self):
        assert read(npy(np.stack([ONE, TWO]).astype(np.float64)), "punch_2.npy").labels == (
            "punch",
            "punch",
        )

    def test_array_of_objects_is_not_unpickled(self):
        stream = io.BytesIO()
        np.save(stream, np.array([{}], object), allow_pickle=True)
        with pytest.raises(SampleError, match="Python objects, which are never read"):
            read(stream.getvalue(), "punch.npy")


class TestNames:
    @pytest.mark.parametrize(
        ("file", "label"),
        [
            ("punch.csv", "punch"),
            ("a/Punch_03.csv", "Punch"),
            ("punch.2024-11-03.csv", "punch"),
            ("arm up 2.csv", "arm up"),
            ("winken_ü.csv", "winken_ü"),
            ("001.csv", ""),
            ("sample-12.csv", ""),
            ("test.csv", ""),
        ],
    )
    def test_name_says_what_is_recorded_or_nothing(self, file, label):
        assert label_in_name(file) == label

    @pytest.mark.parametrize(
        ("files", "named"),
        [
            (["punch/a_1.csv", "punch/a_2.csv"], False),  # one label, in one folder
            (["punch/ann.csv", "flex/ann.csv"], False),
            (["all/punch.csv"], False),
            (["all/punch.csv", "all/flex.csv"], True),
        ],
    )
    def test_names_of_files_in_folders_are_labels_only_where_folders_cannot_be(self, files, named):
        assert bool(labels_in_names(files, True)) is named
