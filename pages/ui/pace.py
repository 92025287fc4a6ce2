"""How often a page looks at a running training."""

from __future__ import annotations

from pages.ui.desks import all_desks

_ALONE = 0.25  # seconds between two looks
_MOST = 2.0


def tick() -> float:
    """Seconds between two looks. Grows with the number of trainings, as one process serves all of
    their pages: 160 looks a second would leave no time to answer anybody's click.
    """
    return min(_MOST, _ALONE * max(1.0, all_desks().training / 2))
