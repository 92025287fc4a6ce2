"""What is drawn of samples and checkpoints: cells, the map, and the scrubber over time."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.evaluation import map_names, score
from odt_core.evaluation.layers import LayerChange
from odt_core.workspace import CheckpointInfo, Kind, Part
from odt_core.workspace.run_log import RunKept
from pages.ui.evaluate import inside, over_time
from pages.ui.evaluate.figure import shortened
from tests.pages.evaluate.parts import over_time_data, visit
from tests.pages.page_text import shown


class TestMistakes:
    def test_cell_when_chosen_shows_only_its_samples(self, trained):
        app, desk = trained
        visit(app, "Mistakes")
        app.selectbox(key="cell_is").set_value("7").run()
        count = sum(desk.labels.names[y] == "7" for y in desk.samples(Part.TEST).y)
        assert f"{count} samples of '7'" in shown(app).replace("&#x27;", "'")


class TestNames:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("label number 12", "label n…ber 12"),
            ("label number 13", "label n…ber 13"),
            ("fourteen chars", "fourteen chars"),
        ],
    )
    def test_name_when_too_long_is_cut_in_its_middle(self, name, said):
        assert shortened(name, 14) == said

    def test_map_when_names_are_long_shows_dots_that_say_them(self, trained, monkeypatch):
        _, desk = trained
        drawn = {}
        monkeypatch.setattr(
            inside, "figure", lambda key, traces, **_: drawn.update({key: traces[0]})
        )
        inside._map(desk)
        assert drawn["chart_map_own"]["mode"] == "text"
        desk.workspace.rename_label(desk.workspace.manifest.labels[3].id, "the third of them")
        inside._map(desk)
        assert drawn["chart_map_own"]["mode"] == "markers"
        assert "the third of them" in drawn["chart_map_own"]["text"]

    def test_layers_that_stood_still_are_counted_among_all(self, trained, monkeypatch):
        _, desk = trained
        noted = []
        monkeypatch.setattr(inside, "figure", lambda *_, **__: None)
        monkeypatch.setattr(inside.pieces, "note", noted.append)
        sizes = ((0, 20), (5, 30), (0, 50))  # weights that moved, and all
        monkeypatch.setattr(
            inside,
            "weight_changes",
            lambda *_: [
                LayerChange(f"layer {k}", 0.1 * moved, moved, size, changed=moved)
                for k, (moved, size) in enumerate(sizes)
            ],
        )
        inside._layers(desk)
        assert noted == ["Of 100 weights in 3 layers, 5 moved; 2 of 3 layers did not move at all."]

    def test_kinds_of_change_that_are_not_listed_are_counted(self, monkeypatch):
        noted = []
        monkeypatch.setattr(inside.pieces, "note", noted.append)
        monkeypatch.setattr(inside.pieces, "table", lambda *_: None)
        y = np.arange(inside._MOVES + 2)
        base, own = (score(np.eye(len(y), dtype=np.float32)[one], y) for one in (0 * y, y))
        one = SimpleNamespace(base=base, own=own, called=str)
        inside._moved(one)
        assert noted[-1] == "And 1 more kind of change."

    def test_map_when_there_are_many_samples_shows_dots(self, trained, monkeypatch):
        _, desk = trained
        drawn = {}
        monkeypatch.setattr(
            inside,
            "figure",
            lambda key, traces, layout, **_: drawn.update({key: (*traces, layout)}),
        )
        monkeypatch.setattr(map_names, "_LETTERS", len(desk.samples(None)) - 1)
        inside._map(desk)
        dots, layout = drawn["chart_map_own"]
        assert dots["mode"] == "markers"
        assert [one["text"] for one in layout["annotations"]] == [str(k) for k in range(10)]


class TestOverTime:
    def test_every_checkpoint_answers_the_same_samples(self, trained):
        _, desk = trained
        data = over_time_data(desk)
        names = [stop["name"] for stop in data["stops"]]
        assert names[:2] == ["Base model", "Checkpoint 1: step 10"]
        assert len(names) == len(desk.other_checkpoints()) + 1
        assert re.match(
            r"\d+ of 60 right, 95 % interval [\d.]+\u2060–\u2060[\d.]+\u00a0% · made",
            data["stops"][-1]["remark"],
        )
        assert "Base test set: " in data["stops"][-1]["sentence"]
        assert {len(face["says"]) for face in data["faces"]} == {len(names)}
        assert {trace["name"] for trace in data["traces"]} == {
            "your test samples, n = 60", "base test set, n = 1,000", "base model",
        }  # fmt: skip
        own = data["traces"][-1]
        assert own["y"][-1] == desk.scores(desk.samples(Part.TEST), "t").own.accuracy

    def test_second_training_is_marked_where_it_starts(self, trained):
        app, desk = trained
        app.button(key="train").click().run()
        assert desk.run.wait(60)
        ticks = over_time_data(desk)["layout"][0]["xaxis"]["ticktext"]
        assert ticks[:3] == ["base", "10", "start"]
        assert ticks.count("start") == 1

    def test_runs_stand_one_after_the_other_also_where_their_starts_are_gone(self, person):
        _, desk = person
        worker = desk.worker()
        data = save_checkpoint(Checkpoint(worker.state(), CheckpointMeta(worker.sha256)))
        runs = ((Kind.AUTO, 50), (Kind.BEST, 30), (Kind.END, 60)), ((Kind.AUTO, 20), (Kind.END, 40))
        for made in runs:
            run = desk.workspace.start_run()
            for kind, step in made:
                entry = desk.workspace.add_checkpoint(data, CheckpointInfo(kind, step, 8))
                desk.workspace.append_run(run, [RunKept(entry.id, step).to_json()])
        desk.workspace.add_checkpoint(data, CheckpointInfo(Kind.UPLOADED, 10, 0))
        assert [stop.step for stop in over_time._stops(desk)] == [0, 30, 50, 60, 20, 40, 10]

    def test_run_that_never_ended_is_not_read_at_each_draw(self, trained, monkeypatch):
        _, desk = trained
        cut_short = desk.workspace.start_run()
        desk.workspace.start_run()
        order, read = desk.checkpoints_in_order(), []
        records = desk.workspace.run_records
        monkeypatch.setattr(
            desk.workspace, "run_records", lambda run: (read.append(run), records(run))[1]
        )
        assert desk.checkpoints_in_order() == order
        assert cut_short not in read

    def test_best_of_a_run_whose_file_is_gone_stands_where_it_was_made(self, person):
        _, desk = person
        worker = desk.worker()
        data = save_checkpoint(Checkpoint(worker.state(), CheckpointMeta(worker.sha256)))
        one = (Kind.AUTO, 50), (Kind.BEST, 30), (Kind.END, 60)
        two = (Kind.START, 0), (Kind.BEST, 20), (Kind.MANUAL, 5), (Kind.AUTO, 40), (Kind.BEST, 10)
        for kind, step in (*one, *one, *two):
            desk.workspace.add_checkpoint(data, CheckpointInfo(kind, step, 8))
        steps = [stop.step for stop in over_time._stops(desk)[1:]]
        assert steps == [30, 50, 60] * 2 + [0, 20, 5, 10, 40]
