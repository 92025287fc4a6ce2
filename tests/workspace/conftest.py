from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from odt_core.samples import Labels
from odt_core.workspace import Workspace, Workspaces

DIGITS = Labels((*"0123456789", None, None, None, None, None, None))


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "workspaces")


@pytest.fixture
def workspace(workspaces: Workspaces) -> Iterator[Workspace]:
    """An open workspace with the bundled model's ten labels and six free outputs."""
    workspace = workspaces.create()
    workspace.set_model("Digits", DIGITS, bundled="digits")
    yield workspace
    workspaces.close(workspace.token)


@pytest.fixture
def drawing():
    """drawing(k) is the k-th of many different 28 × 28 drawings."""

    def draw(k: int) -> np.ndarray:
        item = np.zeros((28, 28), np.uint8)
        item[4 + k % 20, 3:25] = 255
        item[3:25, 4 + k // 20 % 20] = 200 + k // 400
        return item

    return draw
