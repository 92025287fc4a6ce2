"""The ways to add samples: draw, upload, photograph, or type numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.errors import LabelError, OdtError
from odt_core.samples import RawSamples
from odt_core.words import sentences
from odt_core.workspace import LabelEntry, Manifest, Source
from pages.ui import pieces, trouble
from pages.ui.canvas import decode_drawing, sample_pad
from pages.ui.desk import Desk
from pages.ui.model_words import asked_numbers
from pages.ui.number_inputs import typed_input
from pages.ui.numbers import MOST
from pages.ui.packed import files_in
from pages.ui.photograph import photograph
from pages.ui.say import isolated, plain
from pages.ui.typed_target import (
    can_type_target,
    target_field,
    typed_targets,
    why_no_target,
)
from pages.ui.upload_hint import upload_hint
from pages.ui.uploaded_samples import FOLDERS, read_uploaded

ACTIVE = "samples_label"  # id of the label that new samples get; "": there is none yet
_CALLED = "samples_label_name"  # as it was when it was there last
_NOTICE = "samples_notice"  # place of what is to be known of the last upload
_NOTICE_OF = "samples_notice_of"  # key of the model that it was for
_FILES = "samples_files"  # changes with each upload that was taken, which empties the widget
_TYPED = "samples_typed"
_NO_LABEL = "Add a label below first: what are your samples to be called?"


def ways(desk: Desk) -> tuple[str, ...]:
    """What can be done for this model."""
    if desk.answers_pictures or (desk.task is Task.VALUES and not can_type_target(desk)):
        return ("Upload",)  # targets come in files alone
    if desk.sees_photos:
        return ("Upload", "Camera", "Draw")
    if desk.sees_pictures:
        return ("Draw", "Upload", "Camera")
    return ("Upload", "Type")


def add_by(desk: Desk, way: str, active: LabelEntry | None) -> None:
    """Draw the widgets of one way."""
    if desk.tells_labels and not desk.workspace.manifest.labels and way != "Upload":
        pieces.note(_NO_LABEL)
        return
    {"Draw": _draw, "Upload": _upload, "Camera": _camera, "Type": _type}[way](desk, active)


# Draw


def _draw(desk: Desk, active: LabelEntry | None) -> None:
    target_field(desk)
    name = active.name if active else "sample"
    sample_pad(
        name,
        lambda said, url: _drawn(desk, active, said, url),
        wrong=why_no_target(desk) or _why_none(desk, active),
    )


def _drawn(desk: Desk, active: LabelEntry | None, name: str, url: object) -> bool:
    """Whether the drawing was taken; what is there already was, too."""
    with trouble.caught("samples"):
        manifest = desk.workspace.manifest
        target = _label_called(manifest, name)
        if target is None and active is not None and active.name == name:
            target = manifest.label(active.id)  # renamed since
        if target is None and desk.tells_labels:
            raise LabelError(
                f"The label '{name}' is not there any more, so the drawing comes back on the pad. "
                "Choose another label."
            )
        report = desk.workspace.add_samples(
            [decode_drawing(url)],
            target.id if target else "",
            Source.DRAW,
            targets=typed_targets(desk, 1),
        )
        if not report.added:
            trouble.say("samples", report.summary, "info")
        return True
    return False


# Upload


def _upload(desk: Desk, active: LabelEntry | None) -> None:
    turn = st.session_state.setdefault(_FILES, 0)
    if desk.sees_pictures:
        target_field(desk)
    st.file_uploader(
        "Pictures, or a zip of label folders" if desk.sees_pictures else "Tables, sounds or arrays",
        accept_multiple_files=True,
        key=f"upload_{turn}",
        on_change=_uploaded,
        args=(desk, f"upload_{turn}"),
        label_visibility="collapsed",
    )
    if not desk.answers_pictures:  # of which it says how before
        pieces.note(sentences(_why_none(desk, active), upload_hint(desk, active)))


def _uploaded(desk: Desk, key: str) -> None:
    files = st.session_state.get(key) or []
    if not files:
        return
    st.session_state[_FILES] += 1
    trouble.unsay(_NOTICE)
    with trouble.caught("samples"):
        said = add_files(desk, files_in(files), st.session_state.get(ACTIVE, ""))
        trouble.say("samples", said, "info")


def notice_of_upload(desk: Desk) -> None:
    """Draw what is to be known of the last upload, until the next one: as long as its model is
    there, and there are samples.
    """
    of = st.session_state.get(_NOTICE_OF)
    if of != desk.model.key or not desk.workspace.manifest.samples:
        trouble.unsay(_NOTICE)
    trouble.show_said(_NOTICE)


def add_files(desk: Desk, files: Sequence[tuple[str, bytes]], label_id: str) -> str:
    """Add uploaded files, all or none, but for pictures that cannot be read, which are named.

    Pictures, and samples of a table without labels, get the label `label_id`; archives bring their
    own. Returns what happened in words; what is to be known besides is left for
    `notice_of_upload`. Raises SampleError, LabelError.
    """
    try:
        return _add(desk, read_uploaded(desk, files, label_id))
    except OdtError as error:
        if len(files) > 1 or files[0][0].lower().endswith(FOLDERS):
            raise type(error)(f"{error} Nothing was added.") from error
        raise


def _add(desk: Desk, raw: RawSamples) -> str:
    """Add what all files hold in one step; returns what happened in words."""
    more: Sequence[str | None] = ()
    if desk.tells_labels and desk.contract.labels_count == 0:
        numbers = [int(label) for label in raw.labels if label.isdecimal() and len(label) < 4]
        more = desk.more_outputs(max(numbers, default=-1) + 1)
    before, unnamed = desk.labels.names, desk.model.unnamed
    said = [desk.workspace.add_raw(raw, Source.UPLOAD, more).summary]
    if raw.notice:
        trouble.say(_NOTICE, raw.notice, "stays")
        st.session_state[_NOTICE_OF] = desk.model.key
    after = desk.labels.names
    if after != before and unnamed:
        said.append(
            f"The model's file does not name its outputs, so they were named "
            f"{', '.join(filter(None, after))}, in this order. Change that under Label names on "
            "the Model page."
        )
    if raw.targets and desk.task is Task.RECONSTRUCTION:
        said.append(
            "Its targets are kept, but not learnt: this model is taken for one that gives its "
            "input back. If it learns targets, choose 'Numbers' on the Model page."
        )
    return " ".join(said)


# Camera


def _camera(desk: Desk, active: LabelEntry | None) -> None:
    target_field(desk)
    photograph(desk, active, _why_none(desk, active))


# Type


def _type(desk: Desk, active: LabelEntry | None) -> None:
    size = prod(desk.card.input_shape)
    if size > MOST:
        pieces.note(f"{size:,} numbers are too many to type. Upload a .csv or .npz.")
        return
    with st.form("type_sample", border=False):
        st.text_area(
            plain(asked_numbers(desk)),
            key=_TYPED,
            height=90,
            placeholder=_example(desk, size),
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            target_field(desk)
            st.form_submit_button("Add", key="type_add", on_click=_add_typed, args=(desk,))
    if active is not None:
        pieces.note(f"The sample goes to '{active.name}'.")


def _example(desk: Desk, size: int) -> str:
    """ "0.5, 1.2, −3 …": what a sample may begin with; "1" for a whole number, such as an id."""
    whole = np.broadcast_to(desk.contract.whole_numbers.reshape(-1), size)
    pairs = zip(whole, ("0.5", "1.2", "−3"), strict=False)
    return ", ".join("1" if one else number for one, number in pairs) + " …" * (size > 3)


def _add_typed(desk: Desk) -> None:
    with trouble.caught("samples"):
        text = str(st.session_state.get(_TYPED, ""))
        item = typed_input(desk, text, "The sample")
        active = active_label(desk) if desk.tells_labels else None
        if desk.tells_labels and active is None:
            raise LabelError(_why_none(desk, active) or _NO_LABEL)
        report = desk.workspace.add_samples(
            [item], active.id if active else "", Source.DRAW, ["typed"], typed_targets(desk, 1)
        )
        st.session_state[_TYPED] = ""
        trouble.say("samples", report.summary, "info")


# Labels


def choose_label(desk: Desk, label_id: str, name: str = "") -> None:
    """New samples get this label, in this tab and in any that is loaded from now on; "": the
    first. name: what this tab calls it, as it may be gone by now.
    """
    st.session_state[ACTIVE] = desk.chosen_label = label_id
    st.session_state[_CALLED] = name


def active_label(desk: Desk) -> LabelEntry | None:
    """The label that new samples get: the chosen one, and none where that is gone, so that no other
    one gets what was meant for it. Where none was chosen in this tab, the first that the model can
    take, one that is turned on before one that is not.
    """
    manifest = desk.workspace.manifest
    chosen = st.session_state.get(ACTIVE)
    wanted = manifest.label(desk.chosen_label if chosen is None else chosen)
    if chosen and wanted is None and manifest.labels:
        return None
    if wanted is None or wanted.output is None:
        can = [label for label in manifest.labels if label.output is not None]
        on = [label for label in can if label.enabled]
        wanted = next(iter((*on, *can)), wanted or next(iter(manifest.labels), None))
    st.session_state[ACTIVE] = wanted.id if wanted else ""
    st.session_state[_CALLED] = wanted.name if wanted else ""
    return wanted


def _why_none(desk: Desk, active: LabelEntry | None) -> str:
    """Why none of the labels is chosen, in words; "" where one is, or there is none to choose."""
    if active is not None or not desk.tells_labels or not desk.workspace.manifest.labels:
        return ""
    called = isolated(st.session_state.get(_CALLED, ""))
    return f"The label '{called}' is not there any more. Choose one below."


def _label_called(manifest: Manifest, name: str) -> LabelEntry | None:
    return next((label for label in manifest.labels if label.name == name), None)
