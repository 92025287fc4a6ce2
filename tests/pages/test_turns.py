"""Few threads work at a time; who is most urgent goes first, and nobody waits for ever."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from unittest import mock

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from odt_core.errors import ModelError
from odt_core.worker import Worker
from odt_core.workspace import Workspaces
from pages.ui.desk import Desk
from pages.ui.turns import (
    PageQueue,
    PatientLock,
    RightOfWay,
    Urgency,
    _asked_for_more,
    meanwhile,
    turn,
)


def _waiting(turns: PageQueue, many: int) -> None:
    """Block until so many threads wait for a turn."""
    end = time.monotonic() + 5
    while len(turns._queue) < many:
        assert time.monotonic() < end
        time.sleep(0.001)


def _ask(turns: PageQueue, urgency: Urgency, done: list[str], name: str) -> threading.Thread:
    def work() -> None:
        with turns.turn(urgency):
            done.append(name)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@contextmanager
def _held(one: AbstractContextManager[None]) -> Iterator[None]:
    """Another thread is in it meanwhile."""
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with one:
            inside.set()
            leave.wait(5)

    staying = threading.Thread(target=stay)
    staying.start()
    assert inside.wait(5)
    try:
        yield
    finally:
        leave.set()
        staying.join(5)


def test_turns_when_several_wait_then_the_most_urgent_goes_first():
    turns, done = PageQueue(at_once=1, longest=60), []
    with turns.turn(Urgency.CLICK):
        threads = []
        for name, urgency in (
            ("ahead", Urgency.AHEAD),
            ("tick", Urgency.TICK),
            ("click", Urgency.CLICK),
            ("stroke", Urgency.STROKE),
        ):
            threads.append(_ask(turns, urgency, done, name))
            _waiting(turns, len(threads))
        assert done == []
    for thread in threads:
        thread.join(5)
    assert done == ["stroke", "click", "tick", "ahead"]


def test_turns_when_somebody_waits_for_one_that_waits_then_it_goes_before_others():
    more = threading.Event()
    turns, done = PageQueue(at_once=1, longest=60, hurried=lambda: hurried(more)), []

    def hurried(more: threading.Event) -> bool:
        return more.is_set() and threading.current_thread() is tick

    with turns.turn(Urgency.CLICK):
        click = _ask(turns, Urgency.CLICK, done, "click")
        _waiting(turns, 1)
        tick = _ask(turns, Urgency.TICK, done, "tick")
        _waiting(turns, 2)
        more.set()
        _waiting(turns, 3)  # it stands there twice now
    click.join(5)
    tick.join(5)
    assert done == ["tick", "click"]
    _ask(turns, Urgency.STROKE, done, "next").join(5)
    assert done == ["tick", "click", "next"]  # its second place was given up


def test_page_when_its_visitor_does_more_meanwhile_then_streamlit_tells():
    requests = ScriptRequests()
    context = SimpleNamespace(script_requests=requests)
    with mock.patch("pages.ui.turns.get_script_run_ctx", return_value=context):
        assert not _asked_for_more()
        requests.request_rerun(RerunData(fragment_id="a", is_auto_rerun=True))
        assert not _asked_for_more()  # a tick can wait
        requests.request_rerun(RerunData(fragment_id="b"))
        assert _asked_for_more()


def test_turns_when_two_may_work_then_the_third_waits():
    turns, done = PageQueue(at_once=2, longest=60), []
    with turns.turn(Urgency.CLICK):
        _ask(turns, Urgency.CLICK, done, "second").join(5)
        assert done == ["second"]
        with _held(turns.turn(Urgency.CLICK)):
            third = _ask(turns, Urgency.CLICK, done, "third")
            _waiting(turns, 1)
            assert done == ["second"]
        third.join(5)
    assert done == ["second", "third"]


def test_turn_when_the_thread_has_one_then_it_is_not_waited_for_again():
    turns, done = PageQueue(at_once=1, longest=60), []
    with turns.turn(Urgency.CLICK):
        with turns.turn(Urgency.TICK):
            pass
        other = _ask(turns, Urgency.STROKE, done, "other")
        _waiting(turns, 1)
        assert done == []  # the inner one gave nothing away
    other.join(5)
    assert done == ["other"]


def test_meanwhile_when_something_else_is_waited_for_then_others_work():
    turns, done = PageQueue(at_once=1, longest=60), []
    with turns.turn(Urgency.CLICK):
        with turns.meanwhile(), turns.meanwhile():
            _ask(turns, Urgency.TICK, done, "other").join(5)
        assert done == ["other"]
        late = _ask(turns, Urgency.STROKE, done, "late")
        _waiting(turns, 1)
        assert done == ["other"]  # the turn is had again
    late.join(5)
    assert done == ["other", "late"]


def test_turn_when_a_model_is_uploaded_then_others_work_while_its_process_starts(
    tmp_path, monkeypatch
):
    done = []

    def work():
        with turn(Urgency.STROKE):
            done.append("other")

    def start(*given, **named):
        other = threading.Thread(target=work)
        other.start()
        other.join(0.5)
        done.append("started")
        raise ModelError("as good as started")

    monkeypatch.setattr(Worker, "start", start)
    desk = Desk(Workspaces(tmp_path).create())
    with turn(Urgency.CLICK), pytest.raises(ModelError):
        desk.choose_uploaded(b"a model", "mine.tflite")
    assert done == ["other", "started"]


def test_meanwhile_when_over_then_it_goes_on_in_the_order_of_asking_and_urgency():
    turns, done = PageQueue(at_once=1, longest=60), []
    away, back = threading.Event(), threading.Event()

    def work() -> None:
        with turns.turn(Urgency.CLICK):
            with turns.meanwhile():
                away.set()
                back.wait(5)
            done.append("goes on")

    worker = threading.Thread(target=work)
    worker.start()
    assert away.wait(5)
    with turns.turn(Urgency.STROKE):
        later = _ask(turns, Urgency.CLICK, done, "asked later")
        _waiting(turns, 1)
        back.set()
        _waiting(turns, 2)
        stroke = _ask(turns, Urgency.STROKE, done, "stroke")
        _waiting(turns, 3)
    for thread in (worker, later, stroke):
        thread.join(5)
    assert done == ["stroke", "goes on", "asked later"]


def test_turn_when_work_inside_fails_then_the_next_goes_on():
    turns, done = PageQueue(at_once=1, longest=60), []
    try:
        with turns.turn(Urgency.CLICK), turns.meanwhile():
            raise ValueError
    except ValueError:
        pass
    _ask(turns, Urgency.CLICK, done, "next").join(5)
    assert done == ["next"]


def test_turn_when_another_one_works_for_long_then_others_work_beside_it():
    turns, done = PageQueue(at_once=1, longest=0.05), []
    with turns.turn(Urgency.CLICK):
        _ask(turns, Urgency.CLICK, done, "beside").join(5)
        assert done == ["beside"]
    _ask(turns, Urgency.CLICK, done, "afterwards").join(5)
    assert done == ["beside", "afterwards"]


def test_patient_lock_when_waited_for_then_others_have_the_turn():
    lock, done = PatientLock(), []

    def want() -> None:
        with turn(Urgency.CLICK), lock, lock:
            done.append("wanted")

    def pass_by() -> None:
        with turn(Urgency.TICK):
            done.append("passed by")

    wanting = threading.Thread(target=want)
    passing = threading.Thread(target=pass_by)
    with _held(lock):
        wanting.start()
        passing.start()
        passing.join(5)
        assert done == ["passed by"]
    wanting.join(5)
    assert done == ["passed by", "wanted"]


def test_right_of_way_when_somebody_has_it_then_who_gives_way_waits_and_others_have_the_turn():
    way, done = RightOfWay(), []

    def give() -> None:
        with turn(Urgency.CLICK):
            way.give()
            done.append("gave way")

    def pass_by() -> None:
        with turn(Urgency.TICK):
            done.append("passed by")

    giving, passing = threading.Thread(target=give), threading.Thread(target=pass_by)
    with _held(way.have()):
        giving.start()
        passing.start()
        passing.join(5)
        giving.join(0.1)
        assert done == ["passed by"]
    giving.join(5)
    assert done == ["passed by", "gave way"]


def test_meanwhile_when_there_is_no_turn_then_nothing_happens():
    with meanwhile():
        pass
    with turn(Urgency.STROKE):
        pass
