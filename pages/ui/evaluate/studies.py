"""Studies that train again and again in the background: samples needed, negative controls, cost."""

from __future__ import annotations

from pages.ui.desk import Desk
from pages.ui.evaluate.controls import controls_card
from pages.ui.evaluate.cost import cost_card
from pages.ui.evaluate.samples_needed import samples_needed_card


def studies(desk: Desk) -> None:
    """Draw the part."""
    controls_card(desk)
    samples_needed_card(desk)
    cost_card(desk)
