"""Draws the race and the growth: charts/bin/python -m benchmarks.engines.charts RESULTS FOLDER."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

from benchmarks.engines.environments import ENTRANTS

ACCENT, GREY, INK = "#0f766e", "#b4bac4", "#374151"
BATCH = 32
PICKED = ("mlp", "strided", "cnn", "head")


def race(cells: list[dict[str, Any]]) -> Any:
    """Bars of a train step in multiples of odt's, batch 32, one thread, SGD; one panel a model."""
    keys = {f"{network}-b{BATCH}-t1-sgd": network for network in PICKED}
    shown = [cell for key in keys for cell in cells if cell["cell"]["key"] == key]
    rows = -(-len(shown) // 2) or 1
    figure, panels = plt.subplots(rows, 2, figsize=(11, 0.6 + 2.9 * rows), squeeze=False)
    for panel in panels.ravel()[len(shown) :]:
        panel.axis("off")
    titles = {entrant.name: entrant.title for entrant in ENTRANTS}
    for panel, cell in zip(panels.ravel(), shown, strict=False):
        times = {
            name: entry["train"]["median"]
            for name, entry in cell["engines"].items()
            if "train" in entry and "failed" not in entry
        }
        names = sorted(times, key=times.__getitem__, reverse=True)
        own = times.get("odt", 1.0)
        bars = panel.barh(
            [titles[name] for name in names],
            [times[name] / own for name in names],
            color=[ACCENT if name == "odt" else GREY for name in names],
        )
        panel.bar_label(bars, [f"{times[n]:.3g} ms" for n in names], padding=3, fontsize=7)
        panel.set_xscale("log")
        panel.set_xlim(0.3, max(time / own for time in times.values()) * 12)
        panel.axvline(1, color=ACCENT, linewidth=0.8, zorder=0)
        panel.xaxis.set_major_formatter("{x:g}×")
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_title(cell["cell"]["network"], fontsize=10, color=INK)
        panel.set_xlabel("times odt's", fontsize=8)
        _plain(panel)
    figure.suptitle(
        f"A train step, batch {BATCH}, one thread, SGD (shorter is faster)", fontsize=11, color=INK
    )
    figure.tight_layout()
    return figure


def growth(series: list[dict[str, Any]]) -> Any:
    """Every series on logarithmic axes, one panel for each kind of work."""
    kinds = list(dict.fromkeys((one["x"], one["y"]) for one in series))
    figure, panels = plt.subplots(2, -(-len(kinds) // 2), figsize=(11, 6.4), squeeze=False)
    flat = panels.ravel()
    for panel, (x, y) in zip(flat, kinds, strict=False):
        for one in series:
            if (one["x"], one["y"]) == (x, y):
                label = f"{one['name']} (exponent {one['slope']:.2f})"
                panel.plot(*zip(*one["points"], strict=True), marker="o", markersize=3, label=label)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_ylim(*_decades(*panel.get_ylim()))
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter("{x:,g}")
            axis.set_minor_formatter(NullFormatter())
        panel.set_xlabel(x, fontsize=8)
        panel.set_ylabel(y, fontsize=8)
        panel.legend(fontsize=7, frameon=False, loc="upper left")
        _plain(panel)
    for panel in flat[len(kinds) :]:
        panel.axis("off")
    figure.suptitle("Cost as the work grows", fontsize=11, color=INK)
    figure.tight_layout()
    return figure


def _decades(low: float, high: float) -> tuple[float, float]:
    """Limits at powers of ten, with room above for the legend: what stays level looks level."""
    return 10 ** math.floor(math.log10(low)), 10 ** (math.ceil(math.log10(high)) + 1)


def _plain(panel: Any) -> None:
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    panel.tick_params(labelsize=7, colors=INK)


def main() -> None:
    document, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    drawn = {"race": race(document["cells"])} if document["cells"] else {}
    if "growth" in document:
        drawn["growth"] = growth(document["growth"]["series"])
    for name, figure in drawn.items():
        path = folder / f"{name}.svg"
        figure.savefig(path, facecolor="white", metadata={"Date": None})
        print(path)


if __name__ == "__main__":
    main()
