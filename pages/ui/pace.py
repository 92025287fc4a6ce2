"""How often a page looks at a running training."""

from __future__ import annotations

from pages.ui.desks import all_desks

_ALONE = 0.25  # seconds between two looks
_MOST = 4.0


def tick() -> float:
    """Seconds between two looks. Grows with the number of visitors, as one process serves all of
    their pages: 160 looks a second would leave no time to answer anybody's click. Those who are
    there count before they train: a page that has to slow its looks down is drawn anew for it.
    """
    return min(_MOST, _ALONE * max(1.0, all_desks().crowd / 2))
