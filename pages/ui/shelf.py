"""The shelf: a card per label with its newest samples (assets/components/shelf.js)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from pages.ui import acts
from pages.ui.element_data import unexamined
from pages.ui.served import ASSETS, scripts

_PARTS = ASSETS / "components"
FEW, MANY = 6, 16  # thumbnails of a label that is not, and that is, the chosen one
_mount = st.components.v2.component(
    "odt_shelf",
    html=(_PARTS / "shelf.html").read_text(encoding="utf-8"),
    css=(_PARTS / "shelf.css").read_text(encoding="utf-8"),
    js=acts.JS + scripts("letters.js", "shelf.js"),
)
ACTS = frozenset({"choose", "rename", "open", "all", "toggle", "delete", "add"})


@dataclass(frozen=True)
class Thumb:
    """One sample on the shelf."""

    id: str
    src: str  # data URI
    test: bool
    out: bool = False  # a training sample that is a test sample over again: not trained on


@dataclass(frozen=True)
class ShelfLabel:
    """One label on the shelf; thumbs newest first."""

    id: str
    name: str
    count: int
    test: int
    enabled: bool
    thumbs: tuple[Thumb, ...]
    fixed: bool = False  # no label of the person's, but the one row of a model without labels


@dataclass(frozen=True)
class Act:
    """What the person did on the shelf. Comes from the browser: ids may name nothing."""

    do: str
    label: str = ""
    sample: str = ""
    name: str = ""

    @staticmethod
    def read(value: Any) -> Act | None:
        """None unless `value` is one of ACTS with text fields."""
        fields = (
            {key: value.get(key, "") for key in ("do", "label", "sample", "name")}
            if (hasattr(value, "get"))
            else {}
        )
        if fields.get("do") not in ACTS or not all(isinstance(v, str) for v in fields.values()):
            return None
        return Act(**{key: text[:200] for key, text in fields.items()})


def shelf(
    key: str,
    labels: Sequence[ShelfLabel],
    *,
    active: str,
    height: str,
    longest: int,
    add: str,
    busy: bool,
    on_act: Callable[[Act], bool],
    hint: str = "No samples yet. Draw, upload or photograph some above.",
) -> None:
    """Draw the shelf; `on_act` runs in a callback, before the page is drawn again, for each act,
    and says whether it was done: a new label's name that was refused comes back into its field.

    `height` is a CSS length beyond which the shelf scrolls. `add` is what the field for a new
    label says, "" for no field. `busy` locks what would change labels under a running training.
    """

    def acted() -> None:
        for sent in acts.new_acts(key):
            act = Act.read(sent)
            if act is not None and not on_act(act):
                acts.refuse(key, sent)

    data = {
        "labels": [asdict(label) for label in labels],
        "active": active,
        "height": height,
        "longest": longest,
        "few": FEW,
        "many": MANY,
        "add": add,
        "busy": busy,
        "hint": hint,
        "done": acts.acts_done(key),  # with each, so that a name which was refused is drawn anew
        "refused": acts.acts_refused(key),
    }
    _mount(key=key, data=unexamined(data), on_acts_change=acted)
