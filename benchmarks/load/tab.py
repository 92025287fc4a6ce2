"""A browser tab without the browser: HTTP, WebSocket and Streamlit's own protobufs.

It does what Streamlit's page does as far as the server can tell: fetches the page and the XSRF
cookie, opens the stream, keeps the elements and widget states of the page, reruns ticking fragments
when their interval is over, and uploads and downloads files by URL.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import NewSession
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

COOKIE = "_streamlit_xsrf"


class TabError(Exception):
    """The server did not do what a tab expects of it; the message says what was waited for."""


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Piece:
    """One element or block as it stands on the page."""

    proto: Any
    kind: str
    run: int  # number of the script run that drew it
    fragment: str


@dataclass
class Tab:
    """One visitor's tab on the dashboard at `host`:`port`. Not thread-safe."""

    host: str
    port: int
    query: str = ""
    page: str = ""  # the path, "evaluate" for instance
    origin: str | None = None  # None: the page's own
    session_id: str = ""
    xsrf: str = ""
    pieces: dict[tuple[int, ...], Piece] = field(default_factory=dict)
    received: int = 0  # bytes
    errors: list[str] = field(default_factory=list)  # alerts and exceptions that were shown
    cacheable: set[str] = field(default_factory=set)  # hashes of messages that a page would keep
    _socket: ClientConnection | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _timers: dict[str, tuple[float, float]] = field(default_factory=dict)  # interval, next
    _running: bool = False
    _page_hash: str = ""
    _runs: int = 0
    _asked: str = ""  # "full" or "fragment": a run that was asked for and has not finished
    _answers: dict[str, Any] = field(default_factory=dict)  # by request id

    # HTTP

    def http(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own; nothing is added to the headers."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    # The stream

    def open(self, *, resume: str = "") -> Tab:
        """Fetch the page as a browser does, open the stream and ask for the first run."""
        page = self.http("GET", f"/{self.page}")
        if page.status != 200:
            raise TabError(f"the page answered {page.status}")
        health = self.http("GET", "/_stcore/health", headers=self._cookie())
        cookie = health.headers.get("set-cookie", "")
        self.xsrf = cookie.partition(f"{COOKIE}=")[2].partition(";")[0]
        self.http("GET", "/_stcore/host-config")
        protocols: list[Any] = ["streamlit", self.xsrf, *([resume] if resume else [])]
        stream = connect(
            f"ws://{self.host}:{self.port}/_stcore/stream",
            origin=self.origin or f"http://{self.host}:{self.port}",  # type: ignore[arg-type]
            subprotocols=protocols,
            additional_headers=self._cookie(),
            max_size=None,
            compression=None,
            proxy=None,
            max_queue=None,  # reads on while nobody looks, as a browser does
            ping_interval=None,
            open_timeout=60,
        )
        self._socket = self._open.enter_context(stream)
        return self.rerun()

    def close(self) -> None:
        """Close the stream, as when the tab is closed."""
        self._socket = None
        self._open.close()

    def send(self, message: BackMsg) -> None:
        """Send one message as it is."""
        self.send_bytes(message.SerializeToString())

    def send_bytes(self, data: bytes) -> None:
        """Send what is no message at all."""
        if self._socket is None:
            raise TabError("the tab is closed")
        try:
            self._socket.send(data)
        except ConnectionClosed as error:
            raise TabError(f"the server closed the stream: {error}") from error

    def rerun(self, *extra: WidgetState, fragment: str = "", ticking: bool = False) -> Tab:
        """Ask for a run of the script or of one fragment; `extra` are triggers of this run."""
        state = ClientState(
            query_string=self.query,
            page_script_hash=self._page_hash,
            page_name="" if self._page_hash else self.page,
            fragment_id=fragment,
            is_auto_rerun=ticking,
            cached_message_hashes=self.cacheable,
        )
        state.context_info.url = f"http://{self.host}:{self.port}/{self.page}"
        state.widget_states.widgets.extend([*self._states.values(), *extra])
        if not fragment:
            self._asked = "full"
        elif not ticking and not self._asked:
            self._asked = "fragment"
        self.send(BackMsg(rerun_script=state))
        return self

    def wait(self, done: Callable[[Tab], bool], what: str, seconds: float = 60) -> Tab:
        """Take messages until `done`; TabError names `what` was waited for."""
        end = time.monotonic() + seconds
        while not done(self):
            now = time.monotonic()
            if now >= end:
                raise TabError(f"waited {seconds:.0f} s for {what}; {self.errors[-1:]}")
            self._tick(now)
            due = min((at for _, at in self._timers.values()), default=end)
            self._take(max(0.0, min(due, end) - now))
        return self

    def idle(self, seconds: float = 60) -> Tab:
        """Wait until what was asked for has been drawn."""
        return self.wait(lambda tab: not (tab._asked or tab._running), "the page", seconds)

    # What is on the page

    def find(self, key: str) -> Piece | None:
        """The widget with this key, or None."""
        for piece in self.pieces.values():
            if getattr(piece.proto, "id", "").endswith(f"-{key}"):
                return piece
        return None

    def widget(self, key: str) -> Piece:
        """The widget with this key; TabError when it is not on the page."""
        found = self.find(key)
        if found is None:
            raise TabError(f"there is no widget {key!r} on the page; {self.errors[-1:]}")
        return found

    def texts(self) -> Iterator[str]:
        """Every text that the page holds, as it was sent."""
        for piece in self.pieces.values():
            for name in ("body", "text", "label"):
                value = getattr(piece.proto, name, "")
                if isinstance(value, str) and value:
                    yield value

    def says(self, text: str) -> bool:
        """Whether the page holds this text."""
        return any(text in one for one in self.texts())

    @property
    def token(self) -> str:
        """The workspace's token, from the address."""
        return urllib.parse.parse_qs(self.query).get("w", [""])[0]

    # What a person does

    def press(self, key: str) -> Tab:
        """Click a button."""
        piece = self.widget(key)
        if getattr(piece.proto, "disabled", False):
            raise TabError(f"the button {key!r} is disabled")
        return self.rerun(
            WidgetState(id=piece.proto.id, trigger_value=True), fragment=piece.fragment
        )

    def set(self, key: str, **value: Any) -> Tab:
        """Give a widget a value, `int_value=5` for instance, and rerun what it belongs to."""
        piece = self.widget(key)
        self._states[piece.proto.id] = WidgetState(id=piece.proto.id, **value)
        return self.rerun(fragment=piece.fragment)

    def act(self, key: str, event: str, value: Any) -> Tab:
        """Report an event of one of our own components."""
        piece = self.widget(key)
        events = json.dumps([{"event": event, "value": value}])
        name = f"$$STREAMLIT_INTERNAL_KEY_{piece.proto.id}__events"
        return self.rerun(WidgetState(id=name, json_trigger_value=events), fragment=piece.fragment)

    def upload_urls(self, *names: str) -> list[tuple[str, str]]:
        """(file id, address to PUT to) that the server hands out for these file names."""
        request = BackMsg()
        request.file_urls_request.request_id = str(uuid.uuid4())
        request.file_urls_request.session_id = self.session_id
        request.file_urls_request.file_names.extend(names)
        self.send(request)
        response = self.answer_to(request.file_urls_request.request_id)
        return [(urls.file_id, urls.upload_url) for urls in response.file_urls]

    def put(
        self, path: str, name: str, data: bytes, headers: dict[str, str] | None = None
    ) -> Answer:
        """PUT a file to an upload address, with the XSRF token unless `headers` are given."""
        boundary = uuid.uuid4().hex
        quoted = name.replace('"', "%22")
        body = (
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="{quoted}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode()
            + data
            + f"\r\n--{boundary}--\r\n".encode()
        )
        sent = {"X-Xsrftoken": self.xsrf, **self._cookie()} if headers is None else headers
        kind = f"multipart/form-data; boundary={boundary}"
        return self.http("PUT", "/" + path.lstrip("/"), body, {**sent, "Content-Type": kind})

    def upload(self, key: str, name: str, data: bytes) -> Tab:
        """Choose a file in an uploader."""
        piece = self.widget(key)
        ((file_id, path),) = self.upload_urls(name)
        answer = self.put(path, name, data)
        if answer.status != 204:
            raise TabError(f"the upload of {name!r} was answered {answer.status}")
        state = WidgetState(id=piece.proto.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(data), file_id
        info.file_urls.file_id, info.file_urls.upload_url = file_id, path
        self._states[piece.proto.id] = state
        return self.rerun(fragment=piece.fragment)

    def download_url(self, key: str) -> str:
        """Have the file behind a download button made; its address."""
        return self.deferred_url(self.widget(key).proto.deferred_file_id)

    def deferred_url(self, file_id: str) -> str:
        """Have the file with this id made; its address. TabError when the server does not."""
        request = BackMsg()
        operation = request.backend_operation_request
        operation.request_id = str(uuid.uuid4())
        operation.session_id = self.session_id
        operation.deferred_file.file_id = file_id
        self.send(request)
        answer = self.answer_to(operation.request_id)
        if answer.error_msg:
            raise TabError(answer.error_msg)
        return "/" + answer.deferred_file.url.lstrip("/")

    # Inside

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.xsrf}"} if self.xsrf else {}

    def answer_to(self, request_id: str) -> Any:
        """Wait for the answer to a request that was sent."""
        self.wait(lambda tab: request_id in tab._answers, "an answer")
        return self._answers.pop(request_id)

    def _tick(self, now: float) -> None:
        for fragment, (interval, at) in list(self._timers.items()):
            if now >= at:
                self._timers[fragment] = (interval, max(at + interval, now))
                self.rerun(fragment=fragment, ticking=True)

    def _take(self, seconds: float) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return
        except ConnectionClosed as error:
            raise TabError(f"the server closed the stream: {error}") from error
        self.received += len(data)
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        self._read(message)

    def _read(self, message: ForwardMsg) -> None:
        if message.metadata.cacheable:
            self.cacheable.add(message.hash)
        match message.WhichOneof("type"):
            case "new_session":
                self._started(message.new_session, list(message.metadata.run.fragment_ids))
            case "delta":
                self._draw(tuple(message.metadata.delta_path), message.delta)
            case "script_finished":
                self._finished(message.script_finished)
            case "ref_hash":
                self.errors.append(f"message {message.ref_hash} is taken to be here still")
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "navigation":
                self._page_hash = message.navigation.page_script_hash
            case "auto_rerun":
                tick = message.auto_rerun
                self._timers[tick.fragment_id] = (tick.interval, time.monotonic() + tick.interval)
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._timers.pop(fragment, None)
            case "session_event" if message.session_event.HasField("script_compilation_exception"):
                self.errors.append("script compilation exception")
            case "file_urls_response":
                self._answers[message.file_urls_response.response_id] = message.file_urls_response
            case "backend_operation_response":
                response = message.backend_operation_response
                self._answers[response.request_id] = response

    def _started(self, session: NewSession, fragments: list[str]) -> None:
        self._runs += 1
        self._running = True
        self.session_id = session.initialize.session_id or self.session_id
        if not fragments:
            self._page_hash = session.page_script_hash
            self._timers.clear()

    def _draw(self, path: tuple[int, ...], delta: Any) -> None:
        which = delta.WhichOneof("type")
        if which == "new_element":
            kind = delta.new_element.WhichOneof("type") or ""
            proto = getattr(delta.new_element, kind) if kind else None
            if kind == "exception":
                self.errors.append(f"{proto.type}: {proto.message}")
            elif kind == "alert":
                self.errors.append(proto.body)
        elif which == "add_block":
            kind, proto = "block", delta.add_block
        else:
            return
        self.pieces[path] = Piece(proto, kind, self._runs, delta.fragment_id)

    def _finished(self, status: int) -> None:
        self._running = False
        if status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.pieces = {p: one for p, one in self.pieces.items() if one.run == self._runs}
            present = {getattr(one.proto, "id", "") for one in self.pieces.values()}
            self._states = {key: one for key, one in self._states.items() if key in present}
            self._asked = ""
        elif status == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self._asked = "" if self._asked == "fragment" else self._asked
        elif status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("compile error")
            self._asked = ""
