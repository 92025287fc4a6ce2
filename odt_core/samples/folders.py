"""Samples among the files of a folder or zip, most often in folders of labels."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from odt_core.errors import OdtError, SampleError
from odt_core.files import DAMAGED_ZIP
from odt_core.samples import label_table, labels_file, teachable_machine
from odt_core.samples.archives import (
    MAX_MEMBERS,
    MAX_TOTAL_BYTES,
    beginning,
    checked,
    guessed,
    opened,
)
from odt_core.samples.decoding import File, decode_files, is_picture_file, kinds_among
from odt_core.samples.file_layout import FileKind, Layout, is_sample, is_zip
from odt_core.samples.folder_labels import folder_labels, without_zipped
from odt_core.samples.image import MAX_IMAGE_BYTES
from odt_core.samples.label_table import DamagedTableError, LabelTable, find_label_tables
from odt_core.samples.layout import HOW, tell_labels
from odt_core.samples.left_out import left_out
from odt_core.samples.links import leads_back
from odt_core.samples.masks import is_picture
from odt_core.samples.types import Form, RawSamples, Subset
from odt_core.words import sentences, too_large

_OF_MACOS = "__MACOSX"  # Finder adds it to a zip; names in it, and on other disks, begin with ._

_OF_EVIDENCE = "personalisation-card.json"  # in every bundle of evidence, and in nothing else

_NO_PICTURE = b"damaged"  # empty is something else: there may be such files

_HIDDEN = 100  # files of a hidden folder that are looked at, to tell of samples among them


@dataclass(frozen=True)
class _File:
    """One file of a folder or zip: its path within, with slashes, and how to read the first bytes
    of it, at most so many.
    """

    path: str
    first: Callable[[int], bytes]

    def read(self, limit: int) -> bytes:
        """All of it; SampleError where that is more than `limit` bytes."""
        return _at_most(self.path, self.first(limit + 1), limit)

    def sample(self) -> bytes:
        """All of a sample. Of a picture that is too large, as much as shows that it is, and of one
        that is damaged in its zip nothing of it: they are left out with those that cannot be read.
        """
        if not is_picture_file(self.path):
            return self.read(MAX_IMAGE_BYTES)
        try:
            return self.first(MAX_IMAGE_BYTES + 1)
        except DAMAGED_ZIP:
            return _NO_PICTURE

    @property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts


def read_folder(path: Path, name: str, form: Form, subset: Subset) -> RawSamples:
    """The samples in a folder; see `read_samples`."""
    files: list[_File] = []
    seen = 0
    for folder, inner, names in os.walk(path, followlinks=True):
        hidden = _is_hidden(Path(folder).relative_to(path).as_posix())
        # A tool's hidden folder may hold a hundred thousand files below; labels' lie right in it.
        inner[:] = [] if hidden else [one for one in inner if not leads_back(Path(folder, one))]
        for one in names[: _HIDDEN if hidden else None]:
            file = Path(folder, one)
            if file.is_file():
                files.append(_File(file.relative_to(path).as_posix(), partial(_beginning, file)))
        seen += 0 if hidden else len(names)
        _check_count(seen, name)
    return _read_files(files, name, form, subset)


def _beginning(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise SampleError(f"'{file}' cannot be read: {error.strerror}.") from error


def read_zip(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    name: str,
    form: Form,
    subset: Subset,
) -> RawSamples:
    """The samples in an open zip whose members have been checked; see `read_samples`."""
    files = [
        _File(member.filename.replace("\\", "/"), partial(beginning, archive, member))
        for member in members
    ]
    raw = _read_files(files, name, form, subset)
    return replace(raw, notice=sentences(guessed(archive, name), raw.notice))


def read_loose(files: Sequence[tuple[str, bytes]], form: Form) -> RawSamples | None:
    """All samples of files (name, content) that were given together, as of a folder of them, where
    a table among them says what the others show, or was meant to; None where there is none.
    """
    there = _given(files)
    seen = [file for file in there if not _is_hidden(file.path)]
    if all(file.path.lower().endswith(label_table.ENDINGS) for file in seen):
        return None
    if not any(_told_labels(seen, kinds_among([file.path for file in seen], form), form)):
        return None
    return _read_files(there, "The upload", form, Subset.BOTH)


def read_given(files: Sequence[tuple[str, bytes]], name: str, form: Form) -> RawSamples:
    """All samples of files (path, content) that were given in folders; see `read_samples`."""
    return _read_files(_given(files), name, form, Subset.BOTH)


def _given(files: Sequence[tuple[str, bytes]]) -> list[_File]:
    return [_File(path, partial(_beginning_of, data)) for path, data in files]


def _beginning_of(data: bytes, most: int) -> bytes:
    return data[:most]


def _at_most(file: str, data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise SampleError(f"{too_large(file, len(data), limit)}. Make it smaller, or leave it out.")
    return data


def _read_files(there: Sequence[_File], name: str, form: Form, subset: Subset) -> RawSamples:
    """The samples among the files of a folder or zip."""
    project, ours = _project(there, name), _ours(there)
    form = replace(form, input_shape=None) if ours else form  # each file is one sample as it is
    everything = [file.path for file in there]
    there = sorted((file for file in there if not _is_hidden(file.path)), key=lambda one: one.parts)
    paths = [file.path for file in there]
    kinds = kinds_among(paths or everything, form)
    hidden = _hidden_samples(everything, kinds)
    tables, damaged = ([], "") if project or ours else _told_labels(there, kinds, form)
    layout = Layout.of(
        paths,
        kinds,
        name,
        has_targets=form.target_shape is not None,
        project=project,
        ours=ours,
        tables=tables,
        known=form.labels,
    )
    by_kind: dict[FileKind, list[_File]] = {kind: [] for kind in FileKind}
    for file in there:
        by_kind[layout.kind_of(file.path)].append(file)
    files, of_zips = _contents(by_kind[FileKind.SAMPLE], layout, form)
    others = [file.path for file in by_kind[FileKind.OTHER]]
    if (others or hidden) and not files:
        raise SampleError(f"'{name}' holds no samples. {left_out(others, 0, 0, hidden)} {HOW}")
    raw = decode_files(files, name, form)
    marks = tuple(map(layout.is_test, raw.names, raw.labels))
    if ours or True in marks:
        # of folders train and val alone, some are set aside for testing as of any others
        raw = replace(raw, tests=marks)
    kept = _kept(raw, subset)
    apart = 0 if kept is None or subset is Subset.TEST else len(raw) - len(kept)
    unnamed = [file.path for file in by_kind[FileKind.UNNAMED]]
    of_tables = [table.notice(unnamed if table is tables[-1] else ()) for table in tables]
    of_others = left_out(others, len(by_kind[FileKind.LOOSE]), apart, hidden)
    notice = sentences(layout.told, *of_zips, raw.notice, *of_tables, damaged, of_others)
    return replace(raw if kept is None else raw.take(kept), notice=notice)


def _contents(samples: Sequence[_File], layout: Layout, form: Form) -> tuple[list[File], list[str]]:
    """What they hold, and what is to be told of the zips among them."""
    beside = [file.path for file in samples]
    files: list[File] = []
    said: list[str] = []
    total = 0
    for file in samples:
        if is_zip(file.path):
            data = file.read(MAX_TOTAL_BYTES - total)
            found, of_zip = _inner_zip(data, PurePosixPath(file.path), beside, form)
            said += [of_zip] if of_zip else []
        else:
            found = [(layout.label_of(file.path), file.path, file.sample())]
        total += sum(len(data) for _, _, data in found)
        files += found
        _check_count(len(files), layout.name)
        if total > MAX_TOTAL_BYTES:
            raise SampleError(
                f"'{layout.name}' holds too much: at most {MAX_TOTAL_BYTES // 10**6} MB are read."
            )
    return files, said


def _told_labels(
    files: Sequence[_File], kinds: tuple[str, ...], form: Form
) -> tuple[list[LabelTable], str]:
    """The tables that say what other files show; and what is to be told where one is damaged and
    folders say it as well. DamagedTableError where they do not.
    """
    try:
        return _label_tables(files, kinds, form), ""
    except DamagedTableError as error:
        paths = [file.path for file in files]
        samples = [path for path in paths if is_sample(path, kinds)]
        if not tell_labels(samples, [path for path in paths if not is_sample(path, kinds)]):
            raise
        return [], f"{error} Until then the folders' names are the labels."


def _label_tables(files: Sequence[_File], kinds: tuple[str, ...], form: Form) -> list[LabelTable]:
    """Those that say what other files show; none for a model of masks, whose targets these are."""
    if form.target_shape is not None and is_picture(form.target_shape):
        return []
    samples = [file.path for file in files if is_sample(file.path, kinds)]
    if not samples:
        return []
    tables = [
        (file.path, partial(file.read, MAX_IMAGE_BYTES))
        for file in files
        if file.path.lower().endswith(label_table.ENDINGS)
    ]
    return find_label_tables(tables, samples)


def _kept(raw: RawSamples, subset: Subset) -> list[int] | None:
    """Those that are wanted of both kinds; None for all, as where there is but one kind."""
    of_test = [k for k, test in enumerate(raw.tests) if test]
    others = [k for k, test in enumerate(raw.tests) if not test]
    if subset is Subset.BOTH or not (of_test and others):
        return None
    return of_test if subset is Subset.TEST else others


def _ours(files: Sequence[_File]) -> dict[str, str]:
    """Folder -> label as the file of a zip of ours says; empty where there is none."""
    found = [file for file in files if file.parts[-1] == labels_file.NAME]
    if len(found) != 1:
        return {}
    beside = PurePosixPath(found[0].path).parent
    labels = labels_file.read_labels(found[0].read(labels_file.MAX_BYTES))
    return {str(beside / folder): label for folder, label in labels.items()}


def _check_count(files: int, name: str) -> None:
    if files > MAX_MEMBERS:
        raise SampleError(f"'{name}' holds more than {MAX_MEMBERS} files, the most that are read.")


def _project(files: Sequence[_File], name: str) -> dict[str, str]:
    """Path -> label where the files are a Teachable Machine project; empty where they are none."""
    manifest = next((file for file in files if file.path == teachable_machine.MANIFEST), None)
    if manifest is None:
        return {}
    document = manifest.read(teachable_machine.MAX_MANIFEST)
    return teachable_machine.labels_of(document, [file.path for file in files], name)


def _inner_zip(
    data: bytes, path: PurePosixPath, beside: Sequence[str], form: Form
) -> tuple[list[File], str]:
    """Its samples, by the folders in it; without such they are of one label, the zip's name. And
    what is to be told of them. beside: the paths of the samples around it.
    """
    try:
        with opened(data) as archive:
            if _OF_EVIDENCE in archive.namelist():
                return [], f"Left out '{path.name}': it is the evidence of a training, no samples."
            there = [
                (file, member)
                for member in sorted(checked(archive, path.name), key=lambda m: m.filename)
                for file in (PurePosixPath(member.filename.replace("\\", "/")),)
            ]
            inside = [str(file) for file, _ in there]
            there = [one for one in there if not _is_hidden(str(one[0]))]
            # Of a zip of zips only what these hold shows whether it is of pictures.
            kinds = kinds_among([*beside, *([str(file) for file, _ in there] or inside)], form)
            hidden = _hidden_samples(inside, kinds)
            samples = [one for one in there if is_sample(one[0].name, kinds)]
            others = [str(file) for file, _ in there if not is_sample(file.name, kinds)]
            paths = [str(file) for file, _ in samples]
            tells = tell_labels(paths, others)
            labels, told = folder_labels(paths, form.labels) if tells else ({}, "")
            files = [
                (
                    labels.get(str(file), without_zipped(path.stem)),
                    f"{path.name}/{file}",
                    _File(str(file), partial(beginning, archive, member)).sample(),
                )
                for file, member in samples
            ]
            told = told if form.target_shape is None else ""  # folders are no labels of values
            said = (guessed(archive, path.name), told, left_out((), 0, 0, hidden))
            return files, sentences(*said)
    except OdtError:  # it says itself what is wrong
        raise
    except (*DAMAGED_ZIP, ValueError) as error:
        raise SampleError(f"'{path}' is damaged ({error}). Make the zip again.") from error


def _is_hidden(path: str) -> bool:
    """Whether people do not see this file or folder on their own computers either."""
    return any(part.startswith(".") or part == _OF_MACOS for part in PurePosixPath(path).parts)


def _hidden_samples(paths: Sequence[str], kinds: tuple[str, ...]) -> list[str]:
    """The hidden files among these that may be somebody's samples, and were not made by macOS."""
    return [
        path
        for path in paths
        if _is_hidden(path)
        and is_sample(path, kinds)
        and not (_OF_MACOS in path.split("/") or PurePosixPath(path).name.startswith("._"))
    ]
