"""The list of zoo models: each a function that returns a .tflite, with the drill that tries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drill import Drill

Author = Callable[[], bytes]


@dataclass(frozen=True)
class Exhibit:
    """One model: how it is made, what is done with it, what is special about it."""

    author: Author
    drill: Drill
    about: str


ZOO: dict[str, Exhibit] = {}


def exhibit(drill: Drill) -> Callable[[Author], Author]:
    """Declares a function as a zoo model's author; its name is the model's, its docstring says
    what the model is there for."""

    def declare(author: Author) -> Author:
        ZOO[author.__name__] = Exhibit(author, drill, (author.__doc__ or "").strip())
        return author

    return declare
