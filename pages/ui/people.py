"""One click fills in a real person's samples, so that everything can be tried without a pen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from odt_core.bundled import ModelCard
from odt_core.errors import SampleError
from odt_core.samples import RawSamples
from odt_core.workspace import Source
from pages.ui import trouble
from pages.ui.desk import Desk

PER_LABEL = 10  # pictures of each label that are taken, a fifth of them for testing


def example_person(desk: Desk) -> None:
    """The button, when the model's card has people."""
    if not desk.card.people:
        return
    st.button(
        "Load an example person",
        key="example",
        type="secondary" if desk.workspace.manifest.samples else "primary",
        disabled=desk.busy,
        help="Real handwriting of one person, from the bundled data. Click again for another one.",
        on_click=_load,
        args=(desk,),
    )


def _load(desk: Desk) -> None:
    with trouble.caught("samples"):
        people = _people(desk.card.people, desk.card)
        if not people:
            raise SampleError("There are no example people for this model.")
        there = {sample.origin for sample in desk.workspace.manifest.samples}
        fresh = [name for name, raw in people.items() if not any(one in there for one in raw.names)]
        name = fresh[0] if fresh else next(iter(people))
        report = desk.workspace.add_raw(_some(people[name]), Source.EXAMPLE)
        trouble.say("samples", f"{name}. {report.summary}", "info")


def _some(raw: RawSamples) -> RawSamples:
    """The first PER_LABEL pictures of each label, the labels in turn."""
    seen: dict[str, int] = {}
    chosen = []
    for k, label in enumerate(raw.labels):
        if seen.get(label, 0) < PER_LABEL:
            seen[label] = seen.get(label, 0) + 1
            chosen.append(k)
    return RawSamples(
        tuple(raw.items[k] for k in chosen),
        tuple(raw.labels[k] for k in chosen),
        tuple(raw.names[k] for k in chosen),
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _people(paths: tuple[Path, ...], _card: ModelCard) -> dict[str, RawSamples]:
    return _card.load_people()
