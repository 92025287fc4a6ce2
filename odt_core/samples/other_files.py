"""Files of other kinds that people have their samples in: what to save instead."""

from __future__ import annotations

from pathlib import PurePosixPath

from odt_core.errors import SampleError

_SHEET = "a spreadsheet: save its sheet as .csv"
_TABLE = "a table of another kind: save it as .csv, in pandas with table.to_csv(index=False)"
_RECORDS = "not read as samples. If it holds a table, save that as .csv"
_ARRAYS = (
    "not read as samples: save its arrays as .npz, with numpy.savez(file, x=samples, y=labels)"
)
_SOUND = "packed sound or video: save its sound as .wav"
_PACKED = "packed: unpack it, or make a .zip of its folders"
_INSTEAD = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods", ".numbers"), _SHEET),
    **dict.fromkeys((".parquet", ".feather", ".arrow", ".arff", ".libsvm", ".svm", ".sav"), _TABLE),
    **dict.fromkeys((".xml", ".yaml"), _RECORDS),
    **dict.fromkeys((".pkl", ".pickle", ".h5", ".hdf5", ".mat", ".pt", ".tfrecord"), _ARRAYS),
    **dict.fromkeys((".mp3", ".flac", ".ogg", ".m4a", ".mp4", ".mov", ".webm"), _SOUND),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".tar", ".tgz", ".7z", ".rar"), _PACKED),
    ".data": "not read under this name. If it is a table, call it .csv",
}


def refuse_other_files(name: str) -> None:
    """Raise SampleError for a file of a kind that is known and not read, by its name's ending."""
    instead = _INSTEAD.get(PurePosixPath(name).suffix.lower())
    if instead:
        raise SampleError(f"'{name}' is {instead}.")
