"""The file in a zip of samples that says which label each folder stands for.

A folder cannot be called as every label can: `>20`, `C#` and `.NET` are no names of files
everywhere, and `Cat` and `cat` are one folder on some systems. So the labels stand letter for
letter in a small JSON file beside the folders, and the names of test samples end with a mark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from odt_core.errors import LabelError
from odt_core.samples.labels import clean_label

NAME = "odt-labels.json"
MAX_BYTES = 1_000_000  # 1,024 labels of 40 characters take a third of it
TEST_MARK = "-test"  # ends the name, without its suffix, of a test sample
_VERSION = 1


def write_labels(labels: Mapping[str, str]) -> bytes:
    """The file's content. labels: folder -> label, "" for samples without one."""
    document = {"odt": _VERSION, "labels": dict(labels)}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def read_labels(data: bytes) -> dict[str, str]:
    """Folder -> label; empty where the file is none of ours, or not every label can be one."""
    try:
        document = json.loads(data)
        if document["odt"] != _VERSION:
            return {}
        labels = {str(folder): label for folder, label in document["labels"].items()}
        whole = all(label == "" or clean_label(label) == label for label in labels.values())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, LabelError):
        return {}
    return labels if whole else {}
