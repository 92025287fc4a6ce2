"""The Evaluate page in a real browser: charts, a clicked cell, a blind vote, a narrow screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import bottom, visits
from tests.contrast import contrast
from tests.figures import DRAWN, check_figure

# Parts that draw Plotly charts as soon as they are open, and one chart of each.
CHARTS = {"Result": "intervals", "Mistakes": "matrix_own", "Over time": "scrub", "Inside": "layers"}

# Of a drawn chart: its ground and the colour of the names along its axis.
COLOURS = """(graph) => ({
  ground: getComputedStyle(graph.querySelector(".main-svg")).backgroundColor,
  text: getComputedStyle(graph.querySelector(".xtick text")).fill })"""
# Of "base שבע · 92 %": where its name and its figure begin on the screen.
PLACES = """(line) => [/[א-ת]/, /\\d/].map((letter) => {
  const range = new Range(), text = line.firstChild, at = text.data.search(letter);
  range.setStart(text, at), range.setEnd(text, at + 1);
  return range.getBoundingClientRect().x;
})"""

# Of a drawn matrix, in the order of its figures: their colours, those of their cells, and the empty
# cells' own, each as [r, g, b].
CELLS = """(graph) => {
  const rgb = (text) => {
    const mark = document.body.appendChild(document.createElement("i"));
    mark.style.color = text;
    const found = getComputedStyle(mark).color.match(/[\\d.]+/g).map(Number);
    mark.remove();
    return found;
  };
  const [cells, figures] = graph.data, ends = cells.colorscale.map(([, colour]) => rgb(colour));
  const mixed = (z) =>
    ends[1].map((soft, k) => soft + Math.abs(z) * (ends[z < 0 ? 0 : 2][k] - soft));
  return { empty: ends[1], figures: figures.x.map((x, k) => ({
    right: x === figures.y[k],
    ink: rgb(figures.textfont.color[k]),
    cell: mixed(cells.z[cells.y.indexOf(figures.y[k])][cells.x.indexOf(x)]) })) };
}"""
# Of a drawn matrix: how wide a cell is, and each figure that stands on one.
FIGURES = """(graph) => {
  const axis = graph._fullLayout.xaxis, figures = [...graph.querySelectorAll(".scatterlayer text")];
  const widths = figures.map((one) => one.getBoundingClientRect().width);
  return [Math.abs(axis.l2p(1) - axis.l2p(0)), widths];
}"""


def sides(part: Locator) -> tuple[float, float]:
    """Where it begins and ends, from the left."""
    box = part.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def open_part(tab, name: str) -> None:
    tab.page.get_by_role("radio", name=name, exact=True).click()
    tab.page.wait_for_timeout(300)
    tab.idle()


def train(server, visit) -> str:
    """The address of a workspace with a trained model."""
    return visit(server).open().load_person().train(3).page.url.split("?")[1]


@pytest.fixture(scope="module")
def workspace(shared_server, browser) -> str:
    """For all tests that only look."""
    with visits(browser) as visit:
        return train(shared_server, visit)


@pytest.fixture
def own_workspace(shared_server, visit) -> str:
    """For a test that leaves something there."""
    return train(shared_server, visit)


class TestCharts:
    @pytest.mark.parametrize("width", [1440, 390])
    def test_charts_when_open_are_drawn_within_the_screen(
        self, shared_server, visit, workspace, width
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 900})
        tab.open(f"/evaluate?{workspace}")
        for part, chart in CHARTS.items():
            open_part(tab, part)
            graph = tab.page.locator(f".st-key-chart_{chart} .main-svg").first
            graph.wait_for()
            tab.until(lambda graph=graph: all(0 <= x <= width for x in sides(graph)))
            tab.until(lambda: tab.page.evaluate("document.documentElement.scrollWidth") <= width)
            for drawn in tab.page.evaluate(DRAWN):
                check_figure(drawn)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_charts_when_a_contrast_theme_forces_colours_keep_theirs(
        self, shared_server, visit, workspace, scheme
    ):
        tab = visit(shared_server, color_scheme=scheme)
        seen = []
        for forced in ("none", "active"):
            tab.page.emulate_media(forced_colors=forced, color_scheme=scheme)
            open_part(tab.open(f"/evaluate?{workspace}"), "Mistakes")
            graph = tab.page.locator(".st-key-chart_matrix_own .js-plotly-plot")
            graph.locator(".xtick text").first.wait_for()
            seen.append(graph.evaluate(COLOURS))
        assert seen[0] == seen[1]
        assert seen[0]["text"] != seen[0]["ground"]

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_cell_that_is_not_empty_stands_out_and_its_figure_can_be_read(
        self, shared_server, visit, workspace, scheme
    ):
        tab = visit(shared_server, color_scheme=scheme)
        open_part(tab.open(f"/evaluate?{workspace}"), "Mistakes")
        tab.page.get_by_role("radio", name="Base test set", exact=True).click()
        tab.sees("wrong of 1,000")
        wrong = 0
        for side in ("base", "own"):
            graph = tab.page.locator(f".st-key-chart_matrix_{side} .js-plotly-plot")
            drawn = graph.evaluate(CELLS)
            for figure in drawn["figures"]:
                assert contrast(figure["cell"], drawn["empty"]) >= 3
                assert contrast(figure["cell"], figure["ink"]) >= 4.5
                wrong += not figure["right"]
        assert wrong >= 2

    @pytest.mark.parametrize(("width", "readable"), [(1440, True), (320, True), (220, False)])
    def test_figures_stand_within_their_cells_or_are_left_out(
        self, shared_server, visit, workspace, width, readable
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 900})
        open_part(tab.open(f"/evaluate?{workspace}"), "Mistakes")
        tab.page.get_by_role("radio", name="Base test set", exact=True).click()
        tab.sees("wrong of 1,000")
        graph = tab.page.locator(".st-key-chart_matrix_own .js-plotly-plot")

        def fits() -> bool:
            cell, widths = graph.evaluate(FIGURES)
            return bool(widths) == readable and max(widths, default=0) <= cell

        tab.until(fits, 10)

    def test_long_name_gives_way_to_figures_on_a_narrow_screen(
        self, shared_server, visit, own_workspace
    ):
        tab = visit(shared_server, viewport={"width": 390, "height": 844})
        name = tab.open(f"/?{own_workspace}").page.locator(".st-key-shelf input.name").nth(7)
        name.fill("Verkehrszeichen")
        name.press("Enter")
        expect(tab.part("shelf", ".toggle")).to_have_attribute(
            "aria-label", "Disable label Verkehrszeichen"
        )
        open_part(tab.open(f"/evaluate?{own_workspace}"), "Mistakes")
        table = tab.part("card_labels", ".odt-scroll")
        tab.sees("Verkehrszeichen")
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") == 0

    @pytest.mark.parametrize("width", [1440, 390])
    def test_matrix_leaves_nothing_blank_below(self, shared_server, visit, workspace, width):
        tab = visit(shared_server, viewport={"width": width, "height": 900})
        open_part(tab.open(f"/evaluate?{workspace}"), "Mistakes")
        chart = tab.page.locator(".st-key-chart_matrix_base")
        chart.locator(".xtitle").wait_for()
        tab.until(lambda: 0 <= bottom(chart) - bottom(chart.locator(".xtitle")) <= 40)

    def test_name_when_written_from_right_to_left_leaves_the_figure_behind_it(
        self, shared_server, visit, own_workspace
    ):
        tab = visit(shared_server).open(f"/?{own_workspace}")
        name = tab.page.locator(".st-key-shelf input.name").nth(7)
        name.fill("שבע")
        name.press("Enter")
        expect(tab.part("shelf", ".toggle")).to_have_attribute("aria-label", "Disable label שבע")
        open_part(tab.open(f"/evaluate?{own_workspace}"), "Mistakes")
        for chosen in ("cell_is", "cell_said"):
            tab.part(chosen, "input").fill("שבע")
            tab.page.keyboard.press("Enter")
            tab.idle()
        answer = tab.page.locator(".st-key-card_matrices .odt-faces p").first
        answer.wait_for()
        name, figure = answer.evaluate(PLACES)
        assert name < figure

    def test_table_of_seven_columns_when_the_screen_is_narrow_is_not_cut(
        self, shared_server, visit, workspace
    ):
        tab = visit(shared_server, viewport={"width": 390, "height": 844})
        open_part(tab.open(f"/evaluate?{workspace}"), "Confidence")
        tab.press("fit_temperature")
        table = tab.page.locator(".st-key-card_temperature .odt-scroll")
        table.wait_for()
        assert table.locator("th").count() == 7
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 0

    def test_cell_when_clicked_shows_its_samples(self, shared_server, visit, workspace):
        tab = visit(shared_server).open(f"/evaluate?{workspace}")
        open_part(tab, "Mistakes")
        layer = tab.page.locator(".st-key-chart_matrix_own .nsewdrag").first
        layer.wait_for()
        box = layer.bounding_box()
        assert box is not None
        place = (box["x"] + 0.55 * box["width"] / 10, box["y"] + 0.55 * box["height"] / 10)
        tab.page.mouse.move(*place)
        tab.page.mouse.click(*place)
        tab.sees("of '0' answered '0'")
        expect(tab.page.locator(".st-key-card_matrices .odt-faces figure").first).to_be_visible()


class TestBlind:
    def test_models_when_voted_on_stay_unnamed_until_revealed(
        self, shared_server, visit, own_workspace
    ):
        tab = visit(shared_server).open(f"/evaluate?{own_workspace}")
        open_part(tab, "Blind test")
        tab.draw("blind_pad")
        tab.page.locator(".odt-stage strong").filter(has_not_text="?").first.wait_for()
        assert "base" not in tab.page.locator(".odt-stage").inner_text().lower()
        tab.press("vote_both").sees("1 vote so far")
        tab.press("reveal").sees("1 of 1")
        assert "Your model" in tab.page.locator(".st-key-card_blind .odt-large").inner_text()

    def test_sheet_when_something_else_was_drawn_before_is_blank(
        self, shared_server, visit, own_workspace
    ):
        tab = visit(shared_server).open(f"/?{own_workspace}")
        tab.part("try_way", "button:has-text('Draw')").click()
        tab.idle().draw("sketch").idle()
        tab.page.get_by_role("link", name="Evaluate", exact=True).click()
        open_part(tab.idle(), "Blind test")
        clear = tab.part("blind_pad", ".clear")
        expect(clear).to_be_disabled()
        tab.part("blind_way", "button:has-text('Test samples')").click()
        tab.idle().press("vote_both").sees("1 vote so far")
        tab.part("blind_way", "button:has-text('Draw')").click()
        tab.idle().draw("blind_pad")
        expect(clear).to_be_enabled()
        tab.idle().press("reveal").sees("1 of 1").press("again").sees("0 votes so far")
        expect(clear).to_be_disabled()

    @pytest.mark.parametrize("width", [390, 1440])
    def test_answer_when_a_short_word_stands_in_one_line(
        self, shared_server, visit, own_workspace, width
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 900})
        tab.open(f"/evaluate?{own_workspace}")
        open_part(tab, "Blind test")
        tab.part("blind_way", "button:has-text('Test samples')").click()
        answer = tab.idle().page.locator(".odt-stage strong").filter(has_not_text="?").first
        lines = """(answer) => {
          answer.textContent = "mum";
          answer.style.setProperty("--letters", 3);
          return answer.clientHeight / parseFloat(getComputedStyle(answer).lineHeight);
        }"""
        assert answer.evaluate(lines) == pytest.approx(1, abs=0.1)

    def test_vote_when_the_page_is_loaded_again_still_counts(
        self, shared_server, visit, own_workspace
    ):
        tab = visit(shared_server).open(f"/evaluate?{own_workspace}")
        open_part(tab, "Blind test")
        tab.part("blind_way", "button:has-text('Test samples')").click()
        tab.idle().press("vote_both").sees("1 vote so far")
        tab.open(f"/evaluate?{own_workspace}")
        open_part(tab, "Blind test")
        tab.sees("1 vote so far")


class TestOverTime:
    def test_handle_when_moved_shows_each_checkpoint_without_asking_the_server(
        self, shared_server, visit, workspace
    ):
        tab = visit(shared_server)
        sent: list[object] = []
        tab.page.on(
            "websocket",
            lambda socket: socket.on("framesent", lambda frame: sent.append(frame)),
        )
        tab.open(f"/evaluate?{workspace}")
        open_part(tab, "Over time")
        card = tab.page.locator(".st-key-card_scrubber")
        card.locator(".main-svg").first.wait_for()
        handle, name = card.locator("input[type=range]"), card.locator(".own h3")
        last = name.inner_text()
        answers = card.locator(".odt-faces p.now").all_inner_texts()
        before = len(sent)
        handle.focus()
        tab.page.keyboard.press("Home")
        expect(name).to_have_text("Base model")
        assert card.locator(".own strong").inner_text() == card.locator(".base strong").inner_text()
        assert card.locator(".odt-faces p.now").all_inner_texts() != answers
        box = handle.bounding_box()
        assert box is not None
        tab.page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2, steps=6)
        tab.page.mouse.up()
        expect(name).to_have_text(last)
        assert card.locator(".odt-faces p.now").all_inner_texts() == answers
        assert len(sent) == before

    def test_chart_when_its_script_could_not_be_loaded_is_drawn_once_it_can(
        self, shared_server, visit, workspace
    ):
        tab = visit(shared_server)
        tab.page.route("**/plotly-cartesian*", lambda route: route.abort())
        tab.open(f"/evaluate?{workspace}")
        open_part(tab, "Over time")
        card = tab.page.locator(".st-key-card_scrubber")
        card.get_by_text("The chart cannot be drawn").wait_for()
        tab.page.unroute("**/plotly-cartesian*")
        tab.page.emulate_media(color_scheme="dark")  # draws the chart again
        card.locator(".main-svg").first.wait_for()
        assert card.locator(".odt-plot-wait").inner_text() == ""

    @pytest.mark.parametrize("width", [1440, 390])
    def test_handle_stands_over_the_chart(self, shared_server, visit, workspace, width):
        tab = visit(shared_server, viewport={"width": width, "height": 900})
        tab.open(f"/evaluate?{workspace}")
        open_part(tab, "Over time")
        card = tab.page.locator(".st-key-card_scrubber")
        card.locator(".main-svg").first.wait_for()
        tab.page.wait_for_timeout(500)
        ticks, handle = card.locator(".xtick text"), card.locator("input[type=range]")

        def over() -> bool:
            ends = [sum(sides(tick)) / 2 for tick in (ticks.first, ticks.last)]
            left, right = sides(handle)  # the middle of the handle goes from 8 px to 8 px of them
            return abs(ends[0] - left - 8) < 2 and abs(ends[1] - right + 8) < 2

        tab.until(over)
