"""A bundle of a small model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_cases import Trained, train


@pytest.fixture(scope="session")
def trained() -> Trained:
    return train()


@pytest.fixture(scope="session")
def packed(trained: Trained) -> bytes:
    return trained.bundle()


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[[bytes], Path]:
    def unpacked(data: bytes) -> Path:
        folder = tmp_path / "bundle"
        zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
        return folder

    return unpacked
