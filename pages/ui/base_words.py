"""Whose answers stand on the base side, in words."""

from __future__ import annotations

from pages.ui.desk import BaseSide
from pages.ui.say import isolated

_MOST = 4  # labels that are named


def base_in_words(side: BaseSide) -> str:
    """For a model that began without labels: what its base side is worth."""
    labels = f"the {side.of:,} labels that its backbone was trained on"
    if not side.known:
        if not side.unknown:
            return f"Base model: {labels}. Add labels of your own to compare."
        return (
            f"Base model: the untrained head, which answers by chance: none of your labels is "
            f"among {labels}."
        )
    if not side.unknown:
        return f"Base model: {labels}, among which all of yours are."
    those = _listed(side.unknown)
    return (
        f"Base model: {labels}. It knows {_listed(side.known)} but not {those}, so it never "
        f"answers {those if len(side.unknown) == 1 else 'those'}."
    )


def _listed(names: tuple[str, ...]) -> str:
    """ "cup", "cup and cat", "a, b, c, d and 3 more"."""
    shown = [f"“{isolated(name)}”" for name in names[:_MOST]]
    if len(names) > _MOST:
        return f"{', '.join(shown)} and {len(names) - _MOST} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
