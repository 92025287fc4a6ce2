"""Base model and your model side by side on one input (assets/components/answers.js)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui import pieces
from pages.ui.base_words import THE_ONLY_ONE
from pages.ui.desk import BaseSide
from pages.ui.element_data import unexamined
from pages.ui.numbers import figure
from pages.ui.say import isolated, percent
from pages.ui.served import ASSETS, scripts

_PARTS = ASSETS / "components"
_SHOWN = 5  # bars a side
_PLACES = 40  # of a sample whose words or pixels have classes
_NO_CLASS = -1
_UNTRAINED = "Not trained yet: your model is the base model."
_mount = st.components.v2.component(
    "odt_answers",
    html=(_PARTS / "answers.html").read_text(encoding="utf-8"),
    css=(_PARTS / "answers.css").read_text(encoding="utf-8"),
    js=scripts("letters.js", "answers.js"),
)
_NONE = "–"  # stands for an answer of a model that has learnt nothing yet
_ONLY_LABEL = "the only label"  # of which anything would be 100 % sure
_SIDES = (("base", "Base model"), ("own", "Your model"))


def answers(
    names: Sequence[str | None],
    base: np.ndarray,
    own: np.ndarray,
    *,
    trained: bool,
    unknown: bool = False,
    base_unknown: bool = False,
    side: BaseSide | None = None,
    temperature: float | None = None,
    live: bool = False,
) -> None:
    """base, own: float [K], probabilities per output; names: one per output, None is left out.

    unknown, base_unknown: no label fits clearly, so that this model answers "not sure". side: whose
    answers the base's are where the model began without labels. temperature: what your model's
    scores were divided by, to be said. live: others follow several times a second: labels keep
    their places while there is room for all, and nothing is read out.
    """
    used = [k for k, name in enumerate(names) if name is not None]
    base, own = (np.nan_to_num(shares, posinf=0) for shares in (base, own))  # nan: no answer
    order = sorted(used, key=lambda k: -max(float(base[k]), float(own[k])))[:_SHOWN]
    if live and len(used) <= _SHOWN:
        order = used
    learnt = (len(used), len(used))  # labels that each model chooses from
    if side is not None:
        learnt = (len(side.known), len(used) if trained else 0)
    sides = []
    for (role, title), shares, choices in zip(_SIDES, (base, own), learnt, strict=True):
        listed = {str(names[k]): float(shares[k]) for k in used}
        said = _side(listed, [str(names[k]) for k in order], choices)
        sides.append({"role": role, "title": title, **said})
    change = _change(sides, trained, unknown, base_unknown)
    if not trained and side is not None:
        change = {"summary": "Your model has learnt nothing yet: train it.", "changed": False}
    if temperature:
        change["summary"] = f"{change['summary']} Yours is at temperature {temperature:.2f}."
    _draw({"sides": sides, "idle": False, "live": live, **change})


def _side(shares: dict[str, float], order: list[str], choices: int) -> dict:
    """What one model says, given how many of the labels it has learnt."""
    top = max(shares, key=lambda label: shares[label])
    bars = [[label, shares[label], _share(shares[label])] for label in order]
    tells = choices > 0 and shares[top] > 0 if len(shares) == 1 else _tells(shares)
    sure = f"{_share(shares[top])} sure"
    if len(shares) == 1 or choices == 1:  # a share of one label alone says nothing
        bars = [[label, shares[label] if tells else 0.0, ""] for label in order]
        sure = _ONLY_LABEL if len(shares) == 1 else THE_ONLY_ONE
    return {"answer": top if tells else _NONE, "sure": sure if tells else "", "bars": bars}


def _share(share: float) -> str:
    """0.9731 -> "97.3 %". What is not all does not read as all, nor what is there as none, in the
    room of a bar's figure.
    """
    if 0 < share < 0.01:
        return "<1 %"
    return ">99.9 %" if 0.9995 <= share < 1 else percent(float(share))


def _tells(shares: dict[str, float]) -> bool:
    """Whether one label is likelier than the others."""
    return max(shares.values()) - min(shares.values()) > 1e-6


def value_answers(
    base: np.ndarray,
    own: np.ndarray,
    target: np.ndarray | None,
    *,
    trained: bool,
) -> None:
    """base, own: the numbers that both models give; target: what they should give, when known."""
    flat = [one.reshape(-1).astype(float) for one in (base, own)]
    wanted = None if target is None else target.reshape(-1).astype(float)
    drawn = [one[:_SHOWN] for one in (*flat, *([] if wanted is None else [wanted]))]
    places = _places(np.stack([*drawn, np.zeros_like(drawn[0])]))  # of both, the target and zero
    sides, away = [], []
    for (role, title), values, ends in zip(_SIDES, flat, places, strict=False):
        off = None if wanted is None else _off(values, wanted)
        away.append(off)
        bars = [
            [
                f"{k + 1}" if values.size > 1 else "",
                abs(end - zero),
                _number(value),
                min(end, zero),
                zero,
                None if wanted is None else places[2][k],
            ]
            for k, (value, end, zero) in enumerate(zip(values, ends, places[-1], strict=False))
        ]
        sides.append(
            {
                "role": role,
                "title": title,
                "answer": _listed(values),
                "sure": "" if off is None else f"{_number(off)} off the target",
                "bars": bars,
            }
        )
    _draw_values(sides, _value_change(flat, wanted, away, trained))


def _places(values: np.ndarray) -> list[list[float]]:
    """values: [rows, K]; where each stands between the smallest and the largest, 0 to 1."""
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    values = np.nan_to_num(values, nan=0.0, posinf=high, neginf=low)
    return ((values - low) / max(high - low, 1e-12)).tolist()


def class_answers(
    base: np.ndarray, own: np.ndarray, target: np.ndarray | None, *, trained: bool
) -> None:
    """base, own: float [..., K], the scores of each pixel's or word's classes, to both models;
    target: which it is, when known; where it is none of K, no answer is wrong.
    """
    flat = [one.argmax(axis=-1).reshape(-1) for one in (base, own)]
    wanted = None if target is None else target.reshape(-1).astype(int)
    of = flat[0].size
    if wanted is not None:
        wanted = np.where((wanted >= 0) & (wanted < base.shape[-1]), wanted, _NO_CLASS)
        of = int((wanted != _NO_CLASS).sum())
    right = None if wanted is None else [int((one == wanted).sum()) for one in flat]
    sides = []
    for (role, title), values, known in zip(_SIDES, flat, right or (None, None), strict=True):
        answer = _listed(values) if known is None else f"{known} of {of}"
        side = {"role": role, "title": title, "answer": answer, "bars": []}
        sides.append(side | {"sure": "" if known is None else "right"})
    _draw_values(sides, _class_change(flat, right, trained))
    columns = [*([] if wanted is None else [("Target", wanted)]), ("Base", flat[0])]
    columns += [("Yours", flat[1])]
    pieces.table(
        ("Place", *(title for title, _ in columns)),
        [
            (str(k + 1), *(_marked(values[k], wanted, k) for _, values in columns))
            for k in range(min(flat[0].size, _PLACES))
        ],
    )
    if flat[0].size > _PLACES:
        pieces.note(f"The first {_PLACES} of {flat[0].size:,}.")


def _marked(value: int, wanted: np.ndarray | None, k: int) -> str:
    if value == _NO_CLASS:
        return "–"
    wrong = wanted is not None and wanted[k] not in (value, _NO_CLASS)
    return f"{value} ✗" if wrong else str(value)


def _draw_values(sides: list[dict], change: dict[str, object]) -> None:
    _draw({"sides": sides, "idle": False, "numbers": True, **change})


def _draw(data: dict[str, object]) -> None:
    _mount(key="answers", data=unexamined(data))


def _off(values: np.ndarray, wanted: np.ndarray) -> float:
    """The mean distance."""
    return float(np.abs(values - wanted).mean())


def _listed(values: np.ndarray) -> str:
    """The number, or the first few of several."""
    shown = values if values.size <= 3 else values[:2]  # as many as the panel has room for
    return ", ".join(map(_number, shown)) + (" …" if values.size > 3 else "")


def _number(value: float) -> str:
    """In the one precision that there is room for everywhere here."""
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else figure(float(value))


def _value_change(
    flat: list[np.ndarray], wanted: np.ndarray | None, away: list[float | None], trained: bool
) -> dict[str, object]:
    goal = ""
    if wanted is not None:
        goal = f"Target (the mark): {', '.join(map(_number, wanted[:_SHOWN]))}. "
    if not trained:
        return {"summary": f"{goal}{_UNTRAINED}", "changed": False}
    before, after = away
    if before is None or after is None:
        return {"summary": f"Changed by {_number(_off(flat[1], flat[0]))}.", "changed": False}
    closer = before - after
    word = "closer" if closer >= 0 else "further away"
    return {
        "summary": f"{goal}Your model is {_number(abs(closer))} {word}.",
        "changed": closer > 0,
    }


def _class_change(
    flat: list[np.ndarray], right: list[int] | None, trained: bool
) -> dict[str, object]:
    if not trained:
        return {"summary": _UNTRAINED, "changed": False}
    if right is None:
        moved = int((flat[0] != flat[1]).sum())
        return {"summary": f"Changed {moved} of {flat[0].size}.", "changed": False}
    more = right[1] - right[0]
    word = "more" if more >= 0 else "fewer"
    return {"summary": f"Your model has {abs(more)} {word} right.", "changed": more > 0}


def no_answers(summary: str) -> None:
    """The same panels before there is an input."""
    sides = [
        {
            "role": role,
            "title": title,
            "answer": "–",
            "sure": "",
            "bars": [["", 0.0, ""]] * _SHOWN,
        }
        for role, title in _SIDES
    ]
    _draw({"sides": sides, "idle": True, "summary": summary, "changed": False})


def _change(
    sides: list[dict], trained: bool, unknown: bool, base_unknown: bool
) -> dict[str, object]:
    base, own = sides
    answer = own["answer"]
    for side, strange in ((base, base_unknown), (own, unknown)):
        if strange:
            # A share tells labels apart, not whether one fits: 100 % may stand beside "not sure".
            # So the bars are pale and without figures: they tell which label is closest, no more.
            side |= {"sure": f"closest: {isolated(side['answer'])}", "answer": "Not sure"}
            side["unsure"] = True
            side["bars"] = [[label, share, ""] for label, share, _ in side["bars"]]
    if unknown:
        who = "the model" if not trained else "either model" if base_unknown else "your model"
        return {
            "summary": f"Not sure: for {who} no label fits this clearly enough.",
            "changed": False,
        }
    if base_unknown:
        return {
            "summary": f"The base model is not sure; yours answers {isolated(answer)}.",
            "changed": True,
        }
    if not trained:
        return {"summary": "Not trained yet: your model is the base model.", "changed": False}
    if own["sure"] == _ONLY_LABEL:
        return {
            "summary": f"{isolated(answer)} is the only label: add another to tell it from.",
            "changed": False,
        }
    if base["answer"] == _NONE:
        return {
            "summary": f"The base model knows none of them; yours answers {isolated(answer)}.",
            "changed": answer != _NONE,
        }
    if base["answer"] != own["answer"]:
        return {
            "summary": f"Changed its answer from {isolated(base['answer'])} to {isolated(answer)}.",
            "changed": True,
        }
    if base["sure"] == THE_ONLY_ONE:
        return {
            "summary": f"Same answer: {isolated(answer)} is all the base model knows.",
            "changed": False,
        }
    before, after = (
        next(share for name, share, _ in side["bars"] if name == answer) for side in sides
    )
    if abs(after - before) < 0.005:
        return {"summary": "Same answer, as sure as before.", "changed": False}
    word = "surer" if after > before else "less sure"
    gap = f"{100 * abs(after - before):.1f} points"
    return {"summary": f"Same answer, {word} by {gap}.", "changed": False}
