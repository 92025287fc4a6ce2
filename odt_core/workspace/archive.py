"""A workspace's samples as a zip of label folders that people and other programs can read."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable

from odt_core.workspace.manifest import LabelEntry, Part, SampleEntry

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # device names on Windows
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time, so that equal samples give equal bytes


def zip_samples(labels: Iterable[LabelEntry], files: Iterable[tuple[SampleEntry, bytes]]) -> bytes:
    """A zip with one folder per label; file names say number and, for test samples, "test"."""
    folders = _folders(labels)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        for sample, data in files:
            mark = "-test" if sample.part is Part.TEST else ""
            name = f"{folders[sample.label]}/{sample.number:05d}{mark}.{sample.suffix}"
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return stream.getvalue()


def _folders(labels: Iterable[LabelEntry]) -> dict[str, str]:
    taken: set[str] = set()
    folders: dict[str, str] = {}
    for label in labels:
        folder = plain = _safe(label.name)
        count = 1
        while folder.casefold() in taken:
            count += 1
            folder = f"{plain} ({count})"
        taken.add(folder.casefold())
        folders[label.id] = folder
    return folders


def _safe(name: str) -> str:
    """A folder name that every system takes: letters, digits, marks, space and -_.,()+ only."""
    text = "".join(
        char if unicodedata.category(char)[0] in "LMNS" or char in " -_.,()+" else "_"
        for char in name
    )
    text = re.sub(r'[<>|"`^$=~]', "_", text).strip(" .") or "_"
    return f"_{text}" if _RESERVED.fullmatch(text) else text
