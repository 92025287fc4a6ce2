"""Card 3: one input, two answers, at once and also while training runs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.workspace import Part, SampleEntry
from pages.ui import pieces, trouble
from pages.ui.answers import answers, class_answers, no_answers, value_answers
from pages.ui.ask_again import or_ask_again
from pages.ui.base_words import base_in_words
from pages.ui.camera import decode_photo, guide_of, live_camera, live_frame, live_side
from pages.ui.canvas import sketch
from pages.ui.desk import Desk
from pages.ui.model_words import not_tried_out
from pages.ui.number_inputs import (
    can_type,
    fitting_target,
    numbers_from_file,
    show_numbers,
    typed_numbers,
)
from pages.ui.numbers import as_text
from pages.ui.pace import tick
from pages.ui.picture_answers import given_back, picture_answers
from pages.ui.previews import SIDE, show_picture
from pages.ui.say import beside
from pages.ui.thumbs import thumb_uri
from pages.ui.turns import Urgency, fragment
from pages.ui.uploads import picture_in

TRY_WAY = "try_way"  # key of the choice between drawing, uploading, the camera and samples
_OWN = "My samples"
_DRAWINGS = ("Draw", "Upload", "Camera", _OWN)
_PHOTOS = (_OWN, "Upload", "Camera", "Draw")
_NUMBERS = (_OWN, "Type", "Upload")
_PICKED = "try_picked"
_TYPED = "try_typed"
_GIVEN = "try_given"  # whether there is an input to answer
_FIRST = "try_first"  # the way that was last chosen for the person
_MOST = 100  # samples to choose from
_FILLED = "try_filled"  # the sample whose numbers stand in the text field


@dataclass(frozen=True)
class _Input:
    """What both models are asked, and what they should say where that is known."""

    item: np.ndarray
    target: np.ndarray | None = None
    live: bool = False  # whether another one follows by itself


def try_card(desk: Desk) -> None:
    """Draw the card. A fragment: a stroke here redraws nothing else on the page."""
    with st.container(key="card_try", border=True, gap="small"):
        pieces.step(3, "Try it", "base model and yours, side by side")
        with trouble.shown():
            if not desk.can_predict:
                pieces.note(not_tried_out(desk.contract))
                return
            ticks = desk.busy and bool(st.session_state.get(_GIVEN))
            fragment(_try, Urgency.STROKE, tick() if ticks else None)(desk, ticks)


def _try(desk: Desk, ticks: bool) -> None:
    with trouble.shown():
        options = _ways(desk)
        _choose_first(desk, options)
        way = st.segmented_control(
            "How to give an input",
            options,
            key=TRY_WAY,
            required=True,
            label_visibility="collapsed",
        )
        ways = _picture_ways if desk.sees_pictures else _number_ways
        if way == "Camera":
            _live(desk, ticks)
            return
        given = ways[way or options[0]](desk)
        _answer(desk, given, ticks, _empty[(way or options[0], desk.sees_pictures)])


def _ways(desk: Desk) -> tuple[str, ...]:
    if not desk.sees_pictures:
        return _NUMBERS
    # Samples first where nobody draws, or where they have targets to compare with.
    return _PHOTOS if desk.sees_photos or desk.answers_pictures else _DRAWINGS


def _choose_first(desk: Desk, options: tuple[str, ...]) -> None:
    """Choose the way that needs no more than what is there: a sample, as soon as there is one.
    Nobody is taken away from another way, nor from an input.
    """
    there = options[0] != _OWN or not desk.sees_pictures or _own(desk)
    first = options[0] if there else options[1]
    chosen = st.session_state.get(TRY_WAY)
    waits = chosen == st.session_state.get(_FIRST) and not st.session_state.get(_GIVEN)
    if chosen not in options or waits:
        st.session_state[TRY_WAY] = first
    st.session_state[_FIRST] = first


def _answer(desk: Desk, given: _Input | None, ticks: bool, hint: str) -> None:
    follows = given is not None and not given.live
    st.session_state[_GIVEN] = follows
    if follows and desk.busy and not ticks:
        st.rerun()  # from now on the answers follow the training
    if given is None:
        if desk.draws_answers:
            pieces.note(hint)
        else:
            no_answers(hint)
        return
    with or_ask_again(desk):
        _show(desk, given)


def _show(desk: Desk, given: _Input) -> None:
    side = desk.base_side
    if desk.tells_labels and not desk.labels.used.any():
        no_answers("Add a label first: then both models answer.")
        return
    said = desk.answers(given.item)
    base, own = said.base, said.own
    if desk.tells_labels:
        answers(
            desk.labels.names,
            base,
            own,
            trained=desk.trained,
            unknown=said.unknown,
            base_unknown=said.base_unknown,
            side=side,
            temperature=said.temperature,
            live=given.live,
        )
        if side is not None:
            seen = f" Its backbone alone takes this for: {said.seen}." if said.seen else ""
            pieces.note(base_in_words(side) + seen)
    elif desk.task is Task.RECONSTRUCTION:
        ready, base, own = given_back(desk, given.item, base, own)
        picture_answers(desk, ready, base, own, ready)
    elif desk.answers_pictures:
        ready = desk.input_of(given.item)[0].reshape(desk.card.preprocessing.picture_shape)
        picture_answers(desk, ready, base, own, given.target)
    else:
        draw = class_answers if desk.contract.scores_each else value_answers
        target = None if desk.why_unscored else given.target
        draw(base, own, target, trained=desk.trained)


# Pictures


def _drawn(desk: Desk) -> _Input | None:
    item = sketch("sketch", size=280)
    return None if item is None else _Input(item)


def _picture(desk: Desk) -> _Input | None:
    file = st.file_uploader("A picture", key="try_file", label_visibility="collapsed")
    if file is None:
        return None
    picture = picture_in(file)
    show_picture(picture, 160)
    return _Input(picture)


def _live(desk: Desk, ticks: bool) -> None:
    """What the camera sees, answered frame by frame.

    The camera is drawn after the answers, above them: it sends its next frame when it is told that
    the one before was answered, so that frames never pile up, however slow the answers are.
    """
    above = st.container()
    frame = live_frame()
    try:
        with trouble.shown():
            given = frame and _Input(decode_photo(frame.url), live=not frame.still)
            _answer(desk, given, ticks, "Both models answer while the camera runs.")
    finally:
        with above:
            live_camera(
                side=live_side(desk.card.preprocessing),
                guide=guide_of(desk.card.preprocessing),
                answered=frame.number if frame else 0,
                on_upload=_would_rather_upload,
            )


def _would_rather_upload() -> None:
    st.session_state[TRY_WAY] = "Upload"


# Samples


def _picked(desk: Desk) -> _Input | None:
    """One of the person's own samples, test samples first: those are new to both models."""
    samples = {sample.id: sample for sample in _own(desk)}
    if not samples:
        return None
    if st.session_state.get(_PICKED) not in samples:
        st.session_state[_PICKED] = next(iter(samples))
    chosen = st.selectbox(
        "Sample",
        list(samples),
        key=_PICKED,
        format_func=lambda key: _called(desk, samples[key]),
        label_visibility="collapsed",
    )
    sample = samples[chosen]
    item = desk.workspace.sample_array(sample.id)
    target = fitting_target(desk, desk.workspace.sample_target(sample.id))
    if not desk.sees_pictures:
        _show_numbers(desk, item)
    elif not desk.draws_answers:
        # else it is shown beside its answer
        pieces.pictures([("", thumb_uri(desk.workspace, sample, SIDE), "")])
    return _Input(item, target)


