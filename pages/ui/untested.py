"""Why there are no test samples yet, and what gives some."""

from __future__ import annotations

from pages.ui.desk import Desk


def untested(desk: Desk) -> str:
    """In words, for whoever has none."""
    if any(sample.take for sample in desk.usable_samples()):
        return (
            "You have no test samples yet. The pictures of a burst stay together; from the third "
            f"burst{desk.of_a_label} on one is set aside whole. Take more bursts, or lock one for "
            "testing by hand: Test samples."
        )
    return (
        f"You have no test samples yet. Of every five samples{desk.of_a_label} one is set aside, "
        f"from the third on: add three or more{desk.of_a_label} on the Personalise page."
    )
