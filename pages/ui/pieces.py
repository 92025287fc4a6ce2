"""Small pieces of fixed HTML: headings of cards, the state chip, pairs of figures, tables.

Everything that comes from outside is escaped here; nothing else on the pages writes HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import streamlit as st


def page_title(title: str) -> None:
    """Heading of a whole page, heard and not seen: the menu shows which one is open."""
    st.html(f'<h1 class="odt-heard">{escape(title)}</h1>')


def step(number: int, title: str, aside: str = "", more: str = "") -> None:
    """Heading of one of the three cards, with a short remark at its right; more: what the remark
    says when the mouse rests on it.
    """
    remark = f'<span title="{escape(more)}">{escape(aside)}</span>'
    st.html(f'<h2 class="odt-step"><b>{number}</b>{escape(title)}{remark}</h2>')


def heading(title: str, aside: str = "") -> None:
    """Heading of a card that has no number."""
    st.html(f'<h2 class="odt-step">{escape(title)}<span>{escape(aside)}</span></h2>')


def product() -> None:
    """What this is, for whoever sees it for the first time."""
    with st.container(key="product"):  # look.css puts it into the header, where there is room
        st.html('<p class="odt-note"><b>odt</b> · Teach a small model your own samples</p>')


def note(text: str) -> None:
    """A quiet line."""
    st.html(f'<p class="odt-note">{escape(text)}</p>')


def chip(text: str, *, own: bool) -> None:
    """Which model this is: grey for the base model, accent for yours."""
    st.html(f'<span class="odt-chip{" own" if own else ""}">{escape(text)}</span>', width="content")


def scores(*pairs: tuple[str, str]) -> None:
    """Names and values in one quiet line."""
    st.html(
        '<p class="odt-note">'
        + " &nbsp;·&nbsp; ".join(f"{escape(name)} <b>{escape(value)}</b>" for name, value in pairs)
        + "</p>"
    )


def figures(base: tuple[str, str, str], own: tuple[str, str, str]) -> None:
    """Base and own as (title, number, remark), side by side."""
    boxes = "".join(
        f'<div class="odt-figure{role}"><h3>{escape(title)}</h3>'
        f"<strong>{escape(number)}</strong><p>{escape(remark)}</p></div>"
        for role, (title, number, remark) in (("", base), (" own", own))
    )
    st.html(f'<div class="odt-pair">{boxes}</div>')


def before_after(base: str, own: str) -> None:
    """The one number of the base model and that of yours, close together."""
    st.html(
        '<div class="odt-before-after">'
        f"<div>Base model<strong>{escape(base)}</strong></div>"
        f'<div class="own">Your model<strong>{escape(own)}</strong></div></div>',
        width="content",
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, figures: bool = False) -> None:
    """Plain text in rows; a cell that starts with a backtick is set as code. figures: what follows
    the first column is short, and is broken nowhere.
    """
    cells = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head if any(head))
    kind = "odt-table figures" if figures else "odt-table"
    st.html(
        f'<div class="odt-scroll"><table class="{kind}"><thead><tr>{names}</tr></thead>'
        f"<tbody>{cells}</tbody></table></div>"
    )


def pictures(items: Iterable[tuple[str, str, str]]) -> None:
    """(title, data URI of an image, remark) side by side."""
    boxes = "".join(
        f'<figure><figcaption>{escape(title)}</figcaption><img src="{escape(uri)}" '
        f'alt="{escape(title)}"><p>{escape(remark)}</p></figure>'
        for title, uri, remark in items
    )
    st.html(f'<div class="odt-pictures">{boxes}</div>')


def bullets(items: Iterable[str]) -> None:
    """Lines that say what there is, and nothing of whether it holds."""
    lines = "".join(f"<li>{escape(text)}</li>" for text in items)
    st.html(f'<ul class="odt-bullets">{lines}</ul>')


def checks(items: Iterable[tuple[bool | None, str]]) -> None:
    """Lines that hold (True), do not (False), or want attention (None)."""
    marks = {True: ("yes", "✓"), False: ("no", "✗"), None: ("mind", "!")}
    lines = "".join(
        f'<li class="{marks[holds][0]}"><b aria-hidden="true">{marks[holds][1]}</b>'
        f"<span>{escape(text)}</span></li>"
        for holds, text in items
    )
    st.html(f'<ul class="odt-checks">{lines}</ul>')


def _cell(text: str) -> str:
    if text.startswith("`"):
        name = escape(text.strip("`")).replace("/", "/<wbr>")  # breaks there where it must
        return f"<td><code>{name}</code></td>"
    return f"<td>{escape(text)}</td>"
