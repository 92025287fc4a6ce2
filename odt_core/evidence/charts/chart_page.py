"""All charts on one interactive page that needs nothing else: Plotly stands in it, once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from odt_core.bundled import ASSETS
from odt_core.evidence.charts import look
from odt_core.evidence.charts.types import Chart
from odt_core.evidence.escape import html_text, script_json

# Nothing may be fetched or sent, whatever a label says.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
STYLE = f"""
:root {{ color-scheme: light; }}
body {{ font: 16px/1.55 Inter, system-ui, sans-serif; color: {look.INK}; background: #F6F6FA;
  margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; }} h2 {{ font-size: 1.2rem; margin: 0 0 .25rem; }}
section {{ background: #fff; border: 1px solid #DEDFE8; border-radius: 10px; padding: 1rem;
  margin: 1rem 0; }}
p, td, th, li {{ overflow-wrap: anywhere; }} p.note {{ color: {look.MUTED}; margin: 0 0 .5rem; }}
table {{ border-collapse: collapse; width: 100%; }} img {{ max-width: 100%; height: auto; }}
th, td {{ text-align: left; min-width: 3.4em; padding: .35rem .6rem .35rem 0; vertical-align: top;
  border-bottom: 1px solid #ECEDF3; }}
code {{ font-size: .85em; overflow-wrap: anywhere; }}
.own {{ color: #4338CA; font-weight: 600; }} .base {{ color: {look.MUTED}; font-weight: 600; }}
.wide {{ overflow-x: auto; }}
"""
_DRAW = """
for (const chart of JSON.parse(document.getElementById("charts").textContent)) {
  const layout = Object.assign({
    font: { family: "Inter, system-ui, sans-serif", size: 15, color: "#1A1C25" },
    paper_bgcolor: "#fff", plot_bgcolor: "#fff", margin: { l: 70, r: 20, t: 20, b: 0 },
    height: 460, hoverlabel: { font: { size: 15 } },
    legend: { orientation: "h", xref: "container", x: 0.02, yref: "container", y: 0,
      yanchor: "bottom", font: { size: 13 } },
  }, chart.layout);
  // Room for the legend below the axis: a line for all entries, or one each on a phone.
  const entries = chart.data.filter((one) => one.showlegend).length;
  layout.margin.b = 72 + (innerWidth < 600 ? 22 * entries : entries && 30);
  for (const key of Object.keys(layout)) {
    if (/^[xy]axis/.test(key)) {
      // Ticks that nobody sees keep both axes' numbers apart at the origin.
      layout[key] = Object.assign({ gridcolor: "#ECEDF3", zeroline: false, automargin: true,
        ticks: "outside", ticklen: 6, tickcolor: "rgba(0,0,0,0)" }, layout[key]);
      if (layout[key].title) Object.assign(layout[key].title, { font: { size: 15 }, standoff: 8 });
    }
  }
  if (innerWidth < 600 && layout.xaxis2) {  // two charts side by side: one below the other
    layout.height = layout.yaxis.scaleanchor ? 2 * innerWidth : 900;  // squares as width allows
    layout.xaxis.domain = layout.xaxis2.domain = [0, 1];
    layout.yaxis.domain = [0.57, 1];
    layout.yaxis2.domain = [0, 0.43];
    if (layout.yaxis2.tickvals) layout.yaxis2.showticklabels = true;
  }
  const options = { responsive: true, displaylogo: false,
    toImageButtonOptions: { filename: chart.name, scale: 2 } };
  Plotly.newPlot(chart.name, chart.data, layout, options);
}
"""


def page(title: str, charts: Sequence[Chart]) -> bytes:
    """The page as UTF-8 HTML."""
    shown = [(chart, figure) for chart in charts if (figure := chart.plotly()) is not None]
    sections = "".join(
        f"<section><h2>{html_text(chart.title)}</h2>"
        f'<p class="note">{html_text(chart.note)}</p>'
        f'<div id="{html_text(chart.name)}"></div></section>'
        for chart, figure in shown
    )
    figures = [{"name": chart.name, **figure} for chart, figure in shown]
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>{html_text(title)}</title><style>{STYLE}</style></head>"
        f"<body><h1>{html_text(title)}</h1>{sections}"
        f'<script id="charts" type="application/json">{script_json(figures)}</script>'
        f"<script>{_plotly()}</script><script>{_DRAW}</script></body></html>"
    )
    return text.encode()


@cache
def _plotly() -> str:
    """The script that draws, so that it can stand inside a page."""
    path = ASSETS / "plotly" / "plotly-cartesian.min.js"
    return path.read_text("utf-8").replace("</script", "<\\/script")
