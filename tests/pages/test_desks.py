"""Desks that rest: workers sleep and wake, swept workspaces are replaced."""

import os
import threading
import time

import numpy as np
import pytest

from odt_core.bundled import bundled_models, find_card
from odt_core.dialects.contract import OutputKind
from odt_core.errors import WorkspaceError
from odt_core.worker.turns import CoreShares
from odt_core.workspace import Source, Workspaces
from odt_core.workspace.lock import FolderLock
from pages.ui import base_sets
from pages.ui import desks as module
from pages.ui.desks import Desks, all_desks
from pages.ui.prepared import forget
from tests.pages.trainings import until

MINUTES = 60.0


def answer(desk):
    return desk.worker().infer(np.zeros((1, 28, 28, 1), np.float32), "own")


def test_rest_when_a_desk_is_unvisited_then_its_worker_sleeps_and_wakes_with_the_same_answers(
    tmp_path,
):
    desks = Desks(tmp_path)
    try:
        desk = desks.create()
        before = answer(desk)
        desks.rest(time.monotonic() + 4 * MINUTES)
        assert desk.awake
        desks.rest(time.monotonic() + 6 * MINUTES)
        assert not desk.awake
        assert np.array_equal(answer(desk), before)
        assert desk.awake
    finally:
        desks.close()


