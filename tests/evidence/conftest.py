"""A bundle of a small model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_cases import Trained, train

from odt_core.evidence.charts.canvas import Canvas


@pytest.fixture(scope="session")
def trained() -> Trained:
    return train()


@pytest.fixture(scope="session")
def packed(trained: Trained) -> bytes:
    return trained.bundle()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All words that pictures are drawn with, in order."""
    said, text = [], Canvas.text

    def seen(canvas, at, words, *more, **kept):
        said.append(words)
        return text(canvas, at, words, *more, **kept)

    monkeypatch.setattr(Canvas, "text", seen)
    return said


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[[bytes], Path]:
    def unpacked(data: bytes) -> Path:
        folder = tmp_path / "bundle"
        zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
        return folder

    return unpacked
