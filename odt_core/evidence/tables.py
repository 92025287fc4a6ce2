"""The tables of the cards; their first row is the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from odt_core.evaluation.comparison import p_words
from odt_core.evaluation.quantity import Quantity
from odt_core.samples.labels import called
from odt_core.words import different_of, measured, percent

Table = tuple[tuple[str, ...], ...]

SETS = {
    "test": "Your test samples",
    "base_test": "Base test set",
    "train": "Your training samples",
    "replay": "Base samples replayed in training",
}
MOST = 60  # labels in a sentence, and rows of a table


def results(judged: dict[str, Any]) -> Table:
    """Both models on each set of samples. judged: the card's results, by set."""
    rows: list[tuple[str, ...]] = []
    head: tuple[str, ...] = ()
    for name, result in judged.items():
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


def settings(card: dict[str, Any]) -> Table:
    """The settings of each training, and what was mixed in and made of them."""
    stages = card["training"]["origin"]["stages"]
    each = [stage["settings"] for stage in stages] or [card["training"]["settings"]]
    if not any(each):
        return ()
    many = len(each) > 1
    head = ("setting", *(f"training {k + 1}" if many else "value" for k in range(len(each))))
    names = dict.fromkeys(name for one in each for name in one)
    if not card["samples"]["replay"]:
        names.pop("replay", None)  # nothing was there to be mixed in, whatever the setting
    rows = [
        (
            name.replace("_", " "),
            *("model's own" if one.get(name) is None else str(one[name]) for one in each),
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


def labels(counts: list[dict[str, Any]] | None) -> Table:
    """How often each label was right with both models."""
    if not counts:
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
        for row in counts[:MOST]
    ]
    return (("label", "n", "base right", "personalised right", "fixed", "broken"), *rows)


def samples(card: dict[str, Any]) -> Table:
    """What the models were trained and judged on."""
    rows = [
        (
            SETS[name],
            f"{found['n']:,}",
            " × ".join(str(size) for size in found["shape"]),
            some([f"{_label(row)}: {row['n']:,}" for row in found.get("labels", [])]),
        )
        for name, found in card["samples"].items()
        if found is not None
    ]
    return (("samples", "n", "shape", "by label"), *rows)


def controls(study: dict[str, Any]) -> Table:
    """Gains beside those of trainings that should gain nothing."""
    quantity = Quantity(study["gains"]["own"]["quantity"])
    said = {
        "own": "your samples",
        "shuffled_labels": f"your samples, {quantity.taught}s shuffled",
        "another_person": "another person's samples",
    }
    if study["shared_labels"]:
        on = f", on {some(study['shared_labels']['has'])} alone"
        said["another_person"] += on
        said["own_on_shared_labels"] = said["own"] + on
    rows = [
        (
            said[name],
            quantity.figures(gain["gain"]),
            " to ".join(map(quantity.figures, gain["interval"] or ())) or "not known",
            f"{gain['fixed']:,}",
            f"{gain['broken']:,}",
            f"{gain['n']:,}",
            f"{gain['verdict']}, {p_words(gain['p_value'])}",
        )
        for name in said
        for gain in _each(study["gains"][name])
    ]
    head = ("trained on", f"against the base model: {quantity.gain_title}", "95 % interval",
            *quantity.moves, "n",
            "McNemar's test" if quantity is Quantity.ACCURACY else "sign test")  # fmt: skip
    return (head, *rows)


def needed(study: dict[str, Any]) -> Table:
    """What so many samples of each label give."""
    quantity = Quantity(study["quantity"])
    said = _percent if quantity.is_share else _number
    both = all(point["base_test"] for point in study["points"])
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
        for point in study["points"]
    ]
    first = f"samples{quantity.of_each}"
    head: tuple[str, ...] = (first, "in all", quantity, "95 % interval", "each seed", "n")
    head += ("base test set",) * both
    return (head, *rows)


def cost(spent: dict[str, Any] | None) -> Table:
    """Time, memory, network and size."""
    if spent is None:
        return (("what", "value"), ("cost", "not measured"))
    size = spent["batch_size"]
    rows = [
        ("what", "value"),
        (
            "a training step",
            f"{measured(spent['step_ms'], 2)} ms (median of {spent['steps']:,} steps of {size} "
            f"samples; {measured(spent['seconds'])} s in all)",
        ),
    ]
    if spent["inference_ms"] is not None:
        said = f"{measured(spent['inference_ms'], 2)} ms (median of {spent['inferences']:,})"
        rows.append(("a prediction", said))
    if spent["peak_memory_bytes"] is not None:
        said = f"{spent['peak_memory_bytes'] / 1e6:.0f} MB, resident, of the model's process"
        rows.append(("peak memory", said))
    rows.append(("sent over the network by training", spent["network"]["sentence"]))
    rows.append(("size of the checkpoint", f"{spent['checkpoint_bytes']:,} bytes"))
    return tuple(rows)


def layers(changes: list[dict[str, Any]]) -> Table:
    """How much each layer's weights changed."""
    rows = [
        (
            layer["name"],
            "from zero"
            if layer["relative_change"] is None
            else percent(layer["relative_change"], 2),
            f"{layer['weights_changed']:,} of {layer['weights']:,}",
        )
        for layer in changes[:MOST]
    ]
    return (("layer", "relative weight change", "weights that changed"), *rows)


def some(names: Sequence[str]) -> str:
    """A list for a sentence, of the first MOST."""
    shown = ", ".join(names[:MOST])
    more = len(names) - MOST
    return f"{shown}, and {more:,} more" if more > 0 else shown


def _each(gains: dict[str, Any] | list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Of one training, of several, or of none."""
    return gains if isinstance(gains, list) else [gains] if gains else []


def _label(row: dict[str, Any]) -> str:
    return called(row["label"], row["output"])


def _percent(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