def _own(desk: Desk) -> list[SampleEntry]:
    """The first of the person's samples that this model takes, test samples first."""
    samples = sorted(desk.workspace.manifest.samples, key=lambda one: one.part is not Part.TEST)
    fitting = (sample for sample in samples if _fits(desk, sample))
    return list(islice(fitting, _MOST))


def _fits(desk: Desk, sample: SampleEntry) -> bool:
    if sample.numbers and sample.id in desk.workspace.missing:
        return False
    return sample.fits(pictures=desk.sees_pictures, size=int(np.prod(desk.card.input_shape)))


def _called(desk: Desk, sample: SampleEntry) -> str:
    label = desk.workspace.manifest.label(sample.label)
    name = label.name if label and desk.tells_labels else ""
    kind = "test sample" if sample.part is Part.TEST else "training sample"
    return beside(name, sample.origin or sample.id, kind)


def _typed(desk: Desk) -> _Input | None:
    if not can_type(desk):
        size = int(np.prod(desk.card.input_shape))
        pieces.note(f"{size:,} numbers are too many to type. Choose one of your samples.")
        return None
    picked = st.session_state.get(_PICKED)
    if picked and st.session_state.get(_FILLED) != picked and not st.session_state.get(_TYPED):
        with trouble.shown():
            st.session_state[_TYPED] = as_text(desk.workspace.sample_array(picked))
            st.session_state[_FILLED] = picked
    item = typed_numbers(desk, _TYPED)
    return None if item is None else _Input(item)


def _from_file(desk: Desk) -> _Input | None:
    found = numbers_from_file(desk, "try_file_numbers", "try_row")
    if found is None:
        return None
    _show_numbers(desk, found[0])
    return _Input(*found)


def _show_numbers(desk: Desk, item: np.ndarray) -> None:
    if desk.task is not Task.RECONSTRUCTION:  # which is shown beside its answer
        show_numbers(desk, item)


_picture_ways = {_OWN: _picked, "Draw": _drawn, "Upload": _picture}
_number_ways = {_OWN: _picked, "Type": _typed, "Upload": _from_file}
_empty = {
    ("Draw", True): "Draw something above: both models answer at every stroke.",
    ("Upload", True): "Upload a picture: both models answer at once.",
    (_OWN, True): "Add samples first; then choose one here: both models answer.",
    (_OWN, False): "Add samples first; then choose one here: both models answer.",
    ("Type", False): "Type the numbers of one sample: both models answer at once.",
    ("Upload", False): "Upload a file and choose a sample of it: both models answer.",
}
