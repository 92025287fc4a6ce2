"""A row for each label: how often each model is right, with n and interval."""

from __future__ import annotations

from odt_core.evaluation import Proportion, label_table
from pages.ui import pieces
from pages.ui.evaluate.judged import Judged
from pages.ui.say import between, percent


def label_rows(one: Judged) -> None:
    """Labels that have samples; those with the largest change first."""
    pieces.note("Share of right answers, with its 95 % Wilson interval.")
    rows = sorted(
        label_table(one.base, one.own), key=lambda row: -abs(row.own.share - row.base.share)
    )
    pieces.table(
        (
            "Label",
            "n",
            "Base model",
            "Your model",
            "Fixed",
            "Broken",
        ),
        [
            (
                one.called(row.label),
                f"{row.n:,}",
                _said(row.base),
                _said(row.own),
                str(row.fixed),
                str(row.broken),
            )
            for row in rows
        ],
    )


def _said(one: Proportion) -> str:
    # In a narrow column the share and its interval are two lines, each of them whole.
    return f"{percent(one.share, 0)} ({between(one.interval, 0)})".replace(" %", "\u00a0%")
