"""The text of a table: in which encoding it is, and what is told where that is a guess."""

from __future__ import annotations

from collections.abc import Iterable

from odt_core.errors import SampleError

_GUESSED = "cp1252"  # as Excel writes .csv in Western Europe
_IN_NO_WORD = frozenset("¤¦¨¬¯¶¸ƒˆ˜‡†‚")  # what is left of Chinese or Japanese read so
_SHOWN = 3  # words
_IN_EXCEL = "(in Excel: CSV UTF-8)"


def text_of(data: bytes, name: str) -> tuple[str, bool]:
    """The text in UTF-8 or UTF-16, with or without its mark, else in Windows-1252; and whether that
    is a guess. SampleError where it is in none of these.
    """
    for encoding in (_unicode(data), _GUESSED):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise SampleError(f"'{name}' is not a text file. Save the table as .csv.")
        return text, encoding == _GUESSED
    raise SampleError(
        f"'{name}' is not a text file in an encoding that can be told. Save it in UTF-8 "
        f"{_IN_EXCEL}."
    )


def notice_of_guess(guessed: bool, name: str, cells: Iterable[str]) -> str:
    """What is to be told of a table whose encoding is a guess: how its words read; "" where it is
    none, or there are none. SampleError where one of them is no word.

    guessed: as of `text_of`. cells: what the text holds, of which any may be a name or a label.
    """
    if not guessed:
        return ""
    words = dict.fromkeys(cell.strip()[:30] for cell in cells if not cell.isascii())
    odd = next((word for word in words if not _IN_NO_WORD.isdisjoint(word)), None)
    if odd is not None:
        raise SampleError(
            f"'{name}' is in no Unicode encoding; as Windows-1252 it says '{odd}', which is no "
            f"word. Save it in UTF-8 {_IN_EXCEL}."
        )
    if not words:
        return ""
    shown = ", ".join([*words][:_SHOWN]) + (", …" if len(words) > _SHOWN else "")
    return (
        f"Read '{name}', which is in no Unicode encoding, as Windows-1252: {shown}. If that is "
        f"wrong, save it in UTF-8 {_IN_EXCEL}."
    )


def _unicode(data: bytes) -> str:
    """UTF-8, or UTF-16 where the first two bytes say so, or every other byte is 0 for the most part
    and none of the rest: digits and delimiters.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(data) % 2 == 0 and b"\0" in data:
        zeros = [half.count(0) for half in (data[::2], data[1::2])]
        if min(zeros) == 0 and max(zeros) > len(data) / 4:
            return "utf-16-le" if zeros[1] else "utf-16-be"
    return "utf-8-sig"
