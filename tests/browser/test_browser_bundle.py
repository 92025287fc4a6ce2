"""The interactive charts of a bundle, opened from disk."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.evaluation import FeatureMap
from odt_core.evidence.charts import page
from odt_core.evidence.charts.lines import Line, Lines
from odt_core.evidence.charts.map_chart import MapChart
from odt_core.evidence.charts.matrices import Matrices
from odt_core.evidence.charts.types import Role

# Where texts of a chart stand: left, top, right, bottom, of each.
BOXES = """(texts) => texts.map((one) => {
  const { left, top, right, bottom } = one.getBoundingClientRect();
  return [left, top, right, bottom];
})"""


@pytest.mark.parametrize("width", [390, 1440])
def test_title_and_numbers_of_the_axes_keep_apart(browser, tmp_path, width):
    line = Line("base model", (0.2, 1), (0.1, 0.9), Role.BASE, ends=[(0, 0.4), (0.7, 1)])
    ranges = {"x_range": (0.0, 1.02), "y_range": (0.0, 1.03)}
    chart = Lines("sure", "", "", "confidence", "accuracy", (line,), True, True, **ranges)
    (tmp_path / "charts.html").write_bytes(page("Charts", [chart]))
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto((tmp_path / "charts.html").as_uri())
    tab.wait_for_selector(".ytitle")
    title, up, along = (
        tab.locator(name).evaluate_all(BOXES) for name in (".ytitle", ".ytick text", ".xtick text")
    )
    tab.close()
    assert min(left for left, *_ in up) - title[0][2] >= 4
    assert all(bottom <= top for _, _, _, bottom in up for _, top, *_ in along)


@pytest.mark.parametrize("width", [390, 1440])
def test_chart_without_a_legend_has_no_room_for_one(browser, tmp_path, width):
    counts, places = np.array([[100, 1, 0], [30, 7, 2], [0, 0, 50]]), np.eye(3, 2)
    both, names = ((Role.BASE, counts.T), (Role.OWN, counts)), ("cat", "dog", "cow")
    seen = FeatureMap(places, places, (0.5, 0.5))
    charts = [
        Matrices("matrices", "", "", both, names, names),
        MapChart("map", "", "", seen, names, names, np.ones(3, bool)),
    ]
    (tmp_path / "charts.html").write_bytes(page("Charts", charts))
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto((tmp_path / "charts.html").as_uri())
    tab.wait_for_selector("#map .x2title")
    lowest = tab.locator(".x2title").evaluate_all(BOXES)
    ends = tab.locator(".js-plotly-plot").evaluate_all(BOXES)
    tab.close()
    below = [end[3] - title[3] for end, title in zip(ends, lowest, strict=True)]
    assert len(below) == 2
    assert max(below) < 65
