"""Results as text: a line a cell while the race runs, tables in markdown for the README."""

from __future__ import annotations

from typing import Any


def cell_line(document: dict[str, Any]) -> str:
    """One cell in one line: every engine's step, and its answer's time after a slash."""
    parts = []
    for name, entry in document["engines"].items():
        mark = "" if entry.get("agreement", {}).get("agrees", True) else " DISAGREES"
        if "failed" in entry:
            parts.append(f"{name} – ({entry['failed']})")
            continue
        train, infer = (
            figure(entry[job]["median"]) if job in entry else "–" for job in ("train", "infer")
        )
        parts.append(f"{name} {train}/{infer}{mark}")
    return f"{document['cell']['key']}: " + "  ".join(parts)


def figure(milliseconds: float) -> str:
    """Three significant digits, without exponents."""
    if milliseconds >= 100:
        return f"{milliseconds:.0f}"
    text = f"{milliseconds:.3g}"
    return text if "e" not in text else f"{milliseconds:.4f}"
