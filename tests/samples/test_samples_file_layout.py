"""What the paths of a folder's or zip's files say of them, before any of them is read."""

from __future__ import annotations

import pytest

from odt_core.errors import SampleError
from odt_core.samples.file_layout import FileKind, Layout
from odt_core.samples.label_table import LabelTable

PICTURES = (".png",)


def of(*paths: str, **said) -> Layout:
    return Layout.of(paths, PICTURES, "pets.zip", **said)


def kinds(layout: Layout, *paths: str) -> list[FileKind]:
    return [layout.kind_of(path) for path in paths]


class TestFolders:
    def test_sample_has_the_label_of_its_folder(self):
        layout = of("cat/1.png", "train/dog/2.PNG")
        assert [layout.label_of(path) for path in ("cat/1.png", "train/dog/2.PNG")] == [
            "cat",
            "dog",
        ]

    def test_loose_samples_are_of_the_label_that_the_zip_is_called_after(self):
        layout = Layout.of(["1.png", "2.png"], PICTURES, "heart-samples.zip")
        assert {layout.label_of("1.png"), layout.label_of("2.png")} == {"heart"}
        assert layout.kind_of("1.png") is FileKind.SAMPLE

    def test_unpacked_zips_of_teachable_machine_are_called_without_their_ending(self):
        paths = ("train/heart-samples/1.png", "test/star-samples/2.png")
        assert [of(*paths).label_of(path) for path in paths] == ["heart", "star"]

    def test_ending_is_a_label_s_own_where_other_folders_have_none(self):
        paths = ("blood-samples/1.png", "tissue/2.png", "-samples/3.png")
        assert [of(*paths).label_of(path) for path in paths] == [
            "blood-samples",
            "tissue",
            "-samples",
        ]

    def test_loose_samples_beside_folders_are_left_out(self):
        layout = of("cat/1.png", "2.png", "notes.txt", "dog-samples.zip")
        assert kinds(layout, "cat/1.png", "2.png", "notes.txt", "dog-samples.zip") == [
            FileKind.SAMPLE,
            FileKind.LOOSE,
            FileKind.OTHER,
            FileKind.SAMPLE,
        ]

    def test_folders_of_a_data_set_for_detection_are_no_labels(self):
        layout = of("images/train/1.png", "images/train/1.txt")
        assert layout.label_of("images/train/1.png") == ""

    @pytest.mark.parametrize(
        ("path", "test"),
        [("test/cat/1.png", True), ("train/cat/2.png", False), ("cat/3.png", None)],
    )
    def test_folders_above_the_label_say_what_is_to_test_with(self, path, test):
        assert of("test/cat/1.png", "train/cat/2.png", "cat/3.png").is_test(path, "cat") is test

    def test_every_folder_but_the_label_says_what_is_to_test_with(self):
        paths = ("3/1.png", "3/test/2.png", "7/train/test/anna/3.png", "7/4.png")
        layout = of(*paths, known=("3", "7"))
        said = [layout.is_test(path, layout.label_of(path)) for path in paths]
        assert said == [None, True, True, None]

    def test_label_may_be_called_test(self):
        paths = ("test/1.png", "other/2.png")
        assert of(*paths).is_test("test/1.png", "test") is None
        assert of(*paths, has_targets=True).is_test("test/1.png", "") is True


class TestTables:
    TABLE = LabelTable("labels.csv", {"all/1.png": "cat", "all/2.png": "dog"}, ())

    def test_table_says_what_is_what_and_what_it_does_not_name_is_left_out(self):
        paths = ("all/1.png", "all/2.png", "all/3.png", "labels.csv")
        layout = of(*paths, tables=[self.TABLE])
        assert [layout.label_of(path) for path in paths[:2]] == ["cat", "dog"]
        assert kinds(layout, *paths) == [
            FileKind.SAMPLE,
            FileKind.SAMPLE,
            FileKind.UNNAMED,
            FileKind.ABOUT,
        ]

    def test_table_that_says_what_the_folders_say_changes_nothing(self):
        paths = ("cat/1.png", "dog/2.png", "dog/3.png")
        layout = of(*paths, tables=[LabelTable("labels.csv", {"cat/1.png": "Cat"}, ())])
        assert [layout.label_of(path) for path in paths] == ["cat", "dog", "dog"]

    def test_table_that_contradicts_the_folders_is_refused(self):
        with pytest.raises(SampleError, match=r"'cat/1\.png' is 'dog' by the table and 'cat'"):
            of("cat/1.png", "dog/2.png", tables=[LabelTable("a.csv", {"cat/1.png": "dog"}, ())])

    def test_two_tables_that_contradict_each_other_are_refused(self):
        other = LabelTable("more.csv", {"all/1.png": "dog"}, ())
        with pytest.raises(SampleError, match=r"'dog' in 'more\.csv' and 'cat' in another"):
            of("all/1.png", "all/2.png", tables=[self.TABLE, other])


class TestOurs:
    def test_folders_stand_for_labels_and_names_mark_the_tests(self):
        layout = of("0/a-test.png", "0/b.png", "later/c.png", ours={"0": "C#", "1": ""})
        assert [layout.label_of(path) for path in ("0/b.png", "1/x.png")] == ["C#", ""]
        assert [
            layout.is_test(path, "C#") for path in ("0/a-test.png", "0/b.png", "later/c.png")
        ] == [
            True,
            False,
            None,
        ]


def test_project_says_the_label_of_each_picture():
    layout = of("up-!-1.png", "down-!-2.png", "manifest.json", project={"up-!-1.png": "up"})
    assert layout.label_of("up-!-1.png") == "up"
    assert layout.kind_of("manifest.json") is FileKind.ABOUT
