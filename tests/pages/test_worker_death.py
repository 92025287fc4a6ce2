"""What a visitor sees when the model's process ends: what happened, and one click to go on."""

from __future__ import annotations

import io
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from odt_core.errors import WorkerError, WorkspaceError
from odt_core.training.events import Failed
from odt_core.training.settings import Settings
from odt_core.worker import Worker
from odt_core.worker import link as client
from odt_core.workspace import CheckpointInfo, Kind
from odt_core.workspace.disk import TRY_AGAIN
from pages.ui.desks import all_desks
from pages.ui.run import Phase
from tests.pages.page_text import said
from tests.pages.trainings import until

APP = str(Path(__file__).resolve().parents[2] / "app.py")
LONG = Settings(epochs=10_000, batch_size=16, replay=0.5)


def picture(wide: int = 8) -> bytes:
    sheet = np.full((60, 60), 255, np.uint8)
    sheet[10:50, 24 : 24 + wide] = 0
    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "PNG")
    return out.getvalue()


def full(*given, **more):
    raise WorkspaceError("This could not be saved: the disk is full." + TRY_AGAIN)


def ask(app):
    """Card 3 has an input that both models answer."""
    app.segmented_control(key="try_way").set_value("Upload").run()
    app.file_uploader(key="try_file").upload("one.png", picture())
    return app.run()


def cut_short(app, desk) -> tuple[str, str]:
    """A run whose process is killed; what the page then offers to go on with."""
    os.kill(desk._worker.pid, signal.SIGKILL)
    assert desk.run.wait(30)
    app.run()
    offered = desk.interrupted()
    assert offered is not None
    return offered


@pytest.fixture
def training(person, monkeypatch):
    """A run that saves itself often and does not end by itself."""
    fit = Worker.fit
    monkeypatch.setattr(
        Worker, "fit", lambda *given, **more: fit(*given, **{**more, "autosave_seconds": 0.05})
    )
    app, desk = person
    app.number_input(key="set_epochs").set_value(10_000)
    app.button(key="train").click().run()
    until(lambda: len(desk.workspace.manifest.checkpoints) >= 3)
    return app, desk


class TestIdle:
    def test_killed_while_idle_then_the_next_answer_comes_as_if_nothing_had_happened(self, person):
        app, desk = person
        os.kill(desk.worker().pid, signal.SIGKILL)
        until(lambda: not desk._worker.alive)
        ask(app)
        assert not app.exception
        assert said(app) == ""
        assert desk.worker().alive


