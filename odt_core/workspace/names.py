"""What a person may type as a label or a note; nothing typed ever becomes a path."""

import unicodedata

from odt_core import samples
from odt_core.errors import LabelError, WorkspaceError


def clean_label(name: str) -> str:
    """The name in Unicode NFC, trimmed, inner white space as single spaces.

    Raises LabelError when nothing visible is left, it is longer than MAX_LABEL_LENGTH characters,
    or it holds characters that cannot be seen.
    """
    text = samples.clean_label(name)
    if all(unicodedata.category(char)[0] in "MZ" for char in text):
        raise LabelError("A label needs a name. Type at least one letter, digit or symbol.")
    return text


def clean_note(note: str, limit: int) -> str:
    """The note trimmed, without control characters but line ends. WorkspaceError if too long."""
    text = _visible(unicodedata.normalize("NFC", note), keep="\n").strip()
    if len(text) > limit:
        raise WorkspaceError(f"The note has {len(text)} characters. Use at most {limit}.")
    return text


def clean_origin(name: str) -> str:
    """The last part of a file name as it was given, for messages only; of more than 80 characters
    the first and the last.
    """
    last = _visible(name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    return last if len(last) <= 80 else f"{last[:39]}…{last[-40:]}"


def _visible(text: str, keep: str = "") -> str:
    return "".join(char for char in text if char.isprintable() or char in keep)
