"""Teachable Machine's project files (.tm): a flat zip of `LABEL-!-NUMBER.jpg` and manifest.json."""

from __future__ import annotations

import json
from collections.abc import Sequence

from odt_core.errors import SampleError

MANIFEST = "manifest.json"
MAX_MANIFEST = 1_000_000  # bytes; it holds the type of the project and its training settings
_DIVIDER = "-!-"  # between the label and the number of a sample
_PICTURES = ("image", "pose")  # a pose project keeps the pictures that its poses were found in


def labels_of(manifest: bytes, names: Sequence[str], archive: str) -> dict[str, str]:
    """File name -> label of a project's samples; empty when the zip is no such project.

    manifest: content of manifest.json. names: of all files in the zip. SampleError for a project
    of sounds, whose samples are no pictures.
    """
    labels = {name: _label(name) for name in names if _DIVIDER in name}
    if not labels:
        return {}
    try:
        document = json.loads(manifest)
    except (ValueError, RecursionError):
        return labels
    kind = document.get("type") if isinstance(document, dict) else None
    if kind is not None and kind not in _PICTURES:
        raise SampleError(
            f"'{archive}' is a Teachable Machine project of kind '{str(kind)[:20]}'; this model "
            "takes pictures. Open an image project."
        )
    return labels


def _label(name: str) -> str:
    """What stands before the last divider; a slash in it is part of the label, not a folder."""
    return name.rpartition(_DIVIDER)[0].replace("/", "-").replace("\\", "-")
