"""Samples as the arrays of an .npz: x, and y with their labels or targets, by these names or other
usual ones.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.cells import is_missing
from odt_core.samples.float32 import as_float32, rounded
from odt_core.samples.image import WHITES
from odt_core.samples.inputs import Inputs, joined
from odt_core.samples.labels import clean_label
from odt_core.samples.types import Form, RawSamples, Subset
from odt_core.words import count, inputs_in_words, sentences, some_of

MAX_SAMPLES = 50_000
_SAMPLES = ("x", "data", "features", "images", "inputs")
_LABELS = ("y", "label", "labels", "target", "targets")
_PARTS = ("train", "test")
# Words of arrays that say something else of samples, or of all of them, than what they show.
_ABOUT = frozenset(
    ["file", "filename", "filenames", "files", "id", "ids", "idx", "index", "mean", "names", "std",
     "subject", "subjects", "time", "times", "w", "weight", "weights", "writer", "writers"]
)  # fmt: skip


@dataclass(frozen=True)
class _Source:
    """The arrays of one part of the samples, by their names. kind: "train", "test", or "" where
    there are no parts; x: "x" where each input has one of its own; y: "" where there is none.
    """

    kind: str
    x: str
    y: str

    def within(self, name: str) -> str:
        """What the samples of this part are called by, in a file of that name."""
        return f"{name}, {self.x}" if self.kind else name


def read_arrays(files: Mapping[str, bytes], name: str, form: Form, subset: Subset) -> RawSamples:
    """Samples of the .npy files of an .npz, by their names without that ending.

    form, subset: as of `read_samples`; where files has an array for each input, these take the
    place of x. Raises SampleError with the file's name, and that of the sample.
    """
    apart = bool(form.inputs) and set(form.inputs) <= files.keys()
    sources = _sources(files, name, form.inputs, subset, apart=apart)
    read = {*(form.inputs if apart else (one.x for one in sources)), *(one.y for one in sources)}
    others = [one for one in files if one not in read]
    parts: dict[str, RawSamples] = {}
    too_many = ""
    for source in sources:
        x, y = _loaded(files, source, name, form.inputs if apart else {})
        too_many = _too_many(source, len(x), sum(map(len, parts.values())), name)
        if too_many:
            break
        if y is None:
            _check_no_labels(files, others, len(x), source.kind, name)
        parts[source.kind] = _part(x, y, source, name, form)
    raw = RawSamples.together([*parts.values()])
    tests = tuple(kind == "test" for kind, part in parts.items() for _ in part.names)
    notice = sentences(raw.notice, too_many, _left_out(others, subset))
    return replace(raw, tests=tests if len(parts) > 1 else (), notice=notice)


def _sources(
    files: Mapping[str, bytes], name: str, inputs: Inputs, subset: Subset, *, apart: bool
) -> list[_Source]:
    """The arrays that are wanted, part by part. apart: whether each input has one of its own."""
    chosen = {"": "x"} if apart else _samples_among(files, name, inputs, subset)
    called = [key for key in files if key not in inputs]
    sources = []
    for kind, x in chosen.items():
        of_labels = [key for key in called if _meaning(key) == ("y", kind)]
        sources.append(_Source(kind, x, _one_of(of_labels, "y", name)))
    if len({bool(one.y) for one in sources}) > 1:  # the others' would be missed
        return [one for one in sources if one.kind != "test"]
    return sources


def _loaded(
    files: Mapping[str, bytes], source: _Source, name: str, inputs: Inputs
) -> tuple[np.ndarray, np.ndarray | None]:
    """x and y of a part; x is joined of the arrays of inputs, where there are any."""

    def array(key: str) -> np.ndarray:
        return load_array(files[key], f"{name}, {key}")

    x = joined({one: array(one) for one in inputs}, inputs, name) if inputs else array(source.x)
    y = array(source.y) if source.y else None
    _check_lengths(x, y, source.x, source.y, name)
    return x, y


def _too_many(source: _Source, samples: int, before: int, name: str) -> str:
    """A sentence about a part that is left out, being too much beside so many samples before it; ""
    where it is not. SampleError where it is too much by itself and the first.
    """
    if samples > MAX_SAMPLES and not before:
        raise SampleError(
            f"'{source.within(name)}' has {samples:,} samples; at most {MAX_SAMPLES:,} are read. "
            f"Save fewer, such as {source.x}[:{MAX_SAMPLES}]."
        )
    if before + samples <= MAX_SAMPLES:
        return ""
    return (
        f"Left out {source.x}: with it '{name}' has {before + samples:,} samples, and at most "
        f"{MAX_SAMPLES:,} are read."
    )


def _part(
    x: np.ndarray, y: np.ndarray | None, source: _Source, name: str, form: Form
) -> RawSamples:
    """The samples of one part."""
    items = tuple(_numbers_or_pictures(x, name))
    labels, targets = _labels_and_targets(y, len(x), name)
    said = [rounded(x, f"'{name}', {source.x},")]
    if y is not None and targets and form.target_shape is not None:
        said.append(rounded(y, f"'{name}', {source.y},"))
    names = tuple(f"{source.within(name)}, sample {k + 1}" for k in range(len(x)))
    return RawSamples(items, labels, names, targets, notice=sentences(*said))


def _check_lengths(
    x: np.ndarray, y: np.ndarray | None, key: str, of_labels: str, name: str
) -> None:
    """SampleError unless x holds samples, and y, where there is one, something for each."""
    if x.ndim and not x.size:
        raise SampleError(f"'{name}' holds no samples: {key} has shape {list(x.shape)}.")
    if x.ndim < 2 or (y is not None and (y.ndim < 1 or len(x) != len(y))):
        of_y = f" and {of_labels} {list(y.shape)}" if y is not None else ""
        raise SampleError(
            f"'{name}': {key} has shape {list(x.shape)}{of_y}. "
            "Use x [N, …] and y [N] or [N, …], one label or target per sample."
        )


def _labels_and_targets(
    y: np.ndarray | None, samples: int, name: str
) -> tuple[tuple[str, ...], tuple[np.ndarray, ...]]:
    """What y says of each sample, "" for no label; no targets where it holds none."""
    if y is None:
        return ("",) * samples, ()
    if y.dtype.kind in "SU":
        if y.size != len(y):
            raise SampleError(
                f"'{name}': y has text of shape {list(y.shape)}. Use one label per sample."
            )
        return _text_labels(y.reshape(-1), name), ()
    if y.dtype.kind not in "biuf":
        raise SampleError(f"'{name}': y has type {y.dtype}. Use numbers or strings.")
    targets = tuple(_finite(y, name, "y"))
    return _labels_of(y), targets


def _samples_among(
    keys: Iterable[str], name: str, inputs: Inputs, subset: Subset
) -> dict[str, str]:
    """The array of samples that is wanted, by which part it is, "train", "test" or ""; of both
    kinds where both are wanted.
    """
    kinds: dict[str, list[str]] = {}
    for key in keys:
        what, kind = _meaning(key)
        if what == "x":
            kinds.setdefault(kind, []).append(key)
    order = ("test", "", "train") if subset is Subset.TEST else ("", "train", "test")
    found = [kind for kind in order if kind in kinds]
    if found:
        of_test = found[-1:] if subset is Subset.BOTH and found[-1] == "test" else []
        return {kind: _one_of(kinds[kind], "x", name) for kind in [*found[:1], *of_test]}
    there = ", ".join(sorted(PurePosixPath(one).name for one in keys)[:10])
    wanted = f", or their parts {inputs_in_words(inputs)}" if inputs else ""
    raise SampleError(
        f"'{name}' has no array x: it has {there or 'none'}. Name the samples x{wanted}, and their "
        "labels or targets y."
    )


def _meaning(key: str) -> tuple[str, str]:
    """What an array's name means, "x", "y" or "", and of which part: ("x", "train") of
    Train_Images.
    """
    words = key.casefold().split("_")
    part = next((one for one in words if one in _PARTS), "")
    rest = "_".join(one for one in words if one not in _PARTS)
    return "x" if rest in _SAMPLES else "y" if rest in _LABELS else "", part


def _one_of(keys: list[str], usual: str, name: str) -> str:
    """The only one, or the one that has the usual name; "" of none. SampleError where each may be
    meant.
    """
    if len(keys) > 1 and usual not in keys:
        raise SampleError(
            f"'{name}' has the arrays {', '.join(sorted(keys))}: name the one that is meant "
            f"{usual}."
        )
    return usual if usual in keys else next(iter(keys), "")


def _check_no_labels(
    files: Mapping[str, bytes], others: Sequence[str], samples: int, kind: str, name: str
) -> None:
    """SampleError where one of the arrays that are not read may be the labels of so many samples:
    whoever has labelled them would not be told that they count for nothing. kind: of the samples.
    """
    for key in others:
        what, part = _meaning(key)
        apart = kind and part and part != kind  # of test samples beside those to train on
        about = _ABOUT & set(key.casefold().split("_"))
        if what != "x" and not apart and not about and _length(files[key]) == samples:
            usual = f"y_{kind}" if kind else "y"
            raise SampleError(
                f"'{name}' has no array {usual}, and {key} has one element for each of the "
                f"{samples:,} samples. If it holds their labels or targets, call it {usual}; else "
                "leave it out."
            )


def _left_out(others: Sequence[str], subset: Subset) -> str:
    """A sentence about arrays that are not read; "" for none. Samples to train on are not missed
    where those to test with are asked for.
    """
    missed = [one for one in others if subset is not Subset.TEST or _meaning(one)[1] != "train"]
    return f"Left out {count(len(missed), 'array')}: {some_of(missed)}." if missed else ""


def _numbers_or_pictures(x: np.ndarray, name: str) -> np.ndarray:
    """[N, …] as uint8 or uint16 where it can be pictures, else as float32. SampleError for other
    types.
    """
    if x.dtype == np.uint8 and (x.ndim == 3 or (x.ndim == 4 and x.shape[3] in (1, 3, 4))):
        return x
    whole = x.dtype.kind in "iu" and x.ndim in (3, 4)
    if whole and x.min() >= 0 and WHITES[0] < x.max() <= WHITES[-1]:
        return x.astype(np.uint16)
    if x.dtype.kind not in "biuf":
        raise SampleError(
            f"'{name}': x has type {x.dtype}. Use uint8 pictures (0..255) or numbers."
        )
    return _finite(x, name, "x")


def _finite(array: np.ndarray, name: str, key: str) -> np.ndarray:
    """As float32. SampleError, with the first samples, where a number is not finite as such."""
    numbers = as_float32(array, f"'{name}', {key}")
    bad = np.flatnonzero(~np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1))
    if len(bad):
        raise SampleError(
            f"'{name}', sample {bad[0] + 1} holds a number that is not finite, in {key}. Correct "
            f"or remove it.{_of_all(bad)}"
        )
    return numbers


def _text_labels(y: np.ndarray, name: str) -> tuple[str, ...]:
    if y.dtype.kind == "S":
        try:
            y = np.char.decode(y, "utf-8")
        except UnicodeDecodeError:
            raise SampleError(
                f"'{name}': y has bytes that are not UTF-8. Save text in their place, such as "
                "numpy.char.decode(y, 'latin-1')."
            ) from None
    signs = bool((y == "+").any())
    bad = [at for at, text in enumerate(y) if is_missing(text) and not (signs and text == "-")]
    if bad:
        raise SampleError(
            f"'{name}', sample {bad[0] + 1} has no label: y is '{y[bad[0]]}'. Give it one, or "
            f"leave the sample out.{_of_all(bad)}"
        )
    return tuple(clean_label(str(text)) for text in y)


def _of_all(bad: Sequence[int] | np.ndarray) -> str:
    if len(bad) == 1:
        return ""
    return f" {len(bad):,} samples are wrong: {some_of([int(at) + 1 for at in bad])}."


def _labels_of(y: np.ndarray) -> tuple[str, ...]:
    """Labels where numbers can be such: whole ones and one-hot rows; else "" for each."""
    rows = y.reshape(len(y), -1)
    if rows.shape[1] > 1:
        if y.ndim == 2 and np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all():
            return tuple(str(value) for value in rows.argmax(axis=1))
        return ("",) * len(y)
    column = rows[:, 0] if rows.size else np.zeros(len(y))
    if rows.size and np.isfinite(column).all() and (column == np.round(column)).all():
        return tuple(str(int(value)) for value in column)
    return ("",) * len(y)


def load_array(data: bytes, name: str) -> np.ndarray:
    """The array of a .npy whose header tells the truth about its size."""
    stream = io.BytesIO(data)
    try:
        shape, dtype = _header(stream)
        if dtype.hasobject:
            raise ValueError(
                "it holds Python objects, which are never read; strings are saved with "
                "array.astype(str), numbers of one shape with array.astype('float32')"
            )
        if math.prod(shape) * dtype.itemsize > len(data) - stream.tell():
            raise ValueError("it is cut short")
        stream.seek(0)
        return np.load(stream, allow_pickle=False)
    except _DAMAGED as error:
        raise SampleError(
            f"'{name}' is not an array that can be read ({error}). Save it again."
        ) from error


_DAMAGED = (
    OSError, ValueError, EOFError, SyntaxError, MemoryError, RecursionError, TypeError,
)  # fmt: skip


def _header(stream: io.BytesIO) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and dtype that a .npy says it has; one of _DAMAGED where it says none."""
    old = np.lib.format.read_magic(stream) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def _length(data: bytes) -> int:
    """How many elements a .npy has along its first axis; 0 where it has none, or is damaged."""
    with suppress(*_DAMAGED):
        return next(iter(_header(io.BytesIO(data))[0]), 0)
    return 0
