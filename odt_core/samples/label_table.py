"""Tables that say what other files show: labels.csv beside the pictures or sounds, a row for each.

Which column names the files is told by the files that are there; which holds the labels by its
name, or by its being the only other one. A column for each label, with a 1 where it holds, will do
as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from odt_core.errors import SampleError
from odt_core.samples.cells import Row, are_whole, label_in
from odt_core.samples.masks import stem_of
from odt_core.samples.rows import rows_of
from odt_core.words import count, words

ENDINGS = (".csv", ".tsv")
MOST = 20  # files that are looked into, those that lie least deep first
_LABELS = ("label", "labels", "class", "classname", "labelname", "category", "species", "breed",
           "target")  # fmt: skip
_FILES = frozenset(["file", "filename", "filepath", "image", "imagefile", "path", "name", "id"])
_BEGINNING = 10_000  # bytes in which a header ends
_BOXES = frozenset(["xmin", "ymin", "bbox", "x1"])  # then the labels are those of parts of pictures


class DamagedTableError(SampleError):
    """A table that is meant to tell labels cannot be read."""


@dataclass(frozen=True)
class LabelTable:
    """labels: path of a file -> what it shows. absent: names of files that are not there. guess:
    what is to be told of its encoding; "" for nothing.
    """

    name: str
    labels: Mapping[str, str]
    absent: tuple[str, ...]
    guess: str = ""

    def notice(self, unnamed: Sequence[str]) -> str:
        """What is to be told, with the files that it does not name; "" for nothing."""
        said = [self.guess] if self.guess else []
        if self.absent:
            said.append(
                f"'{self.name}' names {count(len(self.absent), 'file')} that cannot be found, such "
                f"as '{self.absent[0][:60]}'."
            )
        if unnamed:
            said.append(
                f"Left out {count(len(unnamed), 'file')} that '{self.name}' does not name, such as "
                f"'{unnamed[0][:60]}'."
            )
        return " ".join(said)


def find_label_tables(
    tables: Iterable[tuple[str, Callable[[], bytes]]], files: Sequence[str]
) -> list[LabelTable]:
    """The tables that name some of the files and say what they show.

    tables: path, and how to read it, of any. files: paths of the samples, with slashes. Raises
    SampleError with file and line where such a table contradicts itself, DamagedTableError where
    it cannot be read and says by its own name or its first line what it is.
    """
    nearest = sorted(tables, key=lambda one: (one[0].count("/"), one[0]))[:MOST]
    if not nearest:
        return []
    known, whole = _by_name(files, _SHORTENED), _by_name(files, _WHOLE)
    # Numbers of a table that may be a sample itself are not names of files without their suffix.
    found = (
        _read(path, read, whole if _composed(path) in known else known) for path, read in nearest
    )
    return [one for one in found if one is not None]


def _read(path: str, read: Callable[[], bytes], known: Mapping[str, str]) -> LabelTable | None:
    """None for a table of something else."""
    data = b""
    try:
        data = read()
        table = rows_of(data, path)
    except SampleError as error:
        if _is_of_labels(path, data):
            raise DamagedTableError(str(error)) from error
        return None  # what it is, if anything, is told elsewhere
    rows = table.rows
    beside = str(PurePosixPath(path).parent)
    width = len(rows[0][1])
    last = {_last(name) for name in known}
    named = [[_file(cells[at], beside, known, last) for _, cells in rows] for at in range(width)]
    hits = [len(set(column) - {None}) for column in named]
    at = hits.index(max(hits))
    if not hits[at] or width < 2:
        return None
    header = [] if named[at][0] else [cell.strip() for cell in rows[0][1]]
    rows, files = (rows[1:], named[at][1:]) if header else (rows, named[at])
    whole = any(
        file and _folded(cells[at]).strip().endswith(_folded(file.rpartition(".")[2]))
        for (_, cells), file in zip(rows, files, strict=True)
    )
    label_of = _labels_in(rows, header, at, whole)
    if label_of is None:
        return None
    labels: dict[str, str] = {}
    absent = []
    for (line, cells), file in zip(rows, files, strict=True):
        if file is None:
            absent.append(cells[at].strip())
            continue
        try:
            label = label_of(cells)
        except SampleError as error:
            raise SampleError(f"'{path}', line {line}, {error}") from error
        if labels.setdefault(file, label) != label:
            raise SampleError(
                f"'{path}', line {line}: '{file}' is '{label}' here and '{labels[file]}' before. A "
                "sample has one label."
            )
    return LabelTable(path, labels, tuple(absent), table.notice)


def _is_of_labels(path: str, data: bytes) -> bool:
    """Whether a table that cannot be read says that it is meant to tell labels: by its name, or by
    those of its columns.
    """
    first = data.lstrip().partition(b"\n")[0][:_BEGINNING].decode("utf-8-sig", "replace")
    header = {_plain(cell) for cell in re.split(r"[,;\t|]", first)}
    named = bool(words(PurePosixPath(path).stem) & {"label", "labels"})
    return not _BOXES & header and (named or bool(header & _FILES and header.intersection(_LABELS)))


def _labels_in(
    rows: Sequence[Row], header: Sequence[str], of_files: int, whole: bool
) -> Callable[[Sequence[str]], str] | None:
    """From a row to its label; None where no column is one of labels. whole: whether files are
    named with their suffix. Else they may be numbers by chance, and only a name tells the labels.
    """
    others = [at for at in range(len(rows[0][1])) if at != of_files] if rows else []
    plain = [_plain(name) for name in header]
    if _BOXES & set(plain):
        return None
    called = [at for name in _LABELS if name in plain and (at := plain.index(name)) != of_files]
    if not called and not whole:
        return None
    if called or len(others) == 1:
        place = (called or others)[0]
        of_all = are_whole(cells[place] for _, cells in rows)
        return lambda cells: label_in(cells[place], place + 1, whole=of_all)
    marks = [[cells[at].strip() for at in others] for _, cells in rows]
    if header and marks and all(sorted(row) == ["0"] * (len(row) - 1) + ["1"] for row in marks):
        return lambda cells: header[next(at for at in others if cells[at].strip() == "1")]
    return None


def _plain(cell: str) -> str:
    """A column's name without what people write differently."""
    return "".join(sign for sign in cell.casefold() if sign.isalnum())


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)  # macOS writes é as two signs


