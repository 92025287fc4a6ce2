"""What only a real browser shows: strokes, charts that do not flicker, refresh, cold deep links."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import bottom, visits
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

# Of elements: where each begins and ends, from above, all at one moment.
SPANS = """(all) => all.map((one) => {
  const { top, bottom } = one.getBoundingClientRect();
  return [top, bottom];
})"""

# What is said from now on to those who do not see the page.
LISTEN = """() => {
  window.heard = [];
  const line = document.querySelector(".st-key-card_train [role=status]");
  new MutationObserver(() => window.heard.push(line.textContent))
    .observe(line, { childList: true });
}"""
# A double click: by the page itself, which is as quick on a busy machine.
TWICE = """(button) => {
  button.click();
  setTimeout(() => document.querySelector(".st-key-example button").click(), 250);
}"""
# Two drawings, both added before the page can be drawn again.
TWO_DOTS = """(canvas) => {
  const { x, y } = canvas.getBoundingClientRect();
  for (const away of [60, 110]) {
    const at = { clientX: x + away, clientY: y + 60, pointerId: 1, bubbles: true };
    canvas.dispatchEvent(new PointerEvent("pointerdown", at));
    canvas.dispatchEvent(new PointerEvent("pointerup", at));
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  }
}"""
ZOOMED = """() =>
  document.querySelector(".st-key-loss .odt-chart-graph").layout.xaxis.range[0] > 0"""
LONGER = """(points) =>
  (document.querySelector(".st-key-loss .odt-chart-graph")?.data?.[0]?.x.length ?? 0) > points"""


class TestFirstVisit:
    @pytest.mark.parametrize("path", ["/personalise", "/evaluate", "/checkpoints", "/model"])
    def test_deep_link_when_server_is_cold_opens_that_page(self, server, visit, path):
        tab = visit(server).open(path)
        tab.page.wait_for_selector("[class*=st-key-card_]")
        assert tab.page.url.split("?")[0] == server.url + path
        assert "?w=" in tab.page.url

    @pytest.mark.parametrize("path", ["/", "/personalise"])
    def test_menu_when_first_page_is_open_shows_it_once_and_as_open(
        self, shared_server, visit, path
    ):
        tab = visit(shared_server).open(path)
        links = tab.page.get_by_test_id("stTopNavLink")
        expect(links).to_have_text(["Personalise", "Evaluate", "Checkpoints", "Model"])
        expect(links.first).to_have_attribute("aria-current", "page")


class TestFirstPage:
    @pytest.fixture(scope="class")
    @staticmethod
    def tab(shared_server, browser):
        """As it is with an example person's samples."""
        with visits(browser) as visit:
            yield visit(shared_server).open().load_person()

    def test_page_when_1440_by_900_needs_no_scrolling(self, tab):
        main = "document.querySelector('[data-testid=stMain]')"
        tab.filled().until(lambda: tab.page.evaluate(f"{main}.scrollHeight <= {main}.clientHeight"))

    def test_fonts_when_loaded_are_ours(self, tab):
        tab.page.wait_for_function(
            "[...document.fonts].some((f) => f.family === 'Inter' && f.status === 'loaded')"
        )
        assert any("inter-latin" in url for url in tab.requests)

    def test_page_when_drawn_on_has_asked_only_this_server(self, tab):
        tab.draw("sketch").sees("Not trained yet").page.wait_for_timeout(500)
        outside = [url for url in tab.requests if not url.startswith((tab.url, "data:", "blob:"))]
        assert outside == []


