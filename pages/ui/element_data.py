"""Data for our own elements in a shape that Streamlit hands on without a look for data frames.

Streamlit 1.67 examines each list and dict on the first level of an element's data, and imports
pandas for it: more than half of the first page's first run, and 71 MB. It lets tuples pass, and the
browser gets the same arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unexamined(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with its lists as tuples. TypeError for a dict: put it into a tuple."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            raise TypeError(f"{name!r} is a dict: Streamlit would import pandas to look at it")
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
