"""A training: settings as typed, charts that do not flicker, what is heard, other tabs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.figures import DRAWN, check_figure

# Counts, from now on, the elements that are put in place of another around one chart.
WATCH = """(key) => {
  const host = document.querySelector(".st-key-" + key);
  const graph = host.querySelector(".odt-chart-graph");
  window.watched = { graph, removed: [], heights: new Set(), outer: [] };
  new MutationObserver((changes) => changes.forEach((change) => change.removedNodes.forEach(
    (node) => node.nodeType === 1 && window.watched.outer.push(node.outerHTML.slice(0, 200)))))
    .observe(host, { childList: true, subtree: false });
  new MutationObserver((changes) => changes.forEach((change) => change.removedNodes.forEach(
    (node) => node.contains(graph) && window.watched.removed.push(node.nodeName))))
    .observe(document.body, { childList: true, subtree: true });
  window.svg = graph.querySelector(".main-svg");
  const look = () => { window.watched.heights.add(Math.round(host.getBoundingClientRect().height));
    window.looking = requestAnimationFrame(look); };
  look();
}"""
SEEN = """(key) => {
  const graph = document.querySelector(".st-key-" + key + " .odt-chart-graph");
  return { same: graph === window.watched.graph,
    svg: graph.querySelector(".main-svg") === window.svg,
    removed: window.watched.removed, heights: [...window.watched.heights],
    points: graph.data[0].x.length, range: graph.layout.xaxis.range };
}"""

# What is said from now on to those who do not see the page.
LISTEN = """() => {
  window.heard = [];
  const line = document.querySelector(".st-key-card_train [role=status]");
  new MutationObserver(() => window.heard.push(line.textContent))
    .observe(line, { childList: true });
}"""
ZOOMED = """() =>
  document.querySelector(".st-key-loss .odt-chart-graph").layout.xaxis.range[0] > 0"""
LONGER = """(points) =>
  (document.querySelector(".st-key-loss .odt-chart-graph")?.data?.[0]?.x.length ?? 0) > points"""


class TestTraining:
    def test_chart_when_training_ticks_keeps_its_elements_height_and_zoom(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().load_person().set_epochs(3000).press("train")
        tab.page.wait_for_function(LONGER, arg=3)
        tab.page.evaluate(WATCH, "loss")
        drag = tab.part("loss", ".nsewdrag").bounding_box()
        tab.page.mouse.move(drag["x"] + 60, drag["y"] + 20)
        tab.page.mouse.down()
        tab.page.mouse.move(drag["x"] + 200, drag["y"] + 70, steps=4)
        tab.page.mouse.up()
        tab.page.wait_for_function(ZOOMED)
        before = after = tab.page.evaluate(SEEN, "loss")
        for _ in range(4):  # ticks
            tab.page.wait_for_function(LONGER, arg=after["points"])
            after = tab.page.evaluate(SEEN, "loss")
        figures = tab.page.evaluate(DRAWN)
        tab.press("stop").sees("personalised ·")
        assert after["points"] > before["points"]
        assert after["range"] == before["range"]
        assert after["same"]
        assert after["svg"]
        assert after["removed"] == []
        assert len(after["heights"]) == 1
        assert len(figures) == 2
        for figure in figures:
            check_figure(figure)

    def test_chart_when_its_script_could_not_be_loaded_is_drawn_once_it_can(
        self, shared_server, visit
    ):
        tab = visit(shared_server)
        tab.page.route("**/plotly-cartesian*", lambda route: route.abort())
        tab.open().load_person().sees("The chart cannot be drawn")
        tab.page.unroute("**/plotly-cartesian*")
        tab.train(2).page.wait_for_function(LONGER, arg=1)

    def test_training_when_followed_by_ear_says_how_far_it_is_and_what_came_of_it(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().load_person().set_epochs(2000)
        expect(tab.page.get_by_role("progressbar", name="Training progress")).to_be_visible()
        tab.page.evaluate(LISTEN)
        tab.press("train").sees("steps a second").press("pause").sees("· paused").press("pause")
        tab.sees("See the evidence", 120)
        tab.until(lambda: "Your test samples" in tab.page.evaluate("window.heard.at(-1)"))
        heard = tab.page.evaluate("window.heard")
        assert heard[0] == "Training runs."
        assert any(one.startswith("Training paused at step") for one in heard)
        assert heard[-1].startswith("Finished all 10,000 steps. Your test samples: ")
        assert len(heard) <= 8  # start, pause, start, three quarters, end, result

    @pytest.mark.parametrize("press", [0, 90])  # milliseconds
    def test_train_when_pressed_from_a_field_of_the_settings_uses_it_and_shows_the_training(
        self, shared_server, visit, press
    ):
        tab = visit(shared_server).open().load_person().idle()
        epochs = tab.part("set_epochs", "input")
        epochs.fill("3000")
        tab.part("train").click(delay=press)
        tab.sees(" of 15,000 ·")
        expect(epochs).to_be_disabled()
        tab.press("stop").sees("personalised ·")

    @pytest.mark.parametrize("press", [0, 90])  # milliseconds
    def test_setting_when_another_page_is_opened_from_its_field_is_kept(
        self, shared_server, visit, press
    ):
        tab = visit(shared_server).open().idle()
        tab.part("set_epochs", "input").fill("8")
        tab.page.get_by_role("link", name="Checkpoints", exact=True).first.click(delay=press)
        tab.page.locator(".st-key-card_base").wait_for()
        tab.idle().page.get_by_role("link", name="Personalise", exact=True).first.click()
        expect(tab.part("set_epochs", "input")).to_have_value("8")

    def test_hint_when_a_setting_is_wrong_or_right_again_follows(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle().set_epochs(0)
        tab.sees("Correct the settings, then press Train.")
        tab.press("train").set_epochs(50).sees("Press Train. The settings are good as they are.")

    @pytest.mark.parametrize("other", ["Evaluate", "Model"])
    def test_settings_when_another_page_was_open_are_as_they_were(
        self, shared_server, visit, other
    ):
        tab = visit(shared_server).open().set_epochs(7)
        inputs = tab.page.locator(".st-key-settings input")
        before = [inputs.nth(at).input_value() for at in range(inputs.count())]
        assert before[0] == "7"
        tab.page.get_by_role("link", name=other).first.click()
        inputs.first.wait_for(state="detached")
        tab.page.get_by_role("link", name="Personalise").first.click()
        inputs.first.wait_for()
        tab.page.wait_for_timeout(1000)  # so that what comes late would be there
        expect(inputs).to_have_count(len(before))
        for at, value in enumerate(before):
            expect(inputs.nth(at)).to_have_value(value)

    def test_names_when_typed_and_another_page_was_open_are_still_there(self, shared_server, visit):
        tab = visit(shared_server).open("/model")
        box = tab.part("names_text", "textarea")
        typed = box.input_value().replace("3", "three", 1)
        box.fill(typed)
        box.press("Control+Enter")
        tab.page.wait_for_timeout(500)
        tab.idle().page.get_by_role("link", name="Checkpoints").first.click()
        box.wait_for(state="detached")
        tab.page.get_by_role("link", name="Model", exact=True).first.click()
        box.wait_for()
        tab.page.wait_for_timeout(1000)  # so that what comes late would be there
        expect(box).to_have_value(typed)

    def test_training_when_page_is_refreshed_goes_on(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().set_epochs(3000).press("train")
        tab.sees("steps a second")
        tab.page.reload()
        tab.idle().sees("steps a second")
        tab.press("stop").sees("personalised ·")
        assert "1 of" not in tab.part("train_buttons", "button").inner_text()

    def test_training_when_seen_from_a_second_tab_is_the_same_run(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().set_epochs(3000).press("train")
        tab.sees("steps a second")
        other = visit(shared_server).open("/personalise?" + tab.page.url.split("?")[1])
        other.sees("steps a second")
        assert other.part("train").is_disabled()
        other.press("stop").sees("personalised ·")
        tab.sees("personalised ·")

    def test_other_pages_when_open_during_a_training_follow_it(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().set_epochs(3000).press("train")
        tab.sees("steps a second")
        address = "?" + tab.page.url.split("?")[1]
        timeline = visit(shared_server).open("/checkpoints" + address)
        timeline.sees("Its checkpoints appear here")
        inside = visit(shared_server).open("/evaluate" + address)
        inside.page.get_by_text("Inside", exact=True).first.click()
        inside.sees("the weights are moving")
        timeline.sees("During a run")  # saved every few seconds
        tab.press("stop")
        timeline.sees("End of a run").sees("personalised ·")
        expect(inside.page.get_by_text("the weights are moving")).to_have_count(0)
