"""Where the time of a training step goes, op by op, measured in the model's process."""

from __future__ import annotations

import streamlit as st

from pages.ui import pieces
from pages.ui.desk import Desk

_KEY = "step_profile"
_SHOWN = 8  # kinds of ops; the rest is one row
_BATCH = 32


def step_profile(desk: Desk) -> None:
    """A button that measures, and the table once it has."""
    if not desk.can_train:
        return
    if st.button(
        "Time a training step, op by op",
        key="profile",
        disabled=desk.busy,
        help="Needs a second or two. Your model's weights stay as they are.",
    ):
        st.session_state[_KEY] = (desk.model.key, desk.worker().profile(_BATCH))
    known = st.session_state.get(_KEY)
    if not known or known[0] != desk.model.key:
        return
    profile = known[1]
    parts = "one piece" if profile.parts == 1 else f"{profile.parts} pieces"
    pieces.note(
        f"A step of {profile.batch} samples takes {profile.step_ms:.2f} ms; XNNPACK, the fast "
        f"kernels, runs it in {parts}. Each op is measured alone."
    )
    shown, others = profile.ops[:_SHOWN], profile.ops[_SHOWN:]
    whole = max(profile.step_ms, sum(cost.ms for cost in profile.ops))
    rows = [
        (f"`{cost.op} ×{cost.times}", _ms(cost.ms), f"{cost.share:.0%}", cost.delegate)
        for cost in shown
    ]
    if others:
        ms = sum(cost.ms for cost in others)
        times = sum(cost.times for cost in others)
        rows.append((f"Other ops ×{times}", _ms(ms), f"{ms / whole:.0%}", ""))
    rest = profile.rest_ms
    rows.append(("Variables and moving", _ms(rest), f"{rest / whole:.0%}", ""))
    pieces.table(("Op", "ms", "Share", "Run by"), rows)


def _ms(ms: float) -> str:
    return f"{ms:.3f}" if ms >= 0.01 else f"{ms:.4f}"
