"""What is moved along with samples, in words: a burst stays together."""

from __future__ import annotations

from collections.abc import Collection

from odt_core.workspace.holdout import whole_takes
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.say import count


def burst_note(desk: Desk, sample_ids: Collection[str]) -> None:
    """Say how many others are moved with these, if any."""
    more = len(whole_takes(desk.workspace.manifest.samples, sample_ids)) - len(sample_ids)
    if more:
        pieces.note(f"Moving takes {count(more, 'other picture')} along: a burst stays together.")
