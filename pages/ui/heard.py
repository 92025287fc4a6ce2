"""What a screen reader hears of a training, by what name it knows the bar (heard.js)."""

from __future__ import annotations

import streamlit as st

from pages.ui.run import Phase, Snapshot
from pages.ui.served import ASSETS

_PARTS = ASSETS / "components"
_mount = st.components.v2.component(
    "odt_heard",
    html=(_PARTS / "heard.html").read_text(encoding="utf-8"),
    js=(_PARTS / "heard.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # look.css takes it out of sight
)


def heard(snapshot: Snapshot | None, result: str) -> None:
    """Draw it, out of sight; result: what came of the run, "" while that is not known."""
    _mount(key="heard", data={"said": in_words(snapshot, result), "bar": "Training progress"})


def in_words(snapshot: Snapshot | None, result: str) -> str:
    """Another sentence at the start, a pause, each quarter and the end, not at each tick."""
    if snapshot is None:
        return ""
    if snapshot.phase is Phase.PAUSED:
        return f"Training paused at step {snapshot.step:,} of {snapshot.total:,}."
    if snapshot.phase.active:
        quarters = min(3, int(4 * snapshot.share))
        if not quarters:
            return "Training runs."
        return f"Training: {25 * quarters} % done."
    return f"{snapshot.message} {result}".strip()
