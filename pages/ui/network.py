"""What the server lets in from the network and never asks of it."""

from __future__ import annotations

from streamlit import config, net_util

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def guard() -> None:
    """Tighten the server's network settings; once, when the first page is opened.

    A dashboard that listens on this machine alone answers to this machine's names alone: otherwise
    a web page could rebind its own name to 127.0.0.1 and drive it. config.toml cannot say so, as
    the same line would shut out everybody once the dashboard is opened to a network. Whoever sets
    server.allowedHosts has the last word.
    """
    address = config.get_option("server.address")
    if address in _LOOPBACK and not config.get_option("server.allowedHosts"):
        config.set_option("server.allowedHosts", list(_LOOPBACK))
    # To judge a foreign Origin, Streamlit would ask a service on the internet for our address.
    net_util._external_ip = "127.0.0.1"
