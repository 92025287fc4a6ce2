"""Read a person's samples: a folder of label folders, a zip of one, an .npz, or a .csv."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from odt_core.errors import OdtError, SampleError
from odt_core.files import DAMAGED_ZIP
from odt_core.samples.archives import MAX_TOTAL_BYTES, Arrays, checked
from odt_core.samples.arrays import read_arrays
from odt_core.samples.folders import read_folder, read_zip
from odt_core.samples.inputs import Inputs
from odt_core.samples.other_files import refuse_other_files
from odt_core.samples.table import read_table
from odt_core.samples.types import RawSamples, Subset

TABLES = (".csv", ".tsv", ".txt")


def read_samples(
    source: str | Path | bytes,
    name: str | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    target_shape: Sequence[int] | None = None,
    inputs: Inputs | None = None,
    subset: Subset = Subset.TRAINING,
) -> RawSamples:
    """Samples from `source`; those of a folder or zip are sorted by label and file name.

    source: one of
    - a folder with one folder of pictures per label, at whatever depth, folders train, val and test
      above them or not, or a zip of it; labels are "" where no folder is one (layout.py). .npy
      files in it are samples of numbers, and NAME.target.npy or the picture of a mask (masks.py)
      is the target of NAME;
    - a zip of samples that a workspace exported (labels_file.py): labels and test samples are as
      they were;
    - a zip or project file of Teachable Machine (teachable_machine.py): a zip per label is read
      with the zip's name as label;
    - an .npz with x (uint8 [N, H, W(, C)], or numbers [N, *input shape]) and y, which may be
      missing: N labels, one-hot rows, or targets [N, *target shape]; or with arrays that are called
      otherwise, such as x_train, y_train, x_test and y_test, or features and labels;
    - a .csv (table.py).
    input_shape, target_shape: of one sample and its target, which say how a .csv divides. inputs:
    where a model's several inputs take a sample together, how many numbers each: an .npz may then
    hold an array for each in the place of x, and a .csv's header says which column is whose.
    subset: what is wanted where some samples are for testing, such as those of a folder test beside
    one called train; a warning is logged where they are left out.
    Raises SampleError with the file's name; a zip with absolute or `..` names, too many or too
    large members is refused as a whole.
    """
    if isinstance(source, bytes):
        return _read_bytes(
            source, name or "upload", input_shape, target_shape, inputs or {}, subset
        )
    path = Path(source)
    label = name or path.name
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError as error:
        raise SampleError(f"'{label[:60]}…' cannot be read: {error.strerror}.") from error
    if folder:
        return read_folder(path, label, target_shape, subset)
    if not there:
        raise SampleError(f"'{path}' does not exist. Give a folder, a .zip, .npz or .csv.")
    if path.stat().st_size > MAX_TOTAL_BYTES:
        raise SampleError(
            f"'{label}' has {path.stat().st_size / 1e6:.0f} MB; at most "
            f"{MAX_TOTAL_BYTES // 10**6} MB are read."
        )
    return _read_bytes(path.read_bytes(), label, input_shape, target_shape, inputs or {}, subset)


def _read_bytes(
    data: bytes,
    name: str,
    input_shape: Sequence[int] | None,
    target_shape: Sequence[int] | None,
    inputs: Inputs,
    subset: Subset,
) -> RawSamples:
    if len(data) > MAX_TOTAL_BYTES:
        raise SampleError(
            f"'{name}' has {len(data) / 1e6:.0f} MB; at most "
            f"{MAX_TOTAL_BYTES // 10**6} MB are read."
        )
    if name.lower().endswith(TABLES):
        return read_table(
            data, name, input_shape=input_shape, target_shape=target_shape, inputs=inputs
        )
    if not data:
        raise SampleError(f"'{name}' is empty. Choose another file.")
    refuse_other_files(name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise SampleError(
            f"'{name}' is neither a zip of label folders nor an .npz with x and y, nor a .csv."
        ) from None
    with archive:
        members = checked(archive, name)
        try:
            arrays = Arrays(archive, members)
            parts = bool(inputs) and set(inputs) <= arrays.keys()
            if "x" in arrays or parts or name.lower().endswith(".npz"):
                return read_arrays(arrays, name, inputs, subset)
            return read_zip(archive, members, name, target_shape, subset)
        except OdtError:  # it says itself what is wrong
            raise
        except (*DAMAGED_ZIP, ValueError) as error:
            raise SampleError(f"'{name}' is damaged ({error}). Make the zip again.") from error
