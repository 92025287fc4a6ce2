"""What a command of the command line is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Result = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command: how it is called, what it does, and how its result reads. code: the exit code of a
    result. A result with an `error` has figures, but what was to be written could not be.
    """

    name: str
    summary: str
    description: str
    example: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], Result]
    text: Callable[[Result], str]
    code: Callable[[Result], int] = lambda result: 0
