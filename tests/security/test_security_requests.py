"""Raw HTTP and WebSocket requests that no page would send."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from benchmarks.load.server import HOST, ROOT
from benchmarks.load.tab import COOKIE, TabError

MB = 1024 * 1024
LIMIT = 64  # MB, server.maxUploadSize
NOBODY = "00000000-0000-4000-8000-000000000000"
BOUNDARY = "x-part"
PART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n'.encode()
)


def endless(megabytes: int) -> Iterator[bytes]:
    """The body of an upload in pieces, which is sent without a Content-Length."""
    yield PART
    for _ in range(megabytes):
        yield bytes(MB)
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def stream(dashboard, *, origin: str | None, host: str | None = None) -> None:
    """Shake hands on the stream with headers of one's own; InvalidStatus when it is refused."""
    with connect(
        f"ws://{host or f'{HOST}:{dashboard.port}'}/_stcore/stream",
        origin=origin,
        subprotocols=["streamlit"],
        sock=socket.create_connection((HOST, dashboard.port)),
    ):
        pass


class TestUploads:
    def test_upload_when_as_large_as_its_length_says_and_too_large_is_refused(self, tab):
        one = tab()
        ((_, url),) = one.upload_urls("big.bin")
        request = http.client.HTTPConnection(HOST, one.port, timeout=20)
        request.putrequest("PUT", url)
        for name, value in {
            "X-Xsrftoken": one.xsrf,
            "Cookie": f"{COOKIE}={one.xsrf}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(LIMIT * MB + 1),
        }.items():
            request.putheader(name, value)
        request.endheaders(PART)  # refused by the length alone, before the body is there
        assert request.getresponse().status == 413
        request.close()

    def test_upload_when_no_length_is_said_is_cut_off_at_the_limit(self, tab):
        one = tab()
        ((_, url),) = one.upload_urls("big.bin")
        headers = {
            "X-Xsrftoken": one.xsrf,
            "Cookie": f"{COOKIE}={one.xsrf}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        try:
            status = one.http("PUT", url, endless(LIMIT + 2), headers).status
        except (BrokenPipeError, ConnectionResetError):  # the server hangs up while we still send
            status = 413
        assert status == 413

    def test_upload_when_session_is_unknown_is_refused(self, tab):
        assert tab().put(f"/_stcore/upload_file/{NOBODY}/1", "a.png", b"1").status == 400

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"X-Xsrftoken": "{own}"},
            {"Cookie": f"{COOKIE}={{own}}"},
            {"X-Xsrftoken": "2|00000000|00000000000000000000000000000000|1",
             "Cookie": f"{COOKIE}={{own}}"},
            {"X-Xsrftoken": "", "Cookie": f"{COOKIE}="},
        ],
        ids=["nothing", "header-only", "cookie-only", "another-token", "empty"],
    )  # fmt: skip
    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_upload_when_xsrf_token_is_missing_or_wrong_is_refused(self, tab, sent, method):
        one = tab()
        ((_, url),) = one.upload_urls("a.png")
        headers = {name: value.replace("{own}", one.xsrf) for name, value in sent.items()}
        if method == "PUT":
            assert one.put(url, "a.png", b"1", headers).status == 403
        else:
            assert one.http("DELETE", url, headers=headers).status == 403

    @pytest.mark.parametrize("file_id", ["../../evil", "..%2f..%2fevil", "%2e%2e%2fevil"])
    def test_file_id_when_it_leads_elsewhere_is_refused_and_nothing_is_written(
        self, dashboard, tab, file_id
    ):
        one = tab()
        answer = one.put(f"/_stcore/upload_file/{one.session_id}/{file_id}", "a", b"evil-bytes")
        assert answer.status >= 400
        assert not list(dashboard.folder.rglob("*evil*"))
        assert not list(ROOT.glob("*evil*"))

    def test_file_name_when_it_leads_elsewhere_is_kept_as_text_only(self, dashboard, tab):
        one = tab()
        one.set("samples_way", string_array_value={"data": ["Upload"]}).idle()
        one.upload(
            "upload_0", "../../../../evil-name.png", (ROOT / "assets/icons/odt.png").read_bytes()
        )
        one.idle()
        one.wait(lambda page: page.says("1 sample"), "the sample")
        assert not list(dashboard.folder.rglob("*evil-name*"))
        kept = [path.name for path in dashboard.workspaces.rglob("samples/*")]
        assert kept
        assert all(len(name.partition(".")[0]) == 64 for name in kept)