class TestCanvas:
    def test_stroke_when_ended_gets_both_answers(self, shared_server, visit):
        tab = visit(shared_server).open().draw("sketch")
        tab.sees("Not trained yet: your model is the base model.")
        answers = tab.page.locator(".st-key-answers .answer").all_inner_texts()
        assert answers[0] == answers[1] != "–"
        shares = tab.page.locator(".st-key-answers .bar .share").all_inner_texts()
        assert "<1 %" in shares
        assert "0.0 %" not in shares  # none of them is nothing

    def test_drawing_when_added_is_on_the_shelf(self, shared_server, visit):
        tab = visit(shared_server).open().draw("pad")
        tab.part("pad", ".add").click()
        tab.sees("1 sample")
        expect(tab.page.locator(".st-key-shelf .thumb")).to_have_count(1)

    def test_drawings_when_refused_come_back_on_the_pad_one_after_another(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        other = visit(shared_server).open("/personalise?" + tab.page.url.split("?")[1])
        labels = other.page.locator(".st-key-shelf li")
        labels.first.locator(".delete").click()
        expect(labels).to_have_count(9)
        tab.part("pad", "canvas").evaluate(TWO_DOTS)
        tab.sees("That label is not there any more").idle()
        for many in ("1 sample", "2 samples"):
            tab.part("pad", "canvas").press("Enter")
            expect(tab.part("card_samples", ".odt-step span")).to_have_text(many)
        expect(tab.part("pad", ".add")).to_be_disabled()

    def test_undo_when_ctrl_z_takes_the_last_stroke(self, shared_server, visit):
        tab = visit(shared_server).open().draw("sketch").draw("sketch", ((0.2, 0.5), (0.8, 0.5)))
        tab.page.keyboard.press("Control+z")
        tab.page.keyboard.press("Control+z")
        tab.sees("Draw something above")
        assert tab.part("sketch", ".undo").is_disabled()

    def test_stroke_when_in_flight_during_a_rerun_survives(self, shared_server, visit):
        tab = visit(shared_server).open()
        box = tab.part("sketch", "canvas").bounding_box()
        tab.page.mouse.move(box["x"] + 60, box["y"] + 60)
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + 160, box["y"] + 60, steps=4)
        tab.page.evaluate("document.querySelector('.st-key-example button').click()")
        tab.sees("set aside for testing").idle()
        tab.page.mouse.move(box["x"] + 100, box["y"] + 220, steps=4)
        tab.page.mouse.up()
        tab.sees("Not trained yet")
        ink = tab.part("sketch", "canvas").evaluate(
            "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".filter((v, i) => i % 4 === 3 && v > 0).length"
        )
        assert ink > 3000


class TestExamplePerson:
    def test_button_when_double_clicked_loads_one_person(self, shared_server, visit):
        tab = visit(shared_server).open()
        tab.part("example").evaluate(TWICE)
        tab.sees("set aside for testing").page.wait_for_timeout(1000)  # so that two would be there
        tab.idle().press("undo")
        expect(tab.part("card_samples", ".odt-step span")).to_have_text("0 samples")


class TestAddress:
    def test_back_when_pressed_once_then_the_page_before_is_there(self, shared_server, visit):
        tab = visit(shared_server).open().load_person()
        pages = ("Evaluate", "Checkpoints", "Model")
        before = tab.page.evaluate("history.length")
        for name in pages:
            tab.page.get_by_role("link", name=name, exact=True).first.click()
            tab.page.wait_for_url(f"**/{name.lower()}?w=*")
            tab.idle()
        assert tab.page.evaluate("history.length") == before + len(pages)
        for name in pages[-2::-1]:
            tab.page.go_back()
            tab.page.wait_for_url(f"**/{name.lower()}?w=*")
            tab.idle()


