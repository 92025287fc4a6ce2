"""Base model and your model side by side on one input (assets/components/answers.js)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui.say import percent
from pages.ui.served import ASSETS

_PARTS = ASSETS / "components"
_SHOWN = 5  # bars a side
_mount = st.components.v2.component(
    "odt_answers",
    html=(_PARTS / "answers.html").read_text(encoding="utf-8"),
    css=(_PARTS / "answers.css").read_text(encoding="utf-8"),
    js=(_PARTS / "answers.js").read_text(encoding="utf-8"),
)
_SIDES = (("base", "Base model"), ("own", "Your model"))


def answers(
    key: str, names: Sequence[str | None], base: np.ndarray, own: np.ndarray, *, trained: bool
) -> None:
    """base, own: float [K], probabilities per output; names: one per output, None is left out."""
    used = [k for k, name in enumerate(names) if name is not None]
    order = sorted(used, key=lambda k: -max(float(base[k]), float(own[k])))[:_SHOWN]
    sides = []
    for (role, title), shares in zip(_SIDES, (base, own), strict=True):
        top = max(used, key=lambda k: float(shares[k]))
        sides.append(
            {
                "role": role,
                "title": title,
                "answer": str(names[top]),
                "sure": f"{percent(float(shares[top]))} sure",
                "bars": [[str(names[k]), float(shares[k])] for k in order],
            }
        )
    _mount(
        key=key,
        data={"sides": sides, "idle": False, **_change(sides, trained)},
    )


def no_answers(key: str, summary: str) -> None:
    """The same panels before there is an input."""
    sides = [
        {
            "role": role,
            "title": title,
            "answer": "–",
            "sure": "",
            "bars": [["", 0.0]] * _SHOWN,
        }
        for role, title in _SIDES
    ]
    _mount(key=key, data={"sides": sides, "idle": True, "summary": summary, "changed": False})


def _change(sides: list[dict], trained: bool) -> dict[str, object]:
    base, own = sides
    if not trained:
        return {"summary": "Not trained yet: your model is the base model.", "changed": False}
    if base["answer"] != own["answer"]:
        return {
            "summary": f"Changed its answer from {base['answer']} to {own['answer']}.",
            "changed": True,
        }
    before, after = (dict(map(tuple, side["bars"]))[side["answer"]] for side in sides)
    if abs(after - before) < 0.005:
        return {"summary": "Same answer, as sure as before.", "changed": False}
    word = "surer" if after > before else "less sure"
    gap = f"{100 * abs(after - before):.1f} points"
    return {"summary": f"Same answer, {word} by {gap}.", "changed": False}
