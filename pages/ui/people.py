"""One click fills in real samples, so that everything can be tried without a pen or a camera."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath

import streamlit as st

from odt_core.bundled import ModelCard
from odt_core.errors import SampleError
from odt_core.samples import RawSamples
from odt_core.workspace import Source
from pages.ui import trouble
from pages.ui.desk import Desk

_LOADED = "example_loaded"  # when the last one was there
# Seconds after that in which another press is the other half of a double click, or was made while
# the page still worked on the first one.
_SAME_PRESS = 0.5
_HALF = "Half of them are kept for testing."
_HELP_PERSON = (
    f"Real handwriting of one person, from the bundled data. {_HALF} Click again for another one."
)
_HELP_PHOTOS = (
    "Real photographs that anybody may use, from the bundled data. "
    f"{_HALF} Click again for another set."
)


def example_person(desk: Desk) -> None:
    """The button, when the model's card has people or sets of photographs."""
    if not desk.card.people:
        return
    photos = desk.sees_photos
    st.button(
        "Load example photos" if photos else "Load an example person",
        key="example",
        type="secondary" if desk.workspace.manifest.samples else "primary",
        disabled=desk.busy,
        help=_HELP_PHOTOS if photos else _HELP_PERSON,
        on_click=_load,
        args=(desk,),
    )


def _load(desk: Desk) -> None:
    if time.monotonic() - st.session_state.get(_LOADED, -math.inf) < _SAME_PRESS:
        return
    with trouble.caught("samples"):
        people = _people(desk.card.people, desk.card)
        if not people:
            raise SampleError("There are no examples for this model.")
        there = {sample.origin for sample in desk.workspace.manifest.samples}
        fresh = [name for name, raw in people.items() if not _known(raw) & there]
        name = fresh[0] if fresh else next(iter(people))
        report = desk.workspace.add_raw(_halved(people[name]), Source.EXAMPLE)
        end = "?" if desk.sees_photos else "."
        trouble.say("samples", f"{name}{end} {report.summary}", "info")
        st.session_state[_LOADED] = time.monotonic()


def _known(raw: RawSamples) -> set[str]:
    """What the workspace remembers of where samples come from: the last part of their names."""
    return {PurePosixPath(name).name for name in raw.names}


def _halved(raw: RawSamples) -> RawSamples:
    """Every other picture of each label is a test sample: a fifth of what one person wrote would be
    too few to tell whether a gain is more than chance.
    """
    seen: Counter[str] = Counter()
    tests = []
    for label in raw.labels:
        seen[label] += 1
        tests.append(seen[label] % 2 == 0)
    return replace(raw, tests=tuple(tests))


@st.cache_resource(max_entries=4, show_spinner=False)
def _people(paths: tuple[Path, ...], _card: ModelCard) -> dict[str, RawSamples]:
    return _card.load_people()
