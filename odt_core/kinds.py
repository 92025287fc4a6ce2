"""Whether a public function was given the kind of thing it takes; an OdtError says so where not."""

from __future__ import annotations

import os
from pathlib import Path

from odt_core.errors import OdtError


def check_kind(
    given: object,
    kind: type | tuple[type, ...],
    wanted: str,
    error: type[OdtError],
    advice: str = "",
) -> None:
    """`error` unless what was given is of that kind. wanted: a sentence such as "Samples come as
    odt.Samples", without its full stop. advice: a sentence more.
    """
    if not isinstance(given, kind):
        raise error(f"{wanted}, not as {kind_of(given)}.{advice and ' '}{advice}")


def kind_of(given: object) -> str:
    """What it is, for a message: "None", or the name of its type."""
    return "None" if given is None else type(given).__name__


def path_of(given: object, wanted: str, error: type[OdtError]) -> Path:
    """A path, given as text or as one; as `check_kind` otherwise, and for what no file can have for
    a name.
    """
    check_kind(given, (str, os.PathLike), wanted, error)
    path = Path(given)  # type: ignore[arg-type]  # it is one of the two
    try:
        named = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        named = False
    if not named:
        raise error(f"{str(path)!r} cannot be the path of a file. Check it for stray characters.")
    return path