class TestTraining:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
    def test_killed_while_training_then_says_so_and_goes_on_with_one_click(self, training, number):
        app, desk = training
        samples = desk.workspace.manifest.samples
        first = desk.run
        os.kill(desk._worker.pid, number)
        assert first.wait(60)
        app.run()
        assert not app.exception
        assert f"killed by signal {number.value}" in said(app)
        assert "samples and checkpoints are safe" in said(app)
        assert desk.workspace.manifest.samples == samples
        newest = desk.workspace.manifest.checkpoints[-1]
        app.button(key="go_on").click().run()
        assert not app.exception
        assert desk.run is not first
        until(lambda: desk.run.snapshot().step > newest.info.step)
        assert desk.interrupted() is None
        desk.stop()
        assert desk.run.wait(30)
        assert desk.run.phase is Phase.STOPPED

    def test_run_that_goes_on_has_the_curves_from_before_and_is_judged_by_its_start(self, training):
        app, desk = training
        _, offered = cut_short(app, desk)
        step = desk.workspace.manifest.checkpoint(offered).info.step
        app.button(key="go_on").click().run()
        assert desk.run.snapshot().step >= step
        until(lambda: desk.run.snapshot().step > step)
        desk.stop()
        assert desk.run.wait(30)
        live = desk.run.snapshot()
        for found in (live.records, live.evaluations):
            steps = [one.step for one in found]
            assert steps[0] <= 1
            assert steps == sorted(set(steps))
        assert step in [one.step for one in live.evaluations]
        test = desk._last_log()[1].ended.test
        assert test == (live.evaluations[0].test, live.evaluations[-1].test)

    def test_settings_changed_after_the_death_then_the_run_goes_on_with_its_own(self, training):
        app, desk = training
        os.kill(desk._worker.pid, signal.SIGKILL)
        assert desk.run.wait(30)
        newest = desk.workspace.manifest.checkpoints[-1]
        desk.workspace.set_settings(Settings(epochs=3, seed=9).to_json())
        app.run()
        app.button(key="go_on").click().run()
        until(lambda: desk.run.snapshot().step > newest.info.step)
        assert desk.workspace.manifest.settings["epochs"] == 10_000
        desk.stop()
        assert desk.run.wait(30)

    def test_start_that_fails_then_the_offer_to_go_on_stays(self, training, monkeypatch):
        def refuse(*_, **__):
            raise WorkerError("The machine is short of memory just now.")

        app, desk = training
        offered = cut_short(app, desk)
        monkeypatch.setattr(Worker, "fit", refuse)
        app.button(key="go_on").click().run()
        assert "short of memory" in said(app)
        assert desk.workspace.runs()[-1].id != offered[0]
        until(lambda: desk.interrupted() == offered)

    def test_run_that_goes_on_and_is_killed_before_it_kept_anything_then_the_offer_stays(
        self, training, monkeypatch
    ):
        def die(worker, *_, on_event, **__):
            on_event(Failed("The model's process was killed.", died=True))

        app, desk = training
        offered = cut_short(app, desk)
        monkeypatch.setattr(Worker, "fit", die)
        app.button(key="go_on").click().run()
        assert desk.run.wait(30)
        assert desk.run.id != offered[0]
        assert desk.interrupted() == offered

    def test_killed_before_anything_was_saved_then_training_starts_anew(self, person):
        app, desk = person
        run = desk.train(LONG)
        os.kill(desk._worker.pid, signal.SIGKILL)
        assert run.wait(30)
        app.run()
        assert "killed by signal 9" in said(app)
        app.button(key="train").click().run()
        assert desk.run is not run
        assert desk.busy
        desk.stop()
        assert desk.run.wait(30)

    def test_killed_while_training_then_other_visitors_see_nothing(self, training):
        _, desk = training
        other = AppTest.from_file(APP, default_timeout=60).run()
        ask(other)
        os.kill(desk._worker.pid, signal.SIGKILL)
        assert desk.run.wait(30)
        ask(other)
        assert not other.exception
        assert said(other) == ""
        theirs = all_desks().open(other.session_state["odt_workspace"])
        assert theirs is not desk
        assert theirs.worker().alive

    def test_stop_when_the_process_hangs_then_says_so_and_goes_on(self, training, monkeypatch):
        app, desk = training
        os.kill(desk._worker.pid, signal.SIGSTOP)
        monkeypatch.setattr(client, "RUN_SECONDS", 0.3)
        app.button(key="stop").click().run()
        assert not app.exception
        assert "did not answer" in said(app)
        assert desk.run.wait(30)
        monkeypatch.undo()
        app.run()
        app.button(key="go_on").click().run()
        until(lambda: desk.run.snapshot().records)
        desk.stop()
        assert desk.run.wait(30)


class TestAnswering:
    def test_killed_while_answering_then_says_so_and_answers_after_one_click(
        self, person, monkeypatch
    ):
        app, desk = person
        scores = Worker.both_scores

        def die(self, *given):
            os.kill(self.pid, signal.SIGKILL)
            return scores(self, *given)

        with monkeypatch.context() as fault:
            fault.setattr(Worker, "both_scores", die)
            ask(app)
        assert not app.exception
        assert "killed by signal 9" in said(app)
        assert desk.workspace.manifest.samples
        app.button(key="try_again").click().run()
        assert not app.exception
        assert said(app) == ""
        assert desk.worker().alive

    def test_page_drawn_again_then_what_was_not_answered_is_asked_after_a_click_or_a_change(
        self, person, monkeypatch
    ):
        app, desk = person
        asked, scores = [], Worker.both_scores

        def hang(self, *given):
            asked.append(1)
            raise WorkerError("The model did not answer for 60 s and was ended.")

        monkeypatch.setattr(Worker, "both_scores", hang)
        ask(app)
        assert "did not answer for 60 s" in said(app)
        asked.clear()
        desk.workspace.add_label("heart")
        app.run()
        assert "did not answer for 60 s" in said(app)
        assert not asked
        app.button(key="try_again").click().run()
        assert asked.pop()
        app.file_uploader(key="try_file").upload("other.png", picture(wide=20))
        app.run()
        assert asked.pop()
        monkeypatch.setattr(Worker, "both_scores", scores)
        assert desk.train(Settings(epochs=1)).wait(30)
        app.run()
        assert said(app) == ""

    def test_page_drawn_again_then_nobody_is_asked_for_the_same_answer(self, person, monkeypatch):
        app, desk = person
        asked = []
        scores = Worker.both_scores
        monkeypatch.setattr(Worker, "both_scores", lambda *given: asked.append(1) or scores(*given))
        ask(app)
        assert asked
        asked.clear()
        app.run()
        assert not asked
        desk.workspace.rename_label(desk.workspace.manifest.labels[0].id, "nought")
        app.run()
        assert asked


