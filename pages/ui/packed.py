"""Many files that were given at once: the browser packs them, and here they come apart again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import streamlit as st

from odt_core.errors import OdtError, SampleError
from odt_core.files import DAMAGED_ZIP
from odt_core.samples.archives import MAX_MEMBERS, MAX_TOTAL_BYTES, checked, opened, unpack
from pages.ui.served import ASSETS
from pages.ui.uploads import contents

FEW = 20  # files that Streamlit's uploader sends one by one
MARK = "odt: files that were given together"  # the comment of such a zip


@cache
def script() -> str:
    """What packs, on every page (assets/components/packing.js)."""
    limits = {
        "few": FEW,
        "most": MAX_MEMBERS,
        "folderBytes": MAX_TOTAL_BYTES,
        "zipBytes": min(st.get_option("server.maxUploadSize") * 10**6, MAX_TOTAL_BYTES),
        "mark": MARK,
    }
    text = (ASSETS / "components" / "packing.js").read_text(encoding="utf-8")
    return text.replace("LIMITS", json.dumps(limits))


def files_in(uploads: Iterable[Any]) -> list[tuple[str, bytes]]:
    """Name and bytes of each uploaded file, in the place of a packed zip those of the files in it.
    The names of files in a folder are paths with slashes. Raises SampleError as `contents` does,
    and for a packed zip that is damaged or too large.
    """
    return [file for upload in uploads for file in _apart(*contents(upload))]


def _apart(name: str, data: bytes) -> list[tuple[str, bytes]]:
    if not data.endswith(MARK.encode()):
        return [(name.rpartition("/")[2], data)]  # paths are for what was packed, and checked
    try:
        with opened(data) as archive:
            return [
                (member.filename, unpack(archive, member, MAX_TOTAL_BYTES))
                for member in checked(archive, name)
            ]
    except OdtError:  # it says itself what is wrong
        raise
    except (*DAMAGED_ZIP, ValueError) as error:
        raise SampleError(f"'{name}' arrived damaged ({error}). Give the files again.") from error
