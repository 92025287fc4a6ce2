"""Which of the folders above a sample is its label."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from odt_core.samples import Form, read_samples
from odt_core.samples.folder_labels import folder_labels
from odt_core.samples.folders import read_given
from tests.sample_files import png, zipped

DIGITS = ("3", "7", "8")


def labels(*paths: str, known: tuple[str, ...] = ()) -> list[str]:
    return list(folder_labels(paths, known)[0].values())


class TestKnown:
    @pytest.mark.parametrize(
        "paths",
        [
            ("3/monday/1.png", "3/tuesday/2.png", "7/monday/3.png"),
            ("3/anna/1.png", "7/ben/2.png"),
            ("all/3/anna/1.png", "all/7/ben/2.png"),
            ("train/3/anna/1.png", "test/7/anna/2.png"),
            ("3/1.png", "3/more/2.png", "7/3.png"),
            ("3/test/anna/1.png", "7/test/anna/2.png"),
            ("3/1.png", "3/test/2.png", "7/train/ben/3.png"),
        ],
    )
    def test_outer_folders_are_labels_where_these_are_known_and_none_inside_is(self, paths):
        found, told = folder_labels(paths, DIGITS)
        assert list(found.values()) == ["3" if "3/" in path else "7" for path in paths]
        assert "The folders '3', '7' are taken for the labels, as these are known, and not" in told

    def test_inner_folders_are_where_these_are_known(self):
        paths = ("anna/3/1.png", "anna/heart/2.png", "ben/3/3.png", "ben/heart/4.png")
        assert folder_labels(paths, DIGITS) == (
            dict(zip(paths, ["3", "heart", "3", "heart"], strict=True)),
            "",
        )

    def test_a_known_folder_alone_around_others_is_none(self):
        assert labels("7/heart/1.png", "7/star/2.png", known=DIGITS) == ["heart", "star"]

    def test_names_that_read_the_same_are_known(self):
        assert labels("Cat/a/1.png", "Dog/a/2.png", known=("cat", "dog")) == ["Cat", "Dog"]


class TestNothingKnown:
    PATHS = ("cat/monday/1.png", "dog/monday/2.png", "dog/tuesday/3.png")

    @pytest.mark.parametrize(
        ("paths", "known"),
        [
            (PATHS, ()),
            (PATHS, DIGITS),
            (("3/7/1.png", "8/7/2.png"), DIGITS),
            (("3/test/anna/1.png", "9/test/anna/2.png"), DIGITS),
        ],
    )
    def test_folders_of_one_name_in_several_others_tell_no_label_and_say_what_to_do(
        self, paths, known
    ):
        found, told = folder_labels(paths, known)
        assert set(found.values()) == {""}
        assert "If the outer ones are the labels, put the samples right into them." in told

    @pytest.mark.parametrize(
        "paths",
        [
            ("train/cat/1.png", "test/cat/2.png"),
            ("first/train/cat/1.png", "second/train/cat/2.png"),
            ("cat/1.png", "more/cat/2.png"),
        ],
    )
    def test_folders_below_train_and_test_are_labels(self, paths):
        assert folder_labels(paths) == (dict.fromkeys(paths, "cat"), "")

    def test_folders_of_other_names_are_labels(self):
        assert labels("pets/cat/1.png", "wild/fox/2.png") == ["cat", "fox"]


PICTURES = {name: png(np.full((6, 6), 9, np.uint8)) for name in ("3/a/1.png", "7/a/2.png")}


class TestReading:
    def test_zip_and_zip_in_a_zip_and_files_given_are_read_by_known_labels(self, caplog):
        inner = zipped(PICTURES)
        with caplog.at_level(logging.WARNING):
            for data in (inner, zipped({"inner.zip": inner})):
                assert read_samples(data, "mine.zip", labels=DIGITS).labels == ("3", "7")
        assert caplog.text.count("not those inside them ('a').") == 2
        form = Form(labels=DIGITS)
        assert read_given([*PICTURES.items()], "mine", form).labels == ("3", "7")

    def test_nothing_is_told_of_folders_where_values_are_learnt(self):
        for data in (zipped(PICTURES), zipped({"inner.zip": zipped(PICTURES)})):
            assert read_samples(data, "mine.zip", target_shape=(2,)).notice == ""

    def test_test_samples_within_a_label_folder_are_not_trained_on(self):
        pictures = {f"{path}/1.png": PICTURES["3/a/1.png"] for path in ("3", "3/test", "7")}
        inner = zipped(pictures)
        for data in (inner, zipped({"inner.zip": inner})):
            raw = read_samples(data, "mine.zip", labels=DIGITS, subset="both")
            assert (raw.labels, raw.tests) == (("3", "3", "7"), (None, True, None))

    def test_samples_whose_label_cannot_be_told_have_none(self):
        for data in (zipped(PICTURES), zipped({"inner.zip": zipped(PICTURES)})):
            raw = read_samples(data, "mine.zip")
            assert raw.labels == ("", "")
            assert raw.notice.startswith("Which folders are the labels cannot be told")
