"""Read a person's labelled pictures: a folder of label folders, a zip of one, or an .npz."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.image import MAX_IMAGE_BYTES, decode_image
from odt_core.samples.labels import clean_label
from odt_core.samples.types import RawSamples

MAX_FILES = 5_000
MAX_TOTAL_BYTES = 200_000_000
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
_SKIPPED = ("__MACOSX", ".")


def read_samples(source: str | Path | bytes, name: str | None = None) -> RawSamples:
    """Labelled pictures from `source`; pictures are sorted by label and file name.

    source: a folder with one folder of pictures per label; a zip of such a folder (a Teachable
    Machine sample zip too: a zip per label is read with the zip's name as label); or an .npz with
    x (uint8 [N, H, W(, C)], or float32 in the model's input shape) and y (N ints or strings).
    Raises SampleError with the file's name; a zip with absolute or `..` names, too many or too
    large members is refused as a whole.
    """
    if isinstance(source, bytes):
        return _read_bytes(source, name or "upload")
    path = Path(source)
    label = name or path.name
    if path.is_dir():
        return _read_folder(path, label)
    if not path.exists():
        raise SampleError(f"'{path}' does not exist. Give a folder, a .zip or an .npz.")
    if path.stat().st_size > MAX_TOTAL_BYTES:
        raise SampleError(
            f"'{label}' has {path.stat().st_size / 1e6:.0f} MB; at most "
            f"{MAX_TOTAL_BYTES // 10**6} MB are read."
        )
    return _read_bytes(path.read_bytes(), label)


def _read_bytes(data: bytes, name: str) -> RawSamples:
    if len(data) > MAX_TOTAL_BYTES:
        raise SampleError(
            f"'{name}' has {len(data) / 1e6:.0f} MB; at most "
            f"{MAX_TOTAL_BYTES // 10**6} MB are read."
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise SampleError(
            f"'{name}' is neither a zip of label folders nor an .npz with x and y."
        ) from None
    with archive:
        members = _checked(archive, name)
        try:
            if {"x.npy", "y.npy"} <= {member.filename for member in members}:
                return _read_npz(data, name)
            return _read_zip(archive, members, name)
        except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
            raise SampleError(f"'{name}' is damaged ({error}). Make the zip again.") from error
        except (OSError, ValueError) as error:
            if isinstance(error, SampleError):
                raise
            raise SampleError(f"'{name}' is damaged ({error}). Make the zip again.") from error


def _checked(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The archive's files; SampleError when any name or size is not to be trusted."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MAX_FILES:
        raise SampleError(f"'{name}' has {len(members)} files; at most {MAX_FILES} are read.")
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise SampleError(
            f"'{name}' unpacks to {total / 1e6:.0f} MB; at most {MAX_TOTAL_BYTES // 10**6} MB "
            "are read."
        )
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise SampleError(
                f"'{name}' holds the file name '{member.filename}', which leads out of the zip. "
                "Nothing was read; make the zip again from a plain folder."
            )
    return members


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """A member's bytes; the size in the zip's directory may lie, so reading stops at `limit`."""
    with archive.open(member) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise SampleError(f"'{member.filename}' unpacks to more than {limit // 10**6} MB.")
    return data


def _read_npz(data: bytes, name: str) -> RawSamples:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
    if x.ndim < 2 or y.ndim != 1 or len(x) != len(y):
        raise SampleError(
            f"'{name}': x has shape {list(x.shape)} and y {list(y.shape)}. "
            "Use x [N, …] and y [N], one label per sample."
        )
    if len(x) > MAX_FILES * 10:
        raise SampleError(f"'{name}' has {len(x)} samples; at most {MAX_FILES * 10} are read.")
    if y.dtype.kind not in "iuUS":
        raise SampleError(f"'{name}': y has type {y.dtype}. Use whole numbers or strings.")
    if x.dtype == np.float64 or x.dtype == np.float16:
        x = x.astype(np.float32)
    if x.dtype not in (np.uint8, np.float32):
        raise SampleError(
            f"'{name}': x has type {x.dtype}. Use uint8 pictures (0..255) or float32 inputs."
        )
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "replace")
    labels = tuple(clean_label(str(value)) for value in y)
    return RawSamples(tuple(x), labels, tuple(f"{name}, sample {k + 1}" for k in range(len(x))))


def _read_folder(path: Path, name: str) -> RawSamples:
    files: list[tuple[str, str, bytes]] = []
    total = 0
    for folder in sorted(p for p in path.iterdir() if p.is_dir() and not _skipped(p.name)):
        for file in sorted(folder.iterdir()):
            if _skipped(file.name) or file.suffix.lower() not in _SUFFIXES or not file.is_file():
                continue
            total += file.stat().st_size
            if len(files) >= MAX_FILES or total > MAX_TOTAL_BYTES:
                raise SampleError(
                    f"'{name}' holds too much: at most {MAX_FILES} files and "
                    f"{MAX_TOTAL_BYTES // 10**6} MB are read."
                )
            files.append((folder.name, f"{folder.name}/{file.name}", file.read_bytes()))
    return _decoded(files, name)


def _read_zip(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str) -> RawSamples:
    files: list[tuple[str, str, bytes]] = []
    total = 0
    for member in sorted(members, key=lambda m: m.filename):
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if any(_skipped(part) for part in path.parts):
            continue
        if path.suffix.lower() == ".zip":  # Teachable Machine: one zip of pictures per label
            inner = _unpack(archive, member, MAX_TOTAL_BYTES - total)
            found = _inner_zip(inner, path)
        elif path.suffix.lower() in _SUFFIXES:
            found = [
                (_folder_label(path, name), str(path), _unpack(archive, member, MAX_IMAGE_BYTES))
            ]
        else:
            continue
        total += sum(len(data) for _, _, data in found)
        files += found
        if total > MAX_TOTAL_BYTES or len(files) > MAX_FILES:
            raise SampleError(
                f"'{name}' holds too much: at most {MAX_FILES} pictures and "
                f"{MAX_TOTAL_BYTES // 10**6} MB are read."
            )
    return _decoded(files, name)


def _inner_zip(data: bytes, path: PurePosixPath) -> list[tuple[str, str, bytes]]:
    label = path.stem.removesuffix("-samples")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            (label, f"{path.name}/{member.filename}", _unpack(archive, member, MAX_IMAGE_BYTES))
            for member in sorted(_checked(archive, path.name), key=lambda m: m.filename)
            if PurePosixPath(member.filename).suffix.lower() in _SUFFIXES
        ]


def _folder_label(path: PurePosixPath, name: str) -> str:
    """A picture's label is its folder; a zip of loose pictures is one label, the zip's name."""
    if len(path.parts) > 1:
        return path.parts[-2].removesuffix("-samples")
    return PurePosixPath(name).stem.removesuffix("-samples")


def _skipped(part: str) -> bool:
    return part.startswith(_SKIPPED)


def _decoded(files: list[tuple[str, str, bytes]], name: str) -> RawSamples:
    if not files:
        raise SampleError(
            f"'{name}' holds no pictures in label folders. Make one folder per label and put its "
            "pictures (PNG, JPEG) inside."
        )
    items = tuple(decode_image(data, file) for _, file, data in files)
    return RawSamples(
        items,
        tuple(clean_label(label) for label, _, _ in files),
        tuple(file for _, file, _ in files),
    )
