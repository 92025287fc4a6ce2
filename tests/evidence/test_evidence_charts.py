"""The charts by themselves: any number of samples, any label, numbers on an axis."""

from __future__ import annotations

import ast
import io
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageColor, ImageFont

import odt_core.evaluation
import odt_core.evidence
import odt_core.studies
from odt_core.bundled import ASSETS, default_card
from odt_core.evaluation import FeatureMap, LayerChange, compare, score
from odt_core.evaluation.leaks import trained_earlier
from odt_core.evaluation.map_names import apart
from odt_core.evaluation.paired import gain_interval
from odt_core.evaluation.reliability_diagram import reliability_of
from odt_core.evidence import Studies
from odt_core.evidence.charts import Chart, letters, look
from odt_core.evidence.charts.canvas import Canvas
from odt_core.evidence.charts.chosen import charts_of
from odt_core.evidence.charts.matrices import Matrices
from odt_core.evidence.charts.pictures import as_pixels
from odt_core.evidence.charts.studied import inside_charts, study_charts
from odt_core.evidence.charts.ticks import label, span, ticks
from odt_core.evidence.charts.types import Role
from odt_core.evidence.escape import csv_text, markdown_text, script_json
from odt_core.evidence.evidence import Curves, Evidence, Judged
from odt_core.evidence.inside import Inside, Map
from odt_core.evidence.origin import Beginning, Origin
from odt_core.samples import Labels, Samples
from odt_core.studies import Controls, Estimate, Point, Quantity, SamplesNeeded
from odt_core.training import EvaluationRecord
from odt_core.training.history import Record, Score
from tests.contrast import contrast
from tests.figures import check_figure


