"""Drawings that are added, and those that are refused."""

import base64
import io

import pytest
import streamlit as st
from PIL import Image, ImageDraw

from odt_core.workspace import Limits, Workspaces
from pages.ui.adding import _drawn, _why_none, active_label
from pages.ui.desk import Desk
from pages.ui.samples_card import _acted
from pages.ui.shelf import Act


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


def test_drawing_when_its_label_was_deleted_is_taken_for_no_other(desk):
    zero, one, *_ = desk.workspace.manifest.labels
    desk.workspace.delete_label(zero.id)
    assert not _drawn(desk, one, zero.name, drawing(80))
    assert desk.workspace.manifest.samples == ()


def test_label_when_chosen_after_another_tab_deleted_it_is_none_and_named(desk, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    three = desk.workspace.manifest.labels[3]
    desk.workspace.delete_label(three.id)
    _acted(desk, Act("choose", three.id, name="3"))
    assert active_label(desk) is None
    assert _why_none(desk, None) == "The label '3' is not there any more. Choose one below."


def test_drawing_when_its_label_was_renamed_is_taken_for_it(desk):
    zero = desk.workspace.manifest.labels[0]
    desk.workspace.rename_label(zero.id, "none")
    assert _drawn(desk, zero, zero.name, drawing(80))
    assert [sample.label for sample in desk.workspace.manifest.samples] == [zero.id]


def test_drawing_when_the_workspace_is_full_is_not_taken(desk):
    zero = desk.workspace.manifest.labels[0]
    assert _drawn(desk, zero, zero.name, drawing(80))
    assert not _drawn(desk, zero, zero.name, drawing(200))
    assert _drawn(desk, zero, zero.name, drawing(80))  # it is there already
    assert len(desk.workspace.manifest.samples) == 1
