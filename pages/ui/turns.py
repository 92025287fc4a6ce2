"""Who may work in this process now: few threads at a time, strokes before clicks before ticks.

Python runs one thread at a time. Left to themselves, the pages of many visitors take the
interpreter from each other every few milliseconds, and from the loop that sends what they drew,
which needs it once for every element: then nobody gets anything. Here a page is drawn in one go.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from pages.ui.elsewhere import acted_elsewhere

_P = ParamSpec("_P")
_LOOK = 0.1  # seconds between two looks of one that waits


class Urgency(Enum):
    """What waits for a turn, and how many seconds later than a stroke it may get one."""

    STROKE = 0.0
    CLICK = 8.0
    TICK = 10.0
    AHEAD = 12.0  # what nobody waits for yet


class PageQueue:
    """Hands out turns, the one that is due first before the others. Thread-safe."""

    def __init__(
        self, at_once: int, longest: float, hurried: Callable[[], bool] = lambda: False
    ) -> None:
        """at_once: how many threads work at a time. longest: seconds after which one that still
        works counts no more, so that neither a large upload nor a hang stops all the others.
        hurried: asked in a thread that waits, whether somebody waits for it by now.
        """
        self._at_once, self._longest, self._hurried = at_once, longest, hurried
        self._lock = threading.Lock()
        self._began: dict[int, float] = {}  # by thread, of those that work
        self._mine = threading.local()  # urgency and since when, of a thread that has a turn
        # Of those that wait: when they are due, order, thread.
        self._queue: list[tuple[float, int, int, threading.Event]] = []
        self._order = itertools.count()

    @contextmanager
    def turn(self, urgency: Urgency) -> Iterator[None]:
        """Wait for a turn and have it; at once where this thread has one already."""
        if threading.get_ident() in self._began:
            yield
            return
        self._mine.turn = (urgency, time.monotonic())
        self._wait(*self._mine.turn)
        try:
            yield
        finally:
            self._done()

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Let others work while this thread waits for something else.

        It goes on before all that asked later and are no more urgent.
        """
        if threading.get_ident() not in self._began:
            yield
            return
        mine = self._mine.turn
        self._done()
        try:
            yield
        finally:
            self._mine.turn = mine  # a turn may have been had in between
            self._wait(*mine)

    def _wait(self, urgency: Urgency, since: float) -> None:
        called, hurries = threading.Event(), urgency is Urgency.STROKE
        self._enqueue(since + urgency.value, called)
        while not called.wait(min(self._longest, _LOOK)):
            if not hurries and self._hurried():
                hurries = True
                self._enqueue(since, called)  # counts where it stands first
            with self._lock:
                self._call()

    def _enqueue(self, due: float, called: threading.Event) -> None:
        with self._lock:
            heapq.heappush(self._queue, (due, next(self._order), threading.get_ident(), called))
            self._call()

    def _done(self) -> None:
        with self._lock:
            del self._began[threading.get_ident()]
            self._call()

    def _call(self) -> None:
        now = time.monotonic()
        free = self._at_once - sum(now - began < self._longest for began in self._began.values())
        while free > 0 and self._queue:
            *_, thread, called = heapq.heappop(self._queue)
            if not called.is_set():
                self._began[thread] = now
                called.set()
                free -= 1


def _asked_for_more() -> bool:
    """Whether the visitor of this page did something else since it began to wait: Streamlit runs
    what a visitor does one after the other, so a stroke would wait as long as the tick before it.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context else None
    if requests is None or requests._state is not ScriptRequestType.RERUN:
        return False
    return not requests._rerun_data.is_auto_rerun


_turns = PageQueue(at_once=1, longest=1.0, hurried=_asked_for_more)
turn = _turns.turn
meanwhile = _turns.meanwhile


class PatientLock:
    """A reentrant lock; whoever waits for it lets others have its turn."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            with meanwhile():
                self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class RightOfWay:
    """What is over soon goes before each next part of what takes long. Thread-safe; a lock alone
    does not do it, as whoever gives one back is the likeliest to get it again.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._have = 0

    @contextmanager
    def have(self) -> Iterator[None]:
        """Nobody who gives way begins another part meanwhile."""
        with self._changed:
            self._have += 1
        try:
            yield
        finally:
            with self._changed:
                self._have -= 1
                self._changed.notify_all()

    def give(self) -> None:
        """Wait until nobody has it; not to be called by who does, nor with a lock that they need.
        Others have the turn meanwhile.
        """
        if self._have:
            with meanwhile(), self._changed:
                self._changed.wait_for(lambda: not self._have)


def in_turn(urgency: Urgency) -> Callable[[Callable[_P, None]], Callable[_P, None]]:
    """For a function that Streamlit runs by itself, without the page around it."""

    def decorated(function: Callable[_P, None]) -> Callable[_P, None]:
        @functools.wraps(function)
        def waiting(*args: _P.args, **kwargs: _P.kwargs) -> None:
            with turn(urgency):
                function(*args, **kwargs)

        return waiting

    return decorated


def fragment(
    function: Callable[_P, None], urgency: Urgency, run_every: float | None = None
) -> Callable[_P, Any]:
    """`st.fragment` of a function that takes turns with all other pages; where its run also brought
    what was done outside it, the page is drawn instead.
    """

    waiting = in_turn(urgency)(function)

    @functools.wraps(function)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> None:
        if acted_elsewhere():
            st.rerun()
        waiting(*args, **kwargs)

    return st.fragment(drawn, run_every=run_every)
