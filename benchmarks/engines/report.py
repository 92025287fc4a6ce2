"""Tables in markdown, one JSON document and charts from what has been measured so far."""

from __future__ import annotations

import json
import statistics
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.engines import tables
from benchmarks.engines.environments import BENCH, ENTRANTS, ROOT
from benchmarks.engines.measure import PARTS
from benchmarks.engines.networks import NETWORKS
from benchmarks.engines.plan import FULL, Cell
from benchmarks.engines.public import speedups
from benchmarks.engines.results import FOLDER, Results
from benchmarks.engines.standing import lost, standing

PUBLISHED = Path(__file__).parent / "results"
TITLES = {entrant.name: entrant.title for entrant in ENTRANTS}


def write_report(results: Results, *, publish: bool) -> list[Path]:
    """results.json, tables.md, and race.svg and growth.svg where matplotlib is set up; their paths.

    publish: into benchmarks/engines/results, which is kept with the sources, else .bench/results.
    """
    document = results.document(FULL.cells(), tuple(PARTS))
    folder = PUBLISHED if publish else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    data, text = folder / "results.json", folder / "tables.md"
    data.write_text(in_lines(document) + "\n")
    text.write_text(report(document))
    written, python = [data, text], BENCH / "charts" / "bin" / "python"
    if python.exists():
        command = [str(python), "-m", "benchmarks.engines.charts", str(data), str(folder)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        written += [Path(line) for line in run.stdout.splitlines()]
    return written


def in_lines(value: Any, levels: int = 3) -> str:
    """JSON with a line for every entry of the first levels, so that a diff shows which cell or
    part was measured again; what is deeper stays on its entry's line.
    """
    if not levels or not value or not isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, list):
        return "[\n" + ",\n".join(in_lines(entry, levels - 1) for entry in value) + "\n]"
    entries = (f"{json.dumps(name)}: {in_lines(value[name], levels - 1)}" for name in value)
    return "{\n" + ",\n".join(entries) + "\n}"


def report(document: dict[str, Any]) -> str:
    """Everything in markdown, in the order in which it is asked about."""
    machine, cells = document["machine"], document["cells"]
    parts = [
        "# Engines side by side\n\n"
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']:.0f} GB, "
        f"Python {machine['python']}; {_versions(cells)}\n\n{_times(document)}"
    ]
    parts += _race(cells)
    if limit := document.get("limit"):
        parts.append(
            f"## Distance from the limit\n\nsgemm on one core: {limit['gflops']:.0f} GFLOP/s "
            f"({limit['version']}, kernel {limit['kernel']}, {limit['size']}×{limit['size']}).\n\n"
            + tables.limit_table(cells, limit["gflops"])
        )
    if starts := document.get("starts"):
        parts.append(
            f"## Start and memory\n\nStrided CNN, batch 32, one thread; medians over "
            f"{starts['processes']} fresh processes.\n\n" + tables.starts_table(starts, TITLES)
        )
    if loop := document.get("loop"):
        parts.append(_loop(loop))
    if public := document.get("public"):
        parts.append(_public(public))
    if growth := document.get("growth"):
        parts.append(
            "## As the work grows\n\nExponent of the cost: 0 is free, 1 in proportion.\n\n"
            + tables.growth_table(growth["series"])
        )
    return "\n".join(parts)


def _race(cells: list[dict[str, Any]]) -> list[str]:
    parts = []
    for job, title in (("train", "Train step"), ("infer", "Answers")):
        for batch in FULL.batches:
            keys = [Cell(network, batch, 1, "sgd").key for network in NETWORKS]
            row = [cell for key in keys for cell in cells if cell["cell"]["key"] == key]
            if row:
                parts.append(
                    f"## {title}: batch {batch}, one thread, ms\n\n"
                    + tables.engines_table(row, job, TITLES)
                )
        judged = [cell for cell in cells if standing(cell, job)]
        if judged:
            behind = lost(cells, job)
            parts.append(
                f"## {title}: odt against the best rival of every cell\n\n"
                f"Fastest in {len(judged) - len(behind)} of {len(judged)} cells."
                f"{' Behind in: ' if behind else ''}"
                + ", ".join(f"{key} ({at.ratio:.2f} of {TITLES[at.rival]})" for key, at in behind)
                + "\n\n"
                + tables.standings_table(judged, job, TITLES)
            )
    return parts


def _loop(loop: dict[str, Any]) -> str:
    sessions = ", ".join(
        f"{name} {found['mb']:.1f} MB (variables {found['variables_mb']:.1f} MB)"
        for name, found in loop["session"].items()
    )
    alone, everything = loop["import"], loop["import_everything"]
    return (
        "## odt's own overhead\n\n"
        f"`import odt_core`: {alone['seconds']:.3f} s, {alone['peak_mb']:.0f} MB; with every "
        f"public name {everything['seconds']:.2f} s, {everything['peak_mb']:.0f} MB. "
        f"One more session: {sessions}.\n\n" + tables.loop_table(loop) + _frozen(loop)
    )


def _frozen(loop: dict[str, Any]) -> str:
    if "frozen" not in loop:
        return ""
    return (
        "\n## Frozen layers once for each sample\n\n"
        "A step of a run of fit() over 96 new samples, batch 32, 10 epochs, one thread, their "
        "features included; the largest difference between the weights afterwards.\n\n"
        + tables.frozen_table(loop["frozen"])
    )


def _public(public: dict[str, Any]) -> str:
    models = public["models"]
    if not models:
        return f"## Other people's models\n\nNot compared: {public['skipped']}\n"
    lines = []
    for job in ("train", "infer"):
        found = speedups(models, job)
        if found:
            order = sorted(found, key=found.__getitem__)
            slower = ", ".join(f"{name} ({found[name]:.2f})" for name in order if found[name] < 1)
            lines.append(
                f"- {job}: {len(found)} models, {found[order[0]]:.2f} to {found[order[-1]]:.1f} "
                f"times as fast as Flex, median {statistics.median(found.values()):.2f}; "
                f"slower: {slower or 'none'}."
            )
    wrong = [model["name"] for model in models if not model.get("same", True)]
    failed = [f"{model['name']}: {model['failed']}" for model in models if "failed" in model]
    lines.append(f"- Losses differ in: {', '.join(wrong) or 'none'}.")
    lines += [f"- Failed: {'; '.join(failed)}."] if failed else []
    lines.append("\n" + tables.public_table(models))
    return (
        "## Other people's models against real Flex\n\n"
        f"Batch {public['batch']} where the model takes any, one thread.\n\n" + "\n".join(lines)
    )


def _versions(cells: list[dict[str, Any]]) -> str:
    found = {
        entry["version"]
        for cell in cells
        for entry in cell["engines"].values()
        if "version" in entry
    }
    return ", ".join(sorted(found - {""}))


def _times(document: dict[str, Any]) -> str:
    stamps = sorted(cell["measured"] for cell in document["cells"])
    if not stamps:
        return ""
    load = max(cell["load"] for cell in document["cells"])
    return f"Measured {stamps[0]} to {stamps[-1]}; load average at most {load:.1f}.\n"
