"""Desks: a worker that is put to sleep at the wrong moment, and two tabs of one visitor."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint
from odt_core.errors import OdtError
from odt_core.worker import Worker
from odt_core.workspace import CheckpointInfo, Kind, Source
from pages.ui.desks import Desks
from tests.faults.player import SETTINGS, picture

MINUTES = 60.0


def on(thread: threading.Thread) -> bool:
    return threading.current_thread() is thread


@pytest.fixture
def desks(tmp_path):
    opened = Desks(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(desks):
    made = desks.create()
    for place, label in enumerate(made.workspace.manifest.labels[:3]):
        items = [picture(10 * place + k) for k in range(3)]
        made.workspace.add_samples(items, label.id, Source.DRAW)
    return made


def test_worker_put_to_sleep_while_it_answers_then_the_visitor_gets_the_answer(desk, monkeypatch):
    expected = desk.answers(picture(1))
    scores, slept = Worker.both_scores, []

    def asleep_once(self, *given):
        if not slept:
            slept.append(True)
            desk.sleep()
        return scores(self, *given)

    desk.answers(picture(2))  # the last answer is kept
    monkeypatch.setattr(Worker, "both_scores", asleep_once)
    answered = desk.answers(picture(1))
    assert slept
    assert np.array_equal(answered.base, expected.base)
    assert np.array_equal(answered.own, expected.own)


def test_worker_put_to_sleep_while_it_is_judged_then_the_visitor_gets_the_figures(
    desk, monkeypatch
):
    samples, scores, slept = desk.samples(None), Worker.scores, []

    def asleep_once(self, x, which="own"):
        if which == "own" and not slept:
            slept.append(True)
            desk.sleep()
        return scores(self, x, which)

    monkeypatch.setattr(Worker, "scores", asleep_once)
    found = desk.scores(samples, "these")
    assert slept
    assert found.own.correct == found.base.correct  # your model is the base model


def test_desk_whose_visitor_only_draws_then_stays_open(desks, desk, monkeypatch):
    monkeypatch.setattr(desks, "_is_open", lambda tab: False)
    token = desk.workspace.token
    opened = desk.used
    desk.answers(picture(1))
    assert desk.used > opened
    desks.rest(desk.used + 29 * MINUTES)
    assert desks.open(token) is desk


class TestTwoTabs:
    def test_train_pressed_in_both_tabs_at_once_then_one_run_begins(self, desks, desk):
        runs = []
        tabs = [desks.open(desk.workspace.token) for _ in range(2)]
        threads = [
            threading.Thread(target=lambda tab=tab: runs.append(tab.train(SETTINGS)))
            for tab in tabs
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tabs[0] is tabs[1]
        assert runs[0] is runs[1]
        assert runs[0].wait(60)
        assert len(desk.workspace.runs()) == 1

    def test_drawing_while_the_other_tab_asks_many_checkpoints_then_waits_for_one_of_them(
        self, desk, monkeypatch
    ):
        workspace, worker = desk.workspace, desk.worker()
        samples, item = desk.samples(None), picture(1)
        data = save_checkpoint(Checkpoint(worker.state("base"), CheckpointMeta(worker.sha256)))
        info = CheckpointInfo(Kind.MANUAL, 1, 1)
        checkpoints = [workspace.add_checkpoint(data, info).id for _ in range(3)]
        desk.unknown()  # else the answer waits to learn it
        wanted, measured, order = threading.Event(), threading.Event(), []

        def answer() -> None:
            desk.answers(item)
            order.append("answer")

        def reached():
            wanted.set()
            return reach()

        def measure(*given):
            order.append("checkpoint")
            if len(order) == 1:
                drawing.start()
                assert wanted.wait(10)
            else:
                measured.set()
            return predict(*given)

        def ask(*given):
            measured.wait(0.3)  # long enough for the next checkpoint to come between
            return both(*given)

        drawing = threading.Thread(target=answer)
        reach, predict, both = desk.worker, worker.predict_proba, worker.both_scores
        monkeypatch.setattr(desk, "worker", lambda: reached() if on(drawing) else reach())
        monkeypatch.setattr(worker, "predict_proba", measure)
        monkeypatch.setattr(worker, "both_scores", ask)
        for checkpoint in checkpoints:
            desk.evaluation_at(checkpoint, "these", samples)
        drawing.join(10)
        assert order == ["checkpoint", "answer", "checkpoint", "checkpoint"]

    def test_changes_in_both_tabs_at_once_then_none_is_lost(self, desk):
        workspace = desk.workspace
        label = workspace.manifest.labels[0].id
        before = len(workspace.manifest.samples)

        def draw(first: int) -> None:
            for number in range(first, first + 10):
                workspace.add_samples([picture(number)], label, Source.DRAW)

        threads = [threading.Thread(target=draw, args=(first,)) for first in (1000, 2000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(workspace.manifest.samples) == before + 20

    def test_sample_deleted_in_one_tab_then_the_other_hears_of_it(self, desk):
        sample = desk.workspace.manifest.samples[0].id
        desk.workspace.delete_samples([sample])
        with pytest.raises(OdtError, match="not there any more"):
            desk.workspace.delete_samples([sample])

    def test_reset_in_one_tab_while_the_other_trains_then_is_refused(self, desk):
        run = desk.train(replace(SETTINGS, epochs=1000))
        deadline = time.monotonic() + 30
        while not run.snapshot().records and time.monotonic() < deadline:
            time.sleep(0.005)
        desk.pause()  # so that it does not end by itself
        with pytest.raises(OdtError, match="Stop it first"):
            desk.reset_to_base()
        desk.stop()
        assert run.wait(60)
        assert desk.workspace.manifest.head is not None
