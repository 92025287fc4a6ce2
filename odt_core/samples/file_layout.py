"""Which files of a folder or zip are samples, of which label, and which are to test with: by their
paths, and by what a few of them say of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType

from odt_core.errors import SampleError
from odt_core.samples import labels_file, teachable_machine
from odt_core.samples.decoding import TABLES
from odt_core.samples.folder_labels import folder_labels, without_zipped
from odt_core.samples.label_table import LabelTable
from odt_core.samples.layout import is_test, labels_in_names, tell_labels
from odt_core.samples.masks import TARGET, stem_of

_ABOUT = (labels_file.NAME, teachable_machine.MANIFEST)  # no samples, but read
_NOTHING: Mapping[str, str] = MappingProxyType({})


class FileKind(Enum):
    """What is done with a file."""

    SAMPLE = "sample"  # it is read; a zip may hold several
    ABOUT = "about"  # it has said what there is to know of the others
    UNNAMED = "unnamed"  # a sample that no table names is left out
    LOOSE = "loose"  # so is one outside of the label folders
    OTHER = "other"  # and what cannot be a sample


@dataclass(frozen=True)
class Layout:
    """Paths are relative to the folder or zip, with slashes."""

    name: str  # of the folder or zip
    kinds: tuple[str, ...]  # endings of samples, in lower case
    about: frozenset[str]
    ours: Mapping[str, str]  # folder -> label, of a zip of ours
    listed: Mapping[str, str]  # path -> label, by tables or a Teachable Machine project
    in_names: Mapping[str, str]  # path -> label, of recordings that are called after it
    in_folders: Mapping[str, str]  # path -> label, of samples whose folder is one
    told: str  # of which folders are labels; "" for nothing
    folders_are_labels: bool
    has_targets: bool  # for a model of values
    leaves_out_unnamed: bool
    leaves_out_loose: bool

    @staticmethod
    def of(
        paths: Sequence[str],
        kinds: tuple[str, ...],
        name: str,
        *,
        has_targets: bool = False,
        project: Mapping[str, str] = _NOTHING,
        ours: Mapping[str, str] = _NOTHING,
        tables: Sequence[LabelTable] = (),
        known: Sequence[str] = (),
    ) -> Layout:
        """project, ours, tables: what files among them say: path -> label of a Teachable Machine
        project, folder -> label of a zip of ours, and tables where there is neither. SampleError
        where a table contradicts another one, or the folders. known: names that are labels already.
        """
        about = frozenset({*_ABOUT, *(table.name for table in tables)})
        samples = [path for path in paths if is_sample(path, kinds) and path not in about]
        others = [path for path in paths if not is_sample(path, kinds) and path not in about]
        folders = bool(project or ours) or not samples or tell_labels(samples, others)
        listed = _labels_of(tables)
        by_table = bool(tables) and not (folders and _agree(listed, samples))
        folders = folders and not by_table
        sorted_apart = any(map(is_zip, paths)) or any(map(_in_folder, samples))
        recordings = [path for path in paths if path.lower().endswith(TABLES)]
        in_folders, told = folder_labels(samples, known) if folders else ({}, "")
        return Layout(
            name,
            kinds,
            about,
            ours,
            listed if by_table else project,
            labels_in_names(recordings, folders) if not (ours or tables) else {},
            in_folders,
            "" if has_targets or project or ours else told,
            folders_are_labels=folders,
            has_targets=has_targets,
            leaves_out_unnamed=by_table,
            leaves_out_loose=sorted_apart and not (has_targets or project or by_table),
        )

    def kind_of(self, path: str) -> FileKind:
        """What is done with a file."""
        if is_zip(path):
            return FileKind.SAMPLE
        if path in self.about or not is_sample(path, self.kinds):
            about = not self.about.isdisjoint((path, PurePosixPath(path).name))
            return FileKind.ABOUT if about else FileKind.OTHER
        if self.leaves_out_unnamed and path not in self.listed and not _is_target(path):
            return FileKind.UNNAMED
        loose = self.leaves_out_loose and not _in_folder(path)
        return FileKind.LOOSE if loose else FileKind.SAMPLE

    def label_of(self, path: str) -> str:
        """What a sample shows; "" where nothing says it."""
        folder = self.ours.get(str(PurePosixPath(path).parent))
        if folder is not None:
            return folder
        return self.listed.get(path) or self.in_names.get(path) or self._folder_of(path)

    def is_test(self, path: str, label: str) -> bool | None:
        """Whether a sample of that label is one to test with; None where nothing says it."""
        above = PurePosixPath(path)
        if self.ours:  # None for one that was put there later
            known = str(above.parent) in self.ours
            return stem_of(path).endswith(labels_file.TEST_MARK) if known else None
        folders = above.parts[:-1]
        labelled = self.folders_are_labels and not self.has_targets
        if labelled and folders[-1:] == (label,):  # a label called test is one
            folders = folders[:-1]
        return is_test(folders)

    def _folder_of(self, path: str) -> str:
        """A sample's folder; loose ones are of one label, the zip's or folder's name."""
        if not self.folders_are_labels:
            return ""
        if _in_folder(path):
            return self.in_folders[path]
        return without_zipped(PurePosixPath(self.name).stem)


def is_zip(path: str) -> bool:
    """Whether a file is a zip within: Teachable Machine's have one of pictures per label."""
    return path.lower().endswith(".zip")


def is_sample(path: str, kinds: tuple[str, ...]) -> bool:
    """Whether a file's ending is one of those that samples have, which are in lower case."""
    return path.lower().endswith(kinds)


def _in_folder(path: str) -> bool:
    return len(PurePosixPath(path).parts) > 1


def _is_target(path: str) -> bool:
    return stem_of(path).endswith(TARGET)


def _labels_of(tables: Sequence[LabelTable]) -> dict[str, str]:
    """Path -> label as all tables together say; SampleError where two say different things."""
    labels: dict[str, str] = {}
    for table in tables:
        for path, label in table.labels.items():
            if labels.setdefault(path, label) != label:
                raise SampleError(
                    f"'{path}' is '{label}' in '{table.name}' and '{labels[path]}' in another "
                    "table. A sample has one label."
                )
    return labels


def _agree(labels: Mapping[str, str], samples: Sequence[str]) -> bool:
    """Whether the folders of samples tell labels apart as tables do; False where all lie in one, or
    in none. SampleError where they say other things.
    """
    folders = {file: PurePosixPath(file).parent.name for file in samples}
    if len(set(folders.values())) < 2:
        return False
    for file, folder in folders.items():
        label = labels.get(file, folder)
        if folder.casefold() != label.casefold():
            raise SampleError(
                f"'{file}' is '{label}' by the table and '{folder}' by its folder. Take the table "
                "out, or put all samples into one folder."
            )
    return True
