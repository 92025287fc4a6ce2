"""Folders that are links to others."""

from __future__ import annotations

import os
from pathlib import Path


def leads_back(folder: Path) -> bool:
    """Whether a folder is a link to one that it lies in, whichever links lead there: to go into it
    would never end.
    """
    if not folder.is_symlink():
        return False
    target = os.path.realpath(folder)
    return any(os.path.realpath(above) == target for above in folder.absolute().parents)
