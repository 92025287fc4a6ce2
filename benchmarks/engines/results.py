"""What has been measured so far, on disk: a file a cell and a file a part, written as they come."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.engines.environments import BENCH
from benchmarks.engines.plan import Cell
from benchmarks.machine import machine

FOLDER = BENCH / "results"


class Results:
    """A folder of results; nothing in it is lost when a later measurement fails."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def keep_cell(self, cell: Cell, document: dict[str, Any]) -> None:
        """Write one cell of the race, in place of an older one."""
        self._write(self._folder / "cells" / f"{cell.key}.json", document)

    def cell(self, cell: Cell) -> dict[str, Any] | None:
        """One cell of the race, None when it was never measured."""
        return _read(self._folder / "cells" / f"{cell.key}.json")

    def keep_part(self, name: str, document: dict[str, Any]) -> None:
        """Write one of the other parts, in place of an older one."""
        self._write(self._folder / f"{name}.json", document)

    def part(self, name: str) -> dict[str, Any] | None:
        """One of the other parts, None when it was never measured."""
        return _read(self._folder / f"{name}.json")

    def document(self, cells: tuple[Cell, ...], parts: tuple[str, ...]) -> dict[str, Any]:
        """Everything there is, as one JSON document; what is missing is absent."""
        there = [document for cell in cells if (document := self.cell(cell))]
        found = {name: document for name in parts if (document := self.part(name))}
        return {"machine": machine(), "cells": there, **found}

    @staticmethod
    def _write(path: Path, document: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(document, indent=1) + "\n")
        unfinished.replace(path)


def now() -> str:
    """The time, as results are stamped with it."""
    return datetime.now(UTC).isoformat(timespec="minutes")


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None
