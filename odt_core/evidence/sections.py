"""What the cards say, from the facts of the evidence: headings, sentences, tables, charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from odt_core.evidence import tables
from odt_core.evidence.charts import look
from odt_core.evidence.charts.matrices import MOST_LABELS
from odt_core.evidence.readable import Section

Has = Callable[..., tuple[str, ...]]  # which of these charts there are


def personalisation_sections(card: dict[str, Any]) -> list[Section]:
    """The personalisation card; all texts unescaped."""
    own, model = card["personalised"], card["model"]
    results = card["results"]

    def has(*wanted: str) -> tuple[str, ...]:
        return tuple(name for name in wanted if name in card["charts"])

    sections = [
        Section(
            "What was gained, and what it cost",
            _unclaimed(results)
            + tuple(
                f"{tables.SETS[name]}: {result[what]['sentence']}"
                for name, result in results.items()
                for what in ("comparison", "chosen_on_these", "seen_in_training", "new_to_base")
                if result[what]
            )
            + tuple(
                f"{tables.SETS[name]}: {result['comparison']['gain_sentence']}"
                for name, result in results.items()
                if result["comparison"] and result["comparison"]["gain_sentence"]
            )
            + _untrained_head(card)
            + _several(card["tests"])
            + (_drawn_as(results["test"]["labels_own"]) if has("fixed", "broken") else ()),
            tables.results(results),
            has("gain", "fixed", "broken"),
        ),
        Section(
            "How it was trained",
            (
                card["training"]["origin"]["sentence"],
                *_ending(card),
            ),
            tables.settings(card),
            has("loss", "progress"),
        ),
    ]
    for name, result in results.items():
        slug = name.replace("_", "-")
        shown = has(f"confusion-{slug}", f"labels-{slug}", f"calibration-{slug}", f"values-{slug}")
        if shown or result["labels"]:
            table, told = tables.labels(result["labels"]), _drawn_as(result["labels_own"])
            told += _left_out(result["labels"] or (), "labels")
            if f"labels-{slug}" in shown and f"confusion-{slug}" not in shown:
                told += (f"No confusion matrix: it has room for {MOST_LABELS} labels.",)
            sections.append(Section(tables.SETS[name], told, table, shown))
    sections += [
        *_study_sections(card, has),
        *_inside_sections(card, has),
        Section(
            "Samples",
            _drawn_as(card["reproduce"]["labels"]) if has("samples", "map") else (),
            tables.samples(card),
            has("samples"),
        ),
        Section(
            "What training costs on this machine",
            _same_weights(card),
            tables.cost(card["cost"]),
        ),
        Section(
            "Can it be computed again?",
            _repeatable(card),
            (
                ("what", "value"),
                ("base model, SHA-256", model["sha256"]),
                ("personalised weights, SHA-256", own["state_sha256"]),
                ("checkpoint file, SHA-256", own["checkpoint_sha256"]),
                *((name.replace("_", " "), str(value)) for name, value in card["versions"].items()),
            ),
        ),
    ]
    return sections


def model_sections(card: dict[str, Any], model: dict[str, Any]) -> list[Section]:
    """The model card: what the base model is. card: ModelCard.to_json; model: its facts."""
    names = [name for name in card["labels"] if name is not None]
    rows = [
        ("what", "value"),
        ("summary", card["summary"]),
        ("licence", card["licence"]),
        ("source", card["source"]),
        ("trained on", card["trained_on"]),
        ("input", " × ".join(str(size) for size in card["input_shape"]) or "one number"),
        ("input is made by", str(card["preprocessing"].get("kind", "none"))),
        ("labels", tables.some(names) if names else "none: it gives numbers"),
        ("size", f"{model['bytes']:,} bytes"),
        ("SHA-256", model["sha256"]),
    ]
    return [Section("The base model", (), tuple(rows))]


def _unclaimed(results: dict[str, Any]) -> tuple[str, ...]:
    if results.get("test", {}).get("comparison"):
        return ()
    return ("None of your own test samples were judged with both models: no gain can be claimed.",)


def _untrained_head(card: dict[str, Any]) -> tuple[str, ...]:
    """Why base figures are not those that the dashboard shows where a backbone knows labels."""
    if not card["reproduce"]["card"].get("base_labels"):
        return ()
    return (
        "Base model: models/base.tflite as it came, whose head is untrained and answers by chance, "
        "as reproduce.py asks it again. Where its backbone knows some of these labels by itself, "
        "the dashboard's Result compares with the backbone's answers instead, and says other "
        "figures of the base model and of the gain.",
    )


def _several(tests: int) -> tuple[str, ...]:
    if tests < 2:
        return ()
    return (
        f"This card holds {tests} tests, each at the 5 % level: where nothing differs, one in "
        "twenty finds something all the same.",
    )


def _ending(card: dict[str, Any]) -> tuple[str, ...]:
    curves = card["training"]["curves"]
    if not curves:
        return ("The curves of this training were not kept.",)
    said = curves["message"] or f"{curves['outcome']}"
    steps, kept = curves["steps"], curves["steps_kept"]
    has = "every step" if kept == steps else f"{kept:,} of the {steps:,} steps"
    return tuple(text for text in (said, f"runs/steps.csv has {has}.") if text)


def _same_weights(card: dict[str, Any]) -> tuple[str, ...]:
    if card["cost"] is None:
        return ()
    told = "Measured by training once more from the base model, in a process of its own."
    if card["cost"]["weights"] == card["personalised"]["state_sha256"]:
        told += " The weights that came out are identical to the published ones, bit for bit."
    return (told,)


def _repeatable(card: dict[str, Any]) -> tuple[str, ...]:
    origin = card["training"]["origin"]
    if origin["repeatable"]:
        first = (
            f"{origin['sentence']} Run reproduce.py: it trains again from what is in this bundle "
            "alone and says whether the weights are identical to the last bit. Identical weights "
            "need the same versions and the same kind of processor."
        )
    else:
        first = f"{origin['sentence']} reproduce.py says so, too, and does not try."
    return (
        first,
        "It also works out again, from the samples and the published weights, what is said here of "
        "answers: counts, errors, intervals, tests, labels, calibration, temperature, and which "
        "test samples are training samples over again; and it compares the result with "
        "personalisation-card.json, and that with this text, and the personalised .tflite files "
        "that are there with those that these weights make. It does not repeat studies, costs "
        "(they belong to the machine), the course of the training and what charts draw: these are "
        "as they were measured. Nor can it tell which test samples were trained on earlier.",
    )


def _study_sections(card: dict[str, Any], has: Has) -> list[Section]:
    studies = card["studies"]
    controls, needed = studies["controls"], studies["samples_needed"]
    sections = []
    if controls:
        sections.append(
            Section(
                "Is the gain real? Negative controls",
                (controls["sentence"],),
                tables.controls(controls),
                has("controls"),
            )
        )
    if needed:
        sections.append(
            Section(
                "How many samples does it take?",
                (needed["sentence"],),
                tables.needed(needed),
                has("samples-needed"),
            )
        )
    if studies["reasons"]:
        sections.append(Section("What was not studied", tuple(studies["reasons"])))
    return sections


def _inside_sections(card: dict[str, Any], has: Has) -> list[Section]:
    inside = card["inside"]
    sentences = tuple(
        found["sentence"] for found in (inside["temperature"], inside["unknown_input"]) if found
    )
    sections = []
    if sentences:
        sections.append(Section("Is it as sure as it should be? Unknown input", sentences))
    if inside["layers"]:
        sections.append(
            Section(
                "What changed inside",
                _left_out(inside["layers"], "layers"),
                tables.layers(inside["layers"]),
                has("layers", "map"),
            )
        )
    return sections


def _drawn_as(names: Sequence[str | None]) -> tuple[str, ...]:
    """What labels are called in the pictures whose font lacks their letters. names: by output."""
    named = ((look.drawn(name, at), name) for at, name in enumerate(names) if name is not None)
    other = [f"{drawn} = {name}" for drawn, name in named if drawn != name]
    told = "In the pictures, whose font lacks the letters"
    return (f"{told}: {tables.some(other)}.",) if other else ()


def _left_out(rows: Sequence[object], what: str) -> tuple[str, ...]:
    """That a table ends before its rows do."""
    if len(rows) <= tables.MOST:
        return ()
    return (f"The first {tables.MOST} of {len(rows):,} {what}; personalisation-card.json has all.",)
