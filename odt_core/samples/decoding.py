"""Files in memory as samples and their targets, whatever kind they are of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples import packed, sound
from odt_core.samples.archives import ARRAY, MAX_FILES
from odt_core.samples.arrays import MAX_SAMPLES, load_array
from odt_core.samples.float32 import as_float32, rounded
from odt_core.samples.image import (
    SUFFIXES,
    WORKING_SIDE,
    declared_pixels,
    decode_mask,
)
from odt_core.samples.labels import clean_label
from odt_core.samples.layout import label_in_name
from odt_core.samples.masks import in_two_colours, is_picture, stem_of, targets_among
from odt_core.samples.readable import decode_pictures
from odt_core.samples.rows import MAX_BYTES
from odt_core.samples.table import read_table
from odt_core.samples.types import Form, RawSamples
from odt_core.samples.windows import window_of
from odt_core.words import sentences

MAX_PIXELS = 3_000_000_000  # of an archive's pictures, a minute's work; for each byte so many more:
PIXELS_A_BYTE = 20  # a photograph has 4 to 10, a flat PNG 1,000
MAX_KEPT = 600_000_000  # bytes of pictures that are held at once; many are kept smaller
# In folders, where .txt and .json are about the samples.
TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_NONE = RawSamples((), (), ())

File = tuple[str, str, bytes]  # label, or "" for none, path and content


def kinds_among(files: Sequence[str], form: Form) -> tuple[str, ...]:
    """The endings, in lower case, of the files that are samples: of pictures and of arrays; and of
    tables and sounds where the model takes numbers and there are no pictures, which these could be
    about.
    """
    pictures = any(file.lower().endswith(SUFFIXES) for file in files)
    if pictures or form.input_shape is None:
        return (*SUFFIXES, ARRAY)
    return (ARRAY, *TABLES, *sound.SUFFIXES)


def decode_files(files: Sequence[File], name: str, form: Form) -> RawSamples:
    """Samples of files in memory: (label, path, bytes) each, targets among them.

    name: what the files came in, for messages. Raises SampleError with the file's name.
    """
    masks = form.target_shape is not None and is_picture(form.target_shape)
    owners = targets_among([file for _, file, _ in files], masks)
    samples = [one for one in files if one[1] not in owners]
    if not samples:
        raise SampleError(
            f"'{name}' holds no samples in label folders. Make one folder per label and put its "
            "pictures (PNG, JPEG), or arrays of numbers (.npy), inside."
        )
    if len(samples) > MAX_FILES:
        raise SampleError(
            f"'{name}' holds {len(samples)} samples; at most {MAX_FILES} are read. Give fewer at a "
            "time."
        )
    side = _side([data for _, file, data in files if is_picture_file(file)], name)
    targets, said = _targets([one for one in files if one[1] in owners], owners, side, form)
    parts, of_parts = _parts(samples, name, side, form)
    of_files = [
        targets.get(stem_of(file))
        for (_, file, _), part in zip(samples, parts, strict=True)
        for _ in range(len(part))
    ]
    together = RawSamples.together(parts)
    notices = (_counted([*(part.notice for part in parts), *said]), of_parts)
    return RawSamples(
        together.items,
        tuple(clean_label(label) if label else "" for label in together.labels),
        together.names,
        tuple(of_files) if targets else together.targets,
        notice=sentences(*notices),
    )


def _parts(
    samples: Sequence[File], name: str, side: int, form: Form
) -> tuple[list[RawSamples], str]:
    """What each file holds, a picture that cannot be read nothing; and what is to be known of such,
    and of the sounds among them.
    """
    loose = [(file, data) for _, file, data in samples if is_picture_file(file)]
    pictures, unread = decode_pictures(loose, side, alone=len(loose) == len(samples))
    there = iter(pictures)
    parts, sounds, many, text = [], [], 0, 0
    for label, file, data in samples:
        if is_picture_file(file):
            picture = next(there)
            part = _NONE if picture is None else RawSamples((picture,), (label,), (file,))
        elif file.lower().endswith(ARRAY):
            array, said = _array(data, file)
            part = replace(_of_array(array, label, file, form), notice=said)
        elif file.lower().endswith(sound.SUFFIXES):
            sounds.append((file, sound.decode_sound(data, file, form.input_shape)))
            item = sounds[-1][1].wave.reshape(form.input_shape or -1)
            part = RawSamples((item,), (label,), (file,))
        else:
            if file.lower().endswith(packed.ENDING):
                data, file = packed.unpacked(data, file, MAX_BYTES), file[: -len(packed.ENDING)]
            text += len(data)
            if text > MAX_BYTES:
                raise SampleError(
                    f"The tables of '{name}' have more than {MAX_BYTES // 10**6} MB, the most that "
                    "are read at a time. Give fewer; or save arrays (.npy), which take less room."
                )
            part = _of_table(data, label, file, form)
        many += len(part)
        if many > MAX_SAMPLES:
            raise SampleError(
                f"'{name}' holds more than {MAX_SAMPLES:,} samples. Give fewer at a time."
            )
        parts.append(part)
    return parts, sentences(sound.in_words(sounds), unread)


def _of_table(data: bytes, label: str, file: str, form: Form) -> RawSamples:
    """The samples of a table, which may say itself what they are."""
    part = read_table(
        data,
        file,
        input_shape=form.input_shape,
        target_shape=form.target_shape,
        inputs=form.inputs,
    )
    for own, where in zip(part.labels, part.names, strict=True):
        if label and own.casefold() not in ("", label.casefold(), label_in_name(file).casefold()):
            raise SampleError(
                f"{where} says '{own}', and its folder '{label}'. Correct the label, or leave the "
                "column out."
            )
    labels = (label,) * len(part) if label else part.labels
    return RawSamples(part.items, labels, part.names, part.targets, notice=part.notice)


def _of_array(array: np.ndarray, label: str, file: str, form: Form) -> RawSamples:
    """An array that holds several samples is as many: [N, *input shape], or a window's rows one
    after the other.
    """
    shape, window = form.input_shape, window_of(form.input_shape)
    items = [array]
    if shape is not None and array.shape[1:] == tuple(shape):
        items = list(array)
    elif (
        window is not None
        and shape is not None
        and array.shape != tuple(shape)
        and array.ndim == 2
        and array.shape[1] == window.channels
        and len(array) % window.length == 0
    ):
        items = list(array.reshape(-1, *shape))
    names = [f"{file}, sample {at + 1}" for at in range(len(items))] if len(items) > 1 else [file]
    return RawSamples(tuple(items), (label,) * len(items), tuple(names))


def _targets(
    files: Sequence[File], owners: dict[str, str], side: int, form: Form
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Targets by the paths of their samples without suffix, and what is to be told of them."""
    channels = form.target_shape[2] if form.target_shape and len(form.target_shape) == 3 else 1
    targets, said = {}, []
    for _, file, data in files:
        if is_picture_file(file):
            targets[owners[file]] = decode_mask(data, file, side, classes=channels > 2)
        else:
            targets[owners[file]], notice = _array(data, file)
            said.append(notice)
    covers = {of: target for of, target in targets.items() if target.dtype == np.uint8}
    if channels < 3:  # of three or more, colours may be learnt
        targets |= zip(covers, in_two_colours(list(covers.values())), strict=True)
    return targets, said


