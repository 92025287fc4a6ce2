"""The cards for people as files, made of nothing but the cards for programs: whoever has these can
make them again and compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odt_core.evidence.origin import Beginning
from odt_core.evidence.readable import as_html, as_markdown
from odt_core.evidence.sections import model_sections, personalisation_sections
from odt_core.words import count


def title_of(model: str) -> str:
    """Of a personalised model. model: what the base model is called."""
    return f"{model}, personalised"


def readable_files(card: dict[str, Any], model_card: dict[str, Any]) -> dict[str, bytes]:
    """By name. card: as `facts` gives it; model_card: ModelCard.to_json."""
    title, lead = title_of(model_card["name"]), _lead(card)
    sections, about = personalisation_sections(card), model_sections(model_card, card["model"])
    return {
        "personalisation-card.md": as_markdown(title, lead, sections),
        "index.html": as_html(title, lead, [*sections, *about], card["charts"]),
        "model-card.md": as_markdown(model_card["name"], model_card["summary"], about),
    }


def _lead(card: Mapping[str, Any]) -> str:
    training, made = card["training"], card["made"]
    when = f", made {made.replace('T', ' ').replace('+00:00', ' UTC')}" if made else ""
    now, many = card["samples"]["train"]["n"], training["samples"]
    origin = training["origin"]
    samples = "samples whose number is not known" if many is None else count(many, "sample")
    several = len(origin["stages"]) > 1 or origin["beginning"] == Beginning.WEIGHTS
    went_on = " in the last of its trainings" if several else ""
    others = "" if many == now else f" ({now:,} are for training now)"
    return (
        f"Trained on {samples}{others}, "
        f"{count(card['personalised']['step'], 'step')}{went_on}{when}. "
        "Every number comes with its n; what is not known is said."
    )
