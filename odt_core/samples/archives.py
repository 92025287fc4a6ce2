"""Zips that people give: no name, number or size in one is believed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from odt_core.errors import SampleError

MAX_FILES = 5_000  # samples of a folder or zip
MAX_MEMBERS = 2 * MAX_FILES + 1  # each with its target, and the labels' file
MAX_TOTAL_BYTES = 200_000_000
ARRAY = ".npy"  # in a zip: a sample of numbers, or NAME.target.npy, a sample's target
_LOCKED, _UTF8 = 0x1, 0x800  # APPNOTE.TXT 4.4.4: encrypted; the name is in UTF-8
_AES = 99  # in place of the packing of a locked file
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_DRIVE = re.compile(r"[A-Za-z]:")


def opened(data: bytes) -> zipfile.ZipFile:
    """The zip in `data`. Names that are not marked as UTF-8, which Finder never does, are read so
    where all of them can be; else as the format has it (cp437). What zipfile raises, where it is
    none.
    """
    with suppress(UnicodeDecodeError):
        return zipfile.ZipFile(io.BytesIO(data), metadata_encoding="utf-8")
    return zipfile.ZipFile(io.BytesIO(data))


def guessed(archive: zipfile.ZipFile, name: str) -> str:
    """A sentence about names that are not in UTF-8: which of the encodings of old systems they are
    in, a zip does not say. "" where there are none.
    """
    told = archive.metadata_encoding is not None  # type: ignore[attr-defined]  # it has that
    for member in () if told else archive.infolist():
        if not member.flag_bits & _UTF8 and not member.filename.isascii():
            return (
                f"'{name}' does not say how its names are written: '{member.filename[:60]}' is a "
                "guess. If it is wrong, give folders and files plain letters and zip them again."
            )
    return ""


def checked(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The archive's files; SampleError when any name or size is not to be trusted,
    and where one is locked or packed in a way that is not read.
    """
    members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    if len(members) > MAX_MEMBERS:
        raise SampleError(f"'{name}' has {len(members)} files; at most {MAX_MEMBERS} are read.")
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise SampleError(
            f"'{name}' unpacks to {total / 1e6:.0f} MB; at most {MAX_TOTAL_BYTES // 10**6} MB "
            "are read."
        )
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0].startswith("/") or _DRIVE.match(parts[0]):
            raise SampleError(
                f"'{name}' holds the file name '{member.filename}', which leads out of the zip. "
                "Nothing was read; make the zip again from a plain folder."
            )
        if member.flag_bits & _LOCKED or member.compress_type == _AES:
            raise SampleError(
                f"'{name}' is locked with a password: unpack it and zip it without one."
            )
        if member.compress_type not in _PACKINGS:
            raise SampleError(
                f"'{name}' is packed in a way that is not read: unpack it and zip it again with "
                "the usual one, Deflate."
            )
    return members


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """A member's bytes; the size in the zip's directory may lie, so reading stops at `limit`."""
    data = beginning(archive, member, limit + 1)
    if len(data) > limit:
        raise SampleError(f"'{member.filename}' unpacks to more than {limit // 10**6} MB.")
    return data


def beginning(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """A member's first bytes, at most so many, whatever size the zip's directory says."""
    with archive.open(member) as file:
        return file.read(most)


class Arrays(Mapping[str, bytes]):
    """The .npy files of an archive by their names, each unpacked when it is asked for. SampleError
    where two have one name.
    """

    def __init__(self, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str) -> None:
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            if not member.filename.endswith(ARRAY):
                continue
            if self._members.setdefault(member.filename[: -len(ARRAY)], member) is not member:
                raise SampleError(
                    f"'{name}' holds two files of the name '{member.filename}', and which is meant "
                    "it does not say. Save it again."
                )

    def __getitem__(self, key: str) -> bytes:
        return unpack(self._archive, self._members[key], MAX_TOTAL_BYTES)

    def __contains__(self, key: object) -> bool:
        return key in self._members  # without unpacking it

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)
