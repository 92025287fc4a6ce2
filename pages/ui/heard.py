"""What a screen reader hears: of a training, by what name it knows its bar, and of what was done
(heard.js).
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui import trouble
from pages.ui.desk import Desk
from pages.ui.run import Phase, Snapshot
from pages.ui.served import ASSETS

_PARTS = ASSETS / "components"
_DONE = "heard_done"  # (how often something was said, what was said last)
_SEEN = "heard_seen"
_mount = st.components.v2.component(
    "odt_heard",
    html=(_PARTS / "heard.html").read_text(encoding="utf-8"),
    js=(_PARTS / "heard.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # look.css takes it out of sight
)


@dataclass(frozen=True)
class Seen:
    """Of a workspace as a page showed it: what was done, newest first, and what could be done
    again. of: which workspace and training.
    """

    done: tuple[str, ...]
    redo: str | None
    of: object = None


def heard(snapshot: Snapshot | None, result: str) -> None:
    """Draw it, out of sight; result: what came of the run, "" while that is not known."""
    _mount(key="heard", data={"said": in_words(snapshot, result), "bar": "Training progress"})


def acts_heard(desk: Desk) -> None:
    """The same for what was done: the toast, else the step. Last on a page, when all is drawn."""
    workspace, run = desk.workspace, desk.run
    of = workspace.token, run and run.id, desk.busy
    now = Seen(tuple(workspace.steps_done()), workspace.redo_step, of)
    before = st.session_state.get(_SEEN, now)
    st.session_state[_SEEN] = now
    times, last = st.session_state.get(_DONE, (0, ""))
    said = trouble.toasted() or step_in_words(before, now)
    if said:
        times, last = st.session_state[_DONE] = times + 1, said
    # A mark that nobody hears: the same is done again, and said again.
    _mount(key="heard_acts", data={"said": last + "\u200b" * (times % 2)})


def step_in_words(before: Seen, now: Seen) -> str:
    """What was done between two drawings; "" for nothing, and of a training, which has its own."""
    if now.of != before.of or now.done == before.done:
        return ""
    # A like list alone may be that of one act more, for which undo steps were given up.
    if now.done == before.done[1:] and now.redo == before.done[0]:
        return f"Undone: {before.done[0]}."
    if now.done[:1] == (before.redo,) and now.done[1:] == before.done:
        return f"Done again: {before.redo}."
    return f"Done: {now.done[0]}." if now.done else ""


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
