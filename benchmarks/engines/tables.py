"""Results as text: a line a cell while the race runs, tables in markdown for the README."""

from __future__ import annotations

from typing import Any


def cell_line(document: dict[str, Any]) -> str:
    """One cell in one line: every engine's step, and its answer's time after a slash."""
    parts = []
    for name, entry in document["engines"].items():
        mark = "" if entry.get("agreement", {}).get("agrees", True) else " DISAGREES"
        if "train" not in entry:
            parts.append(f"{name} – ({entry.get('failed', 'failed')})")
            continue
        infer = f"/{figure(entry['infer']['median'])}" if "infer" in entry else ""
        parts.append(f"{name} {figure(entry['train']['median'])}{infer}{mark}")
    return f"{document['cell']['key']}: " + "  ".join(parts)


def figure(milliseconds: float) -> str:
    """Three significant digits, without exponents."""
    if milliseconds >= 100:
        return f"{milliseconds:.0f}"
    text = f"{milliseconds:.3g}"
    return text if "e" not in text else f"{milliseconds:.4f}"