class TestStream:
    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "file://"])
    def test_stream_when_origin_is_foreign_is_refused(self, dashboard, origin):
        with pytest.raises(InvalidStatus, match="403"):
            stream(dashboard, origin=origin)

    def test_stream_when_a_name_was_rebound_to_this_machine_is_refused(self, dashboard):
        host = f"evil.example:{dashboard.port}"
        with pytest.raises(InvalidStatus, match="403"):
            stream(dashboard, origin=f"http://{host}", host=host)

    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
    def test_stream_when_origin_is_our_own_is_accepted(self, dashboard, name):
        host = f"{name}:{dashboard.port}"
        stream(dashboard, origin=f"http://{host}", host=host)

    def test_foreign_origin_when_refused_made_the_server_ask_nobody(self, dashboard):
        with pytest.raises(InvalidStatus):
            stream(dashboard, origin="http://another.example")
        assert "external IP" not in dashboard.log  # Streamlit would log that it could not ask

    def test_message_when_it_is_no_protobuf_ends_that_stream_only(self, dashboard, tab):
        bad, good = tab(), tab()
        bad.send_bytes(b"\xff\xff\xff\xff")
        with pytest.raises(TabError, match="closed"):
            bad.wait(lambda page: False, "the end", 10)
        assert good.rerun().idle().errors == []

    @pytest.mark.parametrize("what", ["debug_shutdown_runtime", "debug_disconnect_websocket"])
    def test_debug_message_when_sent_by_a_visitor_is_ignored(self, tab, what):
        one = tab()
        one.send(BackMsg(**{what: True}))
        assert one.rerun().idle().errors == []

    def test_request_to_write_files_into_the_project_when_sent_is_refused(self, tab):
        one = tab()
        message = BackMsg()
        message.backend_operation_request.request_id = "install"
        message.backend_operation_request.session_id = one.session_id
        message.backend_operation_request.install_skills.SetInParent()
        one.send(message)
        assert "not available" in one.answer_to("install").error_msg


class TestFiles:
    @pytest.mark.parametrize(
        "path",
        [
            "/component/pages.ui.served.odt_fonts/../../app.py",
            "/component/pages.ui.served.odt_fonts/..%2f..%2fapp.py",
            "/component/pages.ui.served.odt_fonts/%2e%2e/%2e%2e/README.md",
            "/component/pages.ui.served.odt_plotly//etc/passwd",
            "/_stcore/bidi-components/odt_canvas/..%2f..%2fapp.py",
            "/media/..%2f..%2fapp.py",
            "/static/..%2f..%2fapp.py",
            "//etc/passwd",
        ],
    )
    def test_path_when_it_leads_out_of_a_served_folder_is_refused(self, dashboard, path):
        assert dashboard.tab().http("GET", path).status == 400

    def test_workspace_folder_when_asked_for_by_path_is_not_served(self, dashboard, tab):
        one = tab()
        one.press("example").idle()
        kept = next(iter(dashboard.workspaces.rglob("samples/*.png")))
        below = kept.relative_to(dashboard.workspaces)
        for prefix in ("workspaces", "app/static", "app/static/workspaces", "static", "media",
                       "component/pages.ui.served.odt_fonts"):  # fmt: skip
            answer = one.http("GET", f"/{prefix}/{below}")
            assert kept.read_bytes() not in answer.body
            assert answer.status != 200 or "text/html" in answer.headers["content-type"]

    def test_agent_interface_when_asked_is_off(self, dashboard):
        for path in ("interact", "mcp"):
            answer = dashboard.tab().http(
                "POST", f"/_stcore/agent/{path}", b"{}", {"Content-Type": "application/json"}
            )
            assert answer.status >= 400


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"]
    )
    def test_answer_when_origin_is_foreign_lets_no_other_page_read_it(self, dashboard, path):
        answer = dashboard.tab().http("GET", path, headers={"Origin": "http://evil.example"})
        assert "access-control-allow-origin" not in answer.headers

    def test_xsrf_cookie_when_set_is_not_sent_along_by_other_sites(self, dashboard):
        cookie = dashboard.tab().http("GET", "/_stcore/health").headers["set-cookie"]
        assert cookie.startswith(COOKIE)
        assert "SameSite=Lax" in cookie

    def test_pages_that_may_send_messages_when_asked_are_none(self, dashboard):
        answer = dashboard.tab().http("GET", "/_stcore/host-config")
        assert b'"allowedOrigins":[]' in answer.body

    def test_server_when_started_listens_on_this_machine_only(self, dashboard):
        with socket.socket() as other:  # an address of this machine that is not the one of config
            other.settimeout(2)
            assert other.connect_ex(("127.0.0.2", dashboard.port)) != 0
