"""Results as text: a line a cell while the race runs, tables in markdown for the README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.engines.networks import NETWORKS
from benchmarks.engines.standing import OWN, Standing, standing

Document = dict[str, Any]


def cell_line(document: Document) -> str:
    """One cell in one line: every engine's step, and its answer's time after a slash."""
    parts = []
    for name, entry in document["engines"].items():
        mark = "" if entry.get("agreement", {}).get("agrees", True) else " DISAGREES"
        if "failed" in entry:
            parts.append(f"{name} – ({entry['failed']})")
            continue
        train, infer = (
            figure(entry[job]["median"]) if job in entry else "–" for job in ("train", "infer")
        )
        parts.append(f"{name} {train}/{infer}{mark}")
    return f"{document['cell']['key']}: " + "  ".join(parts)


def engines_table(cells: Sequence[Document], job: str, titles: dict[str, str]) -> str:
    """Milliseconds of each engine (rows) in each of the cells (columns); the fastest in bold."""
    names = [name for name in titles if any(_time(cell, name, job) for cell in cells)]
    header = ["engine", *(f"{c['cell']['network']}, {c['cell']['batch']}" for c in cells)]
    rows = []
    for name in names:
        row = [titles[name]]
        for cell in cells:
            time = _time(cell, name, job)
            if time is None:
                row.append("–")
                continue
            fastest = min(t for n in names if (t := _time(cell, n, job)) is not None)
            row.append(f"**{figure(time)}**" if time == fastest else figure(time))
        rows.append(row)
    return markdown(header, rows)


def standings_table(cells: Iterable[Document], job: str, titles: dict[str, str]) -> str:
    """odt against the best rival of each cell; ratios above 1 are in bold: there odt is slower."""
    rows = []
    for cell in cells:
        found = standing(cell, job)
        if found is not None:
            rows.append(_standing_row(cell["cell"], found, titles))
    header = [
        "model",
        "batch",
        "threads",
        "rule",
        "odt ms (quartiles)",
        "best rival",
        "ms",
        "ratio",
    ]
    return markdown(header, rows)


def _standing_row(cell: Document, found: Standing, titles: dict[str, str]) -> list[str]:
    ratio = f"{found.ratio:.2f}"
    return [
        cell["network"],
        str(cell["batch"]),
        str(cell["threads"]),
        cell["optimiser"],
        f"{figure(found.own)} ({figure(found.low)}–{figure(found.high)})",
        titles[found.rival],
        figure(found.best),
        f"**{ratio}**" if found.ratio > 1 else ratio,
    ]


def limit_table(cells: Iterable[Document], gflops: float) -> str:
    """A step's multiplications at the rate of sgemm, against odt's step: one thread, SGD."""
    rows = []
    for cell in cells:
        about, time = cell["cell"], _time(cell, OWN["train"], "train")
        if time is None or (about["threads"], about["optimiser"]) != (1, "sgd"):
            continue
        flops = NETWORKS[about["network"]].train_flops(about["batch"])
        least = flops / gflops / 1e6
        numbers = [f"{flops / 1e6:.2f}", figure(least), figure(time), f"{least / time:.0%}"]
        rows.append([about["network"], str(about["batch"]), *numbers])
    return markdown(["model", "batch", "MFLOP a step", "limit ms", "odt ms", "reached"], rows)


def starts_table(starts: Document, titles: dict[str, str]) -> str:
    """What an engine costs before it is useful."""
    rows = [
        [
            titles[name],
            f"{found['import_s']:.2f}",
            f"{found['load_s']:.2f}",
            f"{found['first_step_s']:.3f}" if "first_step_s" in found else "–",
            f"{found['pss_mb']:.0f}",
            f"{found['peak_mb']:.0f}",
        ]
        for name, found in starts["engines"].items()
    ]
    header = ["engine", "import s", "load s", "first step s", "MB after it", "MB at most"]
    return markdown(header, rows)


def growth_table(series: Iterable[Document]) -> str:
    """The exponents: how much of the growth of the work shows as growth of the cost."""
    rows = [
        [
            one["name"],
            one["x"],
            f"{one['points'][0][0]:,} to {one['points'][-1][0]:,}",
            f"{figure(one['points'][0][1])} to {figure(one['points'][-1][1])} {one['y']}",
            f"{one['slope']:.2f}",
            f"{one['tail_slope']:.2f}",
        ]
        for one in series
    ]
    header = ["what", "over", "from … to", "costs", "exponent", "of the last three"]
    return markdown(header, rows)


def loop_table(loop: Document) -> str:
    """Milliseconds a step in three ways, and what fit() adds to the bare call."""
    rows = [
        [
            name,
            *(figure(found[way]) for way in ("bare", "train_features", "fit")),
            f"{found['fit_over_bare']:+.0%}",
        ]
        for name, found in loop["overhead"].items()
    ]
    return markdown(["model", "bare call ms", "train_features ms", "fit() ms", "fit adds"], rows)


def frozen_table(frozen: Mapping[str, Document]) -> str:
    """A step of fit() with a model's frozen layers in it, and with them once for each sample."""
    rows = [
        [
            name,
            f"{found['features']:,}",
            figure(found["whole_ms"]),
            figure(found["once_ms"]),
            f"{found['whole_ms'] / found['once_ms']:.1f}",
            f"{found['difference']:.0e}" if found["difference"] else "0",
        ]
        for name, found in frozen.items()
    ]
    header = ["model", "features", "all in each step ms", "frozen once ms", "times", "difference"]
    return markdown(header, rows)


def public_table(models: Iterable[Document]) -> str:
    """Each of other people's models: odt's and Flex's milliseconds, and how many times faster."""
    rows = []
    for model in models:
        if "failed" in model:
            continue
        row = [model["name"], str(model["batch"])]
        for job in ("train", "infer"):
            if job not in model:
                row += ["–", "–", "–"]
                continue
            ours, theirs = (model[job][side]["median"] for side in ("odt", "flex"))
            row += [figure(ours), figure(theirs), f"{theirs / ours:.2f}"]
        rows.append(row)
    columns = ["odt ms", "Flex ms", "times"]
    steps, answers = ([f"{job}: {c}" for c in columns] for job in ("step", "answer"))
    return markdown(["model", "batch", *steps, *answers], rows)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, as its header says."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def figure(value: float) -> str:
    """Three significant digits, without exponents."""
    if value >= 100:
        return f"{value:.0f}"
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.4f}"


def _time(cell: Document, name: str, job: str) -> float | None:
    entry = cell["engines"].get(name, {})
    return None if "failed" in entry or job not in entry else entry[job]["median"]
