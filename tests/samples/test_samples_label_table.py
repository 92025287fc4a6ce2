"""labels.csv beside pictures: which column is which, and what does not fit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import pytest
from PIL import Image

from odt_core.errors import SampleError
from odt_core.samples import Subset, read_samples, targets_of
from odt_core.samples.folders import read_loose
from odt_core.samples.types import Form

THREE = ("1.png", "2.png", "3.png")
LABELS = {"1.png": "cat", "2.png": "dog", "3.png": "cat"}
TABLE = "filename,label\n1.png,cat\n2.png,dog\n3.png,cat\n"


def files(pictures: Iterable[str], **tables: str | bytes) -> dict[str, bytes]:
    """Pictures, each of another shade, and tables by their names."""
    found = {}
    for shade, name in enumerate(pictures):
        stream = io.BytesIO()
        Image.new("L", (6, 6), shade).save(stream, "PNG")
        found[name] = stream.getvalue()
    for name, table in tables.items():
        found[name] = table.encode() if isinstance(table, str) else table
    return found


def read(pictures: Iterable[str], subset=Subset.BOTH, **tables: str | bytes):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files(pictures, **tables).items():
            archive.writestr(name, data)
    return read_samples(stream.getvalue(), "pets.zip", subset=subset)


def labels(raw) -> dict[str, str]:
    return dict(zip(raw.names, raw.labels, strict=True))


class TestEncodings:
    def test_labels_in_an_encoding_that_is_guessed_are_told(self):
        raw = read(THREE, **{"labels.csv": TABLE.replace("cat", "Kätzchen").encode("cp1252")})
        assert set(raw.labels) == {"Kätzchen", "dog"}
        assert raw.notice.startswith("Read 'labels.csv', which is in no Unicode encoding, as")


class TestColumns:
    @pytest.mark.parametrize(
        "table",
        [
            TABLE,
            "1.png,cat\n2.png,dog\n3.png,cat\n",  # no header
            b"\xef\xbb\xbf" + TABLE.replace("\n", "\r\n").replace(",", ";").encode(),
            TABLE.encode("utf-16"),
            "Label\tImage File\ncat\t1.png\ndog\t2.png\ncat\t3.png\n",
            "id,breed\n1,cat\n2,dog\n3,cat\n",  # without the suffix
            "path,width,Class Name\n./1.png,6,cat\nsome\\where\\2.png,6,dog\n/data/3.png,6,cat\n",
            "file,target,category\n1.png,0,cat\n2.png,1,dog\n3.png,0,cat\n",
            "filename, cat, dog\n1.png, 1, 0\n2.png, 0, 1\n3.png, 1, 0\n",  # a column for each
            "index,file,animal_label\n".replace("animal_label", "label")
            + "".join(f"{k},{name},{label}\n" for k, (name, label) in enumerate(LABELS.items())),
        ],
    )
    def test_files_and_labels_are_found_whatever_they_are_called(self, table):
        raw = read(THREE, **{"labels.csv": table})
        assert labels(raw) == LABELS
        assert raw.notice == ""

    @pytest.mark.parametrize("folder", ["images", "pets"])
    def test_pictures_may_lie_in_a_folder_beside_the_table_or_with_it(self, folder):
        pictures = [f"{folder}/{name}" for name in THREE]
        expected = {f"{folder}/{name}": label for name, label in LABELS.items()}
        for place in ("labels.csv", f"{folder}/_labels.tsv", f"mine/{folder}/x.csv"):
            assert labels(read(pictures, **{place: TABLE})) == expected

    def test_folders_train_and_test_stay_what_they_are(self):
        tables = {
            "train/labels.csv": "file,label\n1.png,cat\n2.png,dog\n",
            "test/labels.csv": "file,label\n1.png,dog\n",
        }
        raw = read(["train/1.png", "train/2.png", "test/1.png"], **tables)
        assert labels(raw) == {"test/1.png": "dog", "train/1.png": "cat", "train/2.png": "dog"}
        assert raw.tests == (True, False, False)

    @pytest.mark.parametrize(
        ("there", "written"),
        [("e\u0301.png", "é.png"), ("é.png", "e\u0301.png"), ("IMG_É.JPG", "img_é.jpg")],
    )  # fmt: skip
    def test_names_are_found_however_their_letters_are_written(self, there, written):
        raw = read([there, "2.png"], **{"labels.csv": f"file,label\n{written},cat\n2.png,dog\n"})
        assert labels(raw) == {there: "cat", "2.png": "dog"}

    def test_names_that_differ_in_case_alone_are_told_apart_as_written(self):
        raw = read(["a.png", "A.png"], **{"labels.csv": "file,label\na.png,cat\nA.png,dog\n"})
        assert labels(raw) == {"a.png": "cat", "A.png": "dog"}

    def test_numbers_are_targets_of_a_model_of_values(self):
        raw = read(["1.png", "2.png"], **{"ages.csv": "file,age\n1.png,30.5\n2.png,4\n"})
        assert [target.tolist() for target in targets_of(raw, (1,))] == [[30.5], [4]]

    @pytest.mark.parametrize(
        "table",
        [
            "file,width,height\n1.png,6,6\n",  # no label
            "file,xmin,ymin,xmax,ymax,class\n1.png,1,1,2,2,cat\n",  # of boxes
            "name,label\nsomething,else\n",
            "epoch,loss\n1,0.5\n2,0.25\n",  # numbers that are names of files by chance
            "free text, with a comma\nand none\n",
        ],
    )
    def test_table_of_something_else_is_left_out(self, table):
        raw = read(["cat/1.png", "dog/2.png"], **{"about.csv": table})
        assert raw.labels == ("cat", "dog")
        assert "1 .csv" in raw.notice


class TestWhatDoesNotFit:
    def test_files_that_are_not_there_and_not_named_are_told(self):
        table = TABLE + "4.png,cat\n5.png,dog\n"
        raw = read([*THREE, "spare.png"], **{"labels.csv": table})
        assert labels(raw) == LABELS
        assert raw.notice == (
            "'labels.csv' names 2 files that cannot be found, such as '4.png'. Left out 1 file "
            "that 'labels.csv' does not name, such as 'spare.png'."
        )

    def test_folders_that_agree_keep_what_the_table_leaves_out(self):
        raw = read(
            ["cat/1.png", "Dog/2.png", "cat/9.png"], **{"l.csv": "f,l\n1.png,cat\n2.png,dog\n"}
        )
        assert labels(raw) == {"cat/1.png": "cat", "Dog/2.png": "Dog", "cat/9.png": "cat"}

    def test_folders_that_disagree_are_refused(self):
        with pytest.raises(
            SampleError, match=r"'dog/2\.png' is 'cat' by the table and 'dog' by its folder"
        ):
            read(["cat/1.png", "dog/2.png"], **{"l.csv": "f,l\n1.png,cat\n2.png,cat\n"})

    @pytest.mark.parametrize(
        ("tables", "said"),
        [
            ({"l.csv": TABLE + "1.png,dog\n"}, r"line 5: '1\.png' is 'dog' here and 'cat' before"),
            ({"l.csv": TABLE, "m.csv": "f,l\n1.png,dog\n"}, r"'dog' in 'm\.csv' and 'cat' in anot"),
            ({"l.csv": "file,label\n1.png,\n"}, "'l.csv', line 2, column 2: the label is missing"),
            ({"l.csv": f"file,label\n1.png,{'x' * 41}\n"}, "has 41 characters"),
        ],
    )
    def test_table_that_contradicts_itself_or_lacks_a_label_is_refused(self, tables, said):
        with pytest.raises(SampleError, match=said):
            read(THREE, **tables)

    @pytest.mark.parametrize(
        ("name", "header"),
        [
            ("labels.csv", "file,label"),
            ("train_labels.csv", "a,b"),
            ("all.csv", "Image File;Class"),
        ],
    )
    def test_table_of_labels_that_cannot_be_read_is_refused_where_no_folder_tells_them(
        self, name, header
    ):
        mark = ";" if ";" in header else ","
        lines = [header, f"1.png{mark}cat", f"2.png{mark}dog{mark}extra"]
        with pytest.raises(SampleError, match=rf"'{name}', line 3 has 3 columns"):
            read(["1.png", "2.png"], **{name: "\n".join(lines)})
        raw = read(["one/1.png", "two/2.png"], **{name: "\n".join(lines)})
        assert raw.labels == ("one", "two")
        assert f"'{name}', line 3 has 3 columns" in raw.notice
        assert "the folders' names are the labels" in raw.notice

    @pytest.mark.parametrize(
        "table", ["epoch,loss\n1\n", "file,xmin,class\n1.png,1\n", "free text\nwith, a comma\n"]
    )
    def test_table_of_something_else_that_cannot_be_read_is_left_out(self, table):
        raw = read(["one/1.png", "two/2.png"], **{"about.csv": table})
        assert raw.labels == ("one", "two")

    def test_names_of_two_files_mean_neither(self):
        raw = read(
            ["a/1.png", "b/1.png", "b/2.png"], **{"l.csv": "f,l\na/1.png,a\n1.png,x\n2.png,b\n"}
        )
        assert "cannot be found, such as '1.png'" in raw.notice


class TestOthers:
    def test_table_that_is_too_large_to_look_into_is_left_out(self, monkeypatch):
        monkeypatch.setattr("odt_core.samples.folders.MAX_IMAGE_BYTES", 1_000)
        raw = read(["cat/1.png"], **{"about.csv": "a,b\n" * 400})
        assert raw.labels == ("cat",)

    def test_files_given_together_are_as_a_folder_of_them(self):
        given = list(files(THREE, **{"labels.csv": TABLE}).items())
        assert labels(read_loose(given, Form())) == LABELS
        assert read_loose(given[:-1], Form()) is None

    def test_damaged_table_among_files_given_in_folders_is_told_as_of_a_folder(self):
        table = "file,label\n1.png,cat\n2.png,dog,extra\n"
        given = list(files(["one/1.png", "two/2.png"], **{"labels.csv": table}).items())
        raw = read_loose(given, Form())
        assert raw is not None
        assert raw.labels == ("one", "two")
        assert "'labels.csv', line 3 has 3 columns" in raw.notice

    def test_tables_of_sensors_may_have_one_too(self):
        table = b"1,2\n3,4\n"
        given = {"1.csv": table, "2.csv": table, "labels.csv": b"file,label\n1.csv,a\n2.csv,b\n"}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in given.items():
                archive.writestr(name, data)
        raw = read_samples(stream.getvalue(), "x.zip", input_shape=(2, 2))
        assert labels(raw) == {"1.csv": "a", "2.csv": "b"}

    def test_numbers_in_a_table_of_sensors_name_no_files(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name in ("punch/1.csv", "flex/2.csv"):
                archive.writestr(name, "1,2\n2,1\n")
        assert read_samples(stream.getvalue(), "x.zip", input_shape=(2, 2)).labels == (
            "flex",
            "punch",
        )
