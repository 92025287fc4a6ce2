"""Folders of data sets: which are labels, which say train and test, and which say nothing."""

from __future__ import annotations

import io
import logging
import zipfile

import pytest
from PIL import Image

from odt_core.errors import SampleError
from odt_core.samples import Labels, Preprocessing, Subset, prepare, read_samples
from odt_core.samples.layout import is_test, tell_labels
from odt_core.samples.left_out import left_out
from tests import sample_files
from tests.sample_files import png


def zipped(*files: str) -> bytes:
    """Pictures by these names, each of another shade."""
    return sample_files.zipped(
        {name: png(Image.new("L", (6, 6), shade)) for shade, name in enumerate(files)}
    )


SPLIT = ("train/cat/0.png", "val/dog/1.png", "test/cat/2.png", "test/dog/3.png")


class TestIsTest:
    @pytest.mark.parametrize(
        ("folder", "said"),
        [
            ("train", False),
            ("Training_Set", False),
            ("val2017", False),
            ("valid", False),
            ("test", True),
            ("TEST", True),
            ("test_images", True),
            ("images", None),
            ("crash test", None),
            ("contest", None),
            ("тест train", None),
        ],
    )
    def test_folder_says_what_it_is_for(self, folder, said):
        assert is_test((folder,)) is said

    def test_innermost_folder_decides(self):
        assert is_test(("test", "mine", "train")) is False


class TestTellLabels:
    @pytest.mark.parametrize(
        ("samples", "others"),
        [
            (["images/train/0.png", "images/val/1.png"], ["labels/train/0.txt"]),
            (["train/images/0.png"], ["train/labels/0.txt"]),
            (["train2017/0.jpg", "val2017/1.jpg"], ["annotations/instances.json"]),
            (["JPEGImages/0.jpg"], ["Annotations/0.xml"]),
            (["JPEGImages/0.jpg", "SegmentationClass/0.png"], []),
            (["images/0.png"], ["labels.csv"]),
            (["0.png", "1.png"], ["labels.csv"]),
            (["0.png", "1.png"], ["0.txt", "1.txt"]),
        ],
    )
    def test_labels_that_stand_elsewhere_are_told_by_no_folder(self, samples, others):
        assert not tell_labels(samples, others)

    @pytest.mark.parametrize(
        ("samples", "others"),
        [
            (["cat/0.png", "dog/1.png"], ["labels.txt"]),
            (["car/0.png", "train/1.png"], []),
            (["bare/0.png", "masks/1.png"], []),
            (["masks/1.png"], []),
            (["2017/0.png", "2018/0.png"], []),
            (["图/0.png"], []),
            (["0.png", "1.png"], ["readme.txt"]),
        ],
    )
    def test_other_folders_are_labels(self, samples, others):
        assert tell_labels(samples, others)


class TestReadingASplit:
    def test_test_folder_is_left_out_where_tests_are_not_wanted_and_said(self, caplog):
        with caplog.at_level(logging.WARNING):
            raw = read_samples(zipped(*SPLIT), "split.zip")
        assert raw.names == ("train/cat/0.png", "val/dog/1.png")
        assert raw.labels == ("cat", "dog")
        assert raw.notice == "Left out 2 test samples: give the same to test with."
        assert "'split.zip': Left out 2 test samples" in caplog.text

    def test_test_folder_alone_is_taken_where_samples_to_test_with_are_wanted(self):
        raw = read_samples(zipped(*SPLIT), "split.zip", subset=Subset.TEST)
        assert raw.names == ("test/cat/2.png", "test/dog/3.png")
        assert raw.notice == ""

    def test_test_folder_is_marked_where_tests_are_wanted(self):
        raw = read_samples(zipped(*SPLIT), "split.zip", subset=Subset.BOTH)
        assert dict(zip(raw.names, raw.tests, strict=True)) == {
            "train/cat/0.png": False,
            "val/dog/1.png": False,
            "test/cat/2.png": True,
            "test/dog/3.png": True,
        }

    def test_train_and_val_alone_say_nothing_of_tests(self):
        raw = read_samples(
            zipped("train/cat/0.png", "val/cat/1.png"), "split.zip", subset=Subset.BOTH
        )
        assert (raw.labels, raw.tests) == (("cat", "cat"), ())

    def test_test_folder_alone_is_read(self):
        assert len(read_samples(zipped("test/cat/0.png"), "test.zip")) == 1

    def test_label_called_test_is_a_label(self):
        raw = read_samples(zipped("exam/0.png", "test/1.png"), "papers.zip", subset=Subset.BOTH)
        assert (raw.labels, raw.tests) == (("exam", "test"), ())

    def test_masks_are_split_with_their_pictures(self):
        files = [f"{what}/{part}/a.png" for what in ("images", "masks") for part in ("test", "val")]
        raw = read_samples(zipped(*files), "set.zip", target_shape=(4, 4, 1), subset=Subset.BOTH)
        assert raw.names == ("images/test/a.png", "images/val/a.png")
        assert raw.tests == (True, False)

    def test_pictures_in_no_label_folder_have_no_label(self):
        raw = read_samples(zipped("images/train/0.png", "images/val/1.png"), "yolo.zip")
        assert raw.labels == ("", "")
        with pytest.raises(SampleError, match="the name of its folder"):
            prepare(raw, Preprocessing("image", (4, 4, 1)), Labels(("a", None)))


class TestLeftOut:
    def test_files_that_are_no_samples_are_counted_by_suffix(self):
        files = {"a/1.avif": b"", "a/2.AVIF": b"", "a/3.svg": b"", "Thumbs.db": b""}
        stream = io.BytesIO(zipped("b/0.png"))
        with zipfile.ZipFile(stream, "a") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        raw = read_samples(stream.getvalue(), "some.zip")
        assert raw.labels == ("b",)
        assert raw.notice == ("Left out 3 files that cannot be read as samples: 2 .avif, 1 .svg.")

    def test_files_that_are_all_no_samples_are_named_in_the_error(self, tmp_path):
        (tmp_path / "yes").mkdir()
        (tmp_path / "yes" / "1.mp3").write_bytes(b"ID3")
        with pytest.raises(SampleError, match=r"holds no samples. Left out 1 file .*: 1 \.mp3"):
            read_samples(tmp_path)

    def test_suffix_that_is_no_word_is_not_repeated(self):
        assert left_out(["a.<b>", "c"], 0, 0).endswith(": 2 of another kind.")

    def test_sample_outside_of_the_label_folders_is_no_label(self):
        raw = read_samples(zipped("cat/0.png", "cover.png"), "pets.zip")
        assert raw.labels == ("cat",)
        assert raw.notice == "Left out 1 outside of the label folders."

    def test_jfif_is_a_picture(self):
        assert read_samples(zipped("cat/0.jfif"), "pets.zip").labels == ("cat",)
