"""The visual language of the charts: base grey, personalised accent, Inter."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

from odt_core.evidence.charts.letters import IN_EXTENDED, IN_LATIN
from odt_core.evidence.charts.types import Role
from odt_core.samples.labels import called

PAPER, INK, MUTED, GRID, EDGE = "#FFFFFF", "#1A1C25", "#656A7A", "#ECEDF3", "#C9CBD8"
COLOURS = {Role.OWN: "#4F46E5", Role.BASE: "#7C8296", Role.GUIDE: "#C9CBD8"}
MISTAKE = "#A11B1B"
TEXTS = COLOURS | {Role.BASE: MUTED}  # a text of the base's grey would be too faint to read
NAMES = {Role.OWN: "personalised", Role.BASE: "base model"}
_FONTS = Path(__file__).resolve().parents[3] / "assets" / "fonts"
_DRAWABLE, _ONLY_EXTENDED = IN_LATIN | IN_EXTENDED, IN_EXTENDED - IN_LATIN
LACKED = "A number stands for letters that pictures cannot draw: index.html has the whole names."
_INSTEAD = {"→": "to"}  # of what sentences have and neither file


@cache
def font(size: int, weight: int, extended: bool = False) -> ImageFont.FreeTypeFont:
    """Inter at a size in pixels and a weight of 100 to 900."""
    part = "latin-ext" if extended else "latin"
    loaded = ImageFont.truetype(_FONTS / f"inter-{part}-wght-normal.woff2", size)
    loaded.set_variation_by_axes([weight])
    return loaded


@lru_cache(maxsize=4096)  # texts are cut and wrapped by trying
def width(text: str, size: int, weight: int) -> float:
    """Pixels of a line of text."""
    return sum(font(size, weight, extended).getlength(piece) for piece, extended in runs(text))


def runs(text: str) -> list[tuple[str, bool]]:
    """The text in stretches of (text, whether in the extended font); what none has: "to" or "?"."""
    found: list[tuple[str, bool]] = []
    for letter in text:
        piece = letter if letter in _DRAWABLE else _INSTEAD.get(letter, "?")
        extended = letter in _ONLY_EXTENDED
        if found and found[-1][1] == extended:
            found[-1] = (found[-1][0] + piece, extended)
        else:
            found.append((piece, extended))
    return found


def drawn(name: str | None, index: int) -> str:
    """A label as a picture has it: where the fonts lack letters of it, the others and the number
    of its place, counted from 1, or that alone where nothing is left to read.
    """
    text = called(name, index)
    if _DRAWABLE.issuperset(text):
        return text
    left = " ".join("".join(letter for letter in text if letter in _DRAWABLE).split())
    readable = any(letter.isalnum() for letter in left)
    return f"{left} ({index + 1})" if readable else f"label {index + 1}"


def short(text: str, most: int) -> str:
    """The text in at most so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def ink(colour: str) -> str:
    """Black or white, whichever is read better on the colour: with a contrast of 4.58 or more."""
    parts = [channel / 255 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#000000" if luminance > 0.179 else "#FFFFFF"


def mixed(colour: str, share: float) -> str:
    """The colour on paper: 0 is paper, 1 the colour."""
    return "#" + "".join(f"{round(255 + (c - 255) * share):02x}" for c in _channels(colour))