def test_rest_when_too_many_are_awake_then_the_longest_unvisited_sleeps(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_AWAKE", 1)
    desks = Desks(tmp_path)
    try:
        first, second = desks.create(), desks.create()
        answer(first)
        answer(second)
        desks.rest(first.used + 5)
        assert [first.awake, second.awake] == [True, True]  # both in use
        desks.rest(second.used + 30)
        assert [first.awake, second.awake] == [False, True]
    finally:
        desks.close()


def test_rest_when_all_tabs_of_a_desk_are_closed_then_its_worker_sleeps_soon(tmp_path):
    tabs = {"one", "other"}
    desks = Desks(tmp_path, is_open=tabs.__contains__)
    try:
        desk = desks.create("one")
        assert desks.open(desk.workspace.token, "other") is desk
        before = answer(desk)
        tabs.remove("one")
        desks.rest(desk.used + 30)
        assert desk.awake
        tabs.remove("other")
        desks.rest(desk.used + 5)  # a reload closes the tab and opens another
        assert desk.awake
        desks.rest(desk.used + 15)
        assert not desk.awake
        desks.open(desk.workspace.token, "third")
        assert np.array_equal(answer(desk), before)
    finally:
        desks.close()


def test_rest_when_a_tab_was_left_open_for_long_then_its_next_act_is_kept(tmp_path):
    desks = Desks(tmp_path, is_open={"left"}.__contains__)
    try:
        desk = desks.create("left")
        desks.rest(time.monotonic() + 31 * MINUTES)
        desk.workspace.add_label("heart")
        assert desks.open(desk.workspace.token, "other") is desk
    finally:
        desks.close()


def test_room_when_all_desks_are_taken_then_one_that_no_tab_shows_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LIMIT", 2)
    desks = Desks(tmp_path, is_open={"open"}.__contains__)
    try:
        shown, other = desks.create("open"), desks.create("closed")
        desks.create("open")
        assert desks.open(shown.workspace.token) is shown
        assert desks.open(other.workspace.token) is not other
    finally:
        desks.close()


def test_rest_when_a_desk_is_closed_for_long_disuse_then_the_same_link_opens_it(tmp_path):
    desks = Desks(tmp_path, is_open=lambda tab: False)
    try:
        desk = desks.create()
        token = desk.workspace.token
        desk.workspace.add_label("heart")
        desks.rest(time.monotonic() + 31 * MINUTES)
        again = desks.open(token)
        assert again is not desk
        with pytest.raises(WorkspaceError, match="closed"):
            answer(desk)
        assert not desk.awake
        assert "heart" in again.labels.names
    finally:
        desks.close()


def test_page_when_its_empty_workspace_was_swept_then_it_says_so_and_goes_on_with_a_new_one(
    app, monkeypatch
):
    token = app.session_state["odt_workspace"]
    desks = all_desks()
    monkeypatch.setattr(desks, "_is_open", lambda tab: False)
    desks.rest(time.monotonic() + 31 * MINUTES)
    assert desks._workspaces.sweep(-1) == 1
    app.run()
    assert not app.exception
    assert "no workspace behind this link" in app.error[0].value
    assert app.session_state["odt_workspace"] != token
    app.run()
    assert not app.error


def test_run_when_others_have_all_cores_then_the_page_says_that_it_waits(app, desk_of, monkeypatch):
    turns = CoreShares(1, slice_seconds=1000)
    monkeypatch.setattr("odt_core.worker.link.turns", turns)
    turns.join(somebody := Somebody())
    app.button(key="example").click().run()
    app.button(key="train").click().run()
    run = desk_of(app).run
    until(lambda: run.snapshot().waiting)
    app.run()
    assert "waiting for a free core" in app.main.get("progress")[0].proto.text
    turns.leave(somebody)
    assert run.wait(60)
    assert not run.snapshot().waiting


class Somebody:
    """Another visitor's training."""

    def go(self) -> bool:
        return True

    def hold(self) -> bool:
        return True


def test_kept_out_samples_when_much_is_to_be_prepared_are_not_waited_for(app, desk_of):
    desk = desk_of(app)
    rng = np.random.default_rng(0)
    label = desk.workspace.manifest.labels[0].id
    desk.workspace.add_samples(
        list(rng.integers(0, 256, (60, 64, 64), np.uint8)), label, Source.UPLOAD
    )
    forget({sample.sha256 for sample in desk.workspace.manifest.samples})  # of an earlier run
    assert desk.near_test_known() is None
    found = desk.near_test()
    assert desk.near_test_known() == found


def test_base_scores_when_one_visitors_process_hangs_then_another_is_asked(monkeypatch):
    monkeypatch.setattr(base_sets, "_scores", {})
    card = find_card(bundled_models()[0])
    asked, go_on = threading.Event(), threading.Event()

    def hang(x):
        asked.set()
        go_on.wait(30)
        return np.zeros((len(x), 16), np.float32), OutputKind.LOGITS

    waiting = threading.Thread(target=base_sets.base_scores_of, args=(card, hang))
    waiting.start()
    assert asked.wait(30)
    ones = np.ones((1000, 16), np.float32)
    scores, _ = base_sets.base_scores_of(card, lambda x: (ones, OutputKind.LOGITS))
    assert scores is ones
    go_on.set()
    waiting.join(30)
    assert not waiting.is_alive()


def test_create_when_all_are_training_then_nothing_is_made_or_left_open(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LIMIT", 1)
    desks = Desks(tmp_path)
    try:
        token = desks.create().workspace.token
        monkeypatch.setattr(module.Desk, "busy", True)
        other = Workspaces(tmp_path).create().token
        Workspaces(tmp_path).close(other)
        before = sorted(tmp_path.iterdir())
        for _ in range(3):
            with pytest.raises(WorkspaceError, match="training on this server"):
                desks.create()
            with pytest.raises(WorkspaceError, match="training on this server"):
                desks.open(other)
        assert sorted(tmp_path.iterdir()) == before
        FolderLock(desks._workspaces._folder(other) / "lock").release()  # nobody has it open
        assert desks.open(token).workspace.token == token
    finally:
        monkeypatch.setattr(module.Desk, "busy", False)
        desks.close()


def test_newcomer_when_hardly_a_file_can_be_opened_is_refused_and_who_is_there_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_LEFT", 0.0)
    desks = Desks(tmp_path, is_open={"open"}.__contains__)
    try:
        there, left = desks.create("open"), desks.create("closed")
        monkeypatch.setattr("pages.ui.descriptors.few_left", lambda: True)
        come = desks.create("open")  # in the place of the one that was left
        before = sorted(tmp_path.iterdir())
        with pytest.raises(WorkspaceError, match="So many people are on this server"):
            desks.create("open")
        with pytest.raises(WorkspaceError, match="So many people are on this server"):
            desks.open(left.workspace.token, "open")
        assert sorted(tmp_path.iterdir()) == before
        for one in (there, come):
            assert desks.open(one.workspace.token, "open") is one
    finally:
        desks.close()


def test_housekeeping_when_a_sweep_fails_then_it_goes_on_at_the_next_round(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(module, "_LOOK", 0.01)
    monkeypatch.setattr(module, "_SWEEP", 0.0)
    root, away = tmp_path / "root", tmp_path / "away"
    Workspaces(root).close(Workspaces(root).create().token)
    (folder,) = root.iterdir()
    desks = Desks(root)
    try:
        root.rename(away)  # as when a disk is taken away
        until(lambda: "looking after the workspaces failed" in caplog.text)
        os.utime(away / folder.name / "history", (0, 0))
        away.rename(root)
        until(lambda: not folder.exists())
    finally:
        desks.close()
