"""What a valid Plotly figure is: the schema of the plotly package, stricter than any browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

# What the browser puts into a drawn figure itself; no figure of ours says it.
_ADDED = ("uid",)


def check_figure(figure: Mapping[str, Any]) -> None:
    """ValueError for a trace, an attribute or a value that plotly.js would silently ignore.

    figure: {data, layout}, as given to Plotly.newPlot or read back from a graph in the browser.
    """
    traces = [
        {name: value for name, value in trace.items() if name not in _ADDED}
        for trace in figure["data"]
    ]
    go.Figure({"data": traces, "layout": figure["layout"]})


# Every graph that a page of the dashboard shows: {data, layout} as Plotly was given them.
DRAWN = """[...document.querySelectorAll(".js-plotly-plot")].map((graph) =>
  JSON.parse(JSON.stringify({ data: graph.data, layout: graph.layout })))"""
