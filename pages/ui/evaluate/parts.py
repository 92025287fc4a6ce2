"""The parts of the page by name; only the open one is drawn, and only that is computed."""

from __future__ import annotations

from collections.abc import Callable

from pages.ui import trouble
from pages.ui.desk import Desk
from pages.ui.evaluate.blind import blind_test
from pages.ui.evaluate.confidence import confidence
from pages.ui.evaluate.evidence import evidence
from pages.ui.evaluate.forget import forget
from pages.ui.evaluate.gain import gain_and_price
from pages.ui.evaluate.inside import inside
from pages.ui.evaluate.mistakes import mistakes
from pages.ui.evaluate.over_time import over_time
from pages.ui.evaluate.studies import studies
from pages.ui.evaluate.test_samples import test_samples

PARTS: dict[str, Callable[[Desk], None]] = {
    "Result": gain_and_price,
    "Mistakes": mistakes,
    "Test samples": test_samples,
    "Over time": over_time,
    "Blind test": blind_test,
    "Studies": studies,
    "Confidence": confidence,
    "Inside": inside,
    "Forget": forget,
    "Evidence": evidence,
}
# They ask the model as it is while it trains, and neither follow it nor wait for its end.
OF_ONE_MOMENT = ("Mistakes", "Confidence")


def draw(name: str | None, desk: Desk) -> None:
    """Draw one part; a name that is none is the first."""
    with trouble.shown():
        PARTS.get(name or "", gain_and_price)(desk)