def _counted(notices: Sequence[str]) -> str:
    """What is said of the files: of several, of the first, and of how many."""
    said = [notice for notice in notices if notice]
    more = f" {len(said) - 1:,} more files are read so." if len(said) > 1 else ""
    return said[0] + more if said else ""


def is_picture_file(file: str) -> bool:
    """Whether it is to be read as one, whatever it is called."""
    return not file.lower().endswith((ARRAY, *TABLES, *sound.SUFFIXES))


def _side(pictures: Sequence[bytes], name: str) -> int:
    """The longer side that pictures are kept with: 4 bytes a pixel at most, of so many. SampleError
    where they hold far more pixels than pictures of their size do.
    """
    pixels = sum(map(declared_pixels, pictures))
    if pixels > MAX_PIXELS + PIXELS_A_BYTE * sum(map(len, pictures)):
        raise SampleError(
            f"'{name}' unpacks to {pixels / 1e6:,.0f} million pixels, far more than pictures of "
            f"its size hold. Save them smaller."
        )
    return min(WORKING_SIDE, int(math.sqrt(MAX_KEPT / 4 / max(len(pictures), 1))))


def _array(data: bytes, file: str) -> tuple[np.ndarray, str]:
    """The numbers of a .npy, float32, and what is to be told of them."""
    array = load_array(data, file)
    if array.dtype.kind not in "biuf" or not array.size:
        raise SampleError(f"'{file}' does not hold numbers. Save a float32 array.")
    numbers = as_float32(array, f"'{file}'")
    if not np.isfinite(numbers).all():
        raise SampleError(f"'{file}' holds a number that is not finite. Correct or remove it.")
    return numbers, rounded(array, f"'{file}'")
