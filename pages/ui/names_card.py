"""What the model's outputs are called: typed, pasted one a line, or from a labels.txt."""

from __future__ import annotations

import streamlit as st

from odt_core.errors import LabelError
from pages.ui import kept_widgets, pieces, trouble
from pages.ui.desk import Desk
from pages.ui.say import count
from pages.ui.uploads import contents

_PLACE = "names"
_TEXT = "names_text"
_NAMES = "names_kept"
_TURN = "names_turn"
_LARGEST = 200_000  # bytes of a labels.txt


def names_of(desk: Desk) -> None:
    """Draw the card's content; only models that tell labels apart have names."""
    outputs = desk.output_names
    named = sum(name is not None for name in outputs)
    aside = count(named, "label")
    if len(outputs) > named:
        aside += f", {len(outputs) - named} free"
    pieces.heading("Label names", aside)
    trouble.show_said(_PLACE)
    lines = {_TEXT: "\n".join(name or "" for name in outputs)}
    kept_widgets.fill(_NAMES, desk.model.key, lines, outputs)
    fixed = 0 if desk.model.bundled else desk.contract.labels_count
    st.text_area(
        "One name a line, in the order of the outputs"
        + (f": {fixed} lines, an empty one is free" if fixed else ""),
        key=_TEXT,
        height=150,
        disabled=desk.busy,
        on_change=kept_widgets.keep,
        args=(_NAMES, [_TEXT]),
    )
    kept_widgets.keep(_NAMES, [_TEXT])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Use these names", key="names_use", disabled=desk.busy, on_click=_use, args=(desk,)
        )
        turn = st.session_state.setdefault(_TURN, 0)
        st.file_uploader(
            "labels.txt",
            type=["txt"],
            key=f"names_file_{turn}",
            label_visibility="collapsed",
            disabled=desk.busy,
            on_change=_uploaded,
            args=(desk, f"names_file_{turn}"),
        )


def _use(desk: Desk) -> None:
    with trouble.caught(_PLACE):
        _take(desk, str(st.session_state.get(_TEXT, "")))


def _uploaded(desk: Desk, key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[_TURN] += 1
    with trouble.caught(_PLACE):
        name, data = contents(file)
        if len(data) > _LARGEST:
            raise LabelError(f"'{name}' is too large for a list of names.")
        if b"\0" in data:
            raise LabelError(f"'{name}' is not a text file. Put one name on each line.")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        _take(desk, text)


def _take(desk: Desk, text: str) -> None:
    lines = _without_numbers([line.strip() for line in text.splitlines()])
    if not desk.contract.labels_count:  # the file does not say how many there are: no gaps
        lines = [line for line in lines if line]
    while lines and not lines[-1]:
        lines.pop()
    desk.name_labels(lines)
    trouble.say(_PLACE, f"{count(sum(map(bool, lines)), 'label')} named.", "info")


def _without_numbers(lines: list[str]) -> list[str]:
    """Teachable Machine writes "0 cat", "1 dog": numbers that only count the lines go."""
    pairs = [line.split(" ", 1) for line in lines if line]
    counted = all(len(pair) == 2 and pair[0] == str(at) for at, pair in enumerate(pairs))
    return [pair[1].strip() for pair in pairs] if counted else lines
