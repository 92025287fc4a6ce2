"""Drawings that are added, and those that are refused."""

import base64
import io

import pytest
from PIL import Image, ImageDraw

from odt_core.workspace import Limits, Workspaces
from pages.ui.adding import _drawn
from pages.ui.desk import Desk


def drawing(x: int) -> str:
    """As the canvas sends a line down the sheet."""
    sheet, file = Image.new("L", (280, 280), 255), io.BytesIO()
    ImageDraw.Draw(sheet).line((x, 40, x, 240), 0, 20)
    sheet.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def desk(tmp_path):
    desk = Desk(Workspaces(tmp_path, Limits(samples=1)).create())
    yield desk
    desk.close()


def test_drawing_when_the_workspace_is_full_is_not_taken(desk):
    zero = desk.workspace.manifest.labels[0]
    assert _drawn(desk, zero, zero.name, drawing(80))
    assert not _drawn(desk, zero, zero.name, drawing(200))
    assert _drawn(desk, zero, zero.name, drawing(80))  # it is there already
    assert len(desk.workspace.manifest.samples) == 1
