"""What the folders above a sample say: its label, and whether it is one to test with.

A label is the folder that a sample lies in. Folders called train, val or test above it say what the
samples are for: train/cat/1.jpg. Where samples lie in such folders themselves, or in one called
images, what they show is told elsewhere: in the .txt, .xml, .json or .csv of a data set for
detection. Such are not read, and no folder of theirs is a label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from odt_core.samples.masks import OF_MASKS, PHOTOGRAPHS
from odt_core.words import words

HOW = (
    "Make one folder per label and put its samples inside, such as cat/1.jpg; folders train, val "
    "and test may stand above: train/cat/1.jpg. Or put a labels.csv with columns file and label "
    "beside them."
)
_TRAIN = frozenset(["train", "training", "trainval", "val", "valid", "validation"])
_TEST = frozenset(["test", "testing"])
_BESIDE_ROLE = frozenset(["set", "data", "split"]) | PHOTOGRAPHS  # training_set, test_images
_OF_NO_LABEL = _TRAIN | _TEST | _BESIDE_ROLE | {"jpeg", "jpg", "png"}  # JPEGImages, train2017
_ASCII = re.compile(r"[A-Za-z0-9 ._-]+")
_LISTS = frozenset([".csv", ".tsv", ".xml", ".jsonl"])  # beside loose pictures they hold labels
_TO_LAST_LETTER = re.compile(r".*[^\W_\d]", re.DOTALL)  # what follows counts the recordings
_ANY = frozenset(
    [
        "array", "capture", "csv", "data", "export", "features", "file", "inputs", "log",
        "measurement", "output", "rec", "record", "recording", "recordings", "sample", "samples",
        "sensor", "sensors", "series", "untitled", "window", "windows", "x",
    ]
)  # fmt: skip
_NOTES = frozenset([".txt", ".json"])  # where each has the name of a picture


def is_test(folders: Sequence[str]) -> bool | None:
    """Whether these folders, outermost first, are of samples to test with: what the innermost one
    says that says so; None where none does. Those to validate with are there to be trained on.
    """
    for folder in reversed(folders):
        said = _words(folder)
        role = said - _BESIDE_ROLE
        if len(role) == 1 and role <= _TRAIN | _TEST:
            return role <= _TEST
    return None


def tell_labels(samples: Sequence[str], others: Sequence[str]) -> bool:
    """Whether the folders of samples are labels. samples, others: paths with slashes; others are
    the files that are no samples.
    """
    folders = {PurePosixPath(file).parent for file in samples}
    if folders == {PurePosixPath(".")}:
        stems = {PurePosixPath(file).stem for file in samples}
        return not any(
            path.suffix.lower() in _LISTS or (path.suffix.lower() in _NOTES and path.stem in stems)
            for path in map(PurePosixPath, others)
        )
    named = [_words(folder.name) for folder in folders if folder.name]
    pictures = [bool(said) and said <= _OF_NO_LABEL for said in named]
    masks = [bool(said & OF_MASKS) for said in named]
    return not (
        any(pictures) and all(one or other for one, other in zip(pictures, masks, strict=True))
    )


def label_in_name(file: str) -> str:
    """The label that the name of a recording says: "punch" of punch.csv and of punch_03.csv; "" of
    01.csv, and of one that has any recording's name.
    """
    found = _TO_LAST_LETTER.match(PurePosixPath(file).name.partition(".")[0])
    stem = found[0] if found else ""
    return "" if words(stem) <= _ANY | _TRAIN | _TEST and stem.isascii() else stem


def labels_in_names(files: Sequence[str], told: bool) -> dict[str, str]:
    """File -> label of the recordings whose own names are their labels: those that lie in no
    folder, in one that says no label, or in one for all of them, each with a name of its own.

    files: paths with slashes. told: whether folders are labels (`tell_labels`).
    """
    names = {file: label_in_name(file) for file in files}
    folders = {PurePosixPath(file).parent for file in files}
    one_each = len(folders) == 1 and 1 < len(files) == len({*names.values()} - {""})
    return {
        file: label
        for file, label in names.items()
        if label and (not told or one_each or "/" not in file)
    }


def _words(folder: str) -> frozenset[str]:
    """Those of a folder's name; none of one that is not written in plain letters alone."""
    return words(folder) if _ASCII.fullmatch(folder) else frozenset()