class TestShelf:
    def test_name_when_refused_then_the_old_one_is_back(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        name = tab.page.locator(".st-key-shelf input.name").nth(3)
        name.fill("4")
        name.press("Enter")
        tab.sees("There is a label '4' already")
        expect(name).to_have_value("3")

    def test_names_when_typed_one_after_another_are_all_kept(self, shared_server, visit):
        tab = visit(shared_server).open()
        names = tab.page.locator(".st-key-shelf input.name")
        rows = tab.page.locator(".st-key-shelf li")
        for at, name in enumerate(("cat", "dog", "bird")):
            names.nth(at).click()
            tab.page.keyboard.press("Control+a")
            tab.page.keyboard.type(name)
        rows.nth(2).locator(".toggle").click()
        expect(rows.nth(2)).to_have_class("on off ")
        for at, name in enumerate(("cat", "dog", "bird", "3")):
            expect(names.nth(at)).to_have_value(name)

    @pytest.mark.parametrize("press", [0, 90])  # milliseconds
    def test_name_when_another_page_is_opened_from_its_field_is_kept(
        self, shared_server, visit, press
    ):
        tab = visit(shared_server).open()
        tab.page.locator(".st-key-shelf input.name").first.fill("cat")
        tab.page.get_by_role("link", name="Checkpoints", exact=True).first.click(delay=press)
        tab.page.locator(".st-key-card_base").wait_for()
        tab.idle().page.get_by_role("link", name="Personalise", exact=True).first.click()
        expect(tab.page.locator(".st-key-shelf input.name").first).to_have_value("cat")

    def test_labels_when_added_faster_than_the_page_is_drawn_are_all_there(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        for name in ("ab", "cd", "ef"):
            tab.part("shelf", ".new-name").fill(name)
            tab.part("shelf", ".new-name").press("Enter")
        names = tab.page.locator(".st-key-shelf input.name")
        expect(names).to_have_count(13)
        for at, name in enumerate(("ab", "cd", "ef")):
            expect(names.nth(10 + at)).to_have_value(name)
        assert tab.page.locator("[data-testid=stAlert]:visible").count() == 0

    def test_label_when_chosen_by_the_keyboard_is_still_chosen_at_the_drawing_area(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().load_person().idle()
        names = tab.page.locator(".st-key-shelf input.name")
        rows = tab.page.locator(".st-key-shelf li")
        names.first.focus()
        for _ in range(3):
            tab.page.keyboard.press("ArrowDown")
        expect(names.nth(3)).to_be_focused()
        tab.page.keyboard.press("Enter")
        expect(rows.nth(3)).to_have_class("on ")
        stops = 0
        canvas = tab.part("pad", "canvas")
        while not canvas.evaluate("canvas => canvas.getRootNode().activeElement === canvas"):
            assert stops < 5
            tab.page.keyboard.press("Shift+Tab")
            stops += 1
        tab.draw("pad").page.keyboard.press("Enter")
        expect(rows.nth(3).locator(".count")).to_have_text("14 samples · 6 test")
        expect(rows.nth(3)).to_have_class("on ")

    def test_labels_when_there_are_ten_are_one_stop_of_the_tab_key(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        tab.page.locator(".st-key-shelf input.name").first.focus()
        for _ in range(4):  # Disable, Delete, the pictures, the field for a new label
            tab.page.keyboard.press("Tab")
        expect(tab.part("shelf", ".new-name")).to_be_focused()

    def test_field_for_a_new_label_is_in_sight_however_many_there_are(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        field, shelf = (tab.part("shelf", part) for part in (".new", ".shelf"))
        tab.filled().until(lambda: bottom(field) <= bottom(shelf) + 1)

    def test_samples_of_the_chosen_label_when_they_come_are_in_sight(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().idle()
        tab.part("shelf", ".new-name").fill("heart")
        tab.part("shelf", ".new-name").press("Enter")
        tab.page.locator(".st-key-shelf li.on .none").wait_for()
        tab.draw("pad").page.keyboard.press("Enter")
        tab.page.locator(".st-key-shelf li.on .thumb").wait_for()
        thumb, shelf = (tab.part("shelf", part) for part in ("li.on .thumb", ".labels"))
        tab.until(lambda: bottom(thumb) <= bottom(shelf))


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

    def test_training_when_server_is_killed_can_go_on(self, server, visit):
        tab = visit(server).open().load_person().set_epochs(3000).press("train")
        manifests = server.folder / "workspaces"
        tab.until(  # an automatic checkpoint is made
            lambda: any('"auto"' in one.read_text() for one in manifests.glob("*/history/*.json"))
        )
        server.stop(kill=True)
        server.start()
        tab.page.reload()
        tab.idle().sees("Training was interrupted.")
        tab.press("go_on").sees("steps a second")
        tab.press("stop").sees("personalised ·")


class TestRestart:
    """The server starts again while a page is open; nobody reloads it."""

    def restart(self, tab, server):
        before = tab.page.locator("[data-testid=stApp]")
        server.stop()
        expect(before).not_to_have_attribute("data-test-connection-state", "CONNECTED")
        server.start()
        expect(before).to_have_attribute("data-test-connection-state", "CONNECTED")
        tab.page.wait_for_timeout(1000)
        tab.idle()

    def test_train_when_pressed_once_then_trains(self, server, visit):
        tab = visit(server).open().load_person().set_epochs(3).idle()
        self.restart(tab, server)
        tab.press("train").sees("personalised ·")

    def test_drawing_when_on_the_canvas_stays_and_the_next_stroke_is_answered(self, server, visit):
        tab = visit(server).open().draw("sketch").sees("Not trained yet").idle()
        answer = tab.page.locator(".st-key-answers .answer").first
        expect(answer).to_have_text("7")
        self.restart(tab, server)
        expect(answer).to_have_text("7")
        tab.part("sketch", ".undo").click()
        tab.sees("Draw something above")
        assert "does not exist anymore" not in server.log

    def test_page_when_it_is_not_the_first_is_open_still(self, server, visit):
        tab = visit(server).open("/evaluate").idle()
        address = tab.page.url
        self.restart(tab, server)
        tab.page.wait_for_selector("[class*=st-key-card_]")
        assert tab.page.url == address
        assert "does not exist anymore" not in server.log


class TestCamera:
    def test_photo_when_taken_by_the_plain_camera_is_a_sample_of_the_chosen_label(
        self, shared_server, visit
    ):
        tab = visit(shared_server, permissions=["camera"]).open()
        tab.part("samples_way", "button >> text=Camera").click()
        tab.part("camera_simple", "label").click()
        # Streamlit's button is there before the camera is, and does nothing until then.
        tab.page.wait_for_function("document.querySelector('video')?.readyState >= 2")
        tab.page.get_by_role("button", name="Take Photo").click()
        tab.sees("1 sample to learn from")


class TestDeletion:
    def test_everything_is_kept_by_enter_and_what_deletes_looks_like_nothing_else(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open().load_person()
        train = tab.part("train").evaluate("(one) => getComputedStyle(one).backgroundColor")
        tab.page.get_by_role("button", name="Reset").click()
        tab.press("erase").sees("Delete everything?")
        erase = tab.part("really_erase")
        assert erase.evaluate("(one) => getComputedStyle(one).backgroundColor") != train
        expect(tab.page.get_by_role("dialog")).to_be_focused()
        tab.page.keyboard.press("Enter")
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
        tab.idle().sees("set aside for testing")


class TestWholeWay:
    def test_person_when_trained_compares_restores_and_downloads(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().draw("sketch").train()
        tab.press("download")
        with tab.page.expect_download() as download:
            tab.part("download_checkpoint").click()
        assert download.value.suggested_filename.endswith(".safetensors")

        tab.page.get_by_role("link", name="Checkpoints").first.click()
        tab.sees("Compare any two").press("compare").sees("McNemar")
        tab.page.get_by_role("button", name="Restore").locator("visible=true").last.click()
        tab.page.get_by_role("link", name="Personalise").first.click()
        tab.sees("base · 0 steps")  # a first run starts with the base model's weights

    def test_name_when_it_is_markup_is_shown_letter_for_letter(self, shared_server, visit):
        tab = visit(shared_server).open()
        name = "<b>x **y** `z` [a](b)"
        tab.part("shelf", ".new-name").fill(name)
        tab.part("shelf", ".new-name").press("Enter")
        tab.page.wait_for_function(
            "n => [...document.querySelectorAll('.st-key-shelf *')].some(e => e.shadowRoot && "
            "[...e.shadowRoot.querySelectorAll('.name')].some(i => i.value === n))",
            arg=name,
        )
        assert tab.page.locator(".st-key-pad .what").inner_text() == name

    def test_name_in_wide_letters_or_in_letters_that_join_is_shown_whole(
        self, shared_server, visit
    ):
        tab = visit(shared_server).open()
        tab.draw("sketch").sees("Not trained yet")
        label = tab.page.locator(".st-key-answers .side.own .bar .label").first
        for name in ("日本語字", "مكتبة المدينة"):
            field = tab.page.locator(".st-key-shelf input.name").nth(7)
            field.fill(name)
            field.press("Enter")
            expect(label).to_have_text(name)
            assert len([one for one in label.locator("span").all_inner_texts() if one]) == 1
            if name == "日本語字":
                assert label.locator("span").first.evaluate("e => e.scrollWidth <= e.clientWidth")
                assert field.evaluate("e => e.scrollWidth <= e.clientWidth")

    def test_label_when_doubled_says_so_in_place(self, shared_server, visit):
        tab = visit(shared_server).open()
        tab.part("shelf", ".new-name").fill("7")
        tab.part("shelf", ".new-name").press("Enter")
        tab.page.wait_for_selector(".st-key-card_samples [data-testid=stAlert]")


class TestScreens:
    @pytest.mark.parametrize(("width", "cards"), [(390, 300), (768, 190), (1440, 130)])
    def test_first_page_says_what_this_is_in_one_line(self, shared_server, visit, width, cards):
        tab = visit(shared_server, viewport={"width": width, "height": 844}).open()
        line = tab.part("product", "p")
        expect(line).to_have_text("odt · Teach a small model your own samples")
        card = tab.page.locator(".st-key-card_samples")
        tab.until(lambda: line.bounding_box()["height"] < 25 and card.bounding_box()["y"] <= cards)

    @pytest.mark.parametrize("width", [320, 390, 768, 769, 1440])
    def test_pages_are_named_once_at_any_width(self, shared_server, visit, width):
        tab = visit(shared_server, viewport={"width": width, "height": 844}).open("/model")
        expect(tab.page.get_by_role("link", name="Evaluate", exact=True)).to_have_count(1)
        expect(tab.page.get_by_role("button", name="Expand sidebar")).to_have_count(0)
        links = tab.page.get_by_role("link").filter(visible=True).all_inner_texts()
        pages = ["Personalise", "Evaluate", "Checkpoints", "Model"]
        assert [name for name in links if name in pages] == pages
        tab.page.get_by_role("link", name="Checkpoints", exact=True).click()
        tab.sees("Compare any two")
        assert "/checkpoints?w=" in tab.page.url

    def test_page_is_out_of_sight_until_its_style_has_come(self, shared_server, visit):
        """Else everything would be drawn plain first, and jump."""
        tab, held = visit(shared_server), []
        tab.page.route(re.compile(r"/Html\."), lambda route: held.append(route))
        tab.page.goto(shared_server.url)
        tab.page.locator(".st-key-card_samples").wait_for(state="attached")
        tab.until(lambda: bool(held))
        for part in ("page", "pages"):
            assert tab.page.locator(f".st-key-{part}").bounding_box()["height"] <= 1
        for route in held:
            route.continue_()
        tab.page.wait_for_function("document.querySelector('.st-key-page').clientHeight > 300")
        expect(tab.page.locator(".st-key-pages")).to_be_hidden()

    def test_parts_that_do_not_fit_on_a_phone_fade_at_the_edge(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}).open("/evaluate")
        row = tab.part("evaluate_part", "[role=radiogroup]")
        expect(row).to_have_css("mask-image", re.compile("gradient"))
        row.evaluate("(one) => one.scrollTo(1e4, 0)")
        expect(row).to_have_css("mask-image", re.compile("to right|90deg"))

    def test_page_when_390_wide_does_not_scroll_sideways(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}, has_touch=True).open()
        tab.load_person().filled()
        tab.until(lambda: tab.page.evaluate("document.documentElement.scrollWidth") <= 390)

    def test_page_when_1280_by_720_shows_the_result_a_chart_and_answers_whole(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 1280, "height": 720}).open()
        tab.load_person().draw("sketch").sees("Not trained yet").train()
        tab.sees("See the evidence")
        for key, inside in (("loss", ".odt-chart"), ("answers", ".bar >> nth=-1")):
            part = tab.page.locator(f".st-key-{key} {inside}")
            tab.until(lambda part=part: bottom(part) <= 720)

    def test_ticks_of_a_chart_in_a_low_window_stand_apart(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 1280, "height": 720}).open()
        tab.load_person().train().page.locator(".st-key-accuracy .ytick").first.wait_for()
        ticks = tab.page.locator(".st-key-accuracy .ytick text")

        def apart() -> bool:
            boxes = sorted(ticks.evaluate_all(SPANS))
            return len(boxes) > 1 and all(above[1] <= below[0] for above, below in pairwise(boxes))

        tab.until(apart)

    @pytest.mark.parametrize("width", [1440, 390])
    def test_message_when_samples_came_covers_no_undo(self, shared_server, visit, width):
        tab = visit(shared_server, viewport={"width": width, "height": 844}).open().load_person()
        toast = tab.page.get_by_test_id("stToast").first.bounding_box()
        undo = tab.part("top_acts").bounding_box()
        assert undo["y"] + undo["height"] < toast["y"]

    def test_charts_when_the_result_comes_stay_where_they_are(self, shared_server, visit):
        tab = visit(shared_server).open().load_person().set_epochs(3000).press("train")
        tab.sees("Right on your test samples so far.")
        before = tab.page.locator(".st-key-loss .odt-chart").bounding_box()
        tab.press("stop").sees("See the evidence").idle()
        assert tab.page.locator(".st-key-loss .odt-chart").bounding_box() == before

    @pytest.mark.parametrize(("width", "side_by_side"), [(1440, 3), (1024, 2), (720, 1)])
    def test_cards_when_they_do_not_fit_side_by_side_are_stacked(
        self, shared_server, visit, width, side_by_side
    ):
        tab = visit(shared_server, viewport={"width": width, "height": 800}).open()
        # as soon as the page has settled
        tab.page.wait_for_function(
            """many => {
              const cards = ["samples", "train", "try"].map(
                (name) => document.querySelector(`.st-key-card_${name}`),
              );
              if (cards.some((card) => !card)) return false;
              const tops = cards.map((card) => Math.round(card.getBoundingClientRect().top));
              return tops.filter((top) => top === tops[0]).length === many;
            }""",
            arg=side_by_side,
        )
        labels = [
            tab.part(f"set_{name}", "label") for name in ("epochs", "batch_size", "learning_rate")
        ]
        tab.until(lambda: all(label.bounding_box()["height"] < 30 for label in labels))  # one line

    def test_page_when_1024_by_768_shows_where_to_try_before_the_first_training(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 1024, "height": 768}).open()
        tab.part("sketch", "canvas").wait_for()
        tab.until(lambda: tab.part("sketch", "canvas").bounding_box()["y"] < 768)

    def test_buttons_of_the_top_line_when_they_do_not_fit_go_to_the_next_one_together(
        self, shared_server, visit
    ):
        tab = visit(shared_server, viewport={"width": 768, "height": 1024}).open()
        buttons = [tab.part(key) for key in ("undo", "redo", "download")]

        def together() -> bool:
            boxes = [button.bounding_box() for button in buttons]
            right = boxes[-1]["x"] + boxes[-1]["width"]
            return len({round(box["y"]) for box in boxes}) == 1 and right > 700

        tab.until(together)

    def test_canvas_when_dark_shows_light_ink_and_still_reads_it(self, shared_server, visit):
        tab = visit(shared_server, color_scheme="dark").open().draw("sketch")
        tab.sees("Not trained yet")
        colour = tab.part("sketch", ".pad").evaluate("e => getComputedStyle(e).color")
        assert colour == "rgb(236, 237, 244)"
        assert tab.page.locator(".st-key-answers .answer").first.inner_text() == "7"

    def test_stroke_when_made_by_touch_is_answered(self, shared_server, visit):
        tab = visit(shared_server, viewport={"width": 390, "height": 844}, has_touch=True).open()
        tab.part("sketch", "canvas").scroll_into_view_if_needed()
        box = tab.part("sketch", "canvas").bounding_box()
        tab.page.touchscreen.tap(box["x"] + 90, box["y"] + 90)
        tab.sees("Not sure: for the model no label fits this clearly enough.")  # it is a dot
