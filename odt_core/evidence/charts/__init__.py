"""Charts of a bundle: each one value, drawn as PNG by Pillow and as interactive HTML by Plotly."""

from odt_core.evidence.charts.chart_page import page
from odt_core.evidence.charts.chosen import charts_of
from odt_core.evidence.charts.types import Chart

__all__ = ["Chart", "charts_of", "page"]