def evidence_of(count: int, labels: int = 4) -> Evidence:
    """Test samples of which the base gets every second right, the personalised model all."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, labels, count)
    right = np.eye(labels)[y] * 0.8 + 0.2 / labels
    wrong = np.where((np.arange(count) % 2 == 0)[:, None], right, np.roll(right, 1, axis=1))
    names = Labels(tuple(f"label number {k}" for k in range(labels)))
    samples = Samples(rng.random((count, 8, 8, 1), dtype=np.float32), y, names)
    judged = Judged(samples, score(wrong, y), score(right, y))
    return Evidence(
        model=b"", card=default_card((8, 8, 1), labels), checkpoint_file=b"", samples=samples,
        origin=Origin(Beginning.BASE), test=judged if count else None,
    )  # fmt: skip


def texts_in(room: ModuleType) -> Iterator[str]:
    """All texts in the code of a room but for docstrings."""
    for file in Path(room.__path__[0]).rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and id(node) not in docstrings:
                yield node.value if isinstance(node.value, str) else ""


class TestAnyNumber:
    @pytest.mark.parametrize("count", [0, 1, 10, 500])
    def test_every_chart_is_drawn(self, count):
        charts = charts_of(evidence_of(count))
        assert charts[0].name == "gain"
        assert len({chart.name for chart in charts}) == len(charts)
        for chart in charts:
            with Image.open(io.BytesIO(chart.png())) as picture:
                assert picture.width == 1600
            figure = chart.plotly()
            json.dumps(figure, allow_nan=False)
            if figure is not None:
                check_figure(figure)

    @pytest.mark.parametrize(
        ("loss", "measured", "said", "lines"),
        [
            (0.5, 0.4, "reports its own loss on each batch; odt measures on your samples", 2),
            (math.nan, 0.4, "reports none; odt measures on your samples", 1),
            (0.5, None, "reports its own loss on each batch; odt measured none.", 1),
        ],
    )
    def test_losses_are_said_to_be_whose_they_are(self, loss, measured, said, lines):
        records = tuple(Record(k, 0, loss, measured, None, None, k / 8) for k in range(1, 4))
        evidence = replace(evidence_of(10), curves=Curves(records, (), None, ""))
        (chart,) = (chart for chart in charts_of(evidence) if chart.name == "loss")
        assert said in chart.note
        assert len(chart.drawn) == lines

    def test_gain_says_what_it_cost_on_the_base_test_set(self):
        evidence = evidence_of(20)
        lost = Judged(evidence.test.samples, evidence.test.own, evidence.test.base)
        gain = charts_of(replace(evidence, base_test=lost))[0]
        assert gain.note.endswith("Price: base test set 100.0 % → 50.0 %, not chance.")
        assert "Price" not in charts_of(replace(evidence, base_test=evidence.test))[0].note

    def test_without_judged_samples_no_gain_is_shown_and_none_are_said_to_be_missing(self):
        (gain, samples) = charts_of(evidence_of(0))
        assert gain.note == "None of your own test samples were judged, so no gain can be shown."
        assert gain.empty == "No test samples were judged."
        assert samples.pictures == ()

    def test_base_model_without_weights_is_the_reason_for_no_gain(self):
        evidence = evidence_of(10)
        gain = charts_of(replace(evidence, test=replace(evidence.test, base=None)))[0]
        assert [[value.role for value in group.values] for group in gain.groups] == [[Role.OWN]]
        assert gain.note.startswith("The base model holds no weights")

    def test_gain_over_an_untrained_head_is_said_to_be_one(self):
        evidence = evidence_of(40)
        untrained = replace(evidence.card, labels=Labels((None,) * 4))
        assert charts_of(evidence)[0].note.endswith("Your model is better.")
        assert charts_of(replace(evidence, card=untrained))[0].note.endswith(
            "Your model is better. The base model never learnt these labels."
        )

    def test_progress_on_samples_that_training_saw_is_not_called_otherwise(self):
        course = tuple(EvaluationRecord(k, Score(10, 5 + k, 0.5), None, 0.1) for k in range(3))
        evidence = replace(evidence_of(10), curves=Curves(evaluations=course))
        charts = {chart.name: chart for chart in charts_of(evidence)}
        assert charts["progress"].title == "On samples that were never trained on"
        seen = replace(evidence.test, leak=trained_earlier(range(4), 10))
        charts = {chart.name: chart for chart in charts_of(replace(evidence, test=seen))}
        assert charts["progress"].title == "On test samples; training saw 4 of your 10"

    def test_many_labels_leave_out_the_matrix_and_shorten_the_table(self):
        charts = {chart.name: chart for chart in charts_of(evidence_of(900, labels=300))}
        assert "confusion-test" not in charts
        assert len(charts["labels-test"].groups) == 40
        assert "labels that changed less are left out" in charts["labels-test"].note

    @pytest.mark.parametrize("labels", [2, 10, 40])
    def test_matrix_of_long_names_has_them_below_every_column(self, labels):
        charts = {chart.name: chart for chart in charts_of(evidence_of(400, labels))}
        with Image.open(io.BytesIO(charts["confusion-test"].png())) as picture:
            pixels = np.asarray(picture.convert("L"))
        grid = pixels[:, :800] == 0xED  # its lines
        last = np.flatnonzero(grid.sum(axis=1) > 50)[-1]
        left, right = np.flatnonzero(grid[last])[[0, -1]]
        below = pixels[last + 8 : last + 40, left:right] < 128
        columns = np.array_split(below.any(axis=0), labels)
        assert all(column.any() for column in columns)

    def test_fixed_samples_are_those_that_the_base_got_wrong(self):
        charts = {chart.name: chart for chart in charts_of(evidence_of(10))}
        assert len(charts["fixed"].pictures) == 5
        assert len(charts["broken"].pictures) == 0


def needed(counts: tuple[int | None, ...]) -> SamplesNeeded:
    """A curve over 0 and so many samples of each label, without an interval at the first."""
    own = [Estimate(0.5 + 0.05 * k, (0.3, 0.9), 20, (0.5, 0.6)) for k in range(len(counts) + 1)]
    points = [
        Point(count, 4 * at, one, None)
        for at, (count, one) in enumerate(zip((0, *counts), own, strict=True))
    ]
    return SamplesNeeded(tuple(points), (0, 1), Quantity.ACCURACY, True, "Enough.")


def seen(count: int) -> Map:
    """Places of so many samples, every third a test sample."""
    places = np.random.default_rng(0).normal(size=(2, count, 2))
    outputs = tuple(k % 4 for k in range(count))
    names = tuple(("cat", "dog", "猫", "cow")[k] for k in outputs)
    feature_map = FeatureMap(places[0], places[1], (0.5, 0.25))
    return Map(feature_map, outputs, names, np.arange(count) % 3 == 0)


def every_chart() -> list[Chart]:
    """One of each kind, with samples, without any, and of many labels."""
    course = tuple(EvaluationRecord(k, Score(40, 9 + k, 0.5), None, 0.1) for k in range(3))
    records = tuple(Record(k, 0, 0.5, 0.4, None, None, k / 8) for k in range(1, 4))
    some = replace(evidence_of(40), curves=Curves(records, course, None, ""))
    test = some.test
    gain = compare(test.base, test.own)
    controls = Controls(gain, (gain,) * 3, gain, (gain,) * 3, gain, 0.1, 12, 12, True, "")
    moved = Inside((LayerChange("conv", 0.02, 1.0, 50),), map=seen(60))
    return [
        *charts_of(replace(some, base_test=test, studies=Studies(needed((1, 2, None)), controls))),
        *charts_of(evidence_of(0)),
        *charts_of(evidence_of(400, 40)),
        *inside_charts(moved),
        replace(charts_of(some)[1], lines=()),
    ]


def drawn(chart: Chart) -> dict:
    """Its Plotly figure, after both kinds of picture were made of it."""
    with Image.open(io.BytesIO(chart.png())) as picture:
        assert picture.width == 1600
    return json.loads(json.dumps(chart.plotly(), allow_nan=False))


class TestStudies:
    @pytest.mark.parametrize("counts", [(None,), (1, None), (1, 2, 3, 5, 10, None)])
    def test_curve_of_samples_needed_has_a_point_a_count(self, counts):
        (chart,) = study_charts(Studies(needed=needed(counts)))
        (own,) = [
            one for one in drawn(chart)["data"] if one["name"] == "your test samples (n = 20)"
        ]
        assert len(own["x"]) == len(counts) + 1
        assert chart.note.endswith("of each label. Enough.")

    def test_interval_without_an_end_leaves_a_gap(self):
        curve = needed((1, None))
        first = replace(curve.points[0], own=replace(curve.points[0].own, interval=(0, math.inf)))
        (chart,) = study_charts(Studies(needed=replace(curve, points=(first, *curve.points[1:]))))
        assert None in [y for one in drawn(chart)["data"] for y in one["y"]]

    def test_controls_show_each_gain_with_its_interval(self):
        test = evidence_of(40).test
        gain, loss = compare(test.base, test.own), compare(test.own, test.base)
        shuffled = (loss,) * 3, loss, (gain,) * 3, gain
        controls = Controls(gain, *shuffled, 0.1, 12, 12, True, "It vanished.")
        (chart,) = study_charts(Studies(controls=controls))
        data = drawn(chart)["data"]
        assert [len(one["x"]) for one in data] == [1, 4]
        assert [one["marker"]["color"] for one in data] == ["#4F46E5", "#7C8296"]
        assert chart.groups[0].values[0].said.startswith("+50.0  (n = 40; +")
        low, high = gain_interval(20, 0, 40)
        assert chart.groups[0].values[0].low == pytest.approx(100 * low)
        assert chart.groups[0].values[0].high == pytest.approx(100 * high)

    @pytest.mark.parametrize("count", [3, 10, 500])
    def test_map_has_both_models_on_the_same_axes(self, count):
        (chart,) = inside_charts(Inside(map=seen(count)))
        figure = drawn(chart)
        assert [len(one["x"]) for one in figure["data"]][:2] == [count, count]
        assert figure["layout"]["xaxis"]["range"] == figure["layout"]["xaxis2"]["range"]
        assert f"n = {count}" in chart.note

    def test_map_of_many_samples_has_dots_and_each_name_once_amid_its_own(self, written):
        few, many = (inside_charts(Inside(map=seen(count)))[0] for count in (8, 300))
        names, middles = drawn(few)["data"][0], drawn(few)["data"][2]
        assert (names["mode"], middles["text"]) == ("text", [])
        figure = drawn(many)
        check_figure(figure)
        dots, middles = figure["data"][0], figure["data"][2]
        assert (dots["mode"], middles["text"]) == ("markers", ["cat", "cow", "dog", "猫"])
        assert dots["marker"]["size"][:2] == [14, 8]
        written.clear()
        many.png()
        assert written[-5:] == ["cat", "cow", "dog", "label 3", look.LACKED]

    def test_map_of_values_has_dots_alone(self):
        places = seen(8)
        values = replace(places, outputs=(-1,) * 8, names=("×",) * 8)
        (chart,) = inside_charts(Inside(map=values))
        figure = drawn(chart)
        check_figure(figure)
        assert [one["mode"] for one in figure["data"]] == ["markers", "markers", "text", "text"]
        assert [one["text"] for one in figure["data"]] == [[]] * 4

    @pytest.mark.parametrize("where", [0, 0.5, 1])
    def test_names_at_one_place_are_put_apart_within_the_map(self, where):
        room = np.array([700.0, 500.0])
        middles, widths = np.full((12, 2), where) * room, np.linspace(30, 300, 12)
        found = apart(middles, widths, 34, tuple(room))
        assert (np.diff(np.sort(found[:, 1])) >= 34 - 1e-9).all()
        assert (found[:, 1] >= 17).all()
        assert (found[:, 1] <= 483).all()
        assert (found[:, 0] - widths / 2 >= 0).all()
        assert (found[:, 0] + widths / 2 <= 700).all()

    def test_names_that_do_not_touch_stay_in_their_places(self):
        middles = np.array([[100.0, 100], [100, 150], [400, 100]])
        assert np.array_equal(apart(middles, np.full(3, 90.0), 34, (700, 500)), middles)

    def test_map_has_whole_names_in_the_browser_and_a_number_where_the_font_lacks_one(self):
        (chart,) = inside_charts(Inside(map=seen(8)))
        assert drawn(chart)["data"][0]["text"] == ["cat", "dog", "猫", "cow"] * 2
        assert list(chart.drawn) == ["cat", "dog", "label 3", "cow"] * 2

    def test_layers_that_stood_still_or_began_at_zero_are_said(self):
        layers = (
            LayerChange("conv", 0.02, 1.0, 50),
            LayerChange("dense", math.inf, 3.0, 50),
            LayerChange("frozen", 0.0, 0.0, 50),
        )
        (chart,) = inside_charts(Inside(layers=layers))
        drawn(chart)
        said = [group.values[0].said for group in chart.groups]
        assert said == ["1 (2.00%)", "3 (from zero)", "0 (0.00%)"]
        assert [group.values[0].value for group in chart.groups] == [1, 3, 0]
        assert "1 of 3 layers did not move." in chart.note
        (chart,) = inside_charts(Inside(layers=layers[::2]))
        assert [group.values[0].said for group in chart.groups] == ["2.00%", "0.00%"]
        assert chart.note.startswith("Relative")

    def test_layer_that_hardly_moved_is_not_said_to_have_stood_still(self):
        (chart,) = inside_charts(Inside(layers=(LayerChange("conv", 4e-5, 0.01, 50),)))
        assert [group.values[0].said for group in chart.groups] == ["0.004%"]

    def test_model_of_very_many_layers_shows_those_that_moved_most(self):
        layers = tuple(LayerChange(f"layer {k}", k / 100, float(k), 5) for k in range(45))
        (chart,) = inside_charts(Inside(layers=layers))
        assert [group.name for group in chart.groups] == [f"layer {k}" for k in range(15, 45)]

    def test_nothing_studied_has_no_chart(self):
        assert study_charts(Studies()) == []
        assert inside_charts(Inside()) == []


class TestRoom:
    @pytest.mark.parametrize("lines", [1, 12])
    def test_nothing_lies_beyond_the_edges_however_long_the_note_is(self, lines, monkeypatch):
        ends, text, mark = [], Canvas.text, Canvas.dot

        def seen_text(canvas, at, words, size, **kept):
            wide = text(canvas, at, words, size, **kept)
            left = at[0] - {"l": 0, "m": wide / 2, "r": wide}[kept.get("anchor", "l")]
            if canvas.width == 1600:  # else a turned text's own
                ends.append((left, at[1] - size / 2, left + wide, at[1] + size / 2, canvas.height))
            return wide

        def seen_dot(canvas, at, radius, colour, **kept):
            x, y = at
            ends.append((x - radius, y - radius, x + radius, y + radius, canvas.height))
            return mark(canvas, at, radius, colour, **kept)

        monkeypatch.setattr(Canvas, "text", seen_text)
        monkeypatch.setattr(Canvas, "dot", seen_dot)
        for chart in every_chart():
            ends.clear()
            replace(chart, note="Some words that fill a line of it. " * 3 * lines).png()
            left, top, right, bottom, height = np.array(ends).T
            assert min(left.min(), top.min()) >= 0, chart.name
            assert right.max() <= 1600, chart.name
            assert (bottom <= height - 8).all(), chart.name


class TestCalibration:
    def test_each_bin_has_its_interval_in_the_browser_and_in_the_picture(self):
        evidence = evidence_of(40)
        (chart,) = (one for one in charts_of(evidence) if one.name == "calibration-test")
        bins = [one for one in reliability_of(evidence.test.base).bins if one.n]
        _, base, _ = chart.lines
        assert base.ends == [one.interval for one in bins]
        _, told, _ = drawn(chart)["data"]
        ends = zip(told["y"], told["error_y"]["arrayminus"], told["error_y"]["array"], strict=True)
        drawn_ends = [(y - minus, y + plus) for y, minus, plus in ends]
        assert np.allclose(drawn_ends, [one.interval for one in bins])
        plain = replace(chart, lines=tuple(replace(line, ends=()) for line in chart.lines))
        assert chart.png() != plain.png()


class TestColours:
    def test_personalised_has_the_accent_and_base_is_grey(self):
        (row,) = charts_of(evidence_of(10))[0].groups
        data = charts_of(evidence_of(10))[0].plotly()["data"]
        assert [value.role for value in row.values] == [Role.BASE, Role.OWN]
        assert [trace["marker"]["color"] for trace in data] == ["#7C8296", "#4F46E5"]

    def test_every_text_on_paper_can_be_read(self, monkeypatch):
        inks, draw = {look.PAPER}, Canvas.text

        def text(canvas, at, words, size, *, colour=look.INK, **kept):
            inks.add(colour)
            return draw(canvas, at, words, size, colour=colour, **kept)

        monkeypatch.setattr(Canvas, "text", text)
        charts = (*charts_of(evidence_of(10)), *inside_charts(Inside(map=seen(6))))
        assert {"gain", "confusion-test", "labels-test", "map"} <= {one.name for one in charts}
        for chart in charts:
            chart.png()
        paper = ImageColor.getrgb(look.PAPER)
        on_paper = inks - {look.PAPER}  # which is for figures in dark cells
        assert min(contrast(ImageColor.getrgb(ink), paper) for ink in on_paper) >= 4.5  # WCAG's AA

    def test_mistakes_are_red_and_every_figure_can_be_read_on_its_cell(self):
        counts = np.array([[100, 1, 0], [30, 7, 2], [0, 0, 50]])
        both = ((Role.BASE, counts.T), (Role.OWN, counts))
        chart = Matrices("m", "", "", both, ("a", "b", "c"), ("a", "b", "c"))
        figure = drawn(chart)
        check_figure(figure)
        strengths = np.zeros((2, 3, 3))
        for trace in figure["data"]:
            own = int(trace["xaxis"] == "x2")
            signs = np.array(trace["z"], float)
            strengths[own] += np.nan_to_num(signs)
            (left, red), (_, empty), (_, right) = trace["colorscale"]
            assert (left, red) == (0, "#A11B1B")
            ends = [np.array(ImageColor.getrgb(colour)) for colour in (empty, red, right)]
            for place in np.argwhere(np.isfinite(signs)):
                said, sign = trace["text"][place[0]][place[1]], signs[tuple(place)]
                fill = ends[0] + (ends[1 if sign < 0 else 2] - ends[0]) * abs(sign)
                ink = ImageColor.getrgb(trace["textfont"]["color"])
                assert not said or contrast(ink, fill.round()) >= 4.5
        assert (np.sign(strengths[1]) == np.sign([[1, -1, 0], [-1, 1, -1], [0, 0, 1]])).all()
        assert strengths[0, 0, 0] == strengths[1, 0, 0] == 1
        assert strengths[1, 0, 1] == pytest.approx(-0.73)
        with Image.open(io.BytesIO(chart.png())) as picture:
            fills = {colour for _, colour in picture.getcolors(1 << 20)}
        assert ImageColor.getrgb(look.mixed("#A11B1B", 0.73)) in fills

    def test_the_drawn_accent_is_in_the_picture(self):
        with Image.open(io.BytesIO(charts_of(evidence_of(10))[0].png())) as picture:
            colours = dict((colour, n) for n, colour in picture.getcolors(1 << 20))
        assert colours[(0x4F, 0x46, 0xE5)] > 500


class TestText:
    @pytest.mark.parametrize(
        ("name", "drawn"),
        [
            ("Zoë", "Zoë"),
            ("žluťoučký", "žluťoučký"),
            ("star ⭐️", "star (8)"),
            ("⭐ star", "star (8)"),
            ("猫, 🚀", "label 8"),
            ("→", "label 8"),
            (None, "output 7"),
        ],
    )
    def test_picture_drops_only_the_letters_that_the_font_lacks(self, name, drawn):
        assert look.drawn(name, 7) == drawn

    def test_browser_has_every_letter_of_a_name_and_pictures_say_where_it_stands(self, written):
        evidence = evidence_of(40, 2)
        names = Labels(("star ⭐️", "<b>לב"))
        samples = replace(evidence.samples, labels=names)
        named = replace(evidence, samples=samples, test=replace(evidence.test, samples=samples))
        charts = {chart.name: chart for chart in charts_of(named)}
        for name in ("confusion-test", "labels-test", "samples", "fixed"):
            written.clear()
            charts[name].png()
            assert {"star (1)", "is star (1)"} & set(written), name
            assert look.LACKED in written, name
        for name in ("confusion-test", "labels-test"):
            told = json.dumps(charts[name].plotly(), ensure_ascii=False)
            assert "star ⭐️" in told, name
            assert "&lt;b&gt;לב" in told, name

    @pytest.mark.parametrize(("labels", "lacked"), [(40, True), (41, False)])
    def test_matrix_tells_of_letters_that_it_lacks_only_where_it_has_names(
        self, written, labels, lacked
    ):
        counts = ((Role.OWN, np.eye(labels, dtype=int)),)
        names = tuple(f"star ⭐ {k}" for k in range(labels))
        Matrices("m", "", "", counts, names, tuple(map(look.drawn, names, range(labels)))).png()
        assert (look.LACKED in written) == lacked

    @pytest.mark.parametrize(("labels", "lacked"), [(12, True), (13, False)])
    def test_map_tells_of_letters_that_it_lacks_only_where_it_has_names(
        self, written, labels, lacked
    ):
        outputs = tuple(k % labels for k in range(60))
        names = tuple(f"star ⭐ {k}" for k in outputs)
        (chart,) = inside_charts(Inside(map=replace(seen(60), outputs=outputs, names=names)))
        chart.png()
        assert (look.LACKED in written) == lacked

    def test_every_letter_of_what_charts_can_say_is_in_the_font(self):
        rooms = (odt_core.evaluation, odt_core.studies, odt_core.evidence)
        said = {letter for room in rooms for text in texts_in(room) for letter in text}
        asked = "".join(sorted(filter(str.isprintable, said)))
        assert "→" in asked
        assert "".join(text for text, _ in look.runs(asked)) == asked.replace("→", "to")

    @pytest.mark.parametrize("part", ["latin", "latin-ext"])
    def test_letters_are_those_that_the_file_has(self, part):
        said = {"latin": letters.IN_LATIN, "latin-ext": letters.IN_EXTENDED}[part]
        file = ASSETS / "fonts" / f"inter-{part}-wght-normal.woff2"
        # Any other layout puts some together, or leaves some out.
        face = ImageFont.truetype(file, 16, layout_engine=ImageFont.Layout.BASIC)

        def drawn(letter: str) -> tuple[object, bytes]:
            mask = face.getmask(letter)
            return mask.size, bytes(mask)

        lacked = drawn("\uffff")  # no letter
        blocks = chain(range(0x20, 0x2E80), range(0xA720, 0xA800), [0xFEFF])
        asked = [chr(code) for code in blocks]
        assert said <= set(asked)
        assert {letter for letter in asked if drawn(letter) != lacked} == said

    def test_sentence_of_two_numbers_is_drawn_without_a_broken_sign(self):
        assert look.runs("53 → 60 of 60") == [("53 to 60 of 60", False)]

    def test_text_is_cut_to_its_place(self):
        cut = Canvas.cut("a very long label that does not fit", 30, 200)
        assert cut.endswith("…")
        assert Canvas.measure(cut, 30) <= 200

    @pytest.mark.parametrize(
        ("text", "cell"),
        [("=1+1", '"\'=1+1"'), ('a"b', '"a""b"'), ("-2", '"\'-2"'), ("plain", '"plain"')],
    )
    def test_csv(self, text, cell):
        assert csv_text(text) == cell

    @pytest.mark.parametrize(
        ("text", "markdown"),
        [
            ("a|b", "a\\|b"),
            ("<b>", "&lt;b>"),
            ("# x", "\\# x"),
            ("1. x", "&#49;. x"),
            ("1)", "&#49;)"),
            ("83.1% of 65", "83.1% of 65"),
            ("-3.5 to +36.0", "-3.5 to +36.0"),
            ("- x", "\\- x"),
            ("---", "\\---"),
            ("+", "\\+"),
            ("p = 0.5, 1-2", "p = 0.5, 1-2"),
            ("a\nb", "a b"),
        ],
    )
    def test_markdown(self, text, markdown):
        assert markdown_text(text) == markdown

    def test_script_json_cannot_end_its_element(self):
        text = script_json({"a": "</script><!--\u2028&"})
        assert not set(text) & set("<>&\u2028")
        assert json.loads(text) == {"a": "</script><!--\u2028&"}


class TestAxes:
    def test_ticks_are_round(self):
        assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1]
        assert ticks(0.93, 1.0, 4) == [0.94, 0.96, 0.98, 1.0]
        assert ticks(3, 3) == [3]
        assert ticks(0, 1e-13, 4) == [0, 2.5e-14, 5e-14, 7.5e-14, 1e-13]
        assert ticks(0, 3e15, 3) == [0, 1e15, 2e15, 3e15]

    def test_labels(self):
        assert [label(0.25, True), label(12345.0, False), label(1e-5, False)] == [
            "25%", "12,345", "1.0e-05",
        ]  # fmt: skip

    def test_span_without_values(self):
        assert span([float("nan")]) == (0.0, 1.0)
        assert span([2.0]) == (1.8, 2.2)


class TestPixels:
    def test_grey_and_colour_become_bytes(self):
        x = np.array([[[[0.0], [2.0]]] * 6], np.float32).repeat(3, axis=2)
        pixels = as_pixels(x)
        assert pixels.dtype == np.uint8
        assert pixels.shape == (1, 6, 6)
        assert sorted(set(pixels.ravel().tolist())) == [0, 255]

    @pytest.mark.parametrize("shape", [(3, 10), (3, 8, 8, 2), (3, 2, 9, 1)])
    def test_numbers_are_no_pictures(self, shape):
        assert as_pixels(np.zeros(shape, np.float32)) is None
