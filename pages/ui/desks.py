"""All open desks of this process: bounded, expiring, found by the token in the address."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import streamlit as st

from odt_core.errors import WorkspaceError
from odt_core.runtime.nursery import warm_up
from odt_core.workspace import Workspaces
from pages.ui import network
from pages.ui.desk import Desk
from pages.ui.say import plain
from pages.ui.served import ROOT

_LIMIT = 24  # open desks; each that has been used has a worker process
_IDLE = 30 * 60.0  # seconds without a visit after which a desk's worker ends
_FORGET = 60 * 24 * 3600.0  # seconds after which an unused workspace leaves the disk
_TOKEN = "odt_workspace"


class Desks:
    """Opens workspaces and keeps their desks. Thread-safe."""

    def __init__(self, root: Path) -> None:
        self._workspaces = Workspaces(root)
        self._desks: dict[str, Desk] = {}
        self._lock = threading.Lock()
        warm_up()
        threading.Thread(
            target=self._workspaces.sweep, args=(_FORGET,), name="odt-sweep", daemon=True
        ).start()

    def open(self, token: str) -> Desk:
        """The desk of a token, the same for every tab. WorkspaceError when there is none."""
        with self._lock:
            self._expire()
            if token not in self._desks:
                workspace = self._workspaces.open(token)
                self._make_room()
                self._desks[token] = Desk(workspace)
            desk = self._desks[token]
            desk.used = time.monotonic()
            return desk

    def create(self) -> Desk:
        """A desk with a new, empty workspace."""
        return self.open(self._workspaces.create().token)

    def close(self) -> None:
        """End all workers and let go of all workspaces."""
        with self._lock:
            for token in list(self._desks):
                self._drop(token)

    def _expire(self) -> None:
        now = time.monotonic()
        for token, desk in list(self._desks.items()):
            if now - desk.used > _IDLE and not desk.busy:
                self._drop(token)

    def _make_room(self) -> None:
        idle = [token for token, desk in self._desks.items() if not desk.busy]
        if len(self._desks) >= _LIMIT and not idle:
            raise WorkspaceError(
                f"{_LIMIT} people are training on this server just now. Try again in a minute."
            )
        if len(self._desks) >= _LIMIT:
            self._drop(min(idle, key=lambda token: self._desks[token].used))

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
            _registry.append(Desks(Path(os.environ.get("ODT_WORKSPACES", ROOT / "workspaces"))))
        return _registry[0]


def close_all_desks() -> None:
    """End all workers and forget the registry; the next `all_desks` makes a new one."""
    with _making:
        while _registry:
            _registry.pop().close()


def open_desk() -> Desk:
    """The desk of this visitor: by the address, else by the session, else a new one.

    The token stands in the address, so that a refresh, a second tab or a bookmark finds the same
    workspace. Whoever has the address has the workspace.
    """
    wanted = st.query_params.get("w") or st.session_state.get(_TOKEN)
    desk = None
    if wanted:
        try:
            desk = all_desks().open(wanted)
        except WorkspaceError as error:
            if wanted == st.session_state.get(_TOKEN):
                raise
            st.error(plain(str(error)))
    if desk is None:
        kept = st.session_state.get(_TOKEN)
        desk = all_desks().open(kept) if kept else all_desks().create()
    token = desk.workspace.token
    st.session_state[_TOKEN] = token
    if st.query_params.get("w") != token:
        st.query_params["w"] = token
    return desk
