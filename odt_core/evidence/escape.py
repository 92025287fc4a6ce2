"""Text from people (labels, model names) as text: in HTML, Markdown, CSV and inside a script."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

# What begins a list does so only with a space after it: "-3.5" and "83.1%" stay as they are.
_MARKDOWN = re.compile(r"([\\`*_\[\]|~$])|^([#>=]|\+(?=\s|$)|-(?=[\s-]|$))|^(\d+)(?=[.)](?:\s|$))")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def html_text(text: object) -> str:
    """For HTML text and attributes; plotly.js reads its texts so, too."""
    return escape(str(text), quote=True)


def markdown_text(text: object) -> str:
    """For Markdown text and table cells, on one line."""
    plain = " ".join(str(text).split())
    return _MARKDOWN.sub(_mark, plain.replace("&", "&amp;").replace("<", "&lt;"))


def _mark(found: re.Match[str]) -> str:
    if found[3]:  # "1." would begin a list
        return f"&#{ord(found[3][0])};{found[3][1:]}"
    return f"\\{found[0]}"


def csv_text(text: object) -> str:
    """For a CSV cell: quoted, and never a formula for a spreadsheet to obey."""
    plain = str(text)
    if plain.startswith(_FORMULA):
        plain = "'" + plain
    return '"' + plain.replace('"', '""') + '"'


def script_json(value: Any) -> str:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text