def _folded(name: str) -> str:
    return _composed(name).casefold()


def _last(path: str) -> str:
    return path.rpartition("/")[2]


_WHOLE = (_last, str)
_SHORTENED = (lambda file: stem_of(_last(file)), _last, stem_of, str)


def _by_name(files: Sequence[str], shortened: Sequence[Callable[[str], str]]) -> dict[str, str]:
    """A file's names -> the file; of two of a name, neither. A whole path counts for more than a
    part, and a name as it is written for more than one in lower case.
    """
    known: dict[str, str] = {}
    for spelt in (_folded, _composed):
        for part in shortened:
            owners: dict[str, list[str]] = defaultdict(list)
            for file in files:
                owners[spelt(part(file))].append(file)
            known |= {name: those[0] for name, those in owners.items() if len(those) == 1}
    return known


def _file(cell: str, beside: str, known: Mapping[str, str], last: set[str]) -> str | None:
    """The file that a cell names, looked for beside the table first. last: the last parts of the
    known names, by which nearly all cells that name none are told at once.
    """
    end = _last(cell.strip().replace("\\", "/"))
    if end and end != "." and not last.intersection((_composed(end), _folded(end))):
        return None
    name = str(PurePosixPath(cell.strip().replace("\\", "/").removeprefix("./")))
    if name in ("", ".", ".."):
        return None
    near = name if beside == "." else f"{beside}/{name}"
    names = (spelt(one) for spelt in (_composed, _folded) for one in (near, name, _last(name)))
    return next((known[one] for one in names if one in known), None)
