"""Samples by camera: single pictures and bursts, kept as they arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from odt_core.errors import LabelError, OdtError, SampleError, WorkspaceError
from odt_core.workspace import LabelEntry, Part, SampleEntry, Source
from odt_core.workspace.disk import TRY_AGAIN
from pages.ui import pieces, trouble
from pages.ui.camera import Receipt, Shot, decode_photo, guide_of, recorder, sent
from pages.ui.desk import Desk
from pages.ui.say import count
from pages.ui.turns import Urgency, fragment
from pages.ui.typed_target import typed_targets, why_no_target
from pages.ui.uploads import picture_in

WAY = "samples_way"  # key of the choice between drawing, uploading and the camera
_KEY = "camera"
_RECEIPT = "camera_receipt"  # (session of the element, number and take of its last picture taken)
_SAME = "camera_same"  # how many pictures of a take were there already, by take
_REDRAW = "camera_redraw"  # whether the shelf stands for the state before
_SIMPLE = "camera_simple"
_TURN = "camera_turn"  # changes with each photo of the simple camera, which empties it
_WAIT = " The pictures wait in this page, which sends them again by itself: leave it open."


def photograph(desk: Desk, active: LabelEntry | None, why_no_label: str) -> None:
    """Draw the camera. why_no_label: in words, where there is none for what it takes."""
    # What is refused would be lost.
    wrong = why_no_target(desk) or why_no_label or desk.workspace.why_full
    draw = _simple
    if not st.session_state.get(_SIMPLE):
        # A fragment: while a burst arrives, nothing else on the page is drawn again.
        draw = fragment(_record, Urgency.CLICK)
    draw(desk, active, bool(wrong))
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        pieces.note(wrong or _hint(desk))
        st.checkbox(
            "Plain camera",
            key=_SIMPLE,
            width="content",
            help="Streamlit's own: one picture at a time, no bursts, no mirror, no guide.",
        )


def _record(desk: Desk, active: LabelEntry | None, locked: bool) -> None:
    recorder(
        _KEY,
        label=active.id if active else "",
        name=active.name if active else "a sample",
        guide=guide_of(desk.card.preprocessing),
        locked=locked,
        receipt=_receipt(desk),
        on_pictures=lambda: _arrived(desk),
        on_upload=_would_rather_upload,
    )
    if st.session_state.pop(_REDRAW, False):
        st.rerun()


def _receipt(desk: Desk) -> Receipt | None:
    if _RECEIPT not in st.session_state:
        return None
    session, number, take = st.session_state[_RECEIPT]
    return Receipt(session, number, take, len(_of_take(desk, take)))


def _hint(desk: Desk) -> str:
    seen = "Your model sees the part in the frame. " if guide_of(desk.card.preprocessing) else ""
    return (
        f"{seen}Pictures stay in this workspace until Delete everything, under Reset. A burst "
        "stays together: all for training, or all for testing."
    )


def _arrived(desk: Desk) -> None:
    """A callback: keep the pictures of a message once, however often it came."""
    batch = sent(_KEY)
    if batch is None:
        return
    session, last, _ = st.session_state.get(_RECEIPT, ("", 0, ""))
    new = [shot for shot in batch.shots if session != batch.session or shot.number > last]
    waits: list[Shot] = []
    with trouble.caught("samples"):
        keep(desk, new, st.session_state.setdefault(_SAME, Counter()), waits)
    over = new[: len(new) - len(waits)]
    if over:  # confirmed also where it is wrong: it would not be kept later either
        st.session_state[_RECEIPT] = (batch.session, over[-1].number, over[-1].take)
    if waits or not batch.more:
        st.session_state[_REDRAW] = True


def keep(desk: Desk, shots: Sequence[Shot], same: Counter[str], waits: list[Shot]) -> None:
    """Add pictures to the labels that they were taken for, those of a burst as one take.

    same: counts how many of each take were left out, as a burst may come in several messages.
    waits: gets those from the first on that could not be saved just now; they can be sent again.
    Raises SampleError, LabelError or WorkspaceError for the first take that cannot be added, once
    all the others are that do not wait.
    """
    wrong: list[OdtError] = []
    for (take, label), group in groupby(shots, key=lambda shot: (shot.take, shot.label)):
        some = list(group)
        try:
            _add_take(desk, take, label, [shot.url for shot in some], same)
        except WorkspaceError as error:
            waits.extend(shots[shots.index(some[0]) :])
            wrong.append(WorkspaceError(str(error).removesuffix(TRY_AGAIN) + _WAIT))
            break
        except OdtError as error:
            wrong.append(error)
            continue
        said = told(desk, take, same[take])
        if said:
            trouble.say("samples", said, "info")
    if wrong:
        raise wrong[0]


def _add_take(
    desk: Desk, take: str, label: str, urls: Sequence[object], same: Counter[str]
) -> None:
    """All pictures of a take, or the first of them that there is room for, or none; those that were
    there already take none, and are counted in `same`.
    """
    pictures = [decode_photo(url) for url in urls]
    if desk.tells_labels and desk.workspace.manifest.label(label) is None:
        raise LabelError(
            f"The label of {count(len(pictures), 'picture')} is not there any more. Choose "
            "another one and take them again."
        )
    workspace = desk.workspace
    while pictures and not workspace.why_full:
        room = workspace.limits.samples - len(workspace.manifest.samples)
        some, pictures = pictures[:room], pictures[room:]
        report = workspace.add_samples(
            some,
            label if desk.tells_labels else "",
            Source.CAMERA,
            ["photo"] * len(some),
            typed_targets(desk, len(some)),
            take=take,
        )
        same[take] += len(report.duplicates)
    if pictures:  # a burst may come in several messages: no count says it all
        raise SampleError(f"The last pictures were not kept. {workspace.why_full}")


def told(desk: Desk, take: str, same: int) -> str:
    """What became of a burst, in words; "" for a single picture, which the shelf shows."""
    there = _of_take(desk, take)
    earlier = "an earlier one" if same == 1 else "earlier ones"
    left_out = f" Left out {count(same, 'picture')} identical to {earlier}." if same else ""
    if len(there) < 2:
        return left_out.strip()
    purpose = "set aside for testing" if there[0].part is Part.TEST else "for training"
    return f"A burst of {count(len(there), 'picture')}, all {purpose}.{left_out}"


def _of_take(desk: Desk, take: str) -> list[SampleEntry]:
    return [sample for sample in desk.workspace.manifest.samples if sample.take == take]


def _would_rather_upload() -> None:
    st.session_state[WAY] = "Upload"
    st.session_state[_REDRAW] = True


def _simple(desk: Desk, active: LabelEntry | None, locked: bool) -> None:
    key = f"camera_{st.session_state.setdefault(_TURN, 0)}"
    st.camera_input(
        "Photograph a sample",
        key=key,
        label_visibility="collapsed",
        disabled=locked,
        on_change=_photographed,
        args=(desk, key, active.id if active else ""),
    )
    if active is not None:
        pieces.note(f"The photo goes to '{active.name}'.")


def _photographed(desk: Desk, key: str, label: str) -> None:
    photo = st.session_state.get(key)
    if photo is None:
        return
    st.session_state[_TURN] += 1
    with trouble.caught("samples"):
        picture = picture_in(photo, "The photo")
        if desk.tells_labels and not label:
            raise LabelError("There is no label for this photo yet. Add one first.")
        desk.workspace.add_samples(
            [picture], label, Source.CAMERA, ["photo"], typed_targets(desk, 1)
        )
