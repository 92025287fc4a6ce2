"""What the folders that samples lie in are called, as labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

ZIPPED = "-samples"  # ends the names of Teachable Machine's zips, "heart-samples.zip"


def folder_labels(samples: Sequence[str]) -> dict[str, str]:
    """Path -> label of those that lie in a folder: its name, without what Teachable Machine's zips
    end in where several folders are, and all end in it: these are such, unpacked. samples: paths
    with slashes.
    """
    folders = {path: folder for path in samples if (folder := PurePosixPath(path).parent.name)}
    names = set(folders.values())
    if len(names) > 1 and all(name.endswith(ZIPPED) and name != ZIPPED for name in names):
        return {path: folder.removesuffix(ZIPPED) for path, folder in folders.items()}
    return folders
