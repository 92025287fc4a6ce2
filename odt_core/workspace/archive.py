"""A workspace's samples as a zip of label folders that people and other programs can read."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable

from odt_core.samples import labels_file
from odt_core.workspace.manifest import LabelEntry, Part, SampleEntry

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # device names on Windows
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time, so that equal samples give equal bytes


UNLABELLED = "samples"  # folder of the samples without a label


def zip_samples(
    labels: Iterable[LabelEntry], files: Iterable[tuple[SampleEntry, bytes, bytes | None]]
) -> bytes:
    """A zip with one folder per label; file names say number and, for test samples, "test".

    files: each sample with its bytes and those of its target, which is NAME.target.npy beside it.
    The labels themselves stand in a file beside the folders (labels_file.py), from which
    `read_samples` has them and the test samples back as they were.
    """
    labels = tuple(labels)
    folders = _folders(labels)
    names = {folders[label.id]: label.name for label in labels} | {UNLABELLED: ""}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        for sample, data, target in files:
            mark = labels_file.TEST_MARK if sample.part is Part.TEST else ""
            name = f"{folders[sample.label]}/{sample.number:05d}{mark}"
            _add(archive, f"{name}.{sample.suffix}", data)
            if target is not None:
                _add(archive, f"{name}.target.npy", target)
        _add(archive, labels_file.NAME, labels_file.write_labels(names))
    return stream.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)


def _folders(labels: Iterable[LabelEntry]) -> dict[str, str]:
    taken = {UNLABELLED}
    folders = {"": UNLABELLED}
    named: dict[str, str] = {}  # a label at rest may be called as one that is in use
    for label in labels:
        if label.name in named:
            folders[label.id] = named[label.name]
            continue
        folder = plain = _safe(label.name)
        count = 1
        while folder.casefold() in taken:
            count += 1
            folder = f"{plain} ({count})"
        taken.add(folder.casefold())
        folders[label.id] = named[label.name] = folder
    return folders


def _safe(name: str) -> str:
    """A folder name that every system takes: letters, digits, marks, space and -_.,()+ only."""
    text = "".join(
        char if unicodedata.category(char)[0] in "LMNS" or char in " -_.,()+" else "_"
        for char in name
    )
    text = re.sub(r'[<>|"`^$=~]', "_", text).strip(" .") or "_"
    kept_back = _RESERVED.fullmatch(text) or text.startswith("__MACOSX")  # which readers leave out
    return f"_{text}" if kept_back else text