class TestDisk:
    def test_training_whose_end_cannot_be_saved_then_says_so_and_saves_it_later(
        self, training, monkeypatch
    ):
        app, desk = training
        run, before = desk.run, desk.workspace.manifest.head

        with monkeypatch.context() as fault:
            fault.setattr(desk.workspace, "add_checkpoint", full, raising=False)
            desk.stop()
            assert run.wait(30)
            app.run()
            assert "The end of training could not be saved" in said(app)
            assert "the disk is full" in said(app)
            assert desk.workspace.manifest.head == before
            base, own = desk.worker().state("base"), desk.worker().state("own")
            assert all(np.array_equal(base[name], own[name]) for name in base)
            app.button(key="save_end").click().run()
            assert "the disk is full" in said(app)
            (download,) = [one for one in app.get("download_button") if "it (" in one.label]
            assert download.label == "Download it (.safetensors)"
            app.button(key="erase").click().run()
            assert "What your last training learnt is not saved yet" in " ".join(
                one.value for one in app.markdown
            )
            app.button(key="keep_everything").click().run()
        learnt = run.unsaved.checkpoint.state
        app.button(key="save_end").click().run()
        assert said(app) == ""
        assert run.phase is Phase.STOPPED
        entry = desk.workspace.manifest.checkpoint(desk.workspace.manifest.head)
        assert (entry.info.kind, entry.info.step) == (Kind.END, run.snapshot().step)
        own = desk.worker().state("own")
        assert all(np.array_equal(learnt[name], own[name]) for name in own)
        assert desk.interrupted() is None
        assert "save_end" not in [button.key for button in app.button]

    def test_training_that_is_saved_but_not_its_record_is_not_said_to_be_unsaved(
        self, person, monkeypatch
    ):
        app, desk = person

        add = desk.workspace.add_checkpoint
        monkeypatch.setattr(desk.workspace, "add_checkpoint", full, raising=False)
        run = desk.train(Settings(epochs=1))
        assert run.wait(30)
        app.run()
        monkeypatch.setattr(desk.workspace, "add_checkpoint", add, raising=False)
        monkeypatch.setattr(desk.workspace, "append_run", full, raising=False)
        app.button(key="save_end").click().run()
        assert not app.exception
        assert desk.workspace.manifest.head == run.after
        assert said(app) == (
            "Your model is saved, but the record of its run could not be completed: some of its "
            "curves may be missing later. This could not be saved: the disk is full."
        )

    def test_training_that_came_to_its_end_and_was_not_saved_is_not_said_to_have_ended_early(
        self, person, monkeypatch
    ):
        app, desk = person

        monkeypatch.setattr(desk.workspace, "add_checkpoint", full, raising=False)
        run = desk.train(Settings(epochs=1))
        assert run.wait(30)
        app.run()
        total = run.snapshot().total
        assert app.main.get("progress")[0].proto.text == f"Step {total} of {total}"

    def test_training_whose_end_was_not_saved_then_goes_on_from_its_last_save_after_a_restart(
        self, training, monkeypatch
    ):
        app, desk = training

        with monkeypatch.context() as fault:
            fault.setattr(desk.workspace, "add_checkpoint", full, raising=False)
            desk.stop()
            assert desk.run.wait(30)
        desk.run = None  # as a server that starts again
        app.run()
        app.button(key="go_on").click().run()
        until(lambda: desk.run is not None and desk.run.snapshot().records)
        desk.stop()
        assert desk.run.wait(30)
        entry = desk.workspace.manifest.checkpoint(desk.workspace.manifest.head)
        assert entry.info.kind is Kind.END

    def test_training_that_cannot_begin_then_leaves_nothing_running(self, person, monkeypatch):
        _, desk = person

        with monkeypatch.context() as fault:
            fault.setattr(desk.workspace, "set_settings", full, raising=False)
            with pytest.raises(WorkspaceError, match="disk is full"):
                desk.train(LONG)
        until(lambda: not any("odt-recorder" in one.name for one in threading.enumerate()))
        assert not desk.busy


class TestTwoServers:
    def test_link_of_a_workspace_that_another_server_has_then_says_so_and_stays(
        self, app, desk_of, monkeypatch
    ):
        desk_of(app).workspace.add_checkpoint(b"x", CheckpointInfo(Kind.MANUAL, 1, 1))
        token = app.session_state["odt_workspace"]
        elsewhere = WorkspaceError("This workspace is open in another server.")

        def refuse(self, token, tab=""):
            raise elsewhere

        again = AppTest.from_file(APP, default_timeout=60)
        again.query_params["w"] = token
        with monkeypatch.context() as fault:
            fault.setattr("pages.ui.desks.Desks.open", refuse)
            again.run()
        assert "open in another server" in said(again)
        assert token in again.query_params["w"]
        again.run()
        assert said(again) == ""
        assert again.session_state["odt_workspace"] == token
