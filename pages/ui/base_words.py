"""Whose answers stand on the base side, in words."""

from __future__ import annotations

from pages.ui.desk import BaseSide
from pages.ui.say import answer, isolated

_MOST = 4  # labels that are named
THE_ONLY_ONE = "the only one it knows"  # of which anything would be 100 % sure


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


def head_in_words(side: BaseSide | None, where: str) -> str:
    """Of figures whose base side is the untrained head, though elsewhere it is the backbone; "" of
    a model whose base side is the same everywhere. where: the figures are.
    """
    if side is None or not side.known:
        return ""
    return (
        f"Base model {where}: the file's untrained head, which answers by chance, not what its "
        f"backbone knows of {_listed(side.known)}. So the base model's figures, and the gain, are "
        "not those of Result."
    )


def base_answer(side: BaseSide | None, name: str, confidence: float) -> str:
    """ "7 · 92 %", what the base side says of a sample; no percentage where it has no choice."""
    if side is None or len(side.known) > 1:
        return answer(name, confidence)
    return f"{isolated(name)}, {THE_ONLY_ONE}" if side.known else "–"


def _listed(names: tuple[str, ...]) -> str:
    """ "cup", "cup and cat", "a, b, c, d and 3 more"."""
    shown = [f"“{isolated(name)}”" for name in names[:_MOST]]
    if len(names) > _MOST:
        return f"{', '.join(shown)} and {len(names) - _MOST} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
