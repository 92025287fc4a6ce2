"""The cards for people: Markdown and HTML from the same facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from odt_core.evaluation.comparison import p_words
from odt_core.evaluation.quantity import Quantity
from odt_core.evidence.charts import look
from odt_core.evidence.charts.chart_page import POLICY, STYLE
from odt_core.evidence.charts.matrices import MOST_LABELS
from odt_core.evidence.escape import html_text, markdown_text
from odt_core.samples.labels import called
from odt_core.words import different_of, measured, percent

SETS = {
    "test": "Your test samples",
    "base_test": "Base test set",
    "train": "Your training samples",
    "replay": "Base samples replayed in training",
}
_MOST = 60  # labels in a sentence, and rows of a table
Has = Callable[..., tuple[str, ...]]  # which of these charts there are


@dataclass(frozen=True)
class Section:
    """A heading, plain sentences, and a table (its first row is the head) or none."""

    heading: str
    sentences: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    charts: tuple[str, ...] = ()


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
                f"{SETS[name]}: {result[what]['sentence']}"
                for name, result in results.items()
                for what in ("comparison", "chosen_on_these", "seen_in_training", "new_to_base")
                if result[what]
            )
            + tuple(
                f"{SETS[name]}: {result['comparison']['gain_sentence']}"
                for name, result in results.items()
                if result["comparison"] and result["comparison"]["gain_sentence"]
            )
            + _several(card["tests"])
            + (_drawn_as(results["test"]["labels_own"]) if has("fixed", "broken") else ()),
            _results_table(results),
            has("gain", "fixed", "broken"),
        ),
        Section(
            "How it was trained",
            (
                card["training"]["origin"]["sentence"],
                *_ending(card),
            ),
            _settings_table(card),
            has("loss", "progress"),
        ),
    ]
    for name, result in results.items():
        slug = name.replace("_", "-")
        shown = has(f"confusion-{slug}", f"labels-{slug}", f"calibration-{slug}", f"values-{slug}")
        if shown or result["labels"]:
            table, told = _label_table(result["labels"]), _drawn_as(result["labels_own"])
            told += _left_out(result["labels"] or (), "labels")
            if f"labels-{slug}" in shown and f"confusion-{slug}" not in shown:
                told += (f"No confusion matrix: it has room for {MOST_LABELS} labels.",)
            sections.append(Section(SETS[name], told, table, shown))
    sections += [
        *_study_sections(card, has),
        *_inside_sections(card, has),
        Section(
            "Samples",
            _drawn_as(card["reproduce"]["labels"]) if has("samples") else (),
            _samples_table(card),
            has("samples"),
        ),
        Section(
            "What training costs on this machine",
            _same_weights(card),
            _cost_table(card["cost"]),
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
        ("labels", _some(names) if names else "none: it gives numbers"),
        ("size", f"{model['bytes']:,} bytes"),
        ("SHA-256", model["sha256"]),
    ]
    return [Section("The base model", (), tuple(rows))]


def as_markdown(title: str, lead: str, sections: Iterable[Section]) -> bytes:
    """UTF-8 Markdown."""
    lines = [f"# {markdown_text(title)}", "", markdown_text(lead), ""]
    for section in sections:
        lines += [f"## {markdown_text(section.heading)}", ""]
        for sentence in section.sentences:
            lines += [markdown_text(sentence), ""]
        if len(section.table) > 1:
            head, *rows = section.table
            lines.append(_row(head, markdown_text))
            lines.append("|" + " --- |" * len(head))
            lines += [_row(row, markdown_text) for row in rows]
            lines.append("")
        for chart in section.charts:
            lines += [f"![{chart}](charts/{chart}.png)", ""]
    return "\n".join(lines).encode()


def as_html(
    title: str, lead: str, sections: Iterable[Section], charts: Mapping[str, Mapping[str, str]]
) -> bytes:
    """UTF-8 HTML beside the folder charts/. charts: what stands above each, by its name."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        # The charts stand beside this file; a page opened from disk may load them, nothing else.
        '<meta http-equiv="Content-Security-Policy" content="'
        + POLICY.replace("script-src 'unsafe-inline'; ", "").replace("blob:", "'self' file:")
        + '"><meta name="viewport" content="width=device-width">',
        f"<title>{html_text(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{html_text(title)}</h1><p>{html_text(lead)}</p>",
        '<p><a href="charts.html">Interactive charts</a></p>',
    ]
    for section in sections:
        parts.append(f"<section><h2>{html_text(section.heading)}</h2>")
        parts += [f"<p>{html_text(sentence)}</p>" for sentence in section.sentences]
        if len(section.table) > 1:
            head, *rows = section.table
            cells = "".join(f'<th scope="col">{html_text(cell)}</th>' for cell in head)
            parts.append(f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>')
            for row in rows:
                cells = "".join(f"<td>{html_text(cell)}</td>" for cell in row)
                parts.append(f"<tr>{cells}</tr>")
            parts.append("</tbody></table></div>")
        for chart in section.charts:
            said = html_text(f"{charts[chart]['title']}. {charts[chart]['note']}")
            parts.append(f'<p><img src="charts/{chart}.png" alt="{said}"></p>')
        parts.append("</section>")
    return ("".join(parts) + "</body></html>").encode()


def _row(cells: Iterable[str], text: Callable[[str], str]) -> str:
    return "| " + " | ".join(text(cell) for cell in cells) + " |"


def _results_table(results: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    head: tuple[str, ...] = ()
    for name, result in results.items():
        for which, said in (("base", "base model"), ("own", "personalised")):
            got = result[which]
            if got is None:
                continue
            if "correct" in got:
                head = ("samples", "model", "n", "right", "accuracy", "95 % interval",
                        "cross-entropy", "calibration error")  # fmt: skip
                rows.append(
                    (
                        SETS[name],
                        said,
                        different_of(got["n"], got["different"]),
                        f"{got['correct']:,}",
                        _percent(got["accuracy"]),
                        " to ".join(_percent(end) for end in got["interval"]),
                        _number(got["cross_entropy"]),
                        _percent(got["calibration"]["expected_calibration_error"]),
                    )
                )
            else:
                places = got.get("places_right") is not None
                head = ("samples", "model", "n", "mean squared error", "mean absolute error")
                head += ("places right", "mean IoU") if places else ()
                rows.append(
                    (
                        SETS[name],
                        said,
                        different_of(got["n"], got["different"]),
                        _number(got["mean_squared_error"]),
                        _number(got["mean_absolute_error"]),
                        *((_percent(got["places_right"]), _number(got["mean_iou"])) * places),
                    )
                )
    return (head, *rows) if rows else ()


def _unclaimed(results: dict[str, Any]) -> tuple[str, ...]:
    if results.get("test", {}).get("comparison"):
        return ()
    return ("None of your own test samples were judged with both models: no gain can be claimed.",)


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


def _settings_table(card: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    stages = card["training"]["origin"]["stages"]
    settings = [stage["settings"] for stage in stages] or [card["training"]["settings"]]
    if not any(settings):
        return ()
    many = len(settings) > 1
    head = ("setting", *(f"training {k + 1}" if many else "value" for k in range(len(settings))))
    names = dict.fromkeys(name for one in settings for name in one)
    if not card["samples"]["replay"]:
        names.pop("replay", None)  # nothing was there to be mixed in, whatever the setting
    rows = [
        (
            name.replace("_", " "),
            *("model's own" if one.get(name) is None else str(one[name]) for one in settings),
        )
        for name in names
    ]
    batches = [stage["batch"] for stage in stages]
    if card["samples"]["replay"] and batches and all(batches):
        mixed = (f"{b['replayed']:,} of {b['own'] + b['replayed']:,}" for b in batches)
        rows.append(("base samples in each batch", *mixed))
    if stages:
        steps = (f"{stage['step']:,} of {stage['total']:,}" for stage in stages)
        rows.append(("steps made", *steps))
    return (head, *rows)


def _label_table(labels: list[dict[str, Any]] | None) -> tuple[tuple[str, ...], ...]:
    if not labels:
        return ()
    rows = [
        (
            _label(row),
            f"{row['n']:,}",
            f"{row['base_correct']:,}",
            f"{row['own_correct']:,}",
            f"{row['fixed']:,}",
            f"{row['broken']:,}",
        )
        for row in labels[:_MOST]
    ]
    return (("label", "n", "base right", "personalised right", "fixed", "broken"), *rows)


def _samples_table(card: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    rows = [
        (
            SETS[name],
            f"{found['n']:,}",
            " × ".join(str(size) for size in found["shape"]),
            _some([f"{_label(row)}: {row['n']:,}" for row in found.get("labels", [])]),
        )
        for name, found in card["samples"].items()
        if found is not None
    ]
    return (("samples", "n", "shape", "by label"), *rows)


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
        "personalisation-card.json, and that with this text. It does not repeat studies, costs "
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
                _controls_table(controls),
                has("controls"),
            )
        )
    if needed:
        sections.append(
            Section(
                "How many samples does it take?",
                (needed["sentence"],),
                _needed_table(needed),
                has("samples-needed"),
            )
        )
    if studies["reasons"]:
        sections.append(Section("What was not studied", tuple(studies["reasons"])))
    return sections


def _controls_table(controls: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    quantity = Quantity(controls["gains"]["own"]["quantity"])
    said = {
        "own": "your samples",
        "shuffled_labels": f"your samples, {quantity.taught}s shuffled",
        "another_person": "another person's samples",
    }
    figures = quantity.figures
    rows = [
        (
            said[name],
            f"{quantity.scale * gain['gain']:{figures}}",
            " to ".join(f"{quantity.scale * end:{figures}}" for end in gain["interval"] or ())
            or "not known",
            f"{gain['fixed']:,}",
            f"{gain['broken']:,}",
            f"{gain['n']:,}",
            f"{gain['verdict']}, {p_words(gain['p_value'])}",
        )
        for name in said
        for gain in _each(controls["gains"][name])
    ]
    head = ("trained on", f"against the base model: {quantity.gain_title}", "95 % interval",
            *quantity.moves, "n",
            "McNemar's test" if quantity is Quantity.ACCURACY else "sign test")  # fmt: skip
    return (head, *rows)


def _each(gains: dict[str, Any] | list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Of one training, of several, or of none."""
    return gains if isinstance(gains, list) else [gains] if gains else []


def _needed_table(needed: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    quantity = Quantity(needed["quantity"])
    said = _percent if quantity.is_share else _number
    both = all(point["base_test"] for point in needed["points"])
    rows = [
        (
            str(point["per_label"]) if point["per_label"] else "none: the base model",
            f"{point['samples']:,}",
            said(point["own"]["mean"]),
            " to ".join(said(end) for end in point["own"]["interval"] or ()) or "not known",
            ", ".join(said(value) for value in point["own"]["per_seed"]),
            f"{point['own']['n']:,}",
            *((said(point["base_test"]["mean"]),) if both else ()),
        )
        for point in needed["points"]
    ]
    first = f"samples{quantity.of_each}"
    head: tuple[str, ...] = (first, "in all", quantity, "95 % interval", "each seed", "n")
    head += ("base test set",) * both
    return (head, *rows)


def _inside_sections(card: dict[str, Any], has: Has) -> list[Section]:
    inside = card["inside"]
    sentences = tuple(
        found["sentence"] for found in (inside["temperature"], inside["unknown_input"]) if found
    )
    sections = []
    if sentences:
        sections.append(Section("Is it as sure as it should be? Unknown input", sentences))
    if inside["layers"]:
        rows = [
            (
                layer["name"],
                "from zero"
                if layer["relative_change"] is None
                else f"{layer['relative_change']:.2%}",
                f"{layer['weights_changed']:,} of {layer['weights']:,}",
            )
            for layer in inside["layers"][:_MOST]
        ]
        head = ("layer", "relative weight change", "weights that changed")
        told, shown = _left_out(inside["layers"], "layers"), has("layers", "map")
        sections.append(Section("What changed inside", told, (head, *rows), shown))
    return sections


def _cost_table(cost: dict[str, Any] | None) -> tuple[tuple[str, ...], ...]:
    if cost is None:
        return (("what", "value"), ("cost", "not measured"))
    size = cost["batch_size"]
    rows = [
        ("what", "value"),
        (
            "a training step",
            f"{measured(cost['step_ms'], 2)} ms (median of {cost['steps']:,} steps of {size} "
            f"samples; {measured(cost['seconds'])} s in all)",
        ),
    ]
    if cost["inference_ms"] is not None:
        said = f"{measured(cost['inference_ms'], 2)} ms (median of {cost['inferences']:,})"
        rows.append(("a prediction", said))
    if cost["peak_memory_bytes"] is not None:
        said = f"{cost['peak_memory_bytes'] / 1e6:.0f} MB, resident, of the model's process"
        rows.append(("peak memory", said))
    rows.append(("sent over the network by training", cost["network"]["sentence"]))
    rows.append(("size of the checkpoint", f"{cost['checkpoint_bytes']:,} bytes"))
    return tuple(rows)


def _label(row: dict[str, Any]) -> str:
    return called(row["label"], row["output"])


def _drawn_as(names: Sequence[str | None]) -> tuple[str, ...]:
    """What labels are called in the charts whose font lacks their letters. names: by output."""
    drawn = ((look.shown(name, at), name) for at, name in enumerate(names) if name is not None)
    other = [f"{shown} = {name}" for shown, name in drawn if shown != name]
    return (f"In the charts, whose font lacks the letters: {_some(other)}.",) if other else ()


def _left_out(rows: Sequence[object], what: str) -> tuple[str, ...]:
    """That a table ends before its rows do."""
    if len(rows) <= _MOST:
        return ()
    return (f"The first {_MOST} of {len(rows):,} {what}; personalisation-card.json has all.",)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST])
    more = len(names) - _MOST
    return f"{shown}, and {more:,} more" if more > 0 else shown


def _percent(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
