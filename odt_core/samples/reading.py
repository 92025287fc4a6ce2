"""Read a person's samples: a folder of label folders, a zip of one, an .npz, or a .csv."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType

from odt_core.errors import OdtError, SampleError
from odt_core.files import DAMAGED_ZIP, read_within
from odt_core.kinds import check_kind, path_of
from odt_core.samples import sound, table
from odt_core.samples.archives import ARRAY, MAX_TOTAL_BYTES, Arrays, checked, opened
from odt_core.samples.arrays import read_arrays
from odt_core.samples.decoding import decode_files
from odt_core.samples.folders import read_folder, read_zip
from odt_core.samples.inputs import Inputs
from odt_core.samples.layout import label_in_name
from odt_core.samples.other_files import refuse_other_files
from odt_core.samples.types import Form, RawSamples, Subset
from odt_core.samples.windows import window_of
from odt_core.words import too_large

_log = logging.getLogger(__name__)


def read_samples(
    source: str | Path | bytes,
    name: str | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    target_shape: Sequence[int] | None = None,
    inputs: Inputs | None = None,
    labels: Iterable[str] = (),
    subset: Subset | str = Subset.TRAINING,
) -> RawSamples:
    """Samples from `source`; those of a folder or zip are sorted by label and file name.

    source: one of
    - a folder with one folder of pictures per label, at whatever depth, folders train, val and test
      above them or not, or a zip of it; labels are "" where no folder is one (layout.py). .npy
      files in it are samples of numbers, and NAME.target.npy or the picture of a mask (masks.py)
      is the target of NAME. A table beside them may say what they show (label_table.py);
    - a zip of samples that a workspace exported (labels_file.py): labels and test samples are as
      they were;
    - a zip or project file of Teachable Machine (teachable_machine.py): a zip per label is read
      with the zip's name as label, bundles of evidence beside them left out;
    - an .npz with x (uint8 [N, H, W(, C)], or numbers [N, *input shape]) and y, which may be
      missing: N labels, one-hot rows, or targets [N, *target shape]; or with arrays that are called
      otherwise, such as x_train, y_train, x_test and y_test, or features and labels. Where only
      one of both parts has labels, the test part is left out beside the other;
    - a .csv (table.py) or a table as JSON (records.py), both also as .gz; of a model that takes
      windows of time a table of its rows (windows.py), or label folders of such: where neither
      folder nor table says a label, its name does;
    - an .npy of one sample, or of [N, *input shape];
    - a .wav of a model that hears waveforms (sound.py), and label folders of such.
    input_shape, target_shape: of one sample and its target, which say how a .csv divides. inputs:
    where a model's several inputs take a sample together, how many numbers each: an .npz may then
    hold an array for each in the place of x, and a .csv's header says which column is whose.
    labels: names that are labels already, such as the model's own; of folders in folders they may
    say which are labels (folder_labels.py).
    subset: what is wanted where some samples are for testing, such as those of a folder test beside
    one called train, or its value as text; a warning is logged where any are left out.
    Pictures among others that cannot be read are left out and named, in the warning too.
    Raises SampleError with the file's name; a zip with absolute or `..` names, too many or too
    large members is refused as a whole.
    """
    try:
        subset = Subset(subset)
    except ValueError:
        raise SampleError(
            f"subset is 'training', 'test' or 'both', or an odt.Subset, not {subset!r}."
        ) from None
    check_kind(name, (str, NoneType), "The name of a source comes as text", SampleError)
    form = Form(input_shape, target_shape, inputs or {}, _names(labels))
    raw, label = _read(source, name, form, subset)
    if raw.notice and subset is not Subset.BOTH:
        _log.warning("'%s': %s", label, raw.notice)  # scripts and the command line show no notices
    return raw


def _names(labels: Iterable[str]) -> tuple[str, ...]:
    wanted = "The labels that there are already come as a list of names"
    check_kind(labels, Iterable, wanted, SampleError)
    names = (labels,) if isinstance(labels, str) else tuple(labels)
    for name in names:
        check_kind(name, str, wanted, SampleError)
    return names


def _read(
    source: str | Path | bytes, name: str | None, form: Form, subset: Subset
) -> tuple[RawSamples, str]:
    """The samples, and what messages call their source."""
    if isinstance(source, bytes):
        label = name or "upload"
        return _read_bytes(source, label, form, subset), label
    wanted = "Samples are read from the path of a file or folder, or from a file's bytes"
    path = path_of(source, wanted, SampleError)
    label = name or path.name
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError as error:
        raise SampleError(f"'{label[:60]}…' cannot be read: {error.strerror}.") from error
    if folder:
        return read_folder(path, label, form, subset), label
    if not there:
        raise SampleError(f"'{path}' does not exist. Give a folder, a .zip, .npz or .csv.")
    return _read_bytes(read_file(path, label), label, form, subset), label


def read_file(path: Path, name: str) -> bytes:
    """The bytes of a file of samples. SampleError where there is none, where it is no ordinary
    file, or larger than any that are read.
    """
    try:
        return read_within(path, MAX_TOTAL_BYTES, lambda size: _check_size(size, name))
    except OSError as error:
        raise SampleError(f"{path} cannot be read: {error.strerror}. Check the path.") from error


def _check_size(size: int, name: str) -> None:
    if size > MAX_TOTAL_BYTES:
        raise SampleError(
            f"{too_large(name, size, MAX_TOTAL_BYTES)}. Give fewer samples at a time."
        )


def _read_bytes(data: bytes, name: str, form: Form, subset: Subset) -> RawSamples:
    _check_size(len(data), name)
    if name.lower().endswith(table.ENDINGS):
        return table.read_table(
            data,
            name,
            input_shape=form.input_shape,
            target_shape=form.target_shape,
            inputs=form.inputs,
        )
    if not data:
        raise SampleError(f"'{name}' is empty. Choose another file.")
    if name.lower().endswith((ARRAY, *sound.SUFFIXES)):
        window = window_of(form.input_shape)
        several = window is not None and window.channels > 1  # not a row of features
        label = label_in_name(name) if several and name.lower().endswith(ARRAY) else ""
        return decode_files([(label, name, data)], name, form)
    refuse_other_files(name)
    try:
        archive = opened(data)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise SampleError(
            f"'{name}' is neither a zip of label folders nor an .npz with x and y, nor a .csv."
        ) from None
    with archive:
        members = checked(archive, name)
        try:
            arrays = Arrays(archive, members, name)
            parts = bool(form.inputs) and set(form.inputs) <= arrays.keys()
            if "x" in arrays or parts or name.lower().endswith(".npz"):
                return read_arrays(arrays, name, form, subset)
            return read_zip(archive, members, name, form, subset)
        except OdtError:  # it says itself what is wrong
            raise
        except (*DAMAGED_ZIP, ValueError) as error:
            raise SampleError(f"'{name}' is damaged ({error}). Make the zip again.") from error
