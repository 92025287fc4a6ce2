"""An engine whose process dies or hangs is told apart from one that says that it cannot."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.engines import team
from benchmarks.engines.environments import Entrant
from benchmarks.engines.team import Engine, EngineError

HELLO = "print('{}', flush=True)\n"


@dataclass(frozen=True)
class Scripted(Entrant):
    """A process that does what a line of Python says."""

    code: str = ""

    def command(self, threads: int) -> list[str]:
        return [sys.executable, "-c", self.code]


def engine(folder: Path, code: str) -> Engine:
    return Engine(Scripted("s", "s", None, "numpy", code=code), 1, folder / "log.txt")


def test_ask_when_process_crashes_then_says_its_code_and_is_not_alive(tmp_path: Path):
    crashing = engine(tmp_path, HELLO + "input(); raise SystemExit(3)")
    with pytest.raises(EngineError, match="its process ended with code 3"):
        crashing.ask("train", seconds=1)
    assert not crashing.alive
    with pytest.raises(EngineError):
        crashing.ask("train", seconds=1)
    crashing.end()


def test_ask_when_process_hangs_then_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hanging = engine(tmp_path, HELLO + "import time; time.sleep(600)")
    monkeypatch.setattr(team, "PATIENCE", 0.2)
    with pytest.raises(EngineError, match="gave no answer"):
        hanging.ask("train", seconds=1)
    assert not hanging.alive


def test_ask_when_engine_says_that_it_cannot_then_stays_alive(tmp_path: Path):
    code = 'while input(): print(\'{"error": "no such layer"}\', flush=True)'
    refusing = engine(tmp_path, HELLO + code)
    with pytest.raises(EngineError, match="no such layer"):
        refusing.ask("open")
    assert refusing.alive
    refusing.end(0.0)


def test_start_when_nothing_answers_then_engine_error(tmp_path: Path):
    with pytest.raises(EngineError, match="ended with code 1"):
        engine(tmp_path, "raise SystemExit(1)")
