"""The names of arrays, as files keep them: UTF-8."""

from __future__ import annotations

from collections.abc import Iterable

from odt_core.errors import CheckpointError
from odt_core.kinds import check_kind


def check_names(names: Iterable[object]) -> None:
    """CheckpointError for a name that no file can hold: no text, or one with half a character."""
    for name in names:
        check_kind(name, str, "The name of an array comes as text", CheckpointError)
        try:
            str(name).encode()
        except UnicodeEncodeError:
            raise CheckpointError(
                f"No file can hold an array of the name {name!r}. Give it another name."
            ) from None
