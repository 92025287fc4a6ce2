"""The proxy that SECURITY.md describes, and what the server sends through it."""

from __future__ import annotations

import re
from urllib.request import ProxyHandler, build_opener

import pytest

from benchmarks.load.server import HOST, ROOT


@pytest.mark.parametrize("suffix", ["js", "css"])
def test_proxy_compresses_what_a_page_is_made_of(dashboard, suffix):
    (types,) = re.findall(r"gzip_types (.*);", (ROOT / "SECURITY.md").read_text())
    get = build_opener(ProxyHandler({})).open
    address = f"http://{HOST}:{dashboard.port}/"
    with get(address) as page:
        (first, *_) = re.findall(rf"static/[^\"]+\.{suffix}", page.read().decode())
    with get(address + first) as answer:
        assert answer.headers["Content-Encoding"] is None
        assert answer.headers.get_content_type() in types.split()
