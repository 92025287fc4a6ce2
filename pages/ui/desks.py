"""All open desks of this process: bounded, expiring, found by the token in the address."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from odt_core.errors import WorkspaceError
from odt_core.workspace import Workspace, Workspaces
from pages.ui import descriptors, network
from pages.ui.desk import Desk
from pages.ui.served import ROOT
from pages.ui.turns import PatientLock

_LIMIT = 500  # open desks
_AWAKE = 24  # processes (about 50 MB each) beyond which the longest idle ones sleep
_LATELY = 15.0  # seconds in which a visitor counts as being there
_IN_USE = 20.0  # seconds after a visit in which a desk's process does not sleep
_LEFT = 10.0  # seconds without a visit after which it sleeps, when no tab shows the desk any more
_REST = 5 * 60.0  # the same while one does
_IDLE = 30 * 60.0  # seconds without a visit after which a desk that no tab shows is closed
_DAY = 24 * 3600.0
_FORGET = 60 * _DAY  # seconds after which an unused workspace leaves the disk (ODT_FORGET_DAYS)
_FORGET_EMPTY = 6 * 3600.0  # the same for one in which nobody has done anything
_LOOK = 10.0  # seconds between two looks at who may sleep
_SWEEP = 6 * 3600.0  # seconds between two sweeps
_TOKEN = "odt_workspace"
_DEAD = "There is no workspace behind this link. It may have been swept after long disuse."
_log = logging.getLogger("odt.desks")


class Desks:
    """Opens workspaces and keeps their desks. Thread-safe."""

    def __init__(
        self,
        root: Path,
        forget: float = _FORGET,
        is_open: Callable[[str], bool] = lambda tab: True,
    ) -> None:
        """forget: seconds after which an unused workspace leaves the disk. is_open: whether there
        still is the tab of that id.
        """
        self._workspaces = Workspaces(root)
        self._forget, self._is_open = forget, is_open
        self._desks: dict[str, Desk] = {}
        self._lock = PatientLock()
        self._closed = threading.Event()
        threading.Thread(target=self._look_after, name="odt-desks", daemon=True).start()

    def open(self, token: str, tab: str = "") -> Desk:
        """The desk of a token, the same for every tab. WorkspaceError when there is none.

        tab: id of the tab that shows it.
        """
        with self._lock:
            desk = self._desks.get(token) or self._seat(lambda: self._workspaces.open(token))
            desk.used = time.monotonic()
            desk.tabs.add(tab)
            return desk

    @property
    def crowd(self) -> int:
        """How many desks train, or were used in the last few seconds and may train next."""
        lately = time.monotonic() - _LATELY
        return sum(desk.busy or desk.used > lately for desk in list(self._desks.values()))

    def knows(self, token: str) -> bool:
        """Whether there is a workspace of this token, even if it cannot be opened just now."""
        return self._workspaces.has(token)

    def create(self, tab: str = "") -> Desk:
        """A desk with a new, empty workspace."""
        with self._lock:
            return self.open(self._seat(self._workspaces.create).workspace.token, tab)

    def close(self) -> None:
        """End all workers and let go of all workspaces."""
        self._closed.set()
        with self._lock:
            for token in list(self._desks):
                self._drop(token)

    def _look_after(self) -> None:
        swept = -_SWEEP
        while True:
            try:
                if time.monotonic() - swept >= _SWEEP:
                    swept = time.monotonic()
                    self._workspaces.sweep(self._forget, _FORGET_EMPTY)
                self.rest(time.monotonic())
            except Exception:  # such as a disk that is away for a while; the next round may do
                _log.exception("looking after the workspaces failed")
            if self._closed.wait(_LOOK):
                return

    def rest(self, now: float) -> None:
        """Put to sleep, and close, what nobody has visited for long at the time `now`."""
        with self._lock:
            for token in self._left(now, _IDLE):
                self._drop(token)
            awake = [desk for desk in self._desks.values() if desk.awake]
            shown = {desk for desk in awake if self._is_shown(desk)}
        crowded = len(awake) - _AWAKE
        idle = sorted((desk for desk in awake if not desk.busy), key=lambda desk: desk.used)
        for place, desk in enumerate(idle):
            unvisited = now - desk.used
            longest = _IN_USE if place < crowded else _REST
            if unvisited > (longest if desk in shown else _LEFT):
                desk.sleep()

    def _is_shown(self, desk: Desk) -> bool:
        """Whether a tab shows it, whose next click needs this very desk."""
        return any(map(self._is_open, desk.tabs))

    def _seat(self, enter: Callable[[], Workspace]) -> Desk:
        """A desk for the workspace that `enter` opens, which is asked only where there is room."""
        self._check_room()
        workspace = enter()
        self._make_room()
        desk = self._desks[workspace.token] = Desk(workspace)
        return desk

    def _check_room(self) -> None:
        """WorkspaceError when nobody can leave for one more, before a workspace is opened."""
        if len(self._desks) >= _LIMIT and all(desk.busy for desk in self._desks.values()):
            raise WorkspaceError(
                f"{_LIMIT} people are training on this server just now. Try again in a minute."
            )
        if descriptors.few_left() and not self._left(time.monotonic(), _LEFT):
            raise WorkspaceError(
                "So many people are on this server that it can open hardly any more connections "
                "and files. Try again when some have left."
            )

    def _make_room(self) -> None:
        idle = [token for token, desk in self._desks.items() if not desk.busy]
        if len(self._desks) >= _LIMIT and idle:
            desks = self._desks
            shown = {token for token in idle if self._is_shown(desks[token])}
            self._drop(min(idle, key=lambda token: (token in shown, desks[token].used)))
        elif descriptors.few_left() and (left := self._left(time.monotonic(), _LEFT)):
            self._drop(left[0])

    def _left(self, now: float, longest: float) -> list[str]:
        """Tokens of the desks that people left more than `longest` seconds before the time `now`,
        the longest unvisited first.
        """
        oldest = sorted(self._desks.items(), key=lambda one: one[1].used)
        return [
            token
            for token, desk in oldest
            if now - desk.used > longest and not desk.busy and not self._is_shown(desk)
        ]

    def _drop(self, token: str) -> None:
        self._desks.pop(token).close()
        self._workspaces.close(token)


_registry: list[Desks] = []
_making = threading.Lock()


def all_desks() -> Desks:
    """The one registry of this process.

    Not in st.cache_resource: any visitor's browser can tell the server to empty its caches, which
    would take everybody's running training away.
    """
    with _making:
        if not _registry:
            network.guard()
            descriptors.allow_many()
            root = Path(os.environ.get("ODT_WORKSPACES", ROOT / "workspaces"))
            _registry.append(Desks(root, _days() * _DAY, _is_open))
        return _registry[0]


def close_all_desks() -> None:
    """End all workers and forget the registry; the next `all_desks` makes a new one."""
    with _making:
        while _registry:
            _registry.pop().close()


def _is_open(tab: str) -> bool:
    """Whether a browser is connected. A tab of no browser, in a test, stays open."""
    return not runtime.exists() or runtime.get_instance().is_active_session(tab)


def _tab() -> str:
    """Streamlit's name for the tab that this page is drawn for."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def _days() -> float:
    """Days after which an unused workspace is deleted."""
    try:
        days = float(os.environ["ODT_FORGET_DAYS"])
    except (KeyError, ValueError):
        return _FORGET / _DAY
    return days if days > 0 else _FORGET / _DAY


def open_desk() -> Desk:
    """The desk of this visitor: by the address, else by the session, else a new one.

    The token stands in the address, so that a refresh, a second tab or a bookmark finds the same
    workspace. Whoever has the address has the workspace. A link to none leads back to the visitor's
    own.
    """
    desk, dead = None, False
    for token in dict.fromkeys((st.query_params.get("w"), st.session_state.get(_TOKEN))):
        if token and desk is None:
            desk = _behind(token)
            dead = dead or desk is None
    here = "back in your own"
    if desk is None:
        desk, here = all_desks().create(_tab()), "in a new one now"
    if dead:
        st.error(f"{_DEAD} You are {here}.")
    token = desk.workspace.token
    st.session_state[_TOKEN] = token
    if st.query_params.get("w") != token:
        st.query_params["w"] = token
    return desk


def _behind(token: str) -> Desk | None:
    """The desk of a token; None where there is no such workspace."""
    try:
        return all_desks().open(token, _tab())
    except WorkspaceError:
        if all_desks().knows(token):  # damaged, or another server has it: the link stays good
            raise
        return None
