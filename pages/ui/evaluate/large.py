"""Large type: figures, verdicts, faces and the stage. Everything from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import streamlit as st


@dataclass(frozen=True)
class Number:
    """One large figure with what it is and a remark; own: in the accent."""

    title: str
    number: str
    remark: str
    own: bool = False


@dataclass(frozen=True)
class Face:
    """A sample with what it is and what both models say."""

    uri: str
    title: str
    base: str
    own: str
    test: bool = False


@dataclass(frozen=True)
class Stage:
    """One of the two answers of a blind test; picture: the data URI of what stands in its place."""

    title: str
    answer: str
    picture: str = ""


def numbers(*items: Number) -> None:
    """Side by side, as large as the room allows."""
    st.html(
        f'<div class="odt-large{" many" if len(items) > 3 else ""}">'
        + "".join(
            f'<div class="{"own" if one.own else "base"}"><h3>{escape(one.title)}</h3>'
            f"<strong>{escape(one.number)}</strong><p>{escape(one.remark)}</p></div>"
            for one in items
        )
        + "</div>"
    )


def verdict(lead: str, text: str, *, good: bool | None = True) -> None:
    """A sentence that can be read from the back of a room; `lead` stands out, in the accent when it
    is good, red when it is bad, and in neither colour (None) when there is no telling.
    """
    mark = {True: "", False: ' class="minus"', None: ' class="even"'}[good]
    first = f"<b{mark}>{escape(lead)}</b> " if lead else ""
    st.html(f'<p class="odt-verdict">{first}{escape(text)}</p>')


def faces(items: Iterable[Face]) -> None:
    """Pictures with both answers."""
    boxes = "".join(
        f"<figure{' class=test' if one.test else ''}>"
        f'<img src="{escape(one.uri)}" alt="{escape(one.title)}" loading="lazy">'
        f"<figcaption>{escape(one.title)}</figcaption>"
        + (f"<p>{escape(one.base)}</p>" if one.base else "")
        + (f'<p class="own">{escape(one.own)}</p>' if one.own else "")
        + "</figure>"
        for one in items
    )
    st.html(f'<div class="odt-faces">{boxes}</div>')


def stage(*items: Stage) -> None:
    """The answers of two models for a projector."""
    boxes = "".join(f"<div><h3>{escape(one.title)}</h3>{_answer(one)}</div>" for one in items)
    st.html(f'<div class="odt-stage">{boxes}</div>')


def _answer(one: Stage) -> str:
    if one.picture:
        return f'<img src="{escape(one.picture)}" alt="What {escape(one.title)} answers">'
    letters = max(map(len, one.answer.split()), default=1)  # as large as the longest word allows
    return f'<strong style="--letters: {letters}">{escape(one.answer)}</strong>'
